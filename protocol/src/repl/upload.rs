//! Sending code: raw paste with its windows, or in pieces to boards without it.

use std::time::{Duration, Instant};

use super::enter::BannerFinder;
use super::{CTRL_A, CTRL_D, CTRL_E, Failure, Framing};

/// Without raw paste nothing tells how fast a board reads. So many bytes go out at a time, so often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    bytes: usize,
    time: Duration,
}

/// For boards that know raw paste but have it off: faster than a line at 460800 baud. Links that are faster still hold back by
/// themselves (USB, pseudo terminals).
const MODERN: Pace = Pace { bytes: 256, time: Duration::from_millis(5) };

/// For old boards: about the rate of a line at 115200 baud, in pieces that fit their receive buffers of 64 bytes, for links
/// that are faster than such a line. (An emulated micro:bit lost bytes in one of eight programs of 360 bytes at the pace
/// above, and in none of thousands at this one.)
const OLD: Pace = Pace { bytes: 32, time: Duration::from_micros(2500) };

impl Pace {
    pub(super) fn is_old(self) -> bool {
        self.bytes == OLD.bytes
    }
}

/// A board answers the raw-paste request at once, and says `OK` as soon as it has read the end mark. One that says nothing
/// for so long has lost it.
const LOST: Duration = Duration::from_secs(2);

/// What was lost is sent so often in all.
const TRIES: u32 = 3;

/// Bytes of other output that are looked at and kept.
const SEEN: usize = 256;

/// Bytes of other output that may come before the answer that is awaited.
const NOISE_LIMIT: usize = 4096;

/// The raw-paste request.
pub(super) const REQUEST: [u8; 3] = [CTRL_E, b'A', CTRL_A];

/// What the board said to the raw-paste request.
#[derive(Debug)]
pub(super) enum Answer {
    RawPaste,
    Plain(Pace),
    /// The friendly prompt took the request for its own paste mode. Nothing has run.
    Friendly,
    Unexpected(Vec<u8>),
}

/// What the friendly prompt's paste mode says to the request.
const PASTE_MODE: &[u8] = b"\r\n=== ";

/// Waiting for the answer to `\x05A\x01`.
#[derive(Debug)]
pub(super) struct Handshake {
    code: Vec<u8>,
    framing: Framing,
    finder: BannerFinder,
    last: u8,
    seen: Vec<u8>,
    count: usize,
    /// So much of the code went out behind the request; all of it with its end mark.
    ahead: usize,
    /// When to take the request for lost.
    lost_at: Instant,
    tries: u32,
}

impl Handshake {
    pub(super) fn new(now: Instant, code: Vec<u8>, framing: Framing) -> Self {
        Handshake {
            lost_at: now + LOST,
            tries: TRIES,
            ahead: 0,
            code,
            framing,
            finder: BannerFinder::default(),
            last: 0,
            seen: Vec::new(),
            count: 0,
        }
    }

    /// Asks, and sends so many bytes of the code without waiting for the answer; all of them with the end mark.
    pub(super) fn ahead(mut self, count: usize, tx: &mut Vec<u8>) -> Handshake {
        tx.extend(REQUEST);
        tx.extend_from_slice(&self.code[..count]);
        if count == self.code.len() {
            tx.push(CTRL_D);
        }
        self.ahead = count;
        // What was sent may run, however late its answer comes.
        self.tries = 1;
        self
    }

    /// What was sent ahead was not taken: once more from the start, without.
    pub(super) fn start_over(&mut self, now: Instant) -> Handshake {
        let (code, framing) =
            (std::mem::take(&mut self.code), std::mem::replace(&mut self.framing, Framing::Text));
        Handshake::new(now, code, framing)
    }

    /// A board that is known to have raw paste can only mean something older with a banner.
    pub(super) fn input(&mut self, bytes: &[u8], known: bool) -> (usize, Option<Answer>) {
        for (i, &byte) in bytes.iter().enumerate() {
            if self.seen.len() < SEEN {
                self.seen.push(byte);
            }
            let answer = match (self.last, byte) {
                _ if self.ahead > 0 && self.seen.ends_with(PASTE_MODE) => Some(Answer::Friendly),
                (b'R', CTRL_A) => Some(Answer::RawPaste),
                (b'R', 0) => Some(Answer::Plain(MODERN)),
                _ if self.finder.input(&[byte]).1 && !known => Some(Answer::Plain(OLD)),
                _ => None,
            };
            self.last = byte;
            self.count += 1;
            if answer.is_some() {
                return (i + 1, answer);
            }
        }
        if self.count >= NOISE_LIMIT {
            self.seen.truncate(64);
            return (bytes.len(), Some(Answer::Unexpected(std::mem::take(&mut self.seen))));
        }
        (bytes.len(), None)
    }

