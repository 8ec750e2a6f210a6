//! WebREPL: a board's console, and files, over a websocket.
//!
//! Frames are read one by one and not as messages: a board's text frames need not be UTF-8, for it splits characters. What
//! goes to the board is masked, as websockets want it, and each Ctrl-C is a frame by itself.
//!
//! - `handshake`: the request that opens the websocket, and the answer. `login`: the password.
//! - `stream`: the socket under a deadline, plain or within TLS. `tls`: whom to trust.
//! - `files`: the file protocol, for programs that run.

mod error;
mod files;
pub mod fuzz;
mod handshake;
mod login;
mod stream;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader, FrameSocket};

pub use error::WebReplError;
pub use files::FileError;

use super::{Transport, TransportError};
use crate::InterruptFlag;
use login::Login;
use stream::Stream;

/// Longer frames are none: boards have 16 bits for the length.
const MOST_FRAME: usize = 65535;

/// So much goes to the board in one frame.
const FRAME: usize = 1024;

/// Bytes of input that every board keeps for its program, at least.
const STOCK_RING: usize = 255;

/// So much is taken at once.
const TAKEN: usize = 16 << 10;

/// A board that does not say good-bye within this time is left without.
const GOODBYE: Duration = Duration::from_millis(500);

const CTRL_C: u8 = 0x03;

/// The pauses between attempts to connect again grow from the first to the second.
const AGAIN: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// A text that is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Longer ones don't exist: stock boards take 9 bytes, our firmware 63.
    pub const MAX: usize = 63;

    /// A password; a line end at its end does not belong to it.
    pub fn new(text: &str) -> Self {
        Password(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The password itself, for a process of the same user that connects in place of this one.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What a connection needs beside its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebReplOptions {
    /// The board's password.
    pub password: Option<Password>,
    /// With TLS: whoever answers is trusted.
    pub insecure: bool,
    /// With TLS: certificates (PEM) that are trusted instead of the system's.
    pub ca: Option<PathBuf>,
}

/// Where a board is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebReplAddress {
    /// Within TLS.
    pub tls: bool,
    /// Host name or address; an IPv6 address is without its brackets here.
    pub host: String,
    /// TCP port, 1 to 65535.
    pub port: u16,
    /// The path on the server, with its slash. Boards don't look at it, gateways may.
    pub path: String,
}

/// How long a connection may take.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    /// To be made.
    pub connect: Duration,
    /// For each answer on the way to the prompt.
    pub answer: Duration,
    /// Ends it.
    pub interrupt: InterruptFlag,
}

/// A board that serves WebREPL, logged in.
pub struct WebRepl {
    frames: FrameSocket<Stream>,
    address: WebReplAddress,
    options: WebReplOptions,
    patience: Patience,
    name: String,
    /// The board holds the link back instead of losing what it can't take.
    pushes_back: bool,
    /// The board's console is this link's, not another client's.
    has_prompt: bool,
    /// What the console said and nobody has taken.
    received: VecDeque<u8>,
    /// Payloads of binary frames that nobody has taken.
    blocks: VecDeque<Vec<u8>>,
    /// Which of the two a continuation goes on with.
    in_text: bool,
    /// Frames on their way to the board.
    unsent: Vec<u8>,
    /// Nothing waits in the buffers between the socket and here.
    drained: bool,
    mask: u64,
}

impl fmt::Debug for WebRepl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebRepl").field("name", &self.name).finish_non_exhaustive()
    }
}

