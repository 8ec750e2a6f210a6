//! The server's side of WebREPL: a console and a file protocol over a websocket, without input or output.
//!
//! [`Session`] is fed with what a client sends and says what to do; the words it is answered with are made by [`response`]
//! and [`frame::header`]. Nothing here allocates, and no input makes it panic: what breaks the rules ends the session.
//!
//! - `handshake`: the HTTP request that opens a websocket.
//! - `frame`: the frames of RFC 6455, as far as WebREPL uses them.
//! - `file`: the requests and replies of the file protocol.
//! - `session`: from the handshake to the prompt.

pub mod file;
pub mod frame;
mod handshake;
mod session;

pub use handshake::{RESPONSE_MAX, response};
pub use session::{Event, MAX_PASSWORD, Session};

/// What a client is shown first.
pub const ASK: &[u8] = b"Password: ";
/// What it is shown when the password was right. The prompt is part of it, whatever the board does.
pub const WELCOME: &[u8] = b"\r\nWebREPL connected\r\n>>> ";
/// What it is shown instead when another client has the prompt: it may move files.
pub const FILES_ONLY: &[u8] = b"\r\nWebREPL connected for files: another client has the prompt\r\n";
/// What it is shown when the password was wrong.
pub const DENIED: &[u8] = b"\r\nAccess denied\r\n";
/// The answer to a request that opens no websocket.
pub const NO_WEBSOCKET: &[u8] = b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\
    Connection: Upgrade, close\r\nContent-Type: text/plain\r\nContent-Length: 26\r\n\r\nThis is a WebREPL server.\n";

/// Whether a password is right; takes the same time for every wrong one.
pub fn same_password(given: &[u8], right: &[u8]) -> bool {
    // As many steps as there can be, whatever the lengths.
    let mut differ = given.len() ^ right.len();
    for i in 0..MAX_PASSWORD {
        let (a, b) = (given.get(i).copied().unwrap_or(0), right.get(i).copied().unwrap_or(0));
        differ |= usize::from(core::hint::black_box(a ^ b));
    }
    core::hint::black_box(differ) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_is_right() {
        assert!(same_password(b"secret", b"secret"));
        for wrong in [&b""[..], b"secre", b"secret\0", b"Secret", b"secreT", &[b's'; 100]] {
            assert!(!same_password(wrong, b"secret"), "{wrong:?}");
        }
    }
}
