//! Getting to the raw prompt: from whatever goes on, and after a soft reset.

use std::time::{Duration, Instant};

use super::{BANNER, CTRL_A, CTRL_C, SETTLE};

/// The first wait for the banner before asking again; it doubles each time.
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

/// Ctrl-C and Ctrl-A until the banner comes.
#[derive(Debug)]
pub(super) struct Entering {
    finder: BannerFinder,
    tries: u32,
    wait: Duration,
    retry_at: Instant,
    /// Set when a banner came after several tries: the answers to the other tries may still be under way.
    settle_at: Option<Instant>,
    /// Bytes that came before the end of the banner.
    heard: usize,
}

impl Entering {
    pub(super) fn new(now: Instant, tx: &mut Vec<u8>) -> Self {
        let mut entering = Entering {
            finder: BannerFinder::default(),
            tries: 0,
            wait: FIRST_RETRY,
            retry_at: now,
            settle_at: None,
            heard: 0,
        };
        entering.ask(now, tx);
        entering
    }

    /// Ctrl-C drops a half-typed line and stops a program; the line end gets a line editor out of an escape sequence,
    /// because Ctrl-A counts only on an empty line.
    fn ask(&mut self, now: Instant, tx: &mut Vec<u8>) {
        tx.extend([CTRL_C, b'\r', CTRL_A]);
        self.tries += 1;
        self.retry_at = now + self.wait;
        self.wait = (self.wait * 2).min(LONGEST_RETRY);
    }

    pub(super) fn input(&mut self, now: Instant, bytes: &[u8]) -> (usize, bool) {
        if self.settle_at.is_some() {
            // Anything that still comes belongs to the other tries.
            self.settle_at = Some(now + SETTLE);
            return (bytes.len(), false);
        }
        let found = self.finder.input(bytes);
        self.heard += found.0;
        match found {
            (used, true) if self.tries == 1 => (used, true),
            (used, true) => {
                self.settle_at = Some(now + SETTLE);
                (used, false)
            }
            (used, false) => (used, false),
        }
    }

    pub(super) fn timeout(&mut self, now: Instant, tx: &mut Vec<u8>) -> bool {
        if self.settle_at.is_some() {
            return true;
        }
        self.ask(now, tx);
        false
    }

    /// Whether the board said nothing but the banner: it was at its prompt, and nothing ran.
    pub(super) fn was_idle(&self) -> bool {
        self.tries == 1 && self.heard == BANNER.len()
    }

    pub(super) fn timer(&self) -> Instant {
        self.settle_at.unwrap_or(self.retry_at)
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
