//! Another program of this machine uses the board through the mount, as if it had the port.
//!
//! Bytes go to and fro as they come. When the board stands at its friendly prompt and nothing is typed there, files
//! can be had in between: the raw REPL is entered and left again, and the visitor sees nothing of that.

use std::time::{Duration, Instant};

use mpr_protocol::transport::Visitor;
use mpr_protocol::{Transport, TransportError};

use crate::worker::Desk;

/// How long one turn waits for bytes.
const TURN: Duration = Duration::from_millis(5);

/// After its last word the board has to be quiet for so long before it counts as idle.
const QUIET: Duration = Duration::from_millis(30);

/// The friendly prompt shows again within this.
pub(crate) const PROMPT_PATIENCE: Duration = Duration::from_secs(2);

const PROMPT: &[u8] = b">>> ";

/// Looks at what goes by, to know whether the board waits at a prompt where nothing is typed.
#[derive(Debug)]
struct Watch {
    tail: Vec<u8>,
    heard: Instant,
    /// The visitor went to the raw REPL and has not left it.
    is_raw: bool,
}

impl Watch {
    fn board_said(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.heard = Instant::now();
        self.tail.extend_from_slice(bytes);
        let excess = self.tail.len().saturating_sub(PROMPT.len());
        self.tail.drain(..excess);
    }

    fn visitor_said(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.tail.clear();
        for byte in bytes {
            match byte {
                0x01 => self.is_raw = true,
                0x02 => self.is_raw = false,
                _ => {}
            }
        }
    }

    fn is_idle(&self) -> bool {
        !self.is_raw && self.tail == PROMPT && self.heard.elapsed() >= QUIET
    }
}

/// Serves a visitor until it has left and the board is at its prompt, or the link ends. Whoever comes meanwhile is let in when
/// the other one has left: to stop a program that was left running, for one.
pub(crate) fn serve(desk: &mut Desk, visitor: Visitor) {
    let Some(device) = desk.line().device() else { return };
    // If the link is broken, that shows at the next byte.
    let _ = device.leave_raw_repl();
    let pushes_back = device.transport_mut().pushes_back();
    let mut visit = Visit::new(pushes_back);
    visit.welcome(visitor);
    while !desk.is_stopped() {
        if let Some(next) = desk.visitor() {
            match &visit.visitor {
                None => visit.welcome(next),
                Some(_) => next.refuse_busy(),
            }
        }
        if visit.is_idle() {
            if visit.visitor.is_none() {
                return;
            }
            if desk.has_work() {
                match step_in(desk) {
                    StepIn::Done => {
                        visit.watch.heard = Instant::now();
                        visit.has_expired = false;
                    }
                    StepIn::NoPrompt => visit.watch.tail.clear(),
                    StepIn::Lost => return,
                }
            }
        } else {
            // Tells those who have waited too long.
            desk.has_work();
        }
        if visit.listen() && !visit.has_expired {
            // Before the board hears it.
            desk.fs().expire();
            visit.has_expired = true;
        }
        let Some(device) = desk.line().device() else { return };
        if !visit.relay(device.transport_mut()) {
            return;
        }
    }
}

/// A visitor, and the bytes under way.
struct Visit {
    visitor: Option<Visitor>,
    pushes_back: bool,
    watch: Watch,
    to_board: Vec<u8>,
    to_visitor: Vec<u8>,
    buf: Vec<u8>,
    /// What is known of the board's files is out of date, and marked so.
    has_expired: bool,
}

impl Visit {
    fn new(pushes_back: bool) -> Self {
        let watch = Watch { tail: Vec::new(), heard: Instant::now(), is_raw: false };
        Visit {
            visitor: None,
            pushes_back,
            watch,
            to_board: Vec::new(),
            to_visitor: Vec::new(),
            buf: vec![0; 16 << 10],
            has_expired: false,
        }
    }

    fn welcome(&mut self, mut visitor: Visitor) {
        self.to_visitor.clear();
        self.visitor = visitor.welcome(self.pushes_back).is_ok().then_some(visitor);
    }

    fn is_idle(&self) -> bool {
        self.to_board.is_empty() && self.watch.is_idle()
    }

    /// Takes what the visitor has said, and tells whether it has said something. While the board is slow, the visitor waits.
    fn listen(&mut self) -> bool {
        let Some(visitor) = self.visitor.as_mut().filter(|_| self.to_board.is_empty()) else { return false };
        match visitor.recv(&mut self.buf) {
            Ok(n) => {
                self.watch.visitor_said(&self.buf[..n]);
                self.to_board.extend_from_slice(&self.buf[..n]);
                n > 0
            }
            Err(_) => {
                self.visitor = None;
                false
            }
        }
    }

    /// Moves what can be moved now. `false`: the link has ended.
    fn relay(&mut self, link: &mut dyn Transport) -> bool {
        let now = Instant::now();
        let sent = match self.to_board.is_empty() {
            true => Ok(0),
            false => link.send(&self.to_board, now),
        };
        let wait = if self.to_board.is_empty() { now + TURN } else { now };
        let received = match self.to_visitor.is_empty() {
            true => link.recv(&mut self.buf, wait),
            false => Ok(0),
        };
        match (sent, received) {
            (Ok(sent), Ok(received)) => {
                self.to_board.drain(..sent);
                self.watch.board_said(&self.buf[..received]);
                self.to_visitor.extend_from_slice(&self.buf[..received]);
            }
            (Err(error), _) | (_, Err(error)) if !came_back(link, &error) => return false,
            _ => {}
        }
        match &mut self.visitor {
            Some(visitor) => match visitor.send(&self.to_visitor) {
                Ok(n) => drop(self.to_visitor.drain(..n)),
                // It listens no more; what it said last is still to be read.
                Err(_) => self.to_visitor.clear(),
            },
            None => self.to_visitor.clear(),
        }
        true
    }
}

/// A board that restarts closes some links, and they open again.
fn came_back(link: &mut dyn Transport, error: &TransportError) -> bool {
    const RESTART: Duration = Duration::from_secs(15);
    matches!(error, TransportError::Closed { .. })
        && link.reconnect(Instant::now() + RESTART).unwrap_or(false)
}

/// What came of a try to do the files' work in between.
enum StepIn {
    Done,
    /// It was a program that prints what looks like a prompt.
    NoPrompt,
    /// The link has ended.
    Lost,
}

/// Does the files' work at the board's prompt, and brings it back.
fn step_in(desk: &mut Desk) -> StepIn {
    let Some(device) = desk.line().device() else { return StepIn::Lost };
    match device.enter_raw_repl_if_idle(PROMPT_PATIENCE) {
        Ok(true) => {}
        Ok(false) => return StepIn::NoPrompt,
        Err(_) => return StepIn::Lost,
    }
    desk.catch_up();
    let Some(device) = desk.line().device() else { return StepIn::Lost };
    if device.leave_raw_repl().is_err() {
        return StepIn::Lost;
    }
    // What the board says on its way back is not for the visitor, who stands at a prompt already.
    let link = device.transport_mut();
    let deadline = Instant::now() + PROMPT_PATIENCE;
    let mut said = Vec::new();
    let mut buf = [0; 512];
    while !said.ends_with(PROMPT) && Instant::now() < deadline {
        match link.recv(&mut buf, deadline) {
            Ok(n) => said.extend_from_slice(&buf[..n]),
            Err(_) => return StepIn::Lost,
        }
    }
    StepIn::Done
}
