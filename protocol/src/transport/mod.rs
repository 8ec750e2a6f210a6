//! Links that move bytes under a deadline and know nothing of MicroPython.

use std::io;
use std::time::Instant;

/// A link to a board's console.
pub trait Transport: Send {
    /// Hands over as many bytes as the link takes now; blocks until it takes at least one, or the deadline.
    /// Returns how many, 0 at the deadline. A deadline in the past tries once without blocking.
    ///
    /// # Errors
    /// [`TransportError::Closed`] when the other side is gone, [`TransportError::Io`] for anything else.
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError>;

    /// Waits for bytes. Returns as soon as there is one; 0 means that none came until the deadline. A deadline in the
    /// past takes what is there.
    ///
    /// # Errors
    /// As [`Transport::send`].
    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError>;

    /// The name that the user knows the link by.
    fn name(&self) -> &str;

    /// The descriptor that is readable when bytes wait, for callers that wait for several things at once. `None`
    /// where the link has no such thing.
    #[cfg(unix)]
    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }

    /// Hands over all the bytes.
    ///
    /// # Errors
    /// As [`Transport::send`], and [`TransportError::TimedOut`] when the link took too few until the deadline.
    fn send_all(&mut self, mut bytes: &[u8], deadline: Instant) -> Result<(), TransportError> {
        while !bytes.is_empty() {
            match self.send(bytes, deadline)? {
                0 if Instant::now() >= deadline => return Err(TransportError::TimedOut),
                n => bytes = &bytes[n..],
            }
        }
        Ok(())
    }
}

/// Why a link moved nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The other side is gone: unplugged, hung up, or its process ended.
    #[error("the other side closed the connection{}", detail.as_deref().map(|d| format!(": {d}")).unwrap_or_default())]
    Closed {
        /// What is known about the reason, such as a process's exit status and last words.
        detail: Option<String>,
    },
    /// The link took too few bytes until the deadline.
    #[error("the other side takes no more bytes")]
    TimedOut,
    /// The operating system's error.
    #[error(transparent)]
    Io(#[from] io::Error),
}
