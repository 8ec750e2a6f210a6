//! The host's side as a machine without a clock and without a link.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::call::{Call, Code, EINVAL, ENODEV, Reply};
use super::deflate::deflate;
use super::files::Files;
use super::folder::{Folder, Limits};
use super::scan::{Found, Scanner};
use super::wire::{self, Token};

/// A board that has said nothing for so long in the middle of a call has left it: it asks again after one second.
const ABANDONED: Duration = Duration::from_millis(2500);

/// After a Ctrl-C, a call is answered only if the board has not given it up after this time.
const AFTER_INTERRUPT: Duration = Duration::from_millis(200);

/// What depends on the board; see [`Parameters::for_board`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// The most content that one answer carries, in bytes.
    pub block: usize,
    /// The most content that one request carries, in bytes.
    pub write_block: usize,
    /// Half of what the board's receive buffer holds, in bytes: it acknowledges so many at a time.
    pub window: usize,
    /// Base-2 logarithm of the deflate window, where the board can inflate and has the memory.
    pub inflate_bits: Option<u8>,
    /// Seconds from 1970 to the beginning of the board's clock.
    pub epoch: u64,
}

/// The window for boards that announced none.
const SMALL_WINDOW: usize = 64;

impl Parameters {
    /// Parameters for a board with so much free memory in bytes, that announced this window for raw paste.
    pub fn for_board(free_memory: u64, window: Option<usize>, inflates: bool, clock_from_2000: bool) -> Self {
        // An answer exists on the board about five times: received, unpacked, inflated, as a stream, in pieces.
        const SHARE: u64 = 16;
        const LARGEST: u64 = 8192;
        let fit = (free_memory / SHARE).clamp(256, LARGEST);
        let bits = u8::try_from(fit.ilog2()).unwrap_or(8);
        let block = 1 << bits;
        Parameters {
            block,
            write_block: block.min(2048) / 2,
            window: window.unwrap_or(SMALL_WINDOW).clamp(16, 2048),
            inflate_bits: (inflates && block >= 1024).then_some(bits),
            epoch: if clock_from_2000 { super::folder::EPOCH_2000 } else { 0 },
        }
    }
}

/// A call that came and was not answered yet.
#[derive(Debug)]
struct Pending {
    body: Vec<u8>,
}

/// An answer on its way, or there.
#[derive(Debug)]
struct Answer {
    body: Vec<u8>,
    line: Vec<u8>,
    sent: usize,
    acknowledged: usize,
}

#[derive(Debug)]
enum State {
    Idle,
    Pending(Pending),
    Answering { since: Instant },
}

/// Serves folders to a board whose output it is fed with.
///
/// Ask, in this order: [`Host::handle_input`] or [`Host::handle_timeout`], then [`Host::take_output`] for what is
/// the program's own, [`Host::poll_transmit`] for bytes to send, [`Host::poll_timeout`]. While [`Host::is_busy`], the
/// board is in a call and would take other bytes for the answer.
#[derive(Debug)]
pub struct Host {
    scanner: Scanner,
    token: Token,
    parameters: Parameters,
    folders: BTreeMap<i64, Folder>,
    files: Files,
    state: State,
    answer: Option<Answer>,
    /// No answer is begun before.
    held_until: Option<Instant>,
    output: Vec<u8>,
}

impl Host {
    /// A host without folders.
    pub fn new(token: Token, parameters: Parameters) -> Self {
        // A request's head is a name and two paths as Python literals.
        let longest = 2 * parameters.write_block + 4096;
        Host {
            scanner: Scanner::new(token, longest),
            token,
            parameters,
            folders: BTreeMap::new(),
            files: Files::default(),
            state: State::Idle,
            answer: None,
            held_until: None,
            output: Vec::new(),
        }
    }

    /// The token of its frames.
    pub fn token(&self) -> Token {
        self.token
    }

    /// What it was made for.
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// Serves a folder under a number.
    pub fn add(&mut self, number: u8, folder: Folder) {
        self.folders.insert(-i64::from(number), folder);
    }

    /// Stops serving a folder.
    pub fn remove(&mut self, number: u8) {
        self.folders.remove(&-i64::from(number));
    }

    /// Begins anew with a board that was restarted.
    pub fn restart(&mut self) {
        self.state = State::Idle;
        self.answer = None;
        self.files.close_all();
        self.folders.values_mut().for_each(Folder::restart);
    }