impl WebRepl {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`WebReplError`], one for each way in which this fails.
    pub(super) fn connect(
        address: &WebReplAddress,
        name: String,
        options: &WebReplOptions,
        patience: &Patience,
    ) -> Result<WebRepl, WebReplError> {
        let Some(password) = &options.password else { return Err(WebReplError::NoPassword) };
        let deadline = Instant::now() + patience.answer;
        let mut stream = Stream::connect(address, options, patience.connect)?;
        let key = tungstenite::handshake::client::generate_key();
        let answer = handshake::perform(&mut stream, address, &key, patience)?;
        let mut link = WebRepl {
            frames: FrameSocket::from_partially_read(stream, answer.rest),
            address: address.clone(),
            options: options.clone(),
            patience: patience.clone(),
            name,
            pushes_back: answer.pushes_back,
            has_prompt: true,
            received: VecDeque::new(),
            blocks: VecDeque::new(),
            in_text: true,
            unsent: Vec::new(),
            drained: false,
            mask: new_seed(),
        };
        link.log_in(password, deadline)?;
        Ok(link)
    }

    fn log_in(&mut self, Password(password): &Password, deadline: Instant) -> Result<(), WebReplError> {
        let mut login = Login::new(password);
        let mut said = Vec::new();
        loop {
            if self.patience.interrupt.is_raised() {
                return Err(WebReplError::Interrupted);
            }
            let now = Instant::now();
            if now >= deadline {
                return Err(WebReplError::Silent { awaited: login.awaits(), after: self.patience.answer });
            }
            let n = match self.fill((now + Duration::from_millis(100)).min(deadline)) {
                Ok(()) => self.received.len(),
                Err(TransportError::Closed { .. }) => return Err(login.closed()),
                Err(error) => return Err(error.into()),
            };
            said.extend(self.received.drain(..n));
            if let Some(answer) = login.input(&mut said)? {
                let sent = self.send_all(&answer, deadline);
                sent.map_err(|error| match error {
                    TransportError::Closed { .. } => login.closed(),
                    error => error.into(),
                })?;
            }
            if login.is_done() {
                self.received.extend(said);
                self.has_prompt = login.has_prompt();
                return Ok(());
            }
        }
    }

    /// Reads one frame, unless something waits here.
    fn fill(&mut self, deadline: Instant) -> Result<(), TransportError> {
        while self.received.is_empty() && self.blocks.is_empty() {
            self.flush(Instant::now())?;
            self.frames.get_mut().set_deadline(deadline);
            match self.frames.read(Some(MOST_FRAME)) {
                Ok(Some(frame)) => self.take(frame)?,
                Ok(None) => return Err(TransportError::Closed { detail: None }),
                Err(tungstenite::Error::Io(error)) => match stream::is_late(&error) {
                    true => {
                        self.drained = true;
                        return Ok(());
                    }
                    false => return Err(stream::moved(error)),
                },
                Err(error) => return Err(broken(&error)),
            }
            self.drained = false;
        }
        Ok(())
    }

    fn take(&mut self, frame: Frame) -> Result<(), TransportError> {
        let opcode = frame.header().opcode;
        match opcode {
            OpCode::Data(kind) => {
                match kind {
                    Data::Text => self.in_text = true,
                    Data::Binary => self.in_text = false,
                    _ => {}
                }
                match self.in_text {
                    true => self.received.extend(frame.payload()),
                    false => self.blocks.push_back(frame.payload().to_vec()),
                }
            }
            OpCode::Control(Control::Ping) => {
                let payload = frame.payload().to_vec();
                self.push(OpCode::Control(Control::Pong), &payload);
            }
            OpCode::Control(Control::Close) => return Err(TransportError::Closed { detail: None }),
            OpCode::Control(_) => {}
        }
        Ok(())
    }

    /// Puts a frame on its way.
    fn push(&mut self, opcode: OpCode, payload: &[u8]) {
        // xorshift64: a mask keeps gateways from taking a payload for HTTP, no more.
        self.mask ^= self.mask << 13;
        self.mask ^= self.mask >> 7;
        self.mask ^= self.mask << 17;
        let [a, b, c, d, ..] = self.mask.to_le_bytes();
        encode(opcode, payload, [a, b, c, d], &mut self.unsent);
    }

    /// Sends what is on its way, as far as the link takes it. Returns whether all is sent.
    fn flush(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        while !self.unsent.is_empty() {
            let stream = self.frames.get_mut();
            stream.set_deadline(deadline);
            match io::Write::write(stream, &self.unsent) {
                Ok(0) => return Err(TransportError::Closed { detail: None }),
                Ok(n) => drop(self.unsent.drain(..n)),
                Err(error) if stream::is_late(&error) => return Ok(false),
                Err(error) => return Err(stream::moved(error)),
            }
        }
        let stream = self.frames.get_mut();
        stream.set_deadline(deadline);
        match io::Write::flush(stream) {
            Ok(()) => Ok(true),
            Err(error) if stream::is_late(&error) => Ok(false),
            Err(error) => Err(stream::moved(error)),
        }
    }

    /// Whether the board gave this client its prompt. Our firmware lets further clients in for files ([`WebRepl::put_file`],
    /// [`WebRepl::get_file`], [`WebRepl::version`]); then bytes for the console are [`TransportError::NoPrompt`].
    pub fn has_prompt(&self) -> bool {
        self.has_prompt
    }

    fn needs_prompt(&self) -> Result<(), TransportError> {
        match self.has_prompt {
            true => Ok(()),
            false => Err(TransportError::NoPrompt { what: self.name.clone() }),
        }
    }

    /// Whether the board holds the link back instead of losing what it can't take.
    pub fn pushes_back(&self) -> bool {
        self.pushes_back
    }
}

