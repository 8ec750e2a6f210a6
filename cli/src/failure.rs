//! What ends a command line early, how it is told, and with which exit code.

use std::io;

use mpr_protocol::transport::WebReplError;
use mpr_protocol::{Errno, Error};

use crate::hints::{self, Advice};

/// Why the command line ended early. It decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The board said no.
    Refused,
    /// Wrong words, a wrong file on this machine, or a fault of `mpr` itself.
    Usage,
    /// No board, a busy one, a lost one, or one that does not answer.
    Link,
    /// The program on the board chose this status.
    Exit(i32),
    /// The user stopped it by this signal.
    Interrupted(i32),
    /// Whoever read our output has gone; nothing is wrong.
    BrokenPipe,
}

impl Kind {
    /// Whether the board is known to wait at its prompt after such a failure.
    pub fn board_is_at_prompt(self) -> bool {
        matches!(self, Kind::Refused | Kind::Exit(_) | Kind::Interrupted(_) | Kind::BrokenPipe)
    }

    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Refused => 1,
            Kind::Usage => 2,
            Kind::Link => 3,
            // A shell sees the low eight bits of a status, here as everywhere. A failure must stay one.
            Kind::Exit(status) => match status.to_le_bytes()[0] {
                0 if status != 0 => 1,
                byte => byte,
            },
            Kind::Interrupted(signal) => 128 + signal.to_le_bytes()[0],
            Kind::BrokenPipe => 0,
        }
    }
}

/// A failure as it is told to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Decides the exit code.
    pub kind: Kind,
    /// What failed, with the object in backticks. Empty when `device_text` says it all.
    pub message: String,
    /// The board's own words (a traceback), printed as they are.
    pub device_text: Option<String>,
    /// Why, from the outside in.
    pub causes: Vec<String>,
    /// One thing to do next, with a command to run.
    pub hint: Option<Advice>,
}