    pub(super) fn timer(&self) -> Option<Instant> {
        (self.tries > 1).then_some(self.lost_at)
    }

    /// The request was lost, or the board has left the raw REPL: once more, for when it is at its prompt again. No code has
    /// been sent, so nothing can have run.
    pub(super) fn again(&mut self, now: Instant) -> Option<Handshake> {
        if self.tries <= 1 || now < self.lost_at {
            return None;
        }
        let (code, framing) =
            (std::mem::take(&mut self.code), std::mem::replace(&mut self.framing, Framing::Text));
        Some(Handshake { tries: self.tries - 1, ..Handshake::new(now, code, framing) })
    }

    /// The code and its framing, of which nothing was sent; `None` when something was.
    pub(super) fn unsent(&mut self) -> Option<(Vec<u8>, Framing)> {
        let parts = |this: &mut Self| {
            (std::mem::take(&mut this.code), std::mem::replace(&mut this.framing, Framing::Text))
        };
        (self.ahead == 0).then(|| parts(self))
    }

    /// Asks now.
    pub(super) fn restart(mut self, now: Instant, tx: &mut Vec<u8>) -> Handshake {
        self.lost_at = now + LOST;
        tx.extend(REQUEST);
        self
    }
}

/// Raw paste: the board says how much it takes.
#[derive(Debug)]
pub(super) struct Paste {
    code: Vec<u8>,
    pub(super) framing: Framing,
    sent: usize,
    /// The window's size in bytes as far as its two bytes came.
    window: Vec<u8>,
    /// Bytes that may have been sent by now.
    granted: usize,
    end_sent: bool,
    tries: u32,
}

/// How the board came to the end of the code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It has all of it.
    Whole,
    /// It wants no more of it, and says why when it is at its prompt again.
    InPart,
    /// It seems to want none of it: what it said of its window was damaged on the way. Nothing has run.
    Nothing,
}

impl Paste {
    /// The board has agreed to this.
    pub(super) fn new(handshake: &mut Handshake) -> Self {
        let code = std::mem::take(&mut handshake.code);
        Paste {
            framing: std::mem::replace(&mut handshake.framing, Framing::Text),
            sent: handshake.ahead,
            window: Vec::with_capacity(2),
            granted: 0,
            end_sent: handshake.ahead > 0 && handshake.ahead == code.len(),
            tries: handshake.tries,
            code,
        }
    }

    /// The request once more, for when the board is at its prompt again.
    pub(super) fn again(&mut self, now: Instant) -> Handshake {
        let (code, framing) =
            (std::mem::take(&mut self.code), std::mem::replace(&mut self.framing, Framing::Text));
        Handshake { tries: self.tries - 1, ..Handshake::new(now, code, framing) }
    }

    /// The window's size in bytes, once it is known.
    pub(super) fn window_size(&self) -> Option<usize> {
        match self.window[..] {
            [low, high] => Some(usize::from(u16::from_le_bytes([low, high]))),
            _ => None,
        }
    }

    /// Returns how many bytes it used, and whether the board has taken the code.
    pub(super) fn input(&mut self, bytes: &[u8], tx: &mut Vec<u8>) -> (usize, Option<Taken>) {
        for (i, &byte) in bytes.iter().enumerate() {
            match byte {
                _ if self.window.len() < 2 => {
                    self.window.push(byte);
                    if self.window.len() == 2 {
                        // The window is half of a ring buffer, which may hold a byte less than its size: of what is free at
                        // the start, two windows, one byte has to wait, and one is for the end mark, which waits for no window.
                        let window = self.window_size().unwrap_or(0);
                        self.granted = window - (window / 2).min(2);
                    }
                }
                CTRL_A => self.granted = self.granted.saturating_add(self.window_size().unwrap_or(0)),
                CTRL_D => {
                    // The answer to our end, or the board gives up before it and wants an end all the same.
                    let taken = match self.end_sent {
                        true => Taken::Whole,
                        false if self.sent == 0 && self.tries > 1 => Taken::Nothing,
                        false => {
                            tx.push(CTRL_D);
                            self.end_sent = true;
                            Taken::InPart
                        }
                    };
                    return (i + 1, Some(taken));
                }
                // Output of a background thread, or noise.
                _ => {}
            }
        }
        (bytes.len(), None)
    }

