//! How to talk to a board, how long, and how to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::transport::WebReplOptions;

/// How to connect.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Bits per second of a serial port. A PTY and USB ignore it.
    pub baud: u32,
    /// Deadlines of every operation.
    pub timeouts: Timeouts,
    /// A file that gets every byte both ways with its time.
    pub trace: Option<PathBuf>,
    /// For boards that are reached by WebREPL.
    pub webrepl: WebReplOptions,
    /// Only look at what is there: a simulated board starts without running `boot.py` and `main.py`, and one that has no flash
    /// image yet is [`crate::Error::NotFound`] instead of made. Boards that are on already are what they are.
    pub only_look: bool,
    /// Connect to the board itself, also where another process of this machine that has it lets others use it.
    pub exclusive: bool,
    /// Raised by the caller to stop what is going on.
    pub interrupt: InterruptFlag,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        ConnectOptions {
            baud: 115_200,
            timeouts: Timeouts::default(),
            trace: None,
            webrepl: WebReplOptions::default(),
            only_look: false,
            exclusive: false,
            interrupt: InterruptFlag::default(),
        }
    }
}

/// The two deadlines of an operation. Code of the user's runs without either once it has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The longest silence while an answer is awaited.
    pub idle: Duration,
    /// The longest time for one exchange with the board, however much it says. A transfer gets time for its bytes on
    /// top; a digest of a file, which shows that it goes on, has only the other limit. `None`: no limit.
    pub overall: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts { idle: Duration::from_secs(10), overall: Some(Duration::from_secs(30)) }
    }
}

/// A flag that asks a running operation to stop. Clones share one flag; raising it is safe in a signal handler.
///
/// Every operation looks at it at least every 100 ms, sends Ctrl-C to the board, waits for its prompt and returns
/// [`crate::Error::Interrupted`]. The operation that saw the flag lowers it.
#[derive(Debug, Clone, Default)]
pub struct InterruptFlag(Arc<AtomicBool>);

impl InterruptFlag {
    /// A lowered flag.
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag that shares this atomic, for signal handlers that want one of their own making.
    pub fn from_atomic(flag: Arc<AtomicBool>) -> Self {
        InterruptFlag(flag)
    }

    /// Asks the running operation to stop.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the flag is up.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Lowers the flag, and tells whether it was up.
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}
