//! A serial port of another machine, behind a server that speaks RFC 2217 (ser2net, labgrid, pyserial).

pub mod fuzz;
mod telnet;

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::{Tcp, Transport, TransportError};
use telnet::{Command, Control, Telnet};

/// How long the server may take to agree and to set its port up; what pyserial's client grants.
const SETUP: Duration = Duration::from_secs(3);

/// What a server said before it hung up has come by then.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A serial port behind a server.
///
/// DTR and RTS are both raised and never changed, as on a local [`Serial`](super::Serial) port. The server's notes about
/// the state of the line and the modem are not looked at.
#[derive(Debug)]
pub struct Rfc2217 {
    tcp: Tcp,
    telnet: Telnet,
    /// What the server must get next: replies, and data that [`Transport::send`] has taken.
    unsent: Vec<u8>,
    /// Data that came while there was something to send.
    received: Vec<u8>,
}

impl Rfc2217 {
    /// Connects, and has the server set its port to this many bits per second, 8 data bits, no parity, 1 stop bit and
    /// no flow control.
    ///
    /// # Errors
    /// Those of [`Tcp::connect`]; `ResourceBusy` when the server says that its port is in use, or hangs up without a word;
    /// `ConnectionAborted` when it hangs up with another one; `Unsupported` when it offers no serial port or another
    /// rate, `TimedOut` when it does not answer within three seconds.
    pub fn connect(host: &str, port: u16, name: String, baud: u32, timeout: Duration) -> io::Result<Self> {
        let tcp = Tcp::connect(host, port, name, timeout)?;
        let mut link = Rfc2217 { tcp, telnet: Telnet::new(), unsent: Vec::new(), received: Vec::new() };
        let deadline = Instant::now() + SETUP;
        let agreed = link.answer(deadline, Telnet::has_com_port).map_err(|error| link.opening(error))?;
        if agreed != Some(true) {
            return Err(refused(agreed.is_some(), "a serial port by RFC 2217"));
        }
        for command in [
            Command::SetBaudRate(baud),
            Command::SetDataSize,
            Command::SetParity,
            Command::SetStopSize,
            Command::SetControl(Control::FlowOff),
            Command::SetControl(Control::DtrOn),
            Command::SetControl(Control::RtsOn),
            Command::PurgeData,
        ] {
            link.telnet.command(command);
        }
        let set = link.answer(deadline, Telnet::baud).map_err(|error| link.opening(error))?;
        if set != Some(baud) {
            return Err(refused(set.is_some(), &format!("{baud} bits per second")));
        }
        link.received.clear();
        Ok(link)
    }

    /// Waits for an answer of the server.
    fn answer<T>(
        &mut self,
        deadline: Instant,
        of: impl Fn(&Telnet) -> Option<T>,
    ) -> Result<Option<T>, TransportError> {
        loop {
            self.flush(deadline)?;
            let answer = of(&self.telnet);
            if answer.is_some() || Instant::now() >= deadline {
                return Ok(answer);
            }
            self.listen(deadline)?;
        }
    }

    /// The reason why the port can't be opened.
    ///
    /// A server whose port is taken agrees to all and then says so in plain text and hangs up, or hangs up at once. What we
    /// sent meanwhile may turn that into a reset, and may fail before the text has been read.
    fn opening(&mut self, error: TransportError) -> io::Error {
        let detail = match error {
            TransportError::Io(error) => return error,
            other => other.to_string(),
        };
        let deadline = Instant::now() + LAST_WORDS;
        while Instant::now() < deadline && self.listen(deadline).is_ok() {}
        let last_words = String::from_utf8_lossy(&self.received);
        match last_words.trim() {
            "" => io::Error::new(ErrorKind::ResourceBusy, detail),
            text if text.contains("in use") => io::Error::new(ErrorKind::ResourceBusy, text),
            text => io::Error::new(ErrorKind::ConnectionAborted, format!("the server hung up: {text}")),
        }
    }

    /// Reads once from the server.
    fn listen(&mut self, deadline: Instant) -> Result<(), TransportError> {
        let mut buf = [0; 1024];
        let n = self.tcp.recv(&mut buf, deadline)?;
        self.telnet.decode(&buf[..n], &mut self.received);
        Ok(())
    }

    /// Sends what waits, as far as the server takes it. Returns whether all is sent.
    fn flush(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        self.unsent.extend(self.telnet.take_replies());
        while !self.unsent.is_empty() {
            let n = self.tcp.send(&self.unsent, deadline)?;
            self.unsent.drain(..n);
            if n == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn refused(answered: bool, what: &str) -> io::Error {
    match answered {
        true => io::Error::new(ErrorKind::Unsupported, format!("the server does not offer {what}")),
        false => io::Error::new(
            ErrorKind::TimedOut,
            format!("the server did not agree to {what} within {} s", SETUP.as_secs()),
        ),
    }
}

impl Transport for Rfc2217 {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        // A server that has no room says so; it must be heard to know when that ends.
        while self.telnet.is_suspended() {
            self.listen(deadline)?;
            if self.telnet.is_suspended() && Instant::now() >= deadline {
                return Ok(0);
            }
        }
        if !self.flush(deadline)? {
            return Ok(0);
        }
        let mut wire = Vec::with_capacity(bytes.len());
        self.telnet.encode(bytes, &mut wire);
        let n = self.tcp.send(&wire, deadline)?;
        if n == 0 {
            return Ok(0);
        }
        // All is taken: what the socket did not take of it goes first the next time.
        self.unsent = wire.split_off(n);
        self.flush(deadline)?;
        Ok(bytes.len())
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        loop {
            self.flush(Instant::now())?;
            if !self.received.is_empty() || buf.is_empty() {
                let n = self.received.len().min(buf.len());
                buf[..n].copy_from_slice(&self.received[..n]);
                self.received.drain(..n);
                return Ok(n);
            }
            // No more than fits: then nothing waits here while the descriptor is silent.
            let n = self.tcp.recv(buf, deadline)?;
            self.telnet.decode(&buf[..n], &mut self.received);
            if n == 0 {
                return Ok(0);
            }
        }
    }

    fn name(&self) -> &str {
        self.tcp.name()
    }

    #[cfg(unix)]
    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        // With data at hand there is nothing to wait for.
        self.tcp.poll_fd().filter(|_| self.received.is_empty() && self.unsent.is_empty())
    }
}