    pub(super) fn transmit(&mut self, out: &mut Vec<u8>) {
        let n = self.granted.saturating_sub(self.sent).min(self.code.len() - self.sent);
        out.extend_from_slice(&self.code[self.sent..self.sent + n]);
        self.sent += n;
        if self.sent == self.code.len() && self.window.len() == 2 && !self.end_sent {
            out.push(CTRL_D);
            self.end_sent = true;
        }
    }
}

/// Pieces at intervals, then `OK`.
#[derive(Debug)]
pub(super) struct Plain {
    code: Vec<u8>,
    pub(super) framing: Framing,
    pace: Pace,
    sent: usize,
    end_sent: bool,
    /// When to send the next piece, or to take the end mark for lost.
    next_at: Instant,
    tries: u32,
    last: u8,
    seen: Vec<u8>,
    count: usize,
}

impl Plain {
    pub(super) fn new(now: Instant, code: Vec<u8>, framing: Framing, pace: Pace) -> Self {
        Plain {
            code,
            framing,
            pace,
            sent: 0,
            end_sent: false,
            next_at: now,
            tries: TRIES,
            last: 0,
            seen: Vec::new(),
            count: 0,
        }
    }

    /// A part of the code, or all of it, went out already.
    pub(super) fn behind(now: Instant, handshake: &mut Handshake, pace: Pace) -> Self {
        let code = std::mem::take(&mut handshake.code);
        let framing = std::mem::replace(&mut handshake.framing, Framing::Text);
        let (sent, end_sent) = (handshake.ahead, handshake.ahead == code.len());
        let plain = Plain::new(now, code, framing, pace);
        // If the end mark is lost, something else is wrong: nothing is sent twice.
        Plain { sent, end_sent, tries: 1, ..plain }
    }

    pub(super) fn input(&mut self, now: Instant, bytes: &[u8]) -> (usize, Option<Result<(), Failure>>) {
        if !self.end_sent {
            return (bytes.len(), None);
        }
        self.next_at = now + LOST;
        for (i, &byte) in bytes.iter().enumerate() {
            if (self.last, byte) == (b'O', b'K') {
                return (i + 1, Some(Ok(())));
            }
            self.last = byte;
            self.count += 1;
            if self.seen.len() < 64 {
                self.seen.push(byte);
            }
        }
        if self.count >= NOISE_LIMIT {
            let failure = Failure::Unexpected {
                awaited: "`OK` for the code sent",
                got: std::mem::take(&mut self.seen),
            };
            return (bytes.len(), Some(Err(failure)));
        }
        (bytes.len(), None)
    }

    pub(super) fn transmit(&mut self, now: Instant, out: &mut Vec<u8>) {
        if self.end_sent || now < self.next_at {
            return;
        }
        let n = self.pace.bytes.min(self.code.len() - self.sent);
        out.extend_from_slice(&self.code[self.sent..self.sent + n]);
        self.sent += n;
        self.next_at = now + self.pace.time;
        if self.sent == self.code.len() {
            out.push(CTRL_D);
            self.end_sent = true;
            self.next_at = now + LOST;
        }
    }

    pub(super) fn timer(&self) -> Option<Instant> {
        (!self.end_sent || (self.tries > 1 && self.count == 0)).then_some(self.next_at)
    }

    /// The end mark is lost: the code once more, for when the board is at its prompt again.
    pub(super) fn again(&mut self, now: Instant) -> Option<Plain> {
        // A board that has said anything has taken the code.
        if !self.end_sent || self.tries <= 1 || self.count > 0 || now < self.next_at {
            return None;
        }
        let (code, framing) =
            (std::mem::take(&mut self.code), std::mem::replace(&mut self.framing, Framing::Text));
        Some(Plain { tries: self.tries - 1, ..Plain::new(now, code, framing, self.pace) })
    }

    /// Starts sending now.
    pub(super) fn restart(mut self, now: Instant) -> Plain {
        self.next_at = now;
        self
    }
}
