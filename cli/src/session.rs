//! The board of the moment: connected when a command first needs it.

use std::thread;
use std::time::{Duration, Instant};

use mpr_protocol::transport::WebReplOptions;
use mpr_protocol::{Address, AddressError, ConnectOptions, Device, Error, Timeouts};

use crate::chain::nearest;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::hints::{DeviceName, Named, shell_word};
use crate::options::{DEVICE_VARIABLE, Globals};
use crate::password::Passwords;
use crate::printer::Printer;
use crate::signals::Signals;
use crate::watchdog::Watchdog;

/// How long a board may take to come back after a hard reset.
const RESTART_PATIENCE: Duration = Duration::from_secs(10);

/// How long after [`Session::board_restarts`] the restart is surely under way. A Ctrl-C before that would stop the
/// program that is about to reset the board.
const RESTART_DELAY: Duration = Duration::from_millis(300);

/// A device as a user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The list of ports, not a board.
    List,
    /// A board.
    Board(Address),
    /// A board by a plain word: its name in the configuration, else a serial port.
    Name(String),
}

impl Target {
    /// Reads what may follow `connect`.
    ///
    /// # Errors
    /// Says what the text lacks.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        match text {
            "list" => Ok(Target::List),
            text => text.parse().map(|address| match address {
                Address::Serial(port) if port == text && !text.contains(['/', '\\', ':']) => {
                    Target::Name(port)
                }
                address => Target::Board(address),
            }),
        }
    }
}

/// What commands share while a command line runs.
pub struct Session<'a> {
    printer: &'a Printer,
    signals: &'a Signals,
    config: &'a Config,
    options: ConnectOptions,
    limit: Option<Duration>,
    preferred: Option<Target>,
    passwords: Passwords,
    current: Option<Named>,
    device: Option<Device>,
    restarting: Option<Instant>,
    /// The interactive shell is to end.
    leaves_shell: bool,
    /// The first operation on the board restarts its interpreter before.
    soft_reset_due: bool,
}

impl<'a> Session<'a> {
    /// A session without a board so far.
    pub fn new(globals: &Globals, config: &'a Config, printer: &'a Printer, signals: &'a Signals) -> Self {
        let mut timeouts = Timeouts::default();
        if let Some(limit) = globals.anywhere.timeout {
            timeouts.idle = timeouts.idle.min(limit);
            timeouts.overall = Some(limit);
        }
        let webrepl = WebReplOptions {
            password: None,
            insecure: globals.anywhere.insecure,
            ca: globals.anywhere.ca.clone(),
        };
        let options = ConnectOptions {
            timeouts,
            webrepl,
            trace: globals.anywhere.trace.clone(),
            interrupt: signals.flag().clone(),
            ..ConnectOptions::default()
        };
        let preferred = globals.anywhere.device.clone();
        Session {
            printer,
            signals,
            config,
            options,
            limit: globals.anywhere.timeout,
            preferred,
            passwords: Passwords::new(globals.anywhere.password_file.clone()),
            current: None,
            device: None,
            restarting: None,
            leaves_shell: false,
            soft_reset_due: config.auto_soft_reset,
        }
    }

