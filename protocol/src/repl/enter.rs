//! Getting to the raw prompt: from whatever goes on, and after a soft reset.
//!
//! The banner alone says little: it may answer somebody else's Ctrl-A, and ours may still be under way. So a line of code that
//! prints a word of this moment follows. Links keep the order of bytes, so when the word comes, everything from before has
//! come as well.

use std::time::{Duration, Instant};

use super::{BANNER, CTRL_A, CTRL_C, CTRL_D, Words};

/// The first wait for an answer before asking again; it doubles each time.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(1);

/// After a soft reset boot.py runs and may be silent for as long.
const RESET_RETRY: Duration = Duration::from_secs(3);

/// Finds the banner in a stream. Its first byte occurs nowhere else in it, so a mismatch never has to look back.
#[derive(Debug, Default)]
pub(super) struct BannerFinder {
    at: usize,
}

impl BannerFinder {
    /// Returns how many bytes it used, up to the end of the banner, and whether the banner was complete.
    pub(super) fn input(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (i, &byte) in bytes.iter().enumerate() {
            if byte == BANNER[self.at] {
                self.at += 1;
                if self.at == BANNER.len() {
                    self.at = 0;
                    return (i + 1, true);
                }
            } else {
                self.at = usize::from(byte == BANNER[0]);
            }
        }
        (bytes.len(), false)
    }
}

/// Where an [`Entering`] is.
#[derive(Debug)]
enum Phase {
    Banner(BannerFinder),
    /// The board runs the line; this ends its answer, and these are the last bytes that came.
    Word {
        answer: Vec<u8>,
        last: Vec<u8>,
    },
}

/// Ctrl-C and Ctrl-A until the banner comes, then the word.
#[derive(Debug)]
pub(super) struct Entering {
    phase: Phase,
    wait: Duration,
    retry_at: Instant,
    /// Never stop a program: ask once, and wait.
    only_if_idle: bool,
    /// Bytes that came before the word's line was sent, and the banners among them.
    heard: usize,
    banners: usize,
}

impl Entering {
    pub(super) fn new(now: Instant, tx: &mut Vec<u8>) -> Self {
        let mut entering = Entering {
            phase: Phase::Banner(BannerFinder::default()),
            wait: FIRST_RETRY,
            retry_at: now,
            only_if_idle: false,
            heard: 0,
            banners: 0,
        };
        entering.ask(now, tx);
        entering
    }

    /// Ctrl-A alone, once: at a prompt with nothing typed the banner comes.
    pub(super) fn if_idle(now: Instant, tx: &mut Vec<u8>) -> Self {
        tx.push(CTRL_A);
        Entering { only_if_idle: true, wait: LONGEST_RETRY, ..Entering::new(now, &mut Vec::new()) }
    }

    /// The banner has come already: only the word is missing.
    pub(super) fn from_banner(now: Instant, words: &mut Words, tx: &mut Vec<u8>) -> Self {
        let mut entering = Entering::new(now, &mut Vec::new());
        entering.say_word(now, words, tx);
        entering
    }

    /// Ctrl-C drops a half-typed line and stops a program; the line end gets a line editor out of an escape sequence,
    /// because Ctrl-A counts only on an empty line.
    fn ask(&mut self, now: Instant, tx: &mut Vec<u8>) {
        tx.extend([CTRL_C, b'\r', CTRL_A]);
        self.phase = Phase::Banner(BannerFinder::default());
        self.retry_at = now + self.wait;
        self.wait = (self.wait * 2).min(LONGEST_RETRY);
    }

    fn say_word(&mut self, now: Instant, words: &mut Words, tx: &mut Vec<u8>) {
        // Digits: a board keeps every short string of a program for good, but not a small integer.
        let word = 10_000_000 + words.next() % 90_000_000;
        tx.extend_from_slice(format!("print({word},end='')").as_bytes());
        tx.push(CTRL_D);
        let answer = format!("OK{word}\x04\x04>").into_bytes();
        self.phase = Phase::Word { last: Vec::with_capacity(answer.len()), answer };
        self.retry_at = now + self.wait;
    }

    /// Returns how many bytes it used, and whether the board is at the prompt.
    pub(super) fn input(
        &mut self,
        now: Instant,
        bytes: &[u8],
        words: &mut Words,
        tx: &mut Vec<u8>,
    ) -> (usize, bool) {
        match &mut self.phase {
            Phase::Banner(finder) => {
                let (used, found) = finder.input(bytes);
                self.heard += used;
                if found {
                    self.banners += 1;
                    self.say_word(now, words, tx);
                }
                (used, false)
            }
            Phase::Word { answer, last } => {
                for (i, &byte) in bytes.iter().enumerate() {
                    if last.len() == answer.len() {
                        last.remove(0);
                    }
                    last.push(byte);
                    if last == answer {
                        return (i + 1, true);
                    }
                }
                (bytes.len(), false)
            }
        }
    }

    pub(super) fn timeout(&mut self, now: Instant, tx: &mut Vec<u8>) {
        if now < self.retry_at {
            return;
        }
        if self.only_if_idle {
            self.retry_at = now + self.wait;
        } else {
            self.ask(now, tx);
        }
    }

    /// Whether the board said nothing but banners: it was at its prompt, and nothing ran.
    pub(super) fn was_idle(&self) -> bool {
        self.heard == self.banners * BANNER.len()
    }

    pub(super) fn timer(&self) -> Instant {
        self.retry_at
    }
}

/// Waiting for the banner that follows a soft reset.
#[derive(Debug)]
pub(super) struct Resetting {
    finder: BannerFinder,
    retry_at: Instant,
}

impl Resetting {
    pub(super) fn new(now: Instant) -> Self {
        Resetting { finder: BannerFinder::default(), retry_at: now + RESET_RETRY }
    }

    pub(super) fn input(&mut self, now: Instant, bytes: &[u8]) -> (usize, bool) {
        self.retry_at = now + RESET_RETRY;
        self.finder.input(bytes)
    }

    /// Some boards come back to the friendly prompt; boot.py is not interrupted.
    pub(super) fn timeout(&mut self, now: Instant, tx: &mut Vec<u8>) {
        tx.extend([b'\r', CTRL_A]);
        self.retry_at = now + RESET_RETRY;
    }

    pub(super) fn timer(&self) -> Instant {
        self.retry_at
    }
}
