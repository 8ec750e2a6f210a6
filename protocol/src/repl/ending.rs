//! Telling a program's output from its end (see the module above for what is certain and what is not).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::enter::BannerFinder;
use super::{BANNER, CTRL_A, CTRL_D, Event, Framing, SETTLE};

/// Bytes that could become an ending, but come no further for so long, are handed on as output in the meantime.
const HOLD: Duration = Duration::from_millis(500);

/// A question that is not answered is asked again after this, then after twice as long, and so on.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// It doubles up to this.
const ASK_LONGEST: Duration = Duration::from_secs(60);

/// A friendly prompt after the start-up banner must stand so long before the board is asked whether it has restarted; it
/// gets as long for the answer.
const RESTART_SETTLE: Duration = Duration::from_millis(500);

/// No traceback is that long; a program that prints more after something like the start of one is just talking.
const LONGEST_STDERR: usize = 1 << 20;

const TRACEBACK: &[u8] = b"Traceback (most recent call last):";
const START_UP_PROMPT: &[u8] = b"for more information.\r\n>>> ";
const SOFT_RESETS: [&[u8]; 4] =
    [b"MPY: soft reboot\r\n", b"soft reboot\r\n", b"\r\nMPY: soft reboot\r\n", b"\r\nsoft reboot\r\n"];

/// What the bytes so far mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Runs,
    Ended {
        stderr: Vec<u8>,
        status: Option<Vec<u8>>,
    },
    /// The program restarts the interpreter; the rest came after the message.
    SoftReset {
        rest: Vec<u8>,
    },
    Restarted,
}

/// A complete ending at the end of the held bytes.
struct Candidate {
    start: usize,
    stderr: Vec<u8>,
    status: Option<Vec<u8>>,
}

/// Reads the output of one execution.
#[derive(Debug)]
pub(super) struct Ending {
    token: Option<Vec<u8>>,
    records: Option<Records>,
    /// Nothing means an end.
    raw: bool,
    /// Nothing, or bytes from the first `\x04` on that may start the ending.
    held: Vec<u8>,
    /// How many of the held bytes were handed on as output already.
    shown: usize,
    /// The program has printed a `\x04` of its own.
    dirty: bool,
    /// The last bytes of the output.
    recent: Vec<u8>,
    asked: Option<Asked>,
    /// Questions that a program may have in its input; the board answers them when it has ended.
    unanswered: bool,
    timer: Option<(Instant, Timer)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// Ask whether the program has ended.
    AskEnd,
    /// Hand on what is held.
    Show,
    /// Ask whether the board has restarted.
    AskRestart,
    /// It has not.
    NoRestart,
}

/// A question to the board: Ctrl-A makes it say its banner at a prompt, and means nothing to most programs.
#[derive(Debug)]
enum Asked {
    /// Whether the program has ended with the first so many held bytes.
    End { held: usize, wait: Duration },
    /// Whether it has restarted; what came since.
    Restart { finder: BannerFinder, found: bool, since: Vec<u8> },
}

impl Ending {
    pub(super) fn new(framing: Framing) -> Self {
        let raw = framing == Framing::Raw;
        let (token, records) = match framing {
            Framing::Text | Framing::Raw => (None, None),
            Framing::Token(token) => (Some(token), None),
            Framing::Records => (None, Some(Records::default())),
        };
        Ending {
            token,
            records,
            raw,
            held: Vec::new(),
            shown: 0,
            dirty: false,
            recent: Vec::new(),
            asked: None,
            unanswered: false,
            timer: None,
        }
    }

    pub(super) fn timer(&self) -> Option<Instant> {
        self.timer.map(|(at, _)| at)
    }

    pub(super) fn input(&mut self, mut bytes: &[u8], events: &mut VecDeque<Event>) {
        if self.raw {
            return self.output(bytes, events);
        }
        if let Some(records) = &mut self.records {
            bytes = &bytes[records.input(bytes, events)..];
            if bytes.is_empty() {
                return;
            }
            self.records = None;
        }
        if let Some(Asked::Restart { finder, found, since }) = &mut self.asked {
            *found |= finder.input(bytes).1;
            since.extend_from_slice(bytes);
            return;
        }
        if self.held.is_empty() {
            let start = bytes.iter().position(|b| *b == CTRL_D).unwrap_or(bytes.len());
            self.output(&bytes[..start], events);
            bytes = &bytes[start..];
        }
        self.held.extend_from_slice(bytes);
        self.release(events);
    }

    /// Hands on held bytes that can't be an ending any more.
    fn release(&mut self, events: &mut VecDeque<Event>) {
        if let Some(Asked::End { held, .. }) = self.asked {
            if self.held[held..].chunks(BANNER.len()).all(|part| BANNER.starts_with(part)) {
                return;
            }
            // Something else than the answer: the program goes on.
            self.asked = None;
        }
        while !self.held.is_empty() && !self.may_end(&self.held[1..self.without_answers()]) {
            let next = self.held[1..].iter().position(|b| *b == CTRL_D).map_or(self.held.len(), |n| n + 1);
            self.hand_on(next, events);
        }
    }