    /// The printer. It outlives borrows of the session.
    pub fn printer(&self) -> &'a Printer {
        self.printer
    }

    /// The user's configuration.
    pub fn config(&self) -> &'a Config {
        self.config
    }

    /// The board of the moment, as the command line named it.
    pub fn named(&self) -> Option<&Named> {
        self.current.as_ref()
    }

    /// The signals that came.
    pub fn signals(&self) -> &'a Signals {
        self.signals
    }

    /// What `--timeout` says.
    pub fn timeout(&self) -> Option<Duration> {
        self.limit
    }

    /// Leaves the board there is, and opens the link to this one.
    pub fn connect(&mut self, device: DeviceName) -> Result<(), Failure> {
        self.disconnect();
        self.current = Some(Named::Connect(device));
        self.open()
    }

    /// Leaves the board at its friendly prompt and closes the link.
    pub fn disconnect(&mut self) {
        self.current = None;
        self.restarting = None;
        self.soft_reset_due = self.config.auto_soft_reset;
        if let Some(device) = self.device.take() {
            let name = device.name().to_owned();
            // The link is closed all the same, and what had to succeed has succeeded.
            match device.close() {
                Ok(()) => self.printer.detail(&format!("left `{name}`")),
                Err(error) => self.printer.detail(&format!("left `{name}`: {error}")),
            }
        }
    }

    /// The board of the moment, or the one that is meant when none was named.
    pub fn name_board(&mut self) -> Result<Named, Failure> {
        let named = match &self.current {
            Some(named) => named.clone(),
            None => default_board(self.preferred.as_ref(), self.config)?,
        };
        self.current = Some(named.clone());
        Ok(named)
    }

    /// Gives the board away, connected, with what it takes to connect again.
    pub fn hand_over(&mut self) -> Result<(Device, Address, ConnectOptions), Failure> {
        self.link()?;
        let named = self.name_board()?;
        let options = self.connect_options(&named)?;
        let device = self.device.take().ok_or_else(|| Failure::usage("no device is connected"))?;
        Ok((device, named.address().clone(), options))
    }

    /// Gives up the link without a word, as one that has failed; the next command opens another.
    pub fn drop_link(&mut self) {
        self.device = None;
        self.restarting = None;
    }

    /// Whether the board waits for commands: it is connected, and neither restarts, now or before its first command, nor runs a program that was left to itself.
    pub fn is_at_hand(&self) -> bool {
        self.restarting.is_none()
            && !self.soft_reset_due
            && self.device.as_ref().is_some_and(|device| !device.is_left_running())
    }

    /// Ends the interactive shell behind this line.
    pub fn leave_shell(&mut self) {
        self.leaves_shell = true;
    }

    /// Whether the interactive shell is to end. Says so once.
    pub fn leaves_shell(&mut self) -> bool {
        std::mem::take(&mut self.leaves_shell)
    }

    /// Sets the limit for programs, and returns the one before.
    pub fn limit_programs(&mut self, limit: Option<Duration>) -> Option<Duration> {
        std::mem::replace(&mut self.limit, limit)
    }

    /// What the board that is connected is called.
    pub fn device_name(&self) -> Option<&str> {
        self.device.as_ref().map(Device::name)
    }

    /// The board at its raw REPL or on the way there, connected now if it was not. The first time, its interpreter is restarted
    /// if the configuration wants that.
    pub fn device(&mut self) -> Result<&mut Device, Failure> {
        match std::mem::take(&mut self.soft_reset_due) {
            false => self.link(),
            true => {
                let device = self.link()?;
                device.soft_reset().map_err(|error| Failure::device("soft-reset", error))?;
                Ok(device)
            }
        }
    }

    /// Makes the board keep what it has in memory, whatever the configuration says, until another one is connected.
    pub fn keep_running(&mut self) {
        self.soft_reset_due = false;
    }

    /// The board as it is, connected now if it was not.
    pub fn link(&mut self) -> Result<&mut Device, Failure> {
        if let Some(since) = self.restarting.take() {
            self.await_restart(since)?;
        }
        if self.device.is_none() {
            self.open()?;
        }
        self.device.as_mut().ok_or_else(|| Failure::usage("no device is connected"))
    }

    /// Says that the board is about to restart by itself, so that the next command waits for it.
    pub fn board_restarts(&mut self) {
        self.restarting = Some(Instant::now());
    }

    /// Starts the clock for a program, if the command line gives it a limit. The way to the board's prompt has limits
    /// of its own.
    pub fn watchdog(&mut self, command: &str) -> Result<Option<Watchdog>, Failure> {
        let Some(limit) = self.limit else { return Ok(None) };
        self.device()?.enter_raw_repl().map_err(|error| Failure::device(command, error))?;
        Ok(Some(Watchdog::start(limit, self.signals.flag().clone())))
    }

    /// Tells a failure of a program that ran under this clock.
    pub fn program_failure(&self, command: &str, error: Error, watchdog: Option<&Watchdog>) -> Failure {
        let timed_out = matches!(error, Error::Interrupted) && watchdog.is_some_and(Watchdog::has_fired);
        match (self.limit, &self.device) {
            (Some(limit), Some(device)) if timed_out => {
                let (name, seconds) = (device.name(), limit.as_secs_f64());
                let message = format!("{command}: the program on `{name}` did not end within {seconds} s");
                Failure::new(Kind::Link, message)
                    .cause("it was stopped")
                    .hint("a larger `--timeout`, or none, gives it more time")
            }
            _ => Failure::device(command, error),
        }
    }

    /// Waits, unless a signal comes.
    pub fn sleep(&self, duration: Duration) -> Result<(), Failure> {
        const STEP: Duration = Duration::from_millis(50);
        let start = Instant::now();
        loop {
            if self.signals.received().is_some() || self.signals.flag().is_raised() {
                return Err(Failure::new(Kind::Interrupted(2), "interrupted"));
            }
            match duration.checked_sub(start.elapsed()) {
                Some(rest) if !rest.is_zero() => thread::sleep(rest.min(STEP)),
                _ => return Ok(()),
            }
        }
    }

    fn open(&mut self) -> Result<(), Failure> {
        let named = self.name_board()?;
        let options = self.connect_options(&named)?;
        let device = Device::connect(named.address(), &options).map_err(|error| {
            self.passwords.forget(&error);
            let near = misspelt(named.address(), &error, self.config);
            let failure = Failure::device("connect", error);
            match near {
                Some(name) => failure.hint(format!("did you mean `mpr connect {}`?", shell_word(&name))),
                None => failure,
            }
        })?;
        self.printer.detail(&format!("connected to `{}`", device.name()));
        self.device = Some(device);
        Ok(())
    }

    /// How to connect to this board: with a password, if it wants one.
    pub fn connect_options(&mut self, named: &Named) -> Result<ConnectOptions, Failure> {
        let mut options = self.options.clone();
        if let Address::WebRepl(_) = named.address() {
            options.webrepl.password = Some(self.passwords.of(named, self.config, self.signals)?);
        }
        Ok(options)
    }

    /// Takes this password for the boards from here on.
    pub fn use_password(&mut self, password: &str) {
        self.passwords.given(password);
    }

    /// Lets the board be while something else happens that may take long: it is left at its friendly prompt, and the
    /// link stays open. [`Session::reach_again`] comes back.
    pub fn let_be(&mut self) {
        if let Some(device) = &mut self.device {
            // A link that is broken shows when it is needed again.
            let _ = device.leave_raw_repl();
        }
    }

    /// Whether a board that was let be is still there, as far as its link tells `command`.
    pub fn check_link(&mut self, command: &str) -> Result<(), Failure> {
        match &mut self.device {
            Some(device) => device.notice().map(drop).map_err(|error| Failure::device(command, error)),
            None => Ok(()),
        }
    }

    /// Gets back to a board that was let be. It may have been reset or unplugged and be there under a new link.
    pub fn reach_again(&mut self) -> Result<(), Failure> {
        self.reach(Instant::now())
    }

    /// Gets back to a board that was told to restart. A USB port goes away with it and returns.
    fn await_restart(&mut self, since: Instant) -> Result<(), Failure> {
        self.sleep(RESTART_DELAY.saturating_sub(since.elapsed()))?;
        self.reach(since)
    }

    /// Gets to the board's prompt, by a new link if the old one is gone, within some time.
    fn reach(&mut self, since: Instant) -> Result<(), Failure> {
        loop {
            let tried = match &mut self.device {
                Some(device) => device.enter_raw_repl().map_err(|error| {
                    let gone = matches!(error, Error::Lost { .. } | Error::Reset { .. });
                    (gone, Failure::device("connect", error))
                }),
                None => self.open().map_err(|failure| (failure.kind == Kind::Link, failure)),
            };
            match tried {
                Ok(()) => return Ok(()),
                Err((true, _)) if since.elapsed() < RESTART_PATIENCE => {
                    self.device = None;
                    self.sleep(Duration::from_millis(100))?;
                }
                Err((_, failure)) => return Err(failure),
            }
        }
    }
}

