//! Operations on a board.

mod agent;
mod digests;
mod exec;
mod fs;
mod get;
#[doc(hidden)]
pub mod listing;
mod mount;
mod names;
mod packages;
mod patch;
mod probe;
mod put;
mod put_many;
mod rates;
mod read;
mod remove;
mod romfs;
mod rtc;
mod types;
mod wrapper;
mod write;

pub use listing::{HalfDigest, Kind, Listing, ListingEntry, ListingOptions, Mounts};
pub use mount::Mounted;
pub(crate) use packages::Presence;
pub use put_many::{EachFile, Looked, OpenFile};
pub use rates::SCRATCH_MARK;
pub use remove::{Fate, RemovedTree};
pub use rtc::RtcFields;
pub use types::{Capabilities, DirEntry, Mount, Progress, Stat, StatVfs};

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

pub use wrapper::Mode;
use wrapper::Way;

use crate::driver::{Driver, Limits};
use crate::repl::{Event, Op};
use crate::{Address, ConnectOptions, Error, Transport, transport};

/// How long a link may refuse the last bytes before it is closed without them.
const LAST_PATIENCE: Duration = Duration::from_millis(200);

/// How long a link may take to come back that a restart of the board closed.
const RESTART_PATIENCE: Duration = Duration::from_secs(15);

/// A board and the link to it.
///
/// Operations enter the raw REPL by themselves when they need it and stay in it; [`Device::leave_raw_repl`] or
/// [`Device::close`] brings the friendly prompt back. They leave no names behind in the board's globals and do not change
/// its current directory unless asked. Paths are the board's, without the leading colon of the command line.
pub struct Device {
    driver: Driver,
    name: String,
    capabilities: Option<Capabilities>,
    /// How programs are wrapped to tell their status, as far as is known.
    way: Option<Way>,

    /// The board may be away from the friendly prompt.
    touched: bool,
    /// A program was started that nobody waits for.
    unfollowed: bool,
    mounts: mount::Mounts,
    agent: agent::State,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Device {
    /// Opens the link. The board is not spoken to before the first operation, so some failures (the flash image of the
    /// simulated board is in use: [`Error::Busy`]) show only there.
    ///
    /// # Errors
    /// [`Error::NoDevice`], [`Error::SeveralDevices`], [`Error::NoSuchSerial`], [`Error::NotFound`],
    /// [`Error::Busy`], [`Error::PermissionDenied`], [`Error::Open`].
    pub fn connect(address: &Address, options: &ConnectOptions) -> Result<Device, Error> {
        let transport = transport::open(address, options)?;
        let name = transport.name().to_owned();
        Ok(Self::from_transport(transport, name, options))
    }

    /// A device behind a link that is open already.
    pub fn from_transport(transport: Box<dyn Transport>, name: String, options: &ConnectOptions) -> Device {
        let driver = Driver::new(transport, options);
        Device {
            driver,
            name,
            capabilities: None,
            way: Some(Way::Compile),
            touched: false,
            unfollowed: false,
            mounts: mount::Mounts::default(),
            agent: agent::State::default(),
        }
    }

    /// Fixes the words that this library sends to know the board's answers by, and that are new for each connection else. A
    /// session that was recorded with a seed plays back with the same one (see [`transport::Replay`]).
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Device {
        self.driver.set_seed(seed);
        self
    }

    /// The name that the link was opened by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The options in force.
    pub fn options(&self) -> &ConnectOptions {
        self.driver.options()
    }

    /// Stops whatever runs and enters the raw REPL. Does nothing when the board is there already.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Lost`], [`Error::Interrupted`].
    pub fn enter_raw_repl(&mut self) -> Result<(), Error> {
        self.stop_agent()?;
        if self.driver.repl.is_ready() {
            return self.check_mounts();
        }
        self.touched = true;
        self.unfollowed = false;
        let limits = self.driver.limits(0);
        self.driver.operate(Op::Enter, "entering the raw REPL", limits, &mut |event| {
            Ok(matches!(event, Event::Entered).then_some(()))
        })?;
        // Whoever had the board meanwhile may have restarted it.
        self.mounts.may_be_lost();
        self.check_mounts()
    }

    /// Enters the raw REPL if the board is at a prompt where nothing is typed, and tells whether it was. A program that runs is
    /// not interrupted: all that it may find in its input is a Ctrl-A and, when there was no answer for as long as `patience`, a
    /// Ctrl-B. (A program that waits in `input()` gets an empty line from that.)
    ///
    /// # Errors
    /// [`Error::Lost`], [`Error::Interrupted`].
    pub fn enter_raw_repl_if_idle(&mut self, patience: Duration) -> Result<bool, Error> {
        self.stop_agent()?;
        if self.driver.repl.is_ready() {
            return Ok(true);
        }
        let limits = Limits { idle: None, overall: Some(patience), free_once_started: false };
        let entered = self.driver.operate(Op::EnterIdle, "looking for a prompt", limits, &mut |event| {
            Ok(matches!(event, Event::Entered).then_some(()))
        });
        match entered {
            Ok(()) => {
                self.touched = true;
                self.unfollowed = false;
                self.mounts.may_be_lost();
                Ok(true)
            }
            Err(error) => {
                // There may be nobody to take it.
                let _ = self.driver.send_off(Op::StepBack, "leaving a board alone", LAST_PATIENCE);
                if matches!(error, Error::Timeout { .. }) { Ok(false) } else { Err(error) }
            }
        }
    }

    /// Goes back to the friendly prompt. Does nothing when the board was not taken from it. The banner that the
    /// board prints is left on the link for whoever reads it next.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Lost`].
    pub fn leave_raw_repl(&mut self) -> Result<(), Error> {
        // Its last words are not for whoever reads the link next.
        self.stop_agent()?;
        self.leave()
    }

    fn leave(&mut self) -> Result<(), Error> {
        if !self.touched {
            return Ok(());
        }
        self.touched = false;
        let patience = self.driver.options().timeouts.idle;
        let farewell = self.dismiss_agent();
        if !farewell.is_empty() {
            self.driver.send_bytes(&farewell, "ending the agent", patience)?;
            self.driver.repl.at_prompt_again();
        }
        let interrupt = !std::mem::take(&mut self.unfollowed);
        self.driver.send_off(Op::Leave { interrupt }, "leaving the raw REPL", patience)
    }

    /// Restarts the interpreter and mounts again what was mounted; `boot.py` runs, `main.py` does not. The board is in the raw REPL afterwards.
    ///
    /// # Errors
    /// As [`Device::enter_raw_repl`].
    pub fn soft_reset(&mut self) -> Result<(), Error> {
        self.enter_raw_repl()?;
        const DURING: &str = "the soft reset";
        let limits = self.driver.limits(0);
        let reset = self.driver.operate(Op::SoftReset, DURING, limits, &mut |event| {
            Ok(matches!(event, Event::Entered).then_some(()))
        });
        match reset {
            // The interpreter serves the link, and comes back with another one.
            Err(Error::Lost { .. }) if self.driver.reconnect(DURING, RESTART_PATIENCE)? => {
                self.enter_raw_repl()?;
            }
            result => result?,
        }
        self.mounts.may_be_lost();
        self.check_mounts()
    }

    /// What the board can do. Asked once per connection, at the first need.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn capabilities(&mut self) -> Result<&Capabilities, Error> {
        let known = match self.capabilities.take() {
            Some(known) => known,
            None => self.probe()?,
        };
        if !known.compile && self.way == Some(Way::Compile) {
            self.way = Some(Way::Exec);
        }
        Ok(self.capabilities.insert(known))
    }