    /// The length of the held bytes without late answers behind an ending.
    fn without_answers(&self) -> usize {
        let end = find_last(&self.held, b"\x04>").filter(|_| self.unanswered).map(|at| at + 2);
        end.filter(|end| self.held[*end..].chunks(BANNER.len()).all(|part| BANNER.starts_with(part)))
            .unwrap_or(self.held.len())
    }

    /// Hands on the first so many held bytes as output.
    fn hand_on(&mut self, n: usize, events: &mut VecDeque<Event>) {
        let bytes: Vec<u8> = self.held.drain(..n).collect();
        self.dirty |= bytes.contains(&CTRL_D);
        self.output(&bytes[self.shown.min(n)..], events);
        self.shown = self.shown.saturating_sub(n);
    }

    fn output(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) {
        if bytes.is_empty() {
            return;
        }
        self.recent.extend_from_slice(&bytes[bytes.len().saturating_sub(START_UP_PROMPT.len())..]);
        let old = self.recent.len().saturating_sub(START_UP_PROMPT.len());
        self.recent.drain(..old);
        match events.back_mut() {
            Some(Event::Stdout(out)) => out.extend_from_slice(bytes),
            _ => events.push_back(Event::Stdout(bytes.to_vec())),
        }
    }

    /// Whether a `\x04` and these bytes may be the start of an ending, or one that is complete.
    fn may_end(&self, rest: &[u8]) -> bool {
        if let Some(token) = &self.token {
            let n = token.len().min(rest.len());
            if rest[..n] == token[..n] {
                return true;
            }
        }
        match rest {
            [] => true,
            [CTRL_D, after @ ..] => {
                matches!(after, [] | [b'>'])
                    || SOFT_RESETS.iter().any(|text| {
                        let n = text.len().min(after.len());
                        text[..n] == after[..n]
                    })
            }
            _ => rest.len() <= LONGEST_STDERR && looks_like_stderr(rest) && !ends_before_end(rest),
        }
    }

    /// The ending that these held bytes end with. With a token, one without it has a traceback at least: the wrapper failed.
    fn candidate(&self, held: &[u8]) -> Option<Candidate> {
        if let Some(token) = &self.token
            && let Some(start) = find_last(held, &[&[CTRL_D], &token[..]].concat())
        {
            let rest = &held[start + 1 + token.len()..];
            let split = rest.iter().position(|b| *b == CTRL_D)?;
            let (status, stderr) = (&rest[..split], rest[split + 1..].strip_suffix(b"\x04>")?);
            return (stderr.is_empty() || stderr.ends_with(b"\n")).then(|| Candidate {
                start,
                stderr: stderr.to_vec(),
                status: Some(status.to_vec()),
            });
        }
        let body = held.strip_suffix(b"\x04>")?;
        let start = match body.last()? {
            &CTRL_D => body.len() - 1,
            b'\n' => {
                let starts = |plausible: fn(&[u8]) -> bool| {
                    (0..body.len()).rev().find(|&i| body[i] == CTRL_D && plausible(&body[i + 1..]))
                };
                // A traceback's message may itself hold `\x04` and something like a name.
                starts(|text| text.starts_with(TRACEBACK))
                    .or_else(|| starts(|text| looks_like_stderr(text) && text.contains(&b':')))?
            }
            _ => return None,
        };
        let stderr = body[start + 1..].to_vec();
        (self.token.is_none() || !stderr.is_empty()).then_some(Candidate { start, stderr, status: None })
    }

    /// The end of what came for now: judges whether the program has ended, and sets the timer otherwise.
    pub(super) fn end_of_input(&mut self, now: Instant, events: &mut VecDeque<Event>) -> Verdict {
        self.timer = None;
        if self.raw {
            return Verdict::Runs;
        }
        if let Some(rest) = self.soft_reset() {
            return Verdict::SoftReset { rest };
        }
        match &self.asked {
            Some(Asked::Restart { found: true, .. }) => return Verdict::Restarted,
            Some(Asked::Restart { .. }) => {
                self.timer = Some((now + RESTART_SETTLE, Timer::NoRestart));
                return Verdict::Runs;
            }
            Some(Asked::End { held, wait }) => {
                let (held, wait) = (*held, *wait);
                return match self.candidate(&self.held[..held]) {
                    Some(candidate) if self.held.len() >= held + BANNER.len() => {
                        self.accept(candidate, events)
                    }
                    _ => {
                        self.timer = Some((now + wait, Timer::AskEnd));
                        Verdict::Runs
                    }
                };
            }
            None => {}
        }
        let end = self.without_answers();
        if let Some(candidate) = self.candidate(&self.held[..end]) {
            // Certain with its token, and with the board's answer. Without either, as certain as it gets if it is the first
            // `\x04` of all.
            let answered = self.held.len() >= end + BANNER.len();
            let first = self.token.is_none() && !self.dirty && candidate.start == 0;
            if candidate.status.is_some() || answered || first {
                return self.accept(candidate, events);
            }
            self.timer = Some((now + SETTLE, Timer::AskEnd));
        } else if self.shown < self.held.len() {
            self.timer = Some((now + HOLD, Timer::Show));
        } else if self.held.is_empty() && self.recent == START_UP_PROMPT {
            self.timer = Some((now + RESTART_SETTLE, Timer::AskRestart));
        }
        Verdict::Runs
    }

