//! The board's alarm: a thread that tells the firmware when a moment has come.

use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use mpr_firmware::vm;

/// How soon the firmware is told again if its queue was full.
const AGAIN: Duration = Duration::from_millis(1);

/// One alarm. Its thread starts with the first use.
pub struct Alarm {
    shared: Arc<Shared>,
    thread: OnceLock<()>,
}

struct Shared {
    /// When, in microseconds of the board's clock.
    at: Mutex<Option<u64>>,
    changed: Condvar,
    now: Box<dyn Fn() -> u64 + Send + Sync>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Alarm {
    /// `now` is the board's clock, `wake` ends the board's waiting.
    pub fn new(
        now: impl Fn() -> u64 + Send + Sync + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let shared = Shared {
            at: Mutex::new(None),
            changed: Condvar::new(),
            now: Box::new(now),
            wake: Box::new(wake),
        };
        Self { shared: Arc::new(shared), thread: OnceLock::new() }
    }

    /// Sets the alarm in place of the one before. When this returns, the firmware is not told of that one any more.
    pub fn set(&self, at: Option<u64>) {
        if at.is_some() {
            self.thread.get_or_init(|| {
                let shared = Arc::clone(&self.shared);
                std::thread::spawn(move || shared.run());
            });
        }
        *self.shared.at.lock().unwrap_or_else(PoisonError::into_inner) = at;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn run(&self) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = at.map(|at| Duration::from_micros(at.saturating_sub((self.now)())));
            at = match left {
                None => self.changed.wait(at).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) if vm::alarm() => {
                    *at = None;
                    (self.wake)();
                    at
                }
                Some(left) => {
                    let left = left.max(if left.is_zero() { AGAIN } else { Duration::ZERO });
                    self.changed.wait_timeout(at, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}
