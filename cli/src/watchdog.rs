//! The time that a program on the board is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use mpr_protocol::InterruptFlag;

/// Raises the interrupt flag when the time is over. Dropping it calls that off.
#[derive(Debug)]
pub struct Watchdog {
    fired: Arc<AtomicBool>,
    _until_dropped: mpsc::Sender<()>,
}

impl Watchdog {
    /// Starts the clock.
    pub fn start(limit: Duration, interrupt: InterruptFlag) -> Self {
        let fired = Arc::new(AtomicBool::new(false));
        let (until_dropped, dropped) = mpsc::channel();
        let flag = fired.clone();
        thread::spawn(move || {
            if dropped.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                flag.store(true, Ordering::SeqCst);
                interrupt.raise();
            }
        });
        Watchdog { fired, _until_dropped: until_dropped }
    }

    /// Whether the time was over.
    pub fn has_fired(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fires_once_and_only_while_it_lives() {
        let flag = InterruptFlag::new();
        let watchdog = Watchdog::start(Duration::from_millis(1), flag.clone());
        while !watchdog.has_fired() || !flag.is_raised() {
            thread::yield_now();
        }
        flag.take();
        drop(Watchdog::start(Duration::from_secs(3600), flag.clone()));
        assert!(!flag.is_raised());
    }
}