    fn accept(&mut self, candidate: Candidate, events: &mut VecDeque<Event>) -> Verdict {
        self.hand_on(candidate.start, events);
        Verdict::Ended { stderr: candidate.stderr, status: candidate.status }
    }

    fn soft_reset(&self) -> Option<Vec<u8>> {
        let held = &self.held;
        let end = match &self.token {
            Some(token) => {
                let status = held.get(1..)?.strip_prefix(&token[..])?;
                1 + token.len() + status.iter().position(|b| *b == CTRL_D)?
            }
            None => 0,
        };
        let rest = held.get(end..)?.strip_prefix(&[CTRL_D, CTRL_D])?;
        SOFT_RESETS.iter().find_map(|text| rest.strip_prefix(*text)).map(<[u8]>::to_vec)
    }

    pub(super) fn timeout(
        &mut self,
        now: Instant,
        tx: &mut Vec<u8>,
        events: &mut VecDeque<Event>,
    ) -> Verdict {
        let Some((at, timer)) = self.timer else { return Verdict::Runs };
        if now < at {
            return Verdict::Runs;
        }
        self.timer = None;
        match timer {
            Timer::AskEnd => {
                let (held, wait) = match self.asked {
                    Some(Asked::End { held, wait }) => (held, (wait * 2).min(ASK_LONGEST)),
                    _ => (self.without_answers(), ASK_AGAIN),
                };
                tx.push(CTRL_A);
                self.unanswered = true;
                self.asked = Some(Asked::End { held, wait });
                self.timer = Some((now + wait, Timer::AskEnd));
                Verdict::Runs
            }
            Timer::Show => {
                let bytes = self.held[self.shown..].to_vec();
                self.shown = self.held.len();
                self.output(&bytes, events);
                Verdict::Runs
            }
            Timer::AskRestart => {
                tx.extend([b'\r', CTRL_A]);
                self.unanswered = true;
                self.asked =
                    Some(Asked::Restart { finder: BannerFinder::default(), found: false, since: Vec::new() });
                self.timer = Some((now + RESTART_SETTLE, Timer::NoRestart));
                Verdict::Runs
            }
            Timer::NoRestart => {
                self.recent.clear();
                if let Some(Asked::Restart { since, .. }) = self.asked.take() {
                    self.input(&since, events);
                }
                self.end_of_input(now, events)
            }
        }
    }
}

/// The start of a traceback, or of `Name: message` without one.
fn looks_like_stderr(text: &[u8]) -> bool {
    let n = TRACEBACK.len().min(text.len());
    if text[..n] == TRACEBACK[..n] {
        return true;
    }
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.';
    let name = text.iter().take_while(|b| is_name(b)).count();
    name > 0 && name <= 128 && matches!(text.get(name), None | Some(b':'))
}

/// A complete ending that something follows was output.
fn ends_before_end(text: &[u8]) -> bool {
    text.windows(3).position(|w| w == b"\n\x04>").is_some_and(|at| at + 3 < text.len())
}

fn find_last(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).rposition(|w| w == part)
}

/// Counted pieces of binary data.
#[derive(Debug, Default)]
struct Records {
    /// The header as far as it came: 0x01 and two bytes of length.
    header: Vec<u8>,
    /// Bytes of the record still to come.
    left: usize,
}

impl Records {
    /// Returns how many bytes it used: all, or those before the first byte that is no record.
    fn input(&mut self, bytes: &[u8], events: &mut VecDeque<Event>) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            if self.left > 0 {
                let n = self.left.min(bytes.len() - at);
                match events.back_mut() {
                    Some(Event::Payload(data)) => data.extend_from_slice(&bytes[at..at + n]),
                    _ => events.push_back(Event::Payload(bytes[at..at + n].to_vec())),
                }
                self.left -= n;
                at += n;
            } else if self.header.is_empty() && bytes[at] != CTRL_A {
                return at;
            } else {
                self.header.push(bytes[at]);
                at += 1;
                if let [_, low, high] = self.header[..] {
                    self.left = usize::from(u16::from_le_bytes([low, high]));
                    self.header.clear();
                }
            }
        }
        at
    }
}
