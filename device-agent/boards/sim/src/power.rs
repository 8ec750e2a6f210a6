//! Simulated power cuts: the process ends in the middle of a write to flash.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::shutdown;

/// Exit code after a power cut.
const POWER_CUT: i32 = 4;

/// The board's power.
pub struct Power {
    writes_left: Option<AtomicU64>,
}

impl Power {
    /// Goes in the middle of this write or erase, if a number is given.
    pub fn new(cut_at: Option<u64>) -> Self {
        Power { writes_left: cut_at.map(AtomicU64::new) }
    }

    /// Counts a write. Whether it is the one that is only half done.
    pub fn is_last(&self) -> bool {
        self.writes_left.as_ref().is_some_and(|left| left.fetch_sub(1, Ordering::Relaxed) <= 1)
    }

    /// The power goes.
    pub fn cut(&self) -> ! {
        shutdown::exit(POWER_CUT)
    }
}
