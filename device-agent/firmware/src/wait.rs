//! Waiting as Python code waits: interruptible, and scheduled callbacks run meanwhile.

use micropython_sys::ffi;

use crate::hal::hal;
use crate::mp::{Result, protect};

/// Runs what is pending. The error is an exception that came in, such as `KeyboardInterrupt`.
pub fn poll() -> Result<()> {
    // SAFETY: may raise or abort; nothing with a destructor is alive.
    protect(|| unsafe { ffi::mp_event_handle_nowait() })
}

/// Runs what is pending, then waits for an event, at most `timeout_ms` milliseconds.
pub fn event(timeout_ms: u32) -> Result<()> {
    // SAFETY: as above.
    protect(|| unsafe { ffi::mp_event_wait_ms(timeout_ms as usize) })
}

/// Runs what is pending, then waits for an event however long it takes.
pub fn any_event() -> Result<()> {
    // SAFETY: as above.
    protect(|| unsafe { ffi::mp_event_wait_ms(usize::MAX) })
}

/// Waits until the board's clock ([`crate::hal::Hal::ticks_us`]) reaches `deadline`; at most a millisecond longer.
pub fn until(deadline: u64) -> Result<()> {
    loop {
        let left = deadline.saturating_sub(hal().ticks_us());
        if left == 0 {
            return poll();
        }
        event(u32::try_from(left.div_ceil(1000)).unwrap_or(u32::MAX - 1))?;
    }
}

/// Like [`until`], but spins through the last millisecond instead of sleeping beyond the deadline.
pub fn until_exactly(deadline: u64) -> Result<()> {
    loop {
        let left = deadline.saturating_sub(hal().ticks_us());
        match left / 1000 {
            0 => break,
            ms => event(u32::try_from(ms).unwrap_or(u32::MAX - 1))?,
        }
    }
    while hal().ticks_us() < deadline {
        core::hint::spin_loop();
    }
    Ok(())
}
