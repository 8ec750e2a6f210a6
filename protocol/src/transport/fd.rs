//! Reading and writing file descriptors under a deadline (Unix).

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::TransportError;

/// Makes reads and writes return at once instead of waiting.
pub(super) fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Waits until one of the descriptors is ready or has hung up. `false`: the deadline or a signal came first.
pub(super) fn wait(fds: &[BorrowedFd<'_>], events: PollFlags, deadline: Instant) -> io::Result<bool> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::new(*fd, events)).collect();
    match poll(&mut polled, timeout(deadline)) {
        Ok(n) => Ok(n > 0),
        Err(nix::errno::Errno::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The time left in whole milliseconds, rounded up so that a wait never ends before its deadline.
fn timeout(deadline: Instant) -> PollTimeout {
    let left = deadline.saturating_duration_since(Instant::now());
    let ms = left.as_micros().div_ceil(1000);
    PollTimeout::try_from(ms.min(i32::MAX as u128)).unwrap_or(PollTimeout::MAX)
}

/// Reads what is there from a non-blocking file. `None`: nothing yet.
pub(super) fn read_now(mut file: &File, buf: &mut [u8]) -> Result<Option<usize>, TransportError> {
    match file.read(buf) {
        Ok(0) => Err(TransportError::Closed { detail: None }),
        Ok(n) => Ok(Some(n)),
        Err(error) => not_ready(error),
    }
}

/// Writes what a non-blocking file takes. `None`: nothing now.
pub(super) fn write_now(mut file: &File, bytes: &[u8]) -> Result<Option<usize>, TransportError> {
    match file.write(bytes) {
        Ok(n) => Ok(Some(n)),
        Err(error) => not_ready(error),
    }
}

fn not_ready(error: io::Error) -> Result<Option<usize>, TransportError> {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(None),
        _ if is_hang_up(&error) => Err(TransportError::Closed { detail: None }),
        _ => Err(error.into()),
    }
}

/// A terminal whose other side is gone gives EIO, an unplugged USB port ENXIO or ENODEV, a pipe EPIPE.
fn is_hang_up(error: &io::Error) -> bool {
    use nix::errno::Errno;
    matches!(
        error.raw_os_error().map(Errno::from_raw),
        Some(Errno::EIO | Errno::ENXIO | Errno::ENODEV | Errno::EPIPE | Errno::ECONNRESET)
    )
}

/// [`super::Transport::recv`] on a non-blocking file.
pub(super) fn recv(file: &File, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
    // A board often has answered already: then one call does.
    if let Some(n) = read_now(file, buf)? {
        return Ok(n);
    }
    match wait(&[file.as_fd()], PollFlags::POLLIN, deadline)? {
        true => Ok(read_now(file, buf)?.unwrap_or(0)),
        false => Ok(0),
    }
}

/// [`super::Transport::send`] on a non-blocking file.
pub(super) fn send(file: &File, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
    if let Some(n) = write_now(file, bytes)? {
        return Ok(n);
    }
    match wait(&[file.as_fd()], PollFlags::POLLOUT, deadline)? {
        true => Ok(write_now(file, bytes)?.unwrap_or(0)),
        false => Ok(0),
    }
}
