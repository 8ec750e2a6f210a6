//! The file protocol: files go and come while a program runs.
//!
//! A request is 82 bytes in a binary frame; `mpr_extmod::webrepl::file` has the layout, from the server's side.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::{Data, OpCode};

use super::WebRepl;
use crate::{InterruptFlag, TransportError};

/// Bytes of a name.
const NAME: usize = 64;
/// Bytes of a file that go to the board in one frame.
const BLOCK: usize = 1024;
/// An interrupt is looked at this often.
const LOOK: Duration = Duration::from_millis(100);

const PUT: u8 = 1;
const GET: u8 = 2;
const VERSION: u8 = 3;

/// Why a file did not get through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The protocol has no room for the name.
    #[error("a name has 1 to 63 bytes in WebREPL's file protocol")]
    Name,
    /// The protocol has no room for the size.
    #[error("a file has less than 4 GB in WebREPL's file protocol")]
    Size,
    /// The board said no. Stock boards never do.
    #[error("error {0}")]
    Status(u16),
    /// The board ended the connection, as stock boards do when they can't open a file.
    #[error("the board ended the connection")]
    Closed,
    /// Nothing came for so long. Stock boards say nothing more after an error.
    #[error("no answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// The board said what the protocol does not know.
    #[error("the board answered something that is no reply")]
    NoReply,
    /// The file on this machine.
    #[error(transparent)]
    Local(std::io::Error),
    /// The source gave another number of bytes than announced.
    #[error("the source changed while it was read")]
    Changed,
    /// The link failed.
    #[error(transparent)]
    Link(TransportError),
    /// The caller wanted it to end. The connection must not be used any more.
    #[error("interrupted")]
    Interrupted,
}

impl From<TransportError> for FileError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Closed { .. } => FileError::Closed,
            other => FileError::Link(other),
        }
    }
}

/// How long to wait for an answer, and what ends it.
struct Limits<'a> {
    silence: Duration,
    interrupt: &'a InterruptFlag,
}

impl WebRepl {
    /// Puts a file of this size on the board, under this name. On a stock board, success does not mean that there was room.
    ///
    /// # Errors
    /// [`FileError`]. After any but [`FileError::Name`], [`FileError::Size`] and [`FileError::Status`] the connection must
    /// not be used any more.
    pub fn put_file(
        &mut self,
        name: &str,
        from: &mut dyn Read,
        size: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), FileError> {
        let interrupt = self.patience.interrupt.clone();
        let limits = Limits { silence: self.patience.answer, interrupt: &interrupt };
        let length = u32::try_from(size).map_err(|_| FileError::Size)?;
        self.request(PUT, name, length, &limits)?;
        // A board that says no says it again behind the data.
        let refused = self.status(&limits)?;
        let mut buffer = [0; BLOCK];
        let mut left = size;
        while left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let n = from.read(&mut buffer[..most]).map_err(FileError::Local)?;
            if n == 0 {
                return Err(FileError::Changed);
            }
            self.push(OpCode::Data(Data::Binary), &buffer[..n]);
            self.drain(&limits)?;
            left -= n as u64;
            progress(size - left);
        }
        let ended = self.status(&limits)?;
        match if refused != 0 { refused } else { ended } {
            0 => Ok(()),
            status => Err(FileError::Status(status)),
        }
    }

    /// Gets a file from the board. Returns its size.
    ///
    /// # Errors
    /// As [`WebRepl::put_file`].
    pub fn get_file(
        &mut self,
        name: &str,
        into: &mut dyn Write,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, FileError> {
        let interrupt = self.patience.interrupt.clone();
        let limits = Limits { silence: self.patience.answer, interrupt: &interrupt };
        self.request(GET, name, 0, &limits)?;
        match self.status(&limits)? {
            0 => {}
            status => return Err(FileError::Status(status)),
        }
        let mut size = 0;
        loop {
            self.push(OpCode::Data(Data::Binary), &[0]);
            self.drain(&limits)?;
            let block = self.block(&limits)?;
            let (length, bytes) = block.split_at_checked(2).ok_or(FileError::NoReply)?;
            if usize::from(u16::from_le_bytes([length[0], length[1]])) != bytes.len() {
                return Err(FileError::NoReply);
            }
            if bytes.is_empty() {
                break;
            }
            into.write_all(bytes).map_err(FileError::Local)?;
            size += bytes.len() as u64;
            progress(size);
        }
        match self.status(&limits)? {
            0 => Ok(size),
            status => Err(FileError::Status(status)),
        }
    }

    /// The three numbers of the firmware's version.
    ///
    /// # Errors
    /// As [`WebRepl::put_file`].
    pub fn version(&mut self) -> Result<[u8; 3], FileError> {
        let interrupt = self.patience.interrupt.clone();
        let limits = Limits { silence: self.patience.answer, interrupt: &interrupt };
        let mut request = [0; 82];
        request[..3].copy_from_slice(&[b'W', b'A', VERSION]);
        self.blocks.clear();
        self.push(OpCode::Data(Data::Binary), &request);
        self.drain(&limits)?;
        <[u8; 3]>::try_from(&self.block(&limits)?[..]).map_err(|_| FileError::NoReply)
    }

    fn request(
        &mut self,
        operation: u8,
        name: &str,
        size: u32,
        limits: &Limits<'_>,
    ) -> Result<(), FileError> {
        if name.is_empty() || name.len() >= NAME || name.contains('\0') {
            return Err(FileError::Name);
        }
        let mut request = vec![b'W', b'A', operation, 0];
        request.extend([0; 8]);
        request.extend(size.to_le_bytes());
        request.extend((name.len() as u16).to_le_bytes());
        request.extend(name.as_bytes());
        request.resize(18 + NAME, 0);
        self.blocks.clear();
        self.push(OpCode::Data(Data::Binary), &request);
        self.drain(limits)
    }

    /// Sends all that is on its way.
    fn drain(&mut self, limits: &Limits<'_>) -> Result<(), FileError> {
        let start = Instant::now();
        while !self.flush(Instant::now() + LOOK)? {
            limits.check(start)?;
        }
        Ok(())
    }

    /// The next binary frame. What the console says meanwhile stays for who reads it.
    fn block(&mut self, limits: &Limits<'_>) -> Result<Vec<u8>, FileError> {
        let start = Instant::now();
        // Bytes of the console must not keep a frame from being read.
        let console = std::mem::take(&mut self.received);
        let mut said = Vec::from(console);
        let block = loop {
            if let Some(block) = self.blocks.pop_front() {
                break Ok(block);
            }
            match self.fill(Instant::now() + LOOK) {
                Ok(()) => said.extend(self.received.drain(..)),
                Err(error) => break Err(error.into()),
            }
            if self.blocks.is_empty()
                && let Err(error) = limits.check(start)
            {
                break Err(error);
            }
        };
        said.extend(self.received.drain(..));
        self.received = said.into();
        block
    }

    fn status(&mut self, limits: &Limits<'_>) -> Result<u16, FileError> {
        match self.block(limits)?[..] {
            [b'W', b'B', low, high] => Ok(u16::from_le_bytes([low, high])),
            _ => Err(FileError::NoReply),
        }
    }
}

impl Limits<'_> {
    fn check(&self, start: Instant) -> Result<(), FileError> {
        if self.interrupt.is_raised() {
            return Err(FileError::Interrupted);
        }
        if start.elapsed() >= self.silence {
            return Err(FileError::Silent(self.silence));
        }
        Ok(())
    }
}
