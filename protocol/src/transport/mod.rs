//! Links that move bytes under a deadline and know nothing of MicroPython.
//!
//! [`open`] makes one of an [`Address`](crate::Address); [`Recorder`], [`Replay`] and [`Faulty`] wrap or stand in for
//! one.

mod child;
#[cfg(unix)]
mod door;
mod faulty;
#[cfg(unix)]
mod fd;
mod open;
mod record;
pub mod rfc2217;
mod serial;
mod tcp;
pub mod webrepl;

use std::io;
use std::time::Instant;

pub use child::{Child, ChildKind};
#[cfg(unix)]
pub use door::{Door, Shared, Visitor, private_folder};
pub use faulty::{Faults, Faulty};
pub use open::{open, resolve};
pub use record::{Recorder, Replay, TraceError};
pub use rfc2217::Rfc2217;
pub use serial::Serial;
pub use tcp::Tcp;
pub use webrepl::{FileError, Password, WebRepl, WebReplAddress, WebReplError, WebReplOptions};

/// A link to a board's console.
pub trait Transport: Send {
    /// Hands over as many bytes as the link takes now; blocks until it takes at least one, or the deadline.
    /// Returns how many, 0 at the deadline or when a signal came. A deadline in the past tries once without blocking.
    ///
    /// # Errors
    /// [`TransportError::Closed`] when the other side is gone, [`TransportError::Io`] for anything else.
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError>;

    /// Waits for bytes. Returns as soon as there is one; 0 means that none came until the deadline, or a signal came
    /// first. A deadline in the past takes what is there.
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

    /// Whether the link holds the sender back while the board takes no bytes, so that none is lost. `false` when that is
    /// not known: then a board may lose what is beyond the receive buffer that it announces.
    fn pushes_back(&self) -> bool {
        false
    }

    /// So many bytes wait for a board that does not read them, and none of them is lost. 0 when that is not known; `usize::MAX`
    /// where the link [pushes back](Transport::pushes_back).
    fn keeps(&self) -> usize {
        if self.pushes_back() { usize::MAX } else { 0 }
    }

    /// The link as one by WebREPL, which moves files beside the console. `None` where it is another, or there is something between.
    fn webrepl(&mut self) -> Option<&mut WebRepl> {
        None
    }

    /// Opens the link again that the other side closed, as it does when the board restarts. `false` when this kind of link
    /// can't.
    ///
    /// # Errors
    /// [`TransportError::Closed`] when it could not be opened until the deadline.
    fn reconnect(&mut self, _deadline: Instant) -> Result<bool, TransportError> {
        Ok(false)
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

impl Transport for Box<dyn Transport> {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        (**self).send(bytes, deadline)
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        (**self).recv(buf, deadline)
    }

    fn name(&self) -> &str {
        (**self).name()
    }

    fn pushes_back(&self) -> bool {
        (**self).pushes_back()
    }

    fn keeps(&self) -> usize {
        (**self).keeps()
    }

    fn webrepl(&mut self) -> Option<&mut WebRepl> {
        (**self).webrepl()
    }

    fn reconnect(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        (**self).reconnect(deadline)
    }

    #[cfg(unix)]
    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        (**self).poll_fd()
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
    /// The simulated board could not start because another process uses its flash image.
    #[error("`{what}` is in use by another program")]
    InUse {
        /// The flash image.
        what: String,
    },
    /// The board's prompt belongs to another WebREPL client, and this one may move files only.
    #[error("the board of `{what}` has another WebREPL client")]
    NoPrompt {
        /// The link's name.
        what: String,
    },
    /// The link took too few bytes until the deadline.
    #[error("the other side takes no more bytes")]
    TimedOut,
    /// The operating system's error.
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[cfg(all(test, unix))]
mod tests;
