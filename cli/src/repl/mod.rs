//! The interactive prompt: the terminal and the board's console, joined.

mod inject;
mod keys;
mod line;
mod output;
mod pace;
mod remount;
mod restarts;

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use mpr_protocol::{Device, TransportError, bytes_literal};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::failure::{Failure, Kind};
use crate::hints::{Advice, Trouble};
use crate::printer::Printer;
use crate::session::Session;
use crate::signals::Signals;
use crate::terminal::RawMode;
use inject::After;
use keys::Key;
use output::Console;
use pace::Pace;
use restarts::Restarts;

/// How often a signal is looked for while nothing happens, in milliseconds.
const TICK_MS: u16 = 100;

/// How often a board that takes no input is tried again, in milliseconds; also the wait for a link without a
/// How long a link may take to come back that a restart of the board has closed.
const RESTART_PATIENCE: Duration = Duration::from_secs(15);

/// descriptor.
const RETRY_MS: u16 = 5;

/// Bytes typed or pasted that may wait for the board before the terminal is left to hold the rest.
const WAITING: usize = 4096;

/// How the prompt behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Lines are edited here, not by the board.
    pub line: bool,
    /// Shows bytes that are not printable as `[xx]`.
    pub escape: bool,
    /// Gets a copy of all that is shown.
    pub capture: Option<String>,
    /// Typed by Ctrl-J.
    pub inject_code: Option<Vec<u8>>,
    /// Run by Ctrl-K.
    pub inject_file: Option<String>,
}

/// Why the prompt ended.
#[derive(Debug)]
enum End {
    /// Ctrl-], Ctrl-X, or the terminal has gone.
    Quit,
    /// A signal came.
    Signal,
    /// The board has gone, for this reason.
    Lost(String),
    /// The board has restarted and waits at its prompt, which was all that was waited for.
    Restarted,
}

/// Runs the prompt until the user leaves it.
///
/// # Errors
/// When there is no terminal or no board, when the board goes, or a signal comes.
pub fn run(options: &Options, session: &mut Session<'_>) -> Result<(), Failure> {
    if options.line {
        return line::run(options, session);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("repl: standard input is no terminal")
            .hint("`mpr run -` runs a program from standard input"));
    }
    let printer = session.printer();
    let signals = session.signals();
    let capture = options.capture.as_deref().map(create_capture).transpose()?;
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(|error| broken("standard input", &error))?;
    let device = session.link()?;
    let name = device.name().to_owned();
    device.leave_raw_repl().map_err(|error| Failure::device("repl", error))?;
    let mut console = Console::new(printer, options.escape, capture);
    let stdin = File::from(stdin);
    // Before the first word is seen: a key that is pressed then is for the board already.
    let raw = RawMode::enter().map_err(|error| broken("the terminal", &error))?;
    announce(options, &name, printer);
    let restarts = (!device.mounted().is_empty()).then(Restarts::default);
    let mut repl = Repl {
        device,
        signals,
        options,
        console: &mut console,
        stdin: &stdin,
        pending: Vec::new(),
        pace: Pace::new(Instant::now()),
        leaving: false,
        lost: None,
        restarts,
        until_restarted: false,
    };
    let end = repl.run();
    drop(raw);
    printer.end_line();
    match end? {
        End::Quit | End::Restarted => Ok(()),
        End::Signal => Err(Failure::new(Kind::Interrupted(2), "interrupted")),
        End::Lost(error) => Err(lost(&name, error)),
    }
}

fn lost(name: &str, reason: String) -> Failure {
    Failure::new(Kind::Link, format!("device disconnected: `{name}`"))
        .cause(reason)
        .hint(Advice::Link(Trouble::Lost))
}

fn create_capture(path: &str) -> Result<File, Failure> {
    File::create(path).map_err(|error| Failure::local("repl", path, &error))
}

fn broken(what: &str, error: &io::Error) -> Failure {
    Failure::usage(format!("repl: cannot use {what}")).cause(crate::failure::strerror(error))
}

/// What mpremote says, too. The terminal is raw by now and wants its carriage returns.
fn announce(options: &Options, name: &str, printer: &Printer) {
    let say = |line: &str| printer.note(&format!("{line}\r"));
    say(&format!("Connected to MicroPython at {name}"));
    say("Use Ctrl-] or Ctrl-x to exit this shell");
    if options.escape {
        say("Escaping non-printable bytes/characters by printing their hex code");
    }
    if let Some(capture) = &options.capture {
        say(&format!("Capturing session to file \"{capture}\""));
    }
    if let Some(code) = &options.inject_code {
        say(&format!("Use Ctrl-J to inject {}", bytes_literal(code)));
    }
    if let Some(file) = &options.inject_file {
        say(&format!("Use Ctrl-K to inject file \"{file}\""));
    }
}

struct Repl<'a, 'b> {
    device: &'a mut Device,
    signals: &'a Signals,
    options: &'a Options,
    console: &'a mut Console<'b>,
    stdin: &'a File,
    /// Typed bytes that the board has not taken yet.
    pending: Vec<u8>,
    pace: Pace,
    /// The user has left; what was typed before is still for the board.
    leaving: bool,
    /// The board went while a program was injected, for this reason.
    lost: Option<String>,
    /// Looks for restarts, while folders are mounted that they take away.
    restarts: Option<Restarts>,
    /// The next restart is the end.
    until_restarted: bool,
}

