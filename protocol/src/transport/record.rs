//! Recording what goes over a link, and playing it back.
//!
//! A trace has one line per event: seconds since the start with microseconds, a direction (`>` to the board, `<` from the
//! board, `!` a remark), and the bytes with everything but printable ASCII escaped as in Rust's byte strings.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, LineWriter, Write};
use std::path::Path;
use std::time::Instant;

use super::{Transport, TransportError};

/// Writes every byte of a link to a trace.
pub struct Recorder<T> {
    inner: T,
    trace: Box<dyn Write + Send>,
    start: Instant,
}

impl<T: Transport> Recorder<T> {
    /// Records to a file, which is replaced. Every line is written at once, so that the trace of a hang is whole.
    ///
    /// # Errors
    /// The operating system's, when the file can't be made.
    pub fn create(inner: T, file: &Path) -> io::Result<Self> {
        Ok(Self::new(inner, Box::new(LineWriter::new(File::create(file)?))))
    }

    /// Records to any writer.
    pub fn new(inner: T, trace: Box<dyn Write + Send>) -> Self {
        Recorder { inner, trace, start: Instant::now() }
    }

    fn note(&mut self, direction: char, bytes: &[u8]) -> io::Result<()> {
        let time = self.start.elapsed();
        let (s, us) = (time.as_secs(), time.subsec_micros());
        writeln!(self.trace, "{s}.{us:06} {direction} {}", bytes.escape_ascii())
    }

    fn note_error(&mut self, error: TransportError) -> TransportError {
        // The link's own error is worth more than the trace's.
        let _ = self.note('!', error.to_string().as_bytes()).and_then(|()| self.trace.flush());
        error
    }
}

impl<T> Drop for Recorder<T> {
    fn drop(&mut self) {
        let _ = self.trace.flush();
    }
}

impl<T: Transport> Transport for Recorder<T> {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        let n = self.inner.send(bytes, deadline).map_err(|e| self.note_error(e))?;
        if n > 0 {
            self.note('>', &bytes[..n])?;
        }
        Ok(n)
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        let n = self.inner.recv(buf, deadline).map_err(|e| self.note_error(e))?;
        if n > 0 {
            self.note('<', &buf[..n])?;
        }
        Ok(n)
    }

    fn name(&self) -> &str {
        self.inner.name()
    }

    fn pushes_back(&self) -> bool {
        self.inner.pushes_back()
    }

    fn keeps(&self) -> usize {
        self.inner.keeps()
    }

    fn webrepl(&mut self) -> Option<&mut super::WebRepl> {
        // Files by its protocol are not recorded.
        self.inner.webrepl()
    }

    fn reconnect(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        self.inner.reconnect(deadline)
    }

    #[cfg(unix)]
    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.inner.poll_fd()
    }
}

/// A trace that can't be played back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// A line is not one of a trace.
    #[error("line {0} of the trace can't be read")]
    Line(usize),
}

/// Plays a trace back: gives what the board said once it has been sent what it was sent then. Times are ignored.
#[derive(Debug)]
pub struct Replay {
    name: String,
    events: VecDeque<(bool, Vec<u8>)>,
}

impl Replay {
    /// Reads a trace.
    ///
    /// # Errors
    /// [`TraceError`] with the line's number.
    pub fn new(trace: &str, name: String) -> Result<Self, TraceError> {
        let mut events = VecDeque::new();
        for (i, line) in trace.lines().enumerate() {
            let mut parts = line.splitn(3, ' ');
            let (_, direction, text) = (parts.next(), parts.next(), parts.next());
            match (direction, text.and_then(unescape)) {
                (Some(">"), Some(bytes)) => events.push_back((true, bytes)),
                (Some("<"), Some(bytes)) => events.push_back((false, bytes)),
                (Some("!"), _) => {}
                _ => return Err(TraceError::Line(i + 1)),
            }
        }
        Ok(Replay { name, events })
    }

    /// Whether everything has been played.
    pub fn is_finished(&self) -> bool {
        self.events.is_empty()
    }
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'x' => {
                    let digits = [bytes.next()?, bytes.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                quoted => quoted,
            },
            byte => byte,
        });
    }
    Some(out)
}

impl Transport for Replay {
    fn send(&mut self, bytes: &[u8], _deadline: Instant) -> Result<usize, TransportError> {
        let mut used = 0;
        while used < bytes.len() {
            match self.events.front_mut() {
                Some((true, recorded)) => {
                    let n = recorded.len().min(bytes.len() - used);
                    let (sent, was) = (&bytes[used..used + n], &recorded[..n]);
                    if sent != was {
                        let message = format!(
                            "the trace has `{}` where `{}` was sent",
                            was.escape_ascii(),
                            sent.escape_ascii()
                        );
                        return Err(io::Error::new(io::ErrorKind::InvalidData, message).into());
                    }
                    recorded.drain(..n);
                    used += n;
                    if recorded.is_empty() {
                        self.events.pop_front();
                    }
                }
                // The board speaks first; the rest is for later.
                Some((false, _)) if used > 0 => return Ok(used),
                Some((false, _)) => return Ok(0),
                None => return Err(TransportError::Closed { detail: Some("the trace ends here".into()) }),
            }
        }
        Ok(used)
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        match self.events.front_mut() {
            Some((false, recorded)) => {
                let n = recorded.len().min(buf.len());
                buf[..n].copy_from_slice(&recorded[..n]);
                recorded.drain(..n);
                if recorded.is_empty() {
                    self.events.pop_front();
                }
                Ok(n)
            }
            Some((true, _)) => {
                std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
                Ok(0)
            }
            None => Err(TransportError::Closed { detail: Some("the trace ends here".into()) }),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}