impl Failure {
    /// A failure with nothing but its message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Failure { kind, message: message.into(), device_text: None, causes: Vec::new(), hint: None }
    }

    /// Wrong words, or a fact of this machine that makes them wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(Kind::Usage, message)
    }

    /// The board's state makes the command impossible.
    pub fn refused(message: impl Into<String>) -> Self {
        Failure::new(Kind::Refused, message)
    }

    /// The board can't list a directory, shown with its colon, below the one that the command is about.
    pub fn unlisted(command: &str, shown: &str, errno: &Errno) -> Self {
        Failure::refused(format!("{command}: `{shown}`: {errno}")).hint(format!(
            "`{} ls {}` tries it alone",
            hints::MPR,
            hints::shell_word(shown)
        ))
    }

    /// With something to do next.
    pub fn hint(mut self, hint: impl Into<Advice>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With a reason.
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// With the board's name, unless it is there already. Failures of the link come from where it has none.
    pub fn about_link(self, name: &str) -> Self {
        let quoted = format!("`{name}`");
        match std::iter::once(&self.message).chain(&self.causes).any(|text| text.contains(&quoted)) {
            true => self,
            false => self.cause(format!("the board is on {quoted}")),
        }
    }

    /// A file on this machine could not be read or written.
    pub fn local(command: &str, path: &str, error: &io::Error) -> Self {
        let failure = Failure::usage(format!("{command}: `{path}`: {}", strerror(error)));
        match hints::for_local(path, error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// Standard output refused bytes.
    pub fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::new(Kind::BrokenPipe, ""),
            _ => Failure::usage(format!("cannot write to standard output: {}", strerror(error))),
        }
    }

    /// What the library reports, as it is told when `command` met it.
    pub fn device(command: &str, error: Error) -> Self {
        let hint = hints::for_device(&error);
        let failure = Failure::translate(command, error);
        match hint {
            Some(hint) if failure.hint.is_none() => failure.hint(hint),
            _ => failure,
        }
    }

    /// The same for an operation on this path of the board, where the error may not know it.
    pub fn device_at(command: &str, path: &str, error: Error) -> Self {
        match error {
            Error::Unsupported { .. } => Failure {
                message: format!("{command}: `:{path}`: {error}"),
                ..Failure::device(command, error)
            },
            error => Failure::device(command, error),
        }
    }

    fn translate(command: &str, error: Error) -> Self {
        let link = |message: String| Failure::new(Kind::Link, message);
        match error {
            Error::Exception(traceback) => {
                let text = traceback.text.replace("\r\n", "\n");
                Failure { device_text: Some(text), ..Failure::new(Kind::Refused, "") }
            }
            Error::SystemExit(exit) => {
                let text = exit.message.as_ref().map(|message| format!("{}\n", message.trim_end()));
                Failure { device_text: text, ..Failure::new(Kind::Exit(exit.code), "") }
            }
            Error::Output(error) => Failure::output(&error),
            Error::LocalIo { source } if source.kind() == io::ErrorKind::BrokenPipe => {
                Failure::output(&source)
            }
            Error::LocalIo { source } => Failure::usage(format!("{command}: {}", strerror(&source))),
            Error::Interrupted => Failure::new(Kind::Interrupted(2), "interrupted"),
            Error::Os { errno, path, .. } => Failure::refused(format!("{command}: `:{path}`: {errno}")),
            Error::NoSpace { path } => {
                Failure::refused(format!("{command}: `:{path}`: No space left on device (ENOSPC)"))
            }
            Error::Verify { path, detail } => {
                Failure::refused(format!("{command}: `:{path}` does not hold what was sent")).cause(detail)
            }
            Error::SourceChanged { path, expected, got } => {
                Failure::usage(format!("{command}: the source of `:{path}` changed while it was read"))
                    .cause(format!("{expected} bytes announced, {got} read"))
            }
            error @ Error::Unsupported { .. } => Failure::refused(format!("{command}: {error}")),
            Error::SeveralDevices(ports) => {
                let failure = link(format!("{} devices found, and `auto` means the only one", ports.len()));
                ports.iter().fold(failure, |failure, port| failure.cause(port.to_string()))
            }
            Error::WebRepl { port, source } => {
                let kind = match source {
                    WebReplError::NoPassword | WebReplError::Certificates { .. } => Kind::Usage,
                    _ => Kind::Link,
                };
                Failure::new(kind, format!("failed to access `{port}`")).cause(source.to_string())
            }
            Error::Open { port, source } => {
                link(format!("failed to access `{port}`")).cause(strerror(&source))
            }
            Error::NotFound { port } => link(format!("failed to access `{port}`")).cause("it does not exist"),
            Error::Busy { port } => {
                link(format!("failed to access `{port}`")).cause("it is in use by another program")
            }
            Error::PermissionDenied { port } => {
                link(format!("failed to access `{port}`")).cause("permission denied")
            }
            Error::Lost { during, cause } => {
                let failure = link(format!("{command}: the connection was lost during {during}"));
                cause.into_iter().fold(failure, |failure, cause| failure.cause(cause.trim_end()))
            }
            Error::NoDevice | Error::NoSuchSerial { .. } => link(error.to_string()),
            error => link(format!("{command}: {error}")),
        }
    }
}

/// The operating system's words for an error, without Rust's `(os error N)`.
pub fn strerror(error: &io::Error) -> String {
    let text = error.to_string();
    match (text.find(" (os error "), error.kind()) {
        (Some(at), _) => text[..at].to_owned(),
        (None, io::ErrorKind::NotFound) => "No such file or directory".to_owned(),
        (None, io::ErrorKind::PermissionDenied) => "Permission denied".to_owned(),
        (None, io::ErrorKind::IsADirectory) => "Is a directory".to_owned(),
        (None, io::ErrorKind::StorageFull) => "No space left on device".to_owned(),
        (None, _) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_link_names_the_board_once() {
        let silent = Failure::new(Kind::Link, "exec: no raw REPL prompt after 2.0 s, 0 bytes came");
        assert_eq!(silent.about_link("/dev/ttyACM0").causes, ["the board is on `/dev/ttyACM0`"]);
        let missing = Failure::new(Kind::Link, "failed to access `/dev/ttyACM0`");
        assert_eq!(missing.clone().about_link("/dev/ttyACM0"), missing);
    }
}
