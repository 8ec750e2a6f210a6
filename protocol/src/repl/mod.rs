//! The raw REPL as a state machine, without a clock and without a link.
//!
//! The driver feeds bytes ([`RawRepl::handle_input`]) and clock values ([`RawRepl::handle_timeout`]) and asks, in this
//! order and until each says no: [`RawRepl::poll`] for events, [`RawRepl::poll_transmit`] for bytes to send,
//! [`RawRepl::poll_timeout`] for the time of the next [`RawRepl::handle_timeout`]. Deadlines of an operation are the
//! driver's; the timers here only retry, pace and settle.
//!
//! # What is certain on the wire, and what is not
//!
//! An execution ends with `\x04`, the traceback or nothing, `\x04`, `>`. Output is not escaped, so a program may print
//! the same bytes. The machine therefore parses by position up to the program's output and then by these rules:
//!
//! - With a token (an unpredictable text that a wrapper around the program prints last), the end is where the token is.
//! - Without one, the end is a `\x04` with a well-formed rest that is the last thing that came, if it is the first `\x04` of all.
//! - Anything else that looks like an end is held until the line is quiet for [`SETTLE`]; then the board is asked by a
//!   Ctrl-A, which makes it say its banner at a prompt. A program that still runs finds the Ctrl-A in its input.
//!
//! So without a token, a program that prints a complete ending as the first `\x04` of its output and then pauses is taken to
//! have ended. A restart of the board is noticed by its start-up banner and confirmed in the same way.

mod ending;
mod enter;
#[doc(hidden)]
pub mod fuzz;
mod upload;
mod words;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ending::{Ending, Verdict};
use enter::{Entering, Resetting};
use upload::{Answer, Handshake, Pace, Paste, Plain, REQUEST, Taken};
pub(crate) use words::Words;

/// How long the line must be quiet before the board is asked whether what looks like an ending is one.
pub const SETTLE: Duration = Duration::from_millis(100);

const CTRL_A: u8 = 0x01;
const CTRL_B: u8 = 0x02;
const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_E: u8 = 0x05;

/// What the board says on entering the raw REPL, with the prompt.
const BANNER: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";

/// An operation to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Interrupt whatever runs and enter the raw REPL. Possible in every state.
    Enter,
    /// Enter the raw REPL if the board is at a prompt; a program that runs is not stopped. Possible in every state. Nothing
    /// but a Ctrl-A is sent, so the answer may never come; [`Op::StepBack`] takes it back.
    EnterIdle,
    /// Undo an [`Op::EnterIdle`] without an answer: a Ctrl-B, so that whoever reads the Ctrl-A later goes back at once.
    /// Nothing is awaited.
    StepBack,
    /// Run code. Possible at the prompt.
    Exec {
        /// The source, without the bytes 0x03 and 0x04 (on old boards, without 0x01 to 0x05).
        code: Vec<u8>,
        /// How to tell output from its end.
        framing: Framing,
    },
    /// The same for code that does not run unless it arrives whole, whoever reads it. Where the link keeps what the board has not read
    /// ([`RawRepl::set_kept`]), it goes out in one go with the raw-paste request, once the board is known to have raw paste.
    ExecGuarded {
        /// As for [`Op::Exec`].
        code: Vec<u8>,
        /// As for [`Op::Exec`].
        framing: Framing,
    },
    /// Restart the interpreter. Possible at the prompt.
    SoftReset,
    /// Go back to the friendly prompt. Possible in every state; nothing is awaited.
    Leave {
        /// Stop what may run; otherwise the board leaves the raw REPL when it has ended.
        interrupt: bool,
    },
    /// Interrupt the running program; its ending is awaited as before. Nothing happens when none runs.
    Interrupt,
}

