//! A board's console as a plain stream of bytes.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::PATIENCE;
use crate::endpoint::{Got, read, set_nonblocking};

/// An open console.
#[derive(Debug)]
pub struct Console {
    stream: File,
    unread: Vec<u8>,
}

impl Console {
    /// Opens an address: a path or `tcp://HOST:PORT`.
    ///
    /// # Panics
    /// When it can't be opened.
    #[must_use]
    pub fn open(address: &str) -> Console {
        let stream: File = match address.strip_prefix("tcp://") {
            Some(address) => {
                let stream = TcpStream::connect(address).expect("the board's port accepts");
                File::from(OwnedFd::from(stream))
            }
            None => OpenOptions::new()
                .read(true)
                .write(true)
                .open(address)
                .unwrap_or_else(|error| panic!("could not open `{address}`: {error}")),
        };
        Console::over(stream.into())
    }

    /// A console over a stream that is open already.
    #[must_use]
    pub fn over(stream: OwnedFd) -> Console {
        set_nonblocking(stream.as_fd());
        Console { stream: stream.into(), unread: Vec::new() }
    }

    fn wait(&self, flags: PollFlags, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let millis = u16::try_from(left.as_millis()).unwrap_or(u16::MAX);
        let mut fds = [PollFd::new(self.stream.as_fd(), flags)];
        poll(&mut fds, PollTimeout::from(millis)).expect("a descriptor can be polled") > 0
    }

    /// Sends bytes, waiting for room.
    ///
    /// # Panics
    /// When the port has gone or takes nothing for [`PATIENCE`].
    pub fn send(&mut self, mut bytes: &[u8]) {
        let deadline = Instant::now() + PATIENCE;
        while !bytes.is_empty() {
            assert!(self.wait(PollFlags::POLLOUT, deadline), "the board takes no bytes");
            match self.stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => panic!("could not send: {error}"),
            }
        }
    }

    /// Reads through the first `end`; gives what came before it.
    ///
    /// # Panics
    /// When the port ends first, or nothing comes for [`PATIENCE`].
    pub fn expect(&mut self, end: &[u8]) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        let mut buffer = [0; 4096];
        loop {
            let found = self.unread.windows(end.len()).position(|window| window == end);
            if let Some(at) = found {
                let mut before: Vec<u8> = self.unread.drain(..at + end.len()).collect();
                before.truncate(at);
                return before;
            }
            let came = self.wait(PollFlags::POLLIN, deadline);
            let got = if came { read(self.stream.as_fd(), &mut buffer) } else { Got::End };
            match got {
                Got::Bytes(count) => self.unread.extend_from_slice(&buffer[..count]),
                Got::Nothing => {}
                Got::End => panic!(
                    "waited in vain for {:?}; came {:?}",
                    String::from_utf8_lossy(end),
                    String::from_utf8_lossy(&self.unread)
                ),
            }
        }
    }

    /// Interrupts what runs and enters the raw REPL.
    ///
    /// # Panics
    /// When the board does not answer.
    pub fn enter_raw_repl(&mut self) {
        self.send(b"\r\x03\x03\r\x01");
        self.expect(b"raw REPL; CTRL-B to exit\r\n>");
    }

    /// Runs code in the raw REPL: its output and its traceback.
    ///
    /// # Panics
    /// When the board does not answer.
    pub fn exec(&mut self, code: &str) -> (Vec<u8>, Vec<u8>) {
        self.send(code.as_bytes());
        self.send(b"\x04");
        self.expect(b"OK");
        let output = self.expect(b"\x04");
        let traceback = self.expect(b"\x04");
        self.expect(b">");
        (output, traceback)
    }
}
