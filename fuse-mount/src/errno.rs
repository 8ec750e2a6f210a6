//! What a failure on the board is for a program on this machine.

use std::io;

use mpr_protocol::Error;
pub(crate) use nix::errno::Errno;

/// Why an operation did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It needs the board, and may not wait for it here.
    NeedsBoard,
    /// It failed.
    Failed(Errno),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Stop::Failed(errno)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(errno(&error))
    }
}

/// Of spools on this machine: its disk may be full.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Failed(error.raw_os_error().map_or(Errno::EIO, Errno::from_raw))
    }
}

/// The number for an error of the board or the way to it.
pub(crate) fn errno(error: &Error) -> Errno {
    match error {
        Error::Os { errno, .. } => by_name(errno),
        Error::Exception(traceback) => match &traceback.errno {
            Some(errno) => by_name(errno),
            None if traceback.exception == "MemoryError" => Errno::ENOMEM,
            None => Errno::EIO,
        },
        Error::NoSpace { .. } => Errno::ENOSPC,
        Error::Unsupported { .. } => Errno::EOPNOTSUPP,
        Error::Interrupted => Errno::EINTR,
        Error::LocalIo { source } => source.raw_os_error().map_or(Errno::EIO, Errno::from_raw),
        // The board is not there, or what came from it can't be trusted.
        Error::NoDevice
        | Error::NoSuchSerial { .. }
        | Error::SeveralDevices(_)
        | Error::NotFound { .. }
        | Error::Busy { .. }
        | Error::PermissionDenied { .. }
        | Error::Open { .. }
        | Error::WebRepl { .. }
        | Error::Lost { .. }
        | Error::Reset { .. }
        | Error::Timeout { .. }
        | Error::SystemExit(_)
        | Error::Verify { .. }
        | Error::SourceChanged { .. }
        | Error::Output(_)
        | Error::Protocol { .. } => Errno::EIO,
        // `Error` may grow.
        _ => Errno::EIO,
    }
}

/// Numbers differ between boards and this machine; names don't.
fn by_name(errno: &mpr_protocol::Errno) -> Errno {
    match errno.name.as_deref() {
        Some("EPERM") => Errno::EPERM,
        Some("ENOENT") => Errno::ENOENT,
        Some("EAGAIN") => Errno::EAGAIN,
        Some("ENOMEM") => Errno::ENOMEM,
        Some("EACCES") => Errno::EACCES,
        Some("EBUSY") => Errno::EBUSY,
        Some("EEXIST") => Errno::EEXIST,
        Some("EXDEV") => Errno::EXDEV,
        Some("ENOTDIR") => Errno::ENOTDIR,
        Some("EISDIR") => Errno::EISDIR,
        Some("EINVAL") => Errno::EINVAL,
        Some("EMFILE") => Errno::EMFILE,
        Some("EFBIG") => Errno::EFBIG,
        Some("ENOSPC") => Errno::ENOSPC,
        Some("EROFS") => Errno::EROFS,
        Some("ENAMETOOLONG") => Errno::ENAMETOOLONG,
        Some("ENOTEMPTY") => Errno::ENOTEMPTY,
        Some("EOPNOTSUPP") => Errno::EOPNOTSUPP,
        // `ENODEV` from a board: nothing is mounted there. Others have no meaning for a file here.
        _ => Errno::EIO,
    }
}

/// Whether the link or the board's state is what failed, so that a new connection may help.
pub(crate) fn is_of_link(error: &Error) -> bool {
    matches!(
        error,
        Error::Lost { .. }
            | Error::Reset { .. }
            | Error::Timeout { .. }
            | Error::Protocol { .. }
            | Error::Busy { .. }
    )
}
