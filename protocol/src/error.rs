//! What can go wrong, as typed facts.

use std::io;
use std::time::Duration;

use crate::transport::WebReplError;
use crate::{Errno, PortInfo, SystemExit, Traceback};

/// Everything that an operation can fail with.
///
/// The texts state facts; what to do about them is the caller's to say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `auto` found no USB serial port.
    #[error("no device found")]
    NoDevice,
    /// No port has this USB serial number.
    #[error("no device with serial number `{serial}`")]
    NoSuchSerial {
        /// The number that was asked for.
        serial: String,
    },
    /// `auto` found more than one candidate.
    #[error("{} devices found", .0.len())]
    SeveralDevices(Vec<PortInfo>),
    /// The port, host, command or file does not exist.
    #[error("`{port}` does not exist")]
    NotFound {
        /// The name as given.
        port: String,
    },
    /// Another process uses the port, or the simulated board's flash.
    #[error("`{port}` is in use by another program")]
    Busy {
        /// The port, or the flash image's path.
        port: String,
    },
    /// The operating system refuses access.
    #[error("no permission to open `{port}`")]
    PermissionDenied {
        /// The port's name.
        port: String,
    },
    /// The link could not be opened for another reason.
    #[error("cannot open `{port}`: {source}")]
    Open {
        /// The name as given.
        port: String,
        /// The reason.
        source: io::Error,
    },
    /// A board that serves WebREPL does not let us in.
    #[error("cannot open `{port}`: {source}")]
    WebRepl {
        /// The name as given.
        port: String,
        /// The reason.
        source: WebReplError,
    },
    /// The link ended: unplugged, closed by the other side, or the process ended.
    #[error("the connection was lost during {during}{}", cause.as_deref().map(|c| format!(": {c}")).unwrap_or_default())]
    Lost {
        /// The operation that it cut.
        during: String,
        /// What is known about the reason, such as the last words of a child process.
        cause: Option<String>,
    },
    /// The board restarted in the middle of an operation.
    #[error("the board restarted during {during}")]
    Reset {
        /// The operation that it cut.
        during: String,
    },
    /// The board did not answer in time, or would not stop talking.
    #[error("no {awaited} after {:.1} s, {received} bytes came", after.as_secs_f64())]
    Timeout {
        /// What was awaited, such as `raw REPL prompt`.
        awaited: String,
        /// How long it was awaited.
        after: Duration,
        /// Bytes that came in that time; zero means silence, many mean a board that prints without end.
        received: u64,
    },
    /// The interrupt flag was raised; the board was stopped and is at its prompt.
    #[error("interrupted")]
    Interrupted,
    /// Code on the board raised an exception.
    #[error("{0}")]
    Exception(Traceback),
    /// Code on the board ended by `SystemExit` with a status other than zero.
    #[error("{0}")]
    SystemExit(SystemExit),
    /// The board's operating system refused a file operation.
    #[error("{op}: `{path}`: {errno}")]
    Os {
        /// The error.
        errno: Errno,
        /// The board's path.
        path: String,
        /// The operation, such as `remove`.
        op: &'static str,
    },
    /// The board lacks what the operation needs.
    #[error("{what} is not possible: the board has no {lacks}")]
    Unsupported {
        /// The operation, such as `making a directory`.
        what: &'static str,
        /// What the board lacks, such as `os.mkdir`.
        lacks: &'static str,
    },
    /// The board's storage is full. Nothing was left of the file that did not fit; the old one is whole.
    #[error("no space left on the board for `{path}`")]
    NoSpace {
        /// The board's path.
        path: String,
    },
    /// What is on the board differs from what was sent.
    #[error("`{path}` on the board differs from what was sent: {detail}")]
    Verify {
        /// The board's path.
        path: String,
        /// What differs.
        detail: String,
    },
    /// The source gave another number of bytes than announced: it changed while it was read.
    #[error("the source of `{path}` changed while it was read: {expected} bytes announced, {got} read")]
    SourceChanged {
        /// The board's path that was to be written; the old file there is whole.
        path: String,
        /// Bytes announced.
        expected: u64,
        /// Bytes read, at least.
        got: u64,
    },
    /// Reading the source or writing the destination on this machine failed.
    #[error("{source}")]
    LocalIo {
        /// The reason.
        source: io::Error,
    },
    /// The caller's output refused the board's bytes; the board was stopped and is at its prompt.
    #[error("cannot write the board's output: {0}")]
    Output(io::Error),
    /// The board answered something that the protocol does not allow.
    #[error("unexpected answer instead of {awaited}: {got:?}")]
    Protocol {
        /// What was awaited.
        awaited: String,
        /// The start of what came, made printable.
        got: String,
    },
}

/// The operating system's words for an error, without Rust's `(os error N)`.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error ").next().unwrap_or(&text).to_owned()
}

impl Error {
    /// The device's errno, where the error carries one.
    pub fn errno(&self) -> Option<&Errno> {
        match self {
            Error::Os { errno, .. } => Some(errno),
            Error::Exception(traceback) => traceback.errno.as_ref(),
            _ => None,
        }
    }
}