impl<'a, 'b> Repl<'a, 'b> {
    /// A prompt that restarts a board at its friendly prompt, and lasts until the next one.
    fn until_restarted(
        device: &'a mut Device,
        signals: &'a Signals,
        options: &'a Options,
        console: &'a mut Console<'b>,
        stdin: &'a File,
    ) -> Self {
        Repl {
            device,
            signals,
            options,
            console,
            stdin,
            pending: vec![keys::CTRL_D],
            pace: Pace::new(Instant::now()),
            leaving: false,
            lost: None,
            restarts: Some(Restarts::expected()),
            until_restarted: true,
        }
    }

    fn run(&mut self) -> Result<End, Failure> {
        loop {
            if self.signals.received().is_some() {
                return Ok(End::Signal);
            }
            if self.wait()? {
                self.read_keys()?;
            }
            if let Some(reason) = self.lost.take() {
                return Ok(End::Lost(reason));
            }
            if self.leaving && (self.pending.is_empty() || self.pace.is_stalled(Instant::now())) {
                return Ok(End::Quit);
            }
            match self.push().and_then(|()| self.pull()) {
                Ok(bytes) => {
                    if let Some(restarts) = &mut self.restarts {
                        restarts.feed(Instant::now(), &bytes);
                    }
                    self.console.show(&bytes)?;
                }
                Err(error) if !self.reconnected() => return Ok(End::Lost(error.to_string())),
                Err(_) => {}
            }
            if self.restarts.as_mut().is_some_and(|restarts| restarts.is_due(Instant::now())) {
                if !self.device.mounted().is_empty() {
                    remount::run(self.device, self.console)?;
                }
                if self.until_restarted {
                    return Ok(End::Restarted);
                }
            }
        }
    }

    /// Gets the link back that the board's restart has closed, where a link can.
    fn reconnected(&mut self) -> bool {
        let deadline = Instant::now() + RESTART_PATIENCE;
        self.pending.clear();
        let is_back = self.device.transport_mut().reconnect(deadline).unwrap_or(false);
        if let Some(restarts) = self.restarts.as_mut().filter(|_| is_back) {
            restarts.reconnected();
        }
        is_back
    }

    /// Waits until a key, a byte from the board, or a little time. Tells whether the terminal has something.
    fn wait(&mut self) -> Result<bool, Failure> {
        let takes_keys = !self.leaving && self.pending.len() < WAITING;
        let link = self.device.transport_mut().poll_fd();
        let timeout = if link.is_none() || !self.pending.is_empty() { RETRY_MS } else { TICK_MS };
        let keys: BorrowedFd<'_> = self.stdin.as_fd();
        let mut waiting = Vec::with_capacity(2);
        if takes_keys {
            waiting.push(PollFd::new(keys, PollFlags::POLLIN));
        }
        waiting.extend(link.map(|link| PollFd::new(link, PollFlags::POLLIN)));
        match poll(&mut waiting, PollTimeout::from(timeout)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(broken("the terminal", &error.into())),
        }
        Ok(takes_keys && waiting[0].any().unwrap_or(false))
    }

    /// Reads what was typed.
    fn read_keys(&mut self) -> Result<(), Failure> {
        let mut typed = [0; 256];
        let n = match self.stdin.read(&mut typed) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(_) => 0,
        };
        // Without a byte the terminal has hung up.
        self.leaving = n == 0;
        for &byte in &typed[..n] {
            match keys::classify(byte, self.options.inject_code.is_some(), self.options.inject_file.is_some())
            {
                Key::Quit => {
                    self.leaving = true;
                    break;
                }
                Key::Type => self.pending.push(byte),
                Key::InjectCode => self.pending.extend(self.options.inject_code.iter().flatten()),
                Key::InjectFile => self.inject_file()?,
            }
        }
        Ok(())
    }

    /// Gives the board as much as it takes without waiting.
    fn push(&mut self) -> Result<(), TransportError> {
        while !self.pending.is_empty() {
            let now = Instant::now();
            let allowed = self.pace.allowance(now).min(self.pending.len());
            match self.device.transport_mut().send(&self.pending[..allowed], now)? {
                0 => break,
                n => {
                    self.pace.sent(&self.pending[..n], now);
                    self.pending.drain(..n);
                }
            }
        }
        Ok(())
    }

    /// Takes what the board has said.
    fn pull(&mut self) -> Result<Vec<u8>, TransportError> {
        let mut bytes = vec![0; 4096];
        let n = self.device.transport_mut().recv(&mut bytes, Instant::now())?;
        bytes.truncate(n);
        self.pace.came(&bytes, Instant::now());
        Ok(bytes)
    }

    /// Runs the file on the board.
    fn inject_file(&mut self) -> Result<(), Failure> {
        let Some(file) = &self.options.inject_file else { return Ok(()) };
        self.pending.clear();
        match inject::run(file, self.device, self.console, self.stdin, self.signals.flag())? {
            After::Prompt => {}
            After::Left => self.leaving = true,
            After::Lost(reason) => self.lost = Some(reason),
        }
        Ok(())
    }
}
