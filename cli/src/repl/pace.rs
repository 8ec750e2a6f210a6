//! How fast typed bytes go to the board.
//!
//! A UART without flow control drops what overflows its buffer, and a pasted program is longer than that. The board
//! echoes what it has read, so only a little is sent ahead of the echo. A program that reads without echo gets its
//! bytes after a short wait.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bytes ahead of the echo. Several times this fits the smallest buffers (64 to 256 bytes), also with a late echo.
const WINDOW: usize = 32;

/// A board that has not echoed anything for so long is not going to.
const NO_ECHO: Duration = Duration::from_millis(100);

/// After so long nothing moves any more.
const STALLED: Duration = Duration::from_secs(1);

/// Bytes on their way, and those of them that the board will show again.
///
/// The echo has prompts and a program's output in between, which may look like it. So each byte that comes is compared
/// with the next one awaited only: one taken by mistake lets a byte go too early, and the true echo sets that right.
#[derive(Debug)]
pub struct Pace {
    awaited: VecDeque<u8>,
    last: Instant,
}

impl Pace {
    /// Nothing is on its way.
    pub fn new(now: Instant) -> Self {
        Pace { awaited: VecDeque::new(), last: now }
    }

    /// How many bytes may be sent now.
    pub fn allowance(&mut self, now: Instant) -> usize {
        if now.saturating_duration_since(self.last) >= NO_ECHO {
            self.awaited.clear();
        }
        WINDOW.saturating_sub(self.awaited.len())
    }

    /// These bytes were sent.
    pub fn sent(&mut self, bytes: &[u8], now: Instant) {
        self.awaited.extend(bytes.iter().filter(|byte| matches!(byte, b' '..=b'~' | b'\r')));
        self.last = now;
    }

    /// These bytes came.
    pub fn came(&mut self, bytes: &[u8], now: Instant) {
        for byte in bytes {
            if self.awaited.front() == Some(byte) {
                self.awaited.pop_front();
                self.last = now;
            }
        }
    }

    /// Whether nothing has moved for so long that nothing will.
    pub fn is_stalled(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= STALLED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"total += 1 # more than a window of bytes\r";

    #[test]
    fn the_echo_opens_the_window() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        assert_eq!(pace.allowance(now), WINDOW);
        pace.sent(&LINE[..WINDOW], now);
        assert_eq!(pace.allowance(now), 0);
        pace.came(&LINE[..10], now);
        assert_eq!(pace.allowance(now), 10);
        pace.came(&LINE[10..], now);
        assert_eq!(pace.allowance(now), WINDOW);
    }

    #[test]
    fn what_is_no_echo_opens_it_for_a_moment_at_most() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        pace.sent(b"ab ab ab ab ab ", now);
        // Output of a program that looks like the start of it.
        pace.came(b"xaxxbx", now);
        assert_eq!(pace.allowance(now), WINDOW - 13);
        // The echo itself does not count these twice.
        pace.came(b"ab ab", now);
        assert_eq!(pace.allowance(now), WINDOW - 10);
    }

    #[test]
    fn keys_that_are_not_echoed_are_not_awaited() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        pace.sent(b"\x05\x04\x1b\x03\xc3\xa9", now);
        assert_eq!(pace.allowance(now), WINDOW);
    }

    #[test]
    fn silence_opens_it_too() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        pace.sent(&LINE[..WINDOW], now);
        assert_eq!(pace.allowance(now + NO_ECHO / 2), 0);
        assert_eq!(pace.allowance(now + NO_ECHO), WINDOW);
    }
}