/// The board for commands that no `connect` precedes: that of `--device`, else of the environment, else of the
/// configuration, else the only one.
fn default_board(preferred: Option<&Target>, config: &Config) -> Result<Named, Failure> {
    let (target, named, from): (_, fn(_) -> _, _) = match (preferred, std::env::var(DEVICE_VARIABLE)) {
        (Some(target), _) => (target.clone(), Named::Option, "--device"),
        (None, Ok(text)) if !text.is_empty() => {
            let target = Target::parse(&text)
                .map_err(|error| Failure::usage(format!("{DEVICE_VARIABLE}: {error}")).hint(ADDRESS_HINT))?;
            (target, Named::Default, DEVICE_VARIABLE)
        }
        _ => (config.device.clone().unwrap_or(Target::Board(Address::Auto)), Named::Default, "device"),
    };
    match config.named(&target) {
        Some(device) => Ok(named(device)),
        None => {
            Err(Failure::usage(format!("{from}: `list` is no device"))
                .hint("`mpr connect list` lists the ports"))
        }
    }
}

/// The address that commands use when the command line names none; `None` when the environment names nonsense.
pub fn default_address(config: &Config) -> Option<Address> {
    default_board(None, config).ok().map(|named| named.address().clone())
}

/// The device of the configuration that a port that is not there may have meant.
fn misspelt(address: &Address, error: &Error, config: &Config) -> Option<String> {
    match (address, error) {
        (Address::Serial(port), Error::NotFound { .. } | Error::Open { .. }) => {
            nearest::nearest(port, config.devices.keys())
        }
        _ => None,
    }
}

/// How boards are named.
pub const ADDRESS_HINT: &str = "`mpr connect --help` lists the ways to name a device";
