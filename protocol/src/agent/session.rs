//! The exchange with a running agent as a state machine.
//!
//! The driver feeds bytes ([`Session::handle_input`]) and clock values ([`Session::handle_timeout`]) and asks, in this order and
//! until each says no: [`Session::poll`], [`Session::poll_transmit`], [`Session::poll_timeout`].
//!
//! The board acknowledges each `unit` of bytes that it has read, so that never more are on their way than its console can hold.
//! When something is lost or changed, the board says so and reads on to the token; a board that is silent is first sent bytes that
//! complete whatever it waits for. Then both begin anew with the frame that the board names.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mpr_wire::{Answer, Answers, HEAD, MAX_PAYLOAD, longest_wire_len};

use super::frames::Frames;
use super::request::{REFUSED_FRAME, SYNCHRONISED};

/// Silence after which something is taken for lost, at first and at least.
const PATIENCE: Duration = Duration::from_millis(1500);
const LEAST_PATIENCE: Duration = Duration::from_millis(250);

/// So many pauses tell how long the board's pauses are.
const PAUSES: u32 = 16;

/// A board that is silent may wait for so many bytes that were lost; each try sends more, and waits longer.
const RESCUES: [(usize, u64); 6] = [
    (HEAD, 300),
    (300, 600),
    (longest_wire_len(MAX_PAYLOAD) / 4, 1000),
    (longest_wire_len(MAX_PAYLOAD) / 4, 2000),
    (longest_wire_len(MAX_PAYLOAD), 3000),
    (longest_wire_len(MAX_PAYLOAD), 3000),
];

/// How long it takes at least until a board is taken for silent.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);

/// A byte that begins no frame and means nothing at a prompt.
const FILLER: u8 = b' ';

/// The count of units is modulo 128; so many may be on their way.
const MOST_UNITS: u64 = 100;

/// Never more bytes are on their way.
const MOST_BYTES: u64 = 32 << 10;

/// A frame shrinks when one was damaged, down to this.
const SMALLEST_FRAME: usize = 96;

/// Frames that arrive whole in a row until larger ones are tried.
const GROW_AFTER: u32 = 40;

/// So much of what is neither answer nor acknowledgement is kept.
const LONGEST_TEXT: usize = 64 << 10;

/// The end of an execution in the raw REPL.
const PROMPT: &[u8] = b"\x04>";

/// What a board says when it has restarted.
const START_UP_PROMPT: &[u8] = b"for more information.\r\n>>> ";

/// How a session is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// Eight bytes that no frame holds by chance.
    pub token: [u8; 8],
    /// The board acknowledges each so many bytes. Its console holds twice as many.
    pub unit: u64,
    /// The largest payload of a frame.
    pub payload: usize,
    /// Bytes a second that the line carries if it is a UART of the configured rate.
    pub line_rate: f64,
    /// The link holds the sender back while the board reads nothing, so that no byte is too many.
    pub pushes_back: bool,
    /// More bytes than a console holds may be tried, where time on the way is what limits.
    pub grows: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// An answer: its kind, the number of the request, and more.
    Answer(Vec<u8>),
    /// Both sides have begun anew; answers may have been lost.
    Synchronised,
    /// The agent has ended and the board is at the raw prompt; this is what it printed.
    Ended(Vec<u8>),
    /// The board has restarted.
    Restarted,
    /// The board does not answer.
    Silent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// The token was sent; how many tries before this one.
    Seeking(usize),
    Over,
}

/// A running agent, as the host sees it.
#[derive(Debug)]
pub(crate) struct Session {
    setup: Setup,
    state: State,
    answers: Answers,
    events: VecDeque<Event>,
    /// What came and is neither answer nor acknowledgement.
    text: Vec<u8>,

    /// Frames that were not accepted yet.
    frames: Frames,
    /// Filler and token, which go out before anything else.
    rescue: Vec<u8>,

    acknowledged: u64,
    window: Window,
    /// The largest payload of the next frame.
    payload: usize,
    whole: u32,
    /// Bytes of content that the board has accepted.
    accepted: u64,

    awaiting: bool,
    /// When the board was last heard, or began to owe a word.
    since: Instant,
    /// When it last acknowledged anything, in whatever state.
    told: Instant,
    patience: Duration,
    longest_pause: Duration,
    heard: u32,
}

impl Session {
    pub(crate) fn new(setup: Setup, now: Instant) -> Self {
        Session {
            setup,
            state: State::Running,
            answers: Answers::new(),
            events: VecDeque::new(),
            text: Vec::new(),
            frames: Frames::default(),
            rescue: Vec::new(),
            acknowledged: 0,
            window: Window::new(setup),
            payload: setup.payload,
            whole: 0,
            accepted: 0,
            awaiting: true,
            since: now,
            told: now,
            patience: PATIENCE,
            longest_pause: Duration::ZERO,
            heard: 0,
        }
    }