/// How output is told from its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framing {
    /// Plain output; the rules without a token apply.
    Text,
    /// The program prints `\x04`, this token and a status without `\x04` last.
    Token(Vec<u8>),
    /// The program prints records, each a byte 0x01, a length as u16 little-endian and so many bytes, then text.
    Records,
    /// All that comes is output, without an end: somebody else tells when it is over.
    Raw,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The board is at the raw REPL's prompt.
    Entered,
    /// The board has taken the code and runs it.
    Started,
    /// The program printed.
    Stdout(Vec<u8>),
    /// Content of records.
    Payload(Vec<u8>),
    /// The program ended and the board is at the raw prompt.
    Done {
        /// The traceback, or nothing.
        stderr: Vec<u8>,
        /// What followed the token, when it came.
        status: Option<Vec<u8>>,
    },
    /// The program made the board restart its interpreter; [`Event::Entered`] follows when it is at the prompt again.
    SoftReset,
    /// The operation failed; [`RawRepl::is_ready`] tells whether the board is at its prompt.
    Failed(Failure),
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The code holds a byte that the board would take for a command.
    ControlByte(u8),
    /// Something else than awaited came.
    Unexpected {
        /// What was awaited.
        awaited: &'static str,
        /// The start of what came.
        got: Vec<u8>,
    },
    /// The board restarted: its start-up banner and friendly prompt came.
    Restarted,
}

/// The operation is not possible in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the board is not at the raw REPL's prompt")]
pub struct NotReady;

/// Whether the board knows raw paste.
#[derive(Debug, Clone, Copy)]
enum RawPaste {
    Unknown,
    Yes,
    /// No, and this is how fast it takes code.
    No(Pace),
}

#[derive(Debug)]
enum State {
    /// Nothing is known about the board.
    Unknown,
    /// At the raw prompt.
    Ready,
    Entering(Entering),
    Resetting(Resetting),
    Handshake(Handshake),
    Paste(Paste),
    Plain(Plain),
    /// Something was lost; back to the prompt, and then once more.
    Recovering(Entering, Option<Lost>),
    Running(Ending),
}

/// What was lost on the way to the board.
#[derive(Debug)]
enum Lost {
    /// The raw-paste request.
    Request(Handshake),
    /// The end mark of code, which is sent again if nothing ran.
    End(Plain),
}

/// The host's side of the raw REPL.
#[derive(Debug)]
pub struct RawRepl {
    state: State,
    raw_paste: RawPaste,
    window: Option<usize>,
    /// The board has taken a part of the code that runs only.
    in_part: bool,
    kept: usize,
    /// Bytes to send that no pacing holds back.
    tx: Vec<u8>,
    events: VecDeque<Event>,
    words: Words,
}

impl Default for RawRepl {
    fn default() -> Self {
        Self::new(0)
    }
}

impl RawRepl {
    /// A machine that knows nothing about the board yet. The seed makes the words with which it makes sure of the board's
    /// attention; it should be another each time.
    pub fn new(seed: u64) -> Self {
        RawRepl {
            state: State::Unknown,
            raw_paste: RawPaste::Unknown,
            window: None,
            in_part: false,
            kept: 0,
            tx: Vec::new(),
            events: VecDeque::new(),
            words: Words::new(seed),
        }
    }

    /// How many bytes the link keeps for a board that does not read; see [`Transport::keeps`](crate::Transport::keeps).
    pub fn set_kept(&mut self, bytes: usize) {
        self.kept = bytes;
    }

    /// Whether the board is at the raw prompt.
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// Whether a program runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// Whether the board knows raw paste; `None` before the first code was sent.
    pub fn raw_paste(&self) -> Option<bool> {
        match self.raw_paste {
            RawPaste::Unknown => None,
            RawPaste::Yes => Some(true),
            RawPaste::No(_) => Some(false),
        }
    }

    /// Whether the board is older than raw paste (MicroPython 1.14), as far as is known.
    pub(crate) fn is_old(&self) -> bool {
        matches!(self.raw_paste, RawPaste::No(pace) if pace.is_old())
    }

    /// The window that the board last announced for raw paste, in bytes: half of what its receive buffer holds.
    pub fn window(&self) -> Option<usize> {
        self.window
    }