    /// A count of the bytes that have gone over the link to the board, in frames, code and all; it goes on while an operation runs.
    pub fn bytes_sent(&self) -> Arc<AtomicU64> {
        self.driver.sent()
    }

    /// Whether the board can rename, as far as is known without asking: files take their places whole then.
    pub fn renames(&self) -> bool {
        self.agent.is_known() || self.capabilities.as_ref().is_some_and(|known| known.rename)
    }

    /// Whether a program was started by [`Device::exec_no_follow`] and nothing has stopped it since. It may have ended.
    pub fn is_left_running(&self) -> bool {
        self.unfollowed
    }

    /// Whether the link to a board that was let be still stands, without a word to the board. What the board has printed since is
    /// dropped.
    ///
    /// # Errors
    /// [`Error::Lost`] when the other side is gone. A network that went silent does not show.
    pub fn check_link(&mut self) -> Result<(), Error> {
        self.driver.drop_received("the wait")
    }

    /// The link itself, for the interactive REPL. The board's state is unknown afterwards; the next operation enters
    /// the raw REPL anew, and nothing is done to leave it before.
    pub fn transport_mut(&mut self) -> &mut dyn Transport {
        self.agent = agent::State::default();
        self.driver.repl.forget();
        self.touched = false;
        self.driver.transport.as_mut()
    }

    /// Unmounts the host's folders, leaves the raw REPL and closes the link.
    ///
    /// A program that nobody waits for runs on; folders are not unmounted then, and it gets an `OSError` from them.
    ///
    /// # Errors
    /// As [`Device::leave_raw_repl`]; the link is closed all the same.
    pub fn close(mut self) -> Result<(), Error> {
        let unmounted = if self.unfollowed { Ok(()) } else { self.umount_all() };
        self.leave().and(unmounted)
    }
}

/// After an error nobody may have left the raw REPL: the board gets its friendly prompt back if it takes the bytes at once.
impl Drop for Device {
    fn drop(&mut self) {
        if self.touched {
            let interrupt = !self.unfollowed;
            // There is nobody to tell.
            let _ = self.driver.send_off(Op::Leave { interrupt }, "leaving the raw REPL", LAST_PATIENCE);
        }
    }
}
