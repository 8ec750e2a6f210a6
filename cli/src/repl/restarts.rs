//! Notices in what the board says that it has restarted and waits at its prompt.

use std::time::{Duration, Instant};

/// The line of a soft reset.
const SOFT_RESET: &[u8] = b"MPY: soft reboot";

/// The last line of the banner, after any restart.
const BANNER: &[u8] = b"Type \"help()\" for more information.";

const PROMPT: &[u8] = b"\n>>> ";

/// A prompt is one when so long nothing follows it.
const QUIET: Duration = Duration::from_millis(50);

/// So much of the end is kept to look in.
const KEPT: usize = 128;

/// Watches the board's output. A program may print the same: whoever acts on it asks the board first.
#[derive(Debug, Default)]
pub struct Restarts {
    /// The end of what came, without carriage returns.
    tail: Vec<u8>,
    /// A restart was announced.
    announced: bool,
    /// The banner was there that comes when the prompt is entered.
    entered: bool,
    last: Option<Instant>,
}

impl Restarts {
    /// For a board that was told to restart: the first banner is that of the restart.
    pub fn expected() -> Self {
        Restarts { entered: true, ..Restarts::default() }
    }

    /// Takes what the board said.
    pub fn feed(&mut self, now: Instant, bytes: &[u8]) {
        for &byte in bytes.iter().filter(|b| **b != b'\r') {
            self.tail.push(byte);
            if self.tail.ends_with(SOFT_RESET) {
                self.announced = true;
            } else if self.tail.ends_with(BANNER) {
                self.announced |= std::mem::replace(&mut self.entered, true);
            }
        }
        self.tail.drain(..self.tail.len().saturating_sub(KEPT));
        if !bytes.is_empty() {
            self.last = Some(now);
        }
    }

    /// The link had to be opened again. Nothing that the board said at its start comes through such a link, so it counts as a
    /// restart.
    pub fn reconnected(&mut self) {
        self.announced = true;
    }

    /// Whether the board has restarted and waits at its prompt. Says so once.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let quiet = self.last.is_some_and(|last| now.saturating_duration_since(last) >= QUIET);
        let due = self.announced && quiet && self.tail.ends_with(PROMPT);
        if due {
            self.announced = false;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "\r\nMicroPython v1\r\nType \"help()\" for more information.\r\n>>> ";

    /// Whether it is due after each text, 60 ms apart.
    fn due(texts: &[&str]) -> Vec<bool> {
        let mut now = Instant::now();
        let mut restarts = Restarts::default();
        let mut answers = Vec::new();
        for text in texts {
            text.as_bytes().iter().for_each(|byte| restarts.feed(now, &[*byte]));
            assert!(!restarts.is_due(now + QUIET / 2));
            now += QUIET;
            answers.push(restarts.is_due(now));
            assert!(!restarts.is_due(now));
        }
        answers
    }

    #[test]
    fn a_restart_is_noticed_once_at_its_prompt() {
        assert_eq!(due(&[START, "1\r\n>>> "]), [false, false]);
        assert_eq!(
            due(&[START, "\r\nMPY: soft reboot\r\n", "main runs\r\n", START]),
            [false, false, false, true]
        );
        assert_eq!(due(&[START, START]), [false, true]);
        assert_eq!(due(&["MPY: soft reboot\n>>> "]), [true]);
        assert_eq!(due(&[START, "MPY: soft reboot\r\n>>> x", "\r\n>>> "]), [false, false, true]);
    }
}