    /// The board takes no larger payloads.
    pub(crate) fn limit_payload(&mut self, payload: usize) {
        self.setup.payload = self.setup.payload.min(payload);
        self.payload = self.payload.min(payload);
    }

    /// The largest payload that the next frame should have, in bytes.
    pub(crate) fn payload(&self) -> usize {
        self.payload
    }

    /// Whether frames are waiting that the board has no room for yet.
    pub(crate) fn is_congested(&self) -> bool {
        self.frames.unsent() > 2 * self.setup.payload as u64
    }

    /// Whether the board has accepted every frame. Behind an [`Event::Synchronised`] it has done all that these ask for: it reads on only
    /// then.
    pub(crate) fn is_drained(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes of content in the frames that the board has accepted for certain.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Whether an answer is awaited, so that silence means that something was lost.
    pub(crate) fn await_answer(&mut self, now: Instant, awaiting: bool) {
        if awaiting && !self.awaiting {
            self.since = now;
        }
        self.awaiting = awaiting;
    }

    /// Queues a frame, which stands for so many bytes of content.
    pub(crate) fn frame(&mut self, payload: &[u8], deflated: bool, content: u64) {
        self.frames.push(payload, deflated, content);
    }

    /// The board has answered the last request, so it has accepted all frames.
    pub(crate) fn all_accepted(&mut self) {
        // Since both began anew; an answer from before says nothing of what is sent again.
        self.accept_within(self.frames.sent());
    }

    /// Takes bytes from the board, split in any way.
    pub(crate) fn handle_input(&mut self, now: Instant, bytes: &[u8]) {
        self.answers.push(bytes);
        self.take_answers(now);
        // A long answer on a slow line is on its way.
        if self.state == State::Running && self.answers.is_within_one() {
            self.since = now;
        }
    }

    fn take_answers(&mut self, now: Instant) {
        while let Some(answer) = self.answers.next_answer() {
            if self.state == State::Over {
                return;
            }
            match answer {
                Answer::Acknowledged(count) => self.acknowledge(now, count),
                Answer::Frame(frame) => match frame[..] {
                    [REFUSED_FRAME, ..] => self.refused(now),
                    [SYNCHRONISED, _, number, a, b, c, d] => {
                        self.begin_anew(now, number, u32::from_le_bytes([a, b, c, d]));
                    }
                    _ => {
                        self.heard(now);
                        self.events.push_back(Event::Answer(frame));
                    }
                },
                Answer::Text(byte) => self.text(byte),
                Answer::Damaged => {}
            }
        }
    }

    fn heard(&mut self, now: Instant) {
        if self.state == State::Running {
            self.longest_pause = self.longest_pause.max(now.duration_since(self.since));
            self.heard = self.heard.saturating_add(1);
            if self.heard > PAUSES {
                // With room for a longer pause.
                self.patience = (self.longest_pause * 6).clamp(LEAST_PATIENCE, PATIENCE);
            }
            self.since = now;
        }
    }

    fn acknowledge(&mut self, now: Instant, count: u8) {
        // While the token is under way it still works on what came before.
        self.told = now;
        if self.state != State::Running {
            return;
        }
        let unit = self.setup.unit;
        let units = self.acknowledged / unit;
        let more = u64::from(count).wrapping_sub(units) % 128;
        // One that counts more than was sent is damaged.
        if self.acknowledged + more * unit > self.frames.sent() {
            return;
        }
        self.heard(now);
        if more == 0 {
            return;
        }
        self.acknowledged += more * unit;
        self.window.acknowledged(now, self.acknowledged, self.frames.sent());
        // The board reads on behind a frame only when that was whole.
        self.accept_within(self.acknowledged - 1);
    }

    fn accept_within(&mut self, wire: u64) {
        while let Some(content) = self.frames.accept_within(wire) {
            self.accepted += content;
            self.grow();
        }
    }

    /// One more frame has arrived whole.
    fn grow(&mut self) {
        self.whole += 1;
        if self.whole >= GROW_AFTER && self.payload < self.setup.payload {
            self.payload = (self.payload * 2).min(self.setup.payload);
            self.whole = 0;
        }
    }

    fn refused(&mut self, now: Instant) {
        if self.state == State::Running {
            self.seek(now, 0, 0);
        }
    }

    /// Sends the token behind so much filler.
    fn seek(&mut self, now: Instant, tries: usize, filler: usize) {
        self.state = State::Seeking(tries);
        self.rescue.clear();
        self.rescue.resize(filler, FILLER);
        self.rescue.extend_from_slice(&self.setup.token);
        self.since = now;
    }

    fn begin_anew(&mut self, now: Instant, number: u8, place: u32) {
        if !matches!(self.state, State::Seeking(_)) {
            return;
        }
        self.payload = (self.payload / 2).max(SMALLEST_FRAME.min(self.setup.payload));
        let Ok(content) = self.frames.begin_anew(number, place, self.payload) else {
            return self.over(Event::Silent);
        };
        self.accepted += content;
        self.state = State::Running;
        self.rescue.clear();
        self.acknowledged = 0;
        self.window.lost();
        self.whole = 0;
        self.since = now;
        self.events.push_back(Event::Synchronised);
    }

    fn text(&mut self, byte: u8) {
        if self.text.len() == LONGEST_TEXT {
            self.text.clear();
        }
        self.text.push(byte);
        if self.text.ends_with(PROMPT) && self.text.iter().filter(|b| **b == PROMPT[0]).count() > 1 {
            let text = std::mem::take(&mut self.text);
            self.over(Event::Ended(text));
        } else if self.text.ends_with(START_UP_PROMPT) {
            self.over(Event::Restarted);
        }
    }

    fn over(&mut self, event: Event) {
        self.state = State::Over;
        self.events.push_back(event);
    }

    /// What happened, oldest first.
    pub(crate) fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Appends bytes to send now; tells whether there were any.
    pub(crate) fn poll_transmit(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        let owed = self.is_owed();
        out.append(&mut self.rescue);
        if self.state == State::Running {
            let room = (self.acknowledged + self.window.size).saturating_sub(self.frames.sent());
            self.frames.transmit(room, out);
            if out.len() > before {
                self.window.sent(now, self.acknowledged, self.frames.sent());
            }
            if !owed && self.is_owed() {
                self.since = now;
            }
        }
        out.len() > before
    }

    /// When [`Session::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Running if self.is_owed() => Some(self.since + self.patience),
            State::Seeking(tries) => {
                let due = self.since + Duration::from_millis(RESCUES[tries].1);
                let is_last = tries + 1 == RESCUES.len();
                Some(if is_last { due.max(self.told + SILENCE) } else { due })
            }
            _ => None,
        }
    }

    /// Whether the board owes a word.
    fn is_owed(&self) -> bool {
        self.awaiting || self.frames.sent() - self.acknowledged >= self.setup.unit
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        // What began as an answer may hide the one that is awaited.
        while self.answers.give_up() {
            self.take_answers(now);
        }
        match self.state {
            State::Running if self.poll_timeout().is_some_and(|due| now >= due) => {
                self.heard = 0;
                self.patience = PATIENCE;
                self.seek(now, 0, RESCUES[0].0);
            }
            State::Seeking(tries) if tries + 1 < RESCUES.len() => {
                self.seek(now, tries + 1, RESCUES[tries + 1].0);
            }
            State::Seeking(_) => self.over(Event::Silent),
            _ => {}
        }
    }
}