    /// What is awaited now, in a user's words.
    pub fn awaits(&self) -> &'static str {
        match &self.state {
            State::Unknown | State::Ready => "answer",
            State::Entering(_) => "raw REPL prompt",
            State::Resetting(_) => "raw REPL prompt after the soft reset",
            State::Handshake(_) => "answer to the raw-paste request",
            State::Paste(_) => "acknowledgement of the code sent",
            State::Recovering(_, Some(Lost::Request(_))) => "answer to the raw-paste request",
            State::Plain(_) | State::Recovering(..) => "`OK` for the code sent",
            State::Running(_) => "end of the program",
        }
    }

    /// Forgets the board's state, for when somebody else has used the link.
    pub fn forget(&mut self) {
        self.state = State::Unknown;
        self.tx.clear();
        self.events.clear();
    }

    /// Somebody else has seen the program end: the board is at the raw prompt.
    pub(crate) fn at_prompt_again(&mut self) {
        self.forget();
        self.state = State::Ready;
    }

    /// Starts an operation. What was going on is forgotten.
    ///
    /// # Errors
    /// [`NotReady`] when it wants the prompt and the board is not there.
    pub fn start(&mut self, now: Instant, op: Op) -> Result<(), NotReady> {
        match op {
            Op::Enter => {
                self.events.clear();
                self.tx.clear();
                self.state = State::Entering(Entering::new(now, &mut self.tx));
            }
            Op::EnterIdle => {
                self.events.clear();
                self.tx.clear();
                self.state = State::Entering(Entering::if_idle(now, &mut self.tx));
            }
            Op::StepBack => {
                self.forget();
                self.tx.push(CTRL_B);
            }
            Op::Leave { interrupt } => {
                self.events.clear();
                self.tx.clear();
                if interrupt && !self.is_ready() {
                    self.tx.push(CTRL_C);
                }
                self.tx.extend([b'\r', CTRL_B]);
                self.state = State::Unknown;
            }
            Op::Interrupt => {
                if self.is_running() {
                    self.tx.push(CTRL_C);
                }
            }
            Op::SoftReset => {
                self.at_prompt()?;
                self.tx.push(CTRL_D);
                self.state = State::Resetting(Resetting::new(now));
            }
            Op::Exec { code, framing } => self.start_code(now, code, framing, false)?,
            Op::ExecGuarded { code, framing } => self.start_code(now, code, framing, true)?,
        }
        Ok(())
    }

    fn start_code(
        &mut self,
        now: Instant,
        code: Vec<u8>,
        framing: Framing,
        guarded: bool,
    ) -> Result<(), NotReady> {
        self.at_prompt()?;
        if let Some(&byte) = code.iter().find(|b| matches!(**b, CTRL_C | CTRL_D)) {
            self.fail(Failure::ControlByte(byte), State::Ready);
        } else if let RawPaste::No(pace) = self.raw_paste {
            self.start_plain(now, code, framing, pace);
        } else {
            let ahead = if guarded { self.ahead(code.len()) } else { 0 };
            let handshake = Handshake::new(now, code, framing);
            self.state = State::Handshake(match ahead {
                0 => handshake.restart(now, &mut self.tx),
                ahead => handshake.ahead(ahead, &mut self.tx),
            });
        }
        Ok(())
    }

    /// How much of code of this length may go out with the raw-paste request. The request and the end mark take their room, too; a
    /// ring buffer may hold a byte less than its size.
    fn ahead(&self, length: usize) -> usize {
        let fits = match (self.raw_paste, self.kept, self.window) {
            (RawPaste::Yes, usize::MAX, _) => length,
            (RawPaste::Yes, kept, Some(window)) => (2 * window).min(kept).saturating_sub(REQUEST.len() + 2),
            _ => 0,
        };
        fits.min(length)
    }

    fn at_prompt(&mut self) -> Result<(), NotReady> {
        self.events.clear();
        if self.is_ready() { Ok(()) } else { Err(NotReady) }
    }

    fn fail(&mut self, failure: Failure, state: State) {
        self.state = state;
        self.events.push_back(Event::Failed(failure));
    }

    fn start_plain(&mut self, now: Instant, code: Vec<u8>, framing: Framing, pace: Pace) {
        if code.is_empty() {
            // Its end mark alone would restart the interpreter.
            self.state = State::Ready;
            self.events.push_back(Event::Started);
            self.events.push_back(Event::Done { stderr: Vec::new(), status: None });
            return;
        }
        match code.iter().find(|b| matches!(**b, CTRL_A..=CTRL_E)) {
            Some(&byte) => self.fail(Failure::ControlByte(byte), State::Ready),
            None => self.state = State::Plain(Plain::new(now, code, framing, pace)),
        }
    }

    fn start_running(&mut self, framing: Framing) {
        self.events.push_back(Event::Started);
        self.in_part = false;
        self.state = State::Running(Ending::new(framing));
    }

    /// Takes bytes from the board, split in any way.
    pub fn handle_input(&mut self, now: Instant, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = self.take_input(now, rest);
            rest = &rest[used.min(rest.len())..];
        }
        if let State::Running(ending) = &mut self.state {
            let verdict = ending.end_of_input(now, &mut self.events);
            self.conclude(now, verdict);
        }
    }

    /// Hands bytes to the current state. Returns how many it used; the next state gets the rest.
    fn take_input(&mut self, now: Instant, bytes: &[u8]) -> usize {
        match &mut self.state {
            // Between operations: output of a background thread, or noise.
            State::Unknown | State::Ready => bytes.len(),
            State::Entering(entering) => {
                let (used, entered) = entering.input(now, bytes, &mut self.words, &mut self.tx);
                if entered {
                    self.entered();
                }
                used
            }
            State::Recovering(entering, _) => {
                let (used, entered) = entering.input(now, bytes, &mut self.words, &mut self.tx);
                if entered {
                    self.recovered(now);
                }
                used
            }
            State::Resetting(resetting) => {
                let (used, banner) = resetting.input(now, bytes);
                if banner {
                    self.state = State::Entering(Entering::from_banner(now, &mut self.words, &mut self.tx));
                }
                used
            }
            State::Handshake(handshake) => {
                let known = matches!(self.raw_paste, RawPaste::Yes);
                let (used, answer) = handshake.input(bytes, known);
                if let Some(answer) = answer {
                    self.shake_hands(now, answer);
                }
                used
            }
            State::Paste(paste) => {
                let (used, taken) = paste.input(bytes, &mut self.tx);
                match taken {
                    Some(Taken::Nothing) => {
                        let lost = Some(Lost::Request(paste.again(now)));
                        self.state = State::Recovering(Entering::new(now, &mut self.tx), lost);
                    }
                    Some(taken) => {
                        self.window = paste.window_size().or(self.window);
                        let framing = std::mem::replace(&mut paste.framing, Framing::Text);
                        self.start_running(framing);
                        self.in_part = taken == Taken::InPart;
                    }
                    None => self.window = paste.window_size().or(self.window),
                }
                used
            }
            State::Plain(plain) => {
                let (used, outcome) = plain.input(now, bytes);
                match outcome {
                    None => {}
                    Some(Ok(())) => {
                        let framing = std::mem::replace(&mut plain.framing, Framing::Text);
                        self.start_running(framing);
                    }
                    Some(Err(failure)) => self.fail(failure, State::Unknown),
                }
                used
            }
            State::Running(ending) => {
                ending.input(bytes, &mut self.events);
                bytes.len()
            }
        }
    }

    fn entered(&mut self) {
        self.state = State::Ready;
        self.events.push_back(Event::Entered);
    }

    fn recovered(&mut self, now: Instant) {
        let State::Recovering(entering, lost) = &mut self.state else { return };
        match lost.take() {
            Some(Lost::Request(handshake)) => {
                self.state = State::Handshake(handshake.restart(now, &mut self.tx));
            }
            Some(Lost::End(plain)) if entering.was_idle() => self.state = State::Plain(plain.restart(now)),
            _ => {
                let failure = Failure::Unexpected { awaited: "`OK` for the code sent", got: Vec::new() };
                self.fail(failure, State::Ready);
            }
        }
    }

    fn shake_hands(&mut self, now: Instant, answer: Answer) {
        let State::Handshake(handshake) = &mut self.state else { return };
        match answer {
            Answer::RawPaste => {
                self.raw_paste = RawPaste::Yes;
                self.state = State::Paste(Paste::new(handshake));
            }
            Answer::Plain(pace) => {
                self.raw_paste = RawPaste::No(pace);
                match handshake.unsent() {
                    Some((code, framing)) => self.start_plain(now, code, framing, pace),
                    None => self.state = State::Plain(Plain::behind(now, handshake, pace)),
                }
            }
            Answer::Friendly => {
                let lost = Some(Lost::Request(handshake.start_over(now)));
                self.state = State::Recovering(Entering::new(now, &mut self.tx), lost);
            }
            Answer::Unexpected(got) => {
                let failure = Failure::Unexpected { awaited: "answer to the raw-paste request", got };
                self.fail(failure, State::Unknown);
            }
        }
    }

    fn conclude(&mut self, now: Instant, verdict: Verdict) {
        match verdict {
            Verdict::Runs => {}
            // A board that does not take all of the code says why.
            Verdict::Ended { stderr, status: None } if self.in_part && stderr.is_empty() => {
                let failure = Failure::Unexpected { awaited: "acknowledgement of the code", got: Vec::new() };
                self.fail(failure, State::Ready);
            }
            Verdict::Ended { stderr, status } => {
                self.state = State::Ready;
                self.events.push_back(Event::Done { stderr, status });
            }
            Verdict::SoftReset { rest } => {
                self.events.push_back(Event::SoftReset);
                self.state = State::Resetting(Resetting::new(now));
                let _ = self.take_input(now, &rest);
            }
            Verdict::Restarted => self.fail(Failure::Restarted, State::Ready),
        }
    }

    /// Tells the machine that a time given by [`RawRepl::poll_timeout`] has come. Harmless at any other time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|at| now < at) {
            return;
        }
        match &mut self.state {
            State::Entering(entering) | State::Recovering(entering, _) => {
                entering.timeout(now, &mut self.tx);
            }
            State::Plain(plain) => {
                if let Some(plain) = plain.again(now) {
                    self.state = State::Recovering(Entering::new(now, &mut self.tx), Some(Lost::End(plain)));
                }
            }
            State::Resetting(resetting) => resetting.timeout(now, &mut self.tx),
            State::Handshake(handshake) => {
                if let Some(again) = handshake.again(now) {
                    let lost = Some(Lost::Request(again));
                    self.state = State::Recovering(Entering::new(now, &mut self.tx), lost);
                }
            }
            State::Running(ending) => {
                let verdict = ending.timeout(now, &mut self.tx, &mut self.events);
                self.conclude(now, verdict);
            }
            State::Unknown | State::Ready | State::Paste(_) => {}
        }
    }

    /// Appends bytes to send now; tells whether there were any.
    #[must_use]
    pub fn poll_transmit(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        out.append(&mut self.tx);
        match &mut self.state {
            State::Paste(paste) => paste.transmit(out),
            State::Plain(plain) => plain.transmit(now, out),
            _ => {}
        }
        out.len() > before
    }

    /// When to call [`RawRepl::handle_timeout`] (or, while code is paced, to ask for bytes again).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Entering(entering) | State::Recovering(entering, _) => Some(entering.timer()),
            State::Resetting(resetting) => Some(resetting.timer()),
            State::Handshake(handshake) => handshake.timer(),
            State::Plain(plain) => plain.timer(),
            State::Running(ending) => ending.timer(),
            State::Unknown | State::Ready | State::Paste(_) => None,
        }
    }

    /// The next event.
    #[must_use]
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

#[cfg(test)]
mod tests;
