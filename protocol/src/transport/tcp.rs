//! A console that listens on TCP.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::{Transport, TransportError};

/// A TCP connection that carries the console's bytes and nothing else.
#[derive(Debug)]
pub struct Tcp {
    stream: TcpStream,
    name: String,
}

impl Tcp {
    /// Connects to the first address of the host that answers.
    ///
    /// # Errors
    /// The operating system's: the host is unknown, refuses, or does not answer within `timeout`.
    pub fn connect(host: &str, port: u16, name: String, timeout: Duration) -> io::Result<Tcp> {
        let mut last = io::Error::new(ErrorKind::NotFound, "the host name has no address");
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => {
                    // Small requests must not wait for a full packet.
                    stream.set_nodelay(true)?;
                    return Ok(Tcp { stream, name });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The socket options take no zero.
fn left(deadline: Instant) -> Option<Duration> {
    Some(deadline.saturating_duration_since(Instant::now()).max(Duration::from_micros(1)))
}

fn moved(result: io::Result<usize>) -> Result<usize, TransportError> {
    match result {
        Ok(n) => Ok(n),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(0),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                Err(TransportError::Closed { detail: Some(error.to_string()) })
            }
            _ => Err(error.into()),
        },
    }
}

impl Transport for Tcp {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        self.stream.set_write_timeout(left(deadline))?;
        moved(self.stream.write(bytes))
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        self.stream.set_read_timeout(left(deadline))?;
        match self.stream.read(buf) {
            Ok(0) if !buf.is_empty() => Err(TransportError::Closed { detail: None }),
            other => moved(other),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    #[cfg(unix)]
    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        Some(std::os::fd::AsFd::as_fd(&self.stream))
    }
}
