//! Serial ports: UARTs, USB, and pseudo-terminals.

use std::io;
#[cfg(not(unix))]
use std::time::Duration;
use std::time::Instant;

use serialport::SerialPort;

use super::{Transport, TransportError};

/// A serial port, taken exclusively.
///
/// DTR and RTS are both raised and never changed: boards whose reset and boot pins hang on the difference between the two
/// keep running. A pseudo-terminal has no such lines and does not mind.
pub struct Serial {
    name: String,
    #[cfg(unix)]
    file: std::fs::File,
    /// Releases the exclusive access when it is dropped.
    #[cfg(unix)]
    _port: serialport::TTYPort,
    #[cfg(not(unix))]
    port: Box<dyn SerialPort>,
}

impl std::fmt::Debug for Serial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serial").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(unix)]
impl Serial {
    /// Opens the port at a rate in bits per second.
    ///
    /// # Errors
    /// The operating system's; `ResourceBusy` when another process has the port.
    pub fn open(path: &str, baud: u32) -> io::Result<Serial> {
        use std::os::fd::{AsRawFd, BorrowedFd};
        let mut port =
            serialport::TTYPort::open(&serialport::new(path, baud)).map_err(|e| reason(path, e))?;
        raise_lines(&mut port);
        // SAFETY: the descriptor belongs to `port`, which outlives this borrow; the clone below is one of its own.
        #[allow(unsafe_code)]
        let fd = unsafe { BorrowedFd::borrow_raw(port.as_raw_fd()) };
        let file = std::fs::File::from(fd.try_clone_to_owned()?);
        super::fd::set_nonblocking(&file)?;
        Ok(Serial { name: path.to_owned(), file, _port: port })
    }
}

#[cfg(not(unix))]
impl Serial {
    /// Opens the port at a rate in bits per second.
    ///
    /// # Errors
    /// The operating system's; `ResourceBusy` when another process has the port.
    pub fn open(path: &str, baud: u32) -> io::Result<Serial> {
        let mut port = serialport::new(path, baud).open().map_err(|e| reason(path, e))?;
        raise_lines(port.as_mut());
        Ok(Serial { name: path.to_owned(), port })
    }
}

/// Both the same way. Opening has raised both on most systems already, then this changes nothing. A pseudo-terminal
/// refuses (ENOTTY), which does not matter.
fn raise_lines(port: &mut dyn SerialPort) {
    let _ = port.write_data_terminal_ready(true);
    let _ = port.write_request_to_send(true);
}

/// The library tells only kinds; a missing file, a refused one and a busy one are worth telling apart.
fn reason(path: &str, error: serialport::Error) -> io::Error {
    use io::ErrorKind;
    let kind = match error.kind {
        serialport::ErrorKind::Io(kind) => kind,
        serialport::ErrorKind::InvalidInput => ErrorKind::InvalidInput,
        serialport::ErrorKind::NoDevice => match std::path::Path::new(path).exists() {
            true => ErrorKind::ResourceBusy,
            false => ErrorKind::NotFound,
        },
        serialport::ErrorKind::Unknown => ErrorKind::Other,
    };
    // A lock that another process holds.
    let kind = if kind == ErrorKind::WouldBlock { ErrorKind::ResourceBusy } else { kind };
    io::Error::new(kind, error.description)
}

#[cfg(unix)]
impl Transport for Serial {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        super::fd::send(&self.file, bytes, deadline)
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        super::fd::recv(&self.file, buf, deadline)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        Some(std::os::fd::AsFd::as_fd(&self.file))
    }
}

#[cfg(not(unix))]
fn moved(result: io::Result<usize>) -> Result<usize, TransportError> {
    use io::ErrorKind;
    match result {
        Ok(n) => Ok(n),
        Err(error) => match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted => Ok(0),
            ErrorKind::BrokenPipe | ErrorKind::PermissionDenied => {
                Err(TransportError::Closed { detail: Some(error.to_string()) })
            }
            _ => Err(error.into()),
        },
    }
}

#[cfg(not(unix))]
impl Transport for Serial {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        self.port.set_timeout(left).map_err(io::Error::from)?;
        moved(io::Write::write(&mut self.port, bytes))
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        self.port.set_timeout(left).map_err(io::Error::from)?;
        moved(io::Read::read(&mut self.port, buf))
    }

    fn name(&self) -> &str {
        &self.name
    }
}
