//! The socket under a deadline, plain or within TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use super::{WebReplAddress, WebReplError, WebReplOptions, tls};
use crate::TransportError;

/// A TCP connection whose reads and writes end at a deadline, however little moves; then they are `WouldBlock`.
#[derive(Debug)]
pub(super) struct Socket {
    tcp: TcpStream,
    deadline: Instant,
}

/// The bytes of the websocket.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Stream {
    /// Connects to the first address of the host that answers.
    pub fn connect(
        address: &WebReplAddress,
        options: &WebReplOptions,
        timeout: Duration,
    ) -> Result<Stream, WebReplError> {
        // First: a wrong file needs no board to be found out.
        let session = if address.tls { Some(tls::session(&address.host, options)?) } else { None };
        let tcp = connect(address, timeout).map_err(WebReplError::Connect)?;
        let socket = Socket { tcp, deadline: Instant::now() };
        Ok(match session {
            Some(session) => Stream::Tls(Box::new(StreamOwned::new(session, socket))),
            None => Stream::Plain(socket),
        })
    }

    fn socket(&self) -> &Socket {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => &stream.sock,
        }
    }

    /// When the next reads and writes end.
    pub fn set_deadline(&mut self, deadline: Instant) {
        match self {
            Stream::Plain(socket) => socket.deadline = deadline,
            Stream::Tls(stream) => stream.sock.deadline = deadline,
        }
    }

    /// What TLS has to say about an error.
    pub fn tls_error(&self, error: &io::Error) -> Option<WebReplError> {
        let reason = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        Some(WebReplError::Tls(reason.to_string()))
    }

    /// Nothing more will be sent.
    pub fn end(&self) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => socket.tcp.shutdown(std::net::Shutdown::Write),
            // The other side's end of the session would not come any more.
            Stream::Tls(_) => Ok(()),
        }
    }

    #[cfg(unix)]
    pub fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        std::os::fd::AsFd::as_fd(&self.socket().tcp)
    }
}

fn connect(address: &WebReplAddress, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the host name has no address");
    for place in (address.host.as_str(), address.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&place, timeout) {
            Ok(tcp) => {
                // Small requests must not wait for a full packet.
                tcp.set_nodelay(true)?;
                tcp.set_nonblocking(true)?;
                return Ok(tcp);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Nothing moved until the deadline, or a signal came.
pub(super) fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// An error of the socket as one of the link.
pub(super) fn moved(error: io::Error) -> TransportError {
    match error.kind() {
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => TransportError::Closed { detail: Some(crate::error::plain(&error)) },
        _ => TransportError::Io(error),
    }
}

impl Socket {
    /// Waits for what the deadline allows. `false`: it has come.
    #[cfg(unix)]
    fn wait(&self, reading: bool) -> io::Result<bool> {
        use nix::poll::PollFlags;
        let events = if reading { PollFlags::POLLIN } else { PollFlags::POLLOUT };
        let late = Instant::now() >= self.deadline;
        Ok(!late && super::super::fd::wait(&[std::os::fd::AsFd::as_fd(&self.tcp)], events, self.deadline)?)
    }

    #[cfg(not(unix))]
    fn wait(&self, _reading: bool) -> io::Result<bool> {
        const STEP: Duration = Duration::from_millis(1);
        let left = self.deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(STEP));
        Ok(!left.is_zero())
    }

    fn retry(
        &mut self,
        reading: bool,
        mut operation: impl FnMut(&mut TcpStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            match operation(&mut self.tcp) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.wait(reading)? {
                        return Err(error);
                    }
                }
                result => return result,
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.retry(true, |tcp| tcp.read(buf))
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.retry(false, |tcp| tcp.write(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.read(buf),
            Stream::Tls(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.write(buf),
            Stream::Tls(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => socket.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}
