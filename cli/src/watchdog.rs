//! The time that a program on the board is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mpr_protocol::InterruptFlag;

/// Raises the interrupt flag when the time is over. Dropping it calls that off, and lowers the flag if it was raised too
/// late for the program to notice.
#[derive(Debug)]
pub struct Watchdog {
    fired: Arc<AtomicBool>,
    interrupt: InterruptFlag,
    clock: Option<(mpsc::Sender<()>, JoinHandle<()>)>,
}

impl Watchdog {
    /// Starts the clock.
    pub fn start(limit: Duration, interrupt: InterruptFlag) -> Self {
        let fired = Arc::new(AtomicBool::new(false));
        let (until_stopped, stopped) = mpsc::channel();
        let (has_fired, flag) = (fired.clone(), interrupt.clone());
        let thread = thread::spawn(move || {
            if stopped.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                has_fired.store(true, Ordering::SeqCst);
                flag.raise();
            }
        });
        Watchdog { fired, interrupt, clock: Some((until_stopped, thread)) }
    }

    /// Whether the time was over.
    pub fn has_fired(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some((until_stopped, thread)) = self.clock.take() {
            drop(until_stopped);
            // It has nothing that could panic.
            let _ = thread.join();
            if self.has_fired() {
                // A signal that raised the flag as well is known by other means.
                self.interrupt.take();
            }
        }
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
        drop(watchdog);
        assert!(!flag.is_raised(), "nobody was there to notice");
        drop(Watchdog::start(Duration::from_secs(3600), flag.clone()));
        assert!(!flag.is_raised());
    }
}
