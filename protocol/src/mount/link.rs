//! A link whose board is served while bytes are waited for.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::host::Host;
use crate::{Transport, TransportError};

/// Answers that the link does not take are tried again after this time.
const FULL_LINK: Duration = Duration::from_millis(2);

const CTRL_C: u8 = 0x03;

/// A host that a [`Device`](crate::Device) and its link share.
pub(crate) type SharedHost = Arc<Mutex<Host>>;

/// Wraps a link: requests in the board's output are answered, everything else passes.
///
/// A board in a call takes all bytes for its answer, so bytes to send wait until the call is over. A Ctrl-C only waits until no
/// answer is on its way.
pub(crate) struct MountLink {
    link: Box<dyn Transport>,
    host: SharedHost,
    output: Vec<u8>,
    unsent: Vec<u8>,
    buffer: Vec<u8>,
}

impl MountLink {
    pub(crate) fn new(link: Box<dyn Transport>, host: SharedHost) -> Self {
        MountLink { link, host, output: Vec::new(), unsent: Vec::new(), buffer: vec![0; 4096] }
    }

    fn with_host<T>(&self, work: impl FnOnce(&mut Host) -> T) -> T {
        work(&mut self.host.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_busy(&self) -> bool {
        !self.unsent.is_empty() || self.with_host(|host| host.is_busy())
    }

    /// Sends what is due and waits once for bytes, until `deadline` at most; tells whether something may have changed.
    fn turn(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        // What waits on the link comes first: it may take back a call that was meanwhile given up.
        let past = Instant::now();
        self.receive(past)?;
        let now = Instant::now();
        let mut due = Vec::new();
        let timeout = self.with_host(|host| {
            host.handle_timeout(now);
            if self.unsent.is_empty() {
                let _ = host.poll_transmit(now, &mut due);
            }
            host.poll_timeout()
        });
        self.unsent.append(&mut due);
        if !self.unsent.is_empty() {
            let sent = self.link.send(&self.unsent, now)?;
            self.unsent.drain(..sent);
        }
        self.collect();
        if !self.output.is_empty() || now >= deadline {
            return Ok(true);
        }
        let full = (!self.unsent.is_empty()).then(|| now + FULL_LINK);
        let wake = timeout.into_iter().chain(full).fold(deadline, Instant::min);
        let came = self.receive(wake)?;
        self.collect();
        Ok(came || Instant::now() >= wake)
    }

    fn receive(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        let count = self.link.recv(&mut self.buffer, deadline)?;
        let now = Instant::now();
        self.with_host(|host| host.handle_input(now, &self.buffer[..count]));
        Ok(count > 0)
    }

    fn collect(&mut self) {
        let mut output = std::mem::take(&mut self.output);
        let _ = self.with_host(|host| host.take_output(&mut output));
        self.output = output;
    }
}

impl Transport for MountLink {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        let is_interrupt = bytes.first() == Some(&CTRL_C);
        loop {
            if is_interrupt {
                self.with_host(|host| host.interrupt(Instant::now()));
            }
            self.turn(Instant::now())?;
            if is_interrupt && self.unsent.is_empty() && !self.with_host(|host| host.is_answering()) {
                return self.link.send(&bytes[..1], deadline);
            }
            if !self.is_busy() {
                return self.link.send(bytes, deadline);
            }
            if Instant::now() >= deadline {
                return Ok(0);
            }
            // Output gathers meanwhile; the next `recv` hands it over.
            let step = (Instant::now() + FULL_LINK).min(deadline);
            self.receive(step)?;
        }
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        loop {
            self.collect();
            if self.output.is_empty() {
                let changed = self.turn(deadline)?;
                if self.output.is_empty() && (!changed || Instant::now() >= deadline) {
                    return Ok(0);
                }
            }
            let count = self.output.len().min(buf.len());
            buf[..count].copy_from_slice(&self.output[..count]);
            self.output.drain(..count);
            if count > 0 {
                return Ok(count);
            }
        }
    }

    fn name(&self) -> &str {
        self.link.name()
    }

    fn pushes_back(&self) -> bool {
        self.link.pushes_back()
    }

    fn webrepl(&mut self) -> Option<&mut crate::transport::WebRepl> {
        // Calls wait until the files are through: the caller must not ask for files in a mounted folder.
        self.link.webrepl()
    }

    fn keeps(&self) -> usize {
        self.link.keeps()
    }

    fn reconnect(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        self.link.reconnect(deadline)
    }

    #[cfg(unix)]
    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        // Nothing tells when bytes wait here, or to be sent, while the link is silent.
        self.link.poll_fd().filter(|_| self.output.is_empty() && self.unsent.is_empty())
    }
}

/// Stands where a link was taken away.
pub(crate) struct NoLink;

impl Transport for NoLink {
    fn send(&mut self, _bytes: &[u8], _deadline: Instant) -> Result<usize, TransportError> {
        Err(TransportError::Io(io::ErrorKind::NotConnected.into()))
    }

    fn recv(&mut self, _buf: &mut [u8], _deadline: Instant) -> Result<usize, TransportError> {
        Err(TransportError::Io(io::ErrorKind::NotConnected.into()))
    }

    fn name(&self) -> &str {
        ""
    }
}