    /// Whether the board is in a call.
    pub fn is_busy(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Whether an answer is on its way, so that even Ctrl-C must wait: the rest would come to the prompt.
    pub fn is_answering(&self) -> bool {
        matches!(self.state, State::Answering { .. })
    }

    /// Says that a Ctrl-C is about to be sent, or was sent. The next calls wait a little: the program may not get to them.
    pub fn interrupt(&mut self, now: Instant) {
        self.held_until = Some(now + AFTER_INTERRUPT);
    }

    /// Takes bytes from the board, split in any way.
    pub fn handle_input(&mut self, now: Instant, bytes: &[u8]) {
        let mut found = Vec::new();
        self.scanner.handle_input(now, bytes, &mut |one| found.push(one));
        found.into_iter().for_each(|one| self.take(now, one));
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let mut found = Vec::new();
        self.scanner.handle_timeout(now, &mut |one| found.push(one));
        found.into_iter().for_each(|one| self.take(now, one));
        if self.abandoned_at().is_some_and(|at| now >= at) {
            self.state = State::Idle;
        }
    }

    /// When to call [`Host::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let held = self.held_until.filter(|_| matches!(self.state, State::Pending(_)));
        self.scanner.poll_timeout().into_iter().chain(self.abandoned_at()).chain(held).min()
    }

    fn abandoned_at(&self) -> Option<Instant> {
        if let State::Answering { since } = self.state { Some(since + ABANDONED) } else { None }
    }

    fn take(&mut self, now: Instant, found: Found) {
        match found {
            Found::Output(bytes) => self.output.extend(bytes),
            // The same call again: the answer was lost or damaged on the way, and the call must not be done twice.
            Found::Request(body) if self.answer.as_ref().is_some_and(|answer| answer.body == body) => {
                if let Some(answer) = &mut self.answer {
                    answer.sent = 0;
                    answer.acknowledged = 0;
                }
                self.state = State::Answering { since: now };
            }
            Found::Request(body) => self.state = State::Pending(Pending { body }),
            Found::Ack => match (&mut self.state, &mut self.answer) {
                (State::Answering { since }, Some(answer)) => {
                    *since = now;
                    answer.acknowledged += self.parameters.window;
                }
                (State::Idle, _) => self.pass_on(wire::ACK),
                _ => {}
            },
            Found::Over if self.is_busy() => self.state = State::Idle,
            Found::Over => self.pass_on(wire::OVER),
        }
    }

    /// What looks like a frame and has no place here is output.
    fn pass_on(&mut self, kind: u8) {
        self.output.extend(self.token.bytes());
        self.output.push(kind);
    }

    /// Moves the program's output to `out`; tells whether there was any.
    #[must_use]
    pub fn take_output(&mut self, out: &mut Vec<u8>) -> bool {
        let some = !self.output.is_empty();
        out.append(&mut self.output);
        some
    }

    /// Appends bytes to send now; tells whether there were any. This is where the work of a call is done.
    #[must_use]
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        if self.held_until.is_some_and(|until| now >= until) {
            self.held_until = None;
        }
        if let (State::Pending(pending), None) = (&mut self.state, self.held_until) {
            let body = std::mem::take(&mut pending.body);
            let line = self.work(&body);
            self.answer = Some(Answer { body, line, sent: 0, acknowledged: 0 });
            self.state = State::Answering { since: now };
        }
        let (State::Answering { since }, Some(answer)) = (&mut self.state, &mut self.answer) else {
            return false;
        };
        // Two windows are free at the start, but for one byte: a ring buffer may hold one less than its size. Another because the
        // board acknowledges a byte early.
        let ahead = 2 * self.parameters.window - 2;
        let until = answer.line.len().min(answer.acknowledged.saturating_add(ahead));
        if until <= answer.sent {
            return false;
        }
        out.extend_from_slice(&answer.line[answer.sent..until]);
        answer.sent = until;
        *since = now;
        true
    }

    /// Does a call and makes its answer.
    fn work(&mut self, body: &[u8]) -> Vec<u8> {
        let (sequence, body) = body.split_first().map_or((0, body), |(sequence, body)| (*sequence, body));
        let result = match Call::parse(body) {
            Some(call) => self.call(&call),
            None => Err(EINVAL),
        };
        let (mut flags, mut payload) = match result {
            Ok(Reply::Data(bytes)) => (0, bytes),
            Ok(Reply::Value(text)) => (wire::VALUE, text.into_bytes()),
            Err(code) => (wire::VALUE | wire::FAILED, code.to_string().into_bytes()),
        };
        let packed = self.parameters.inflate_bits.and_then(|bits| deflate(&payload, bits));
        if let Some(packed) = packed {
            flags |= wire::DEFLATED;
            payload = packed;
        }
        wire::answer(sequence, flags, &payload)
    }

    fn call(&mut self, call: &Call) -> Result<Reply, Code> {
        let limits = Limits { block: self.parameters.block, epoch: self.parameters.epoch };
        if call.subject <= 0 {
            let folder = self.folders.get_mut(&call.subject).ok_or(ENODEV)?;
            return folder.call(call, &mut self.files, limits);
        }
        let (files, file) = (&mut self.files, call.subject);
        let place = |place: u64| Reply::Value(place.to_string());
        match call.name.as_str() {
            "read" => files.read(file, call.number(0)?, limits.block).map(Reply::Data),
            "write" => files.write(file, call.number(0)?, &call.data).map(place),
            "seek" => files.size(file).map(place),
            "close" => files.close(file).map(|()| super::call::none()),
            _ => Err(EINVAL),
        }
    }
}
