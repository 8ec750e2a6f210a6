//! Why a board can't be reached by WebREPL.

use std::io;
use std::time::Duration;

use crate::TransportError;

/// Why a connection was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebReplError {
    /// There is no password to log in with.
    #[error("the board asks for a password, and there is none")]
    NoPassword,
    /// The host is unknown, refuses, or does not answer.
    #[error("{0}")]
    Connect(#[source] io::Error),
    /// The certificate is not trusted, or what answers speaks no TLS.
    #[error("TLS: {0}")]
    Tls(String),
    /// A file with certificates can't be used.
    #[error("`{path}`: {reason}")]
    Certificates {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// What answers opens no websocket.
    #[error("no WebREPL answers there, but `{answer}`")]
    NotWebRepl {
        /// The start of the answer.
        answer: String,
    },
    /// The board has another client: it ended the connection right behind the handshake.
    #[error("the board has another WebREPL client")]
    Busy,
    /// The password is wrong.
    #[error("the board does not accept the password")]
    Denied,
    /// After many wrong passwords the board looks at none for a while.
    #[error("the board looks at no password for {0} s, for too many were wrong")]
    TooSoon(u32),
    /// The board ended the connection in the middle.
    #[error("the board ended the connection during {during}")]
    Closed {
        /// What was under way.
        during: &'static str,
    },
    /// The board said nothing.
    #[error("no {awaited} within {} s", after.as_secs())]
    Silent {
        /// What was awaited.
        awaited: &'static str,
        /// How long.
        after: Duration,
    },
    /// The link failed in another way.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// The caller wanted it to end.
    #[error("interrupted")]
    Interrupted,
}

impl WebReplError {
    /// Whether the next attempt may go better, as with a board that restarts.
    pub fn may_pass(&self) -> bool {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, TimedOut};
        match self {
            WebReplError::Busy | WebReplError::Closed { .. } | WebReplError::Silent { .. } => true,
            WebReplError::Connect(error) | WebReplError::Io(error) => {
                matches!(error.kind(), ConnectionRefused | ConnectionReset | ConnectionAborted | TimedOut)
            }
            _ => false,
        }
    }
}

impl From<TransportError> for WebReplError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Io(error) => WebReplError::Io(error),
            other => WebReplError::Io(io::Error::other(other.to_string())),
        }
    }
}