impl AsMut<Session> for Session {
    fn as_mut(&mut self) -> &mut Session {
        self
    }
}

/// How many bytes may be on their way.
///
/// Twice the unit, nearly, is what every console holds. More may be, where the time on the way, not the line, is what limits: then the
/// bytes are on the line, and the board reads them as they come. What got lost with a larger window was too much.
#[derive(Debug)]
struct Window {
    size: u64,
    least: u64,
    most: u64,
    line_rate: f64,
    /// When a byte was sent, and what was acknowledged then.
    probe: Option<(Instant, u64, u64)>,
}

impl Window {
    fn new(setup: Setup) -> Self {
        // A ring of so many bytes holds one less, and WebREPL's another one.
        let least = 2 * setup.unit - 2;
        let most = match setup.grows || setup.pushes_back {
            true => (MOST_UNITS * setup.unit).min(MOST_BYTES).max(least),
            false => least,
        };
        let size = if setup.pushes_back { most } else { least };
        Window { size, least, most, line_rate: setup.line_rate, probe: None }
    }

    fn sent(&mut self, now: Instant, acknowledged: u64, sent: u64) {
        // Only a full window tells what limits.
        if self.probe.is_none() && sent >= acknowledged + self.size {
            self.probe = Some((now, acknowledged, sent));
        }
    }

    fn acknowledged(&mut self, now: Instant, acknowledged: u64, sent: u64) {
        let Some((then, before, until)) = self.probe else { return };
        if acknowledged < until {
            return;
        }
        self.probe = None;
        let seconds = now.duration_since(then).as_secs_f64().max(1e-6);
        let rate = (acknowledged - before) as f64 / seconds;
        // Near the rate of the line a larger window gains nothing, and only fills the console.
        let line_limits = rate > 0.85 * self.line_rate && rate < 1.5 * self.line_rate;
        if !line_limits && sent > before {
            self.size = (self.size * 2).min(self.most);
        }
    }

    fn lost(&mut self) {
        self.probe = None;
        if self.size > self.least {
            self.most = (self.size / 2).max(self.least);
        }
        self.size = self.least;
    }
}