/// Says good-bye and waits a little for the board to do so, too: to close with bytes unread would make TCP take back what was
/// sent last, such as the way out of the raw REPL.
impl Drop for WebRepl {
    fn drop(&mut self) {
        let deadline = Instant::now() + GOODBYE;
        self.push(OpCode::Control(Control::Close), &[]);
        let mut open = self.flush(deadline).unwrap_or(false) && self.frames.get_ref().end().is_ok();
        let mut buffer = [0; 1024];
        while open && Instant::now() < deadline {
            let stream = self.frames.get_mut();
            stream.set_deadline(deadline);
            open = matches!(io::Read::read(stream, &mut buffer), Ok(1..));
        }
    }
}

/// Appends a frame that is all of its message.
fn encode(opcode: OpCode, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    let header = FrameHeader { opcode, is_final: true, mask: Some(mask), ..FrameHeader::default() };
    // A vector takes everything.
    let _ = Frame::from_payload(header, payload.to_vec().into()).format(out);
}

/// What breaks the rules of websockets.
fn broken(error: &tungstenite::Error) -> TransportError {
    TransportError::Io(io::Error::new(io::ErrorKind::InvalidData, format!("no websocket: {error}")))
}

/// Another one each time; it need not be secret. Never 0.
fn new_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() | 1
}

/// The pieces that bytes for the console go to the board in: a Ctrl-C by itself.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let n = match rest.iter().position(|byte| *byte == CTRL_C) {
            Some(0) => 1,
            Some(at) => at.min(FRAME),
            None => rest.len().min(FRAME),
        };
        let (piece, after) = rest.split_at(n);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

impl Transport for WebRepl {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        self.needs_prompt()?;
        if !self.flush(deadline)? {
            return Ok(0);
        }
        // All of it is taken: what the link does not take of it goes first the next time.
        let taken = &bytes[..bytes.len().min(TAKEN)];
        for piece in pieces(taken) {
            self.push(OpCode::Data(Data::Text), piece);
        }
        self.flush(Instant::now())?;
        Ok(taken.len())
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        loop {
            // Nobody who reads the console waits for blocks of files.
            self.blocks.clear();
            self.fill(deadline)?;
            let n = self.received.len().min(buf.len());
            for (place, byte) in buf.iter_mut().zip(self.received.drain(..n)) {
                *place = byte;
            }
            if n > 0 || buf.is_empty() || self.blocks.is_empty() {
                return Ok(n);
            }
        }
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn pushes_back(&self) -> bool {
        self.pushes_back
    }

    fn keeps(&self) -> usize {
        if self.pushes_back { usize::MAX } else { STOCK_RING }
    }

    fn webrepl(&mut self) -> Option<&mut WebRepl> {
        Some(self)
    }

    /// Connects and logs in again, more and more slowly, until the board lets it in or says no for good.
    fn reconnect(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        let (mut pause, longest) = AGAIN;
        loop {
            match WebRepl::connect(&self.address, self.name.clone(), &self.options, &self.patience) {
                // Another client was faster; it may leave.
                Ok(link) if self.has_prompt && !link.has_prompt => {
                    if Instant::now() + pause >= deadline || self.patience.interrupt.is_raised() {
                        return Err(TransportError::NoPrompt { what: self.name.clone() });
                    }
                    std::thread::sleep(pause);
                }
                Ok(link) => {
                    *self = link;
                    return Ok(true);
                }
                Err(error)
                    if !error.may_pass()
                        || Instant::now() + pause >= deadline
                        || self.patience.interrupt.is_raised() =>
                {
                    return Err(TransportError::Closed { detail: Some(error.to_string()) });
                }
                Err(_) => std::thread::sleep(pause),
            }
            pause = (2 * pause).min(longest);
        }
    }

    #[cfg(unix)]
    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        let waits = self.received.is_empty() && self.unsent.is_empty() && self.drained;
        waits.then(|| self.frames.get_ref().fd())
    }
}
