//! Waiting as Python code waits: interruptible, and scheduled callbacks run meanwhile.

use micropython_sys::ffi;

use crate::hal::hal;
use crate::mp::{Result, protect};

/// Runs what is pending. The error is an exception that came in, such as `KeyboardInterrupt`.
pub fn poll() -> Result<()> {
    // SAFETY: may raise or abort; nothing with a destructor is alive.
    protect(|| unsafe { ffi::mp_event_handle_nowait() })
}

/// Waits for an event, at most `timeout_ms` milliseconds (`None`: however long it takes). Where something is pending, that
/// runs instead: the caller looks again at what it waits for, which a callback may have changed.
pub fn event(timeout_ms: Option<u32>) -> Result<()> {
    // SAFETY: reads a word.
    let pending = unsafe { ffi::mpr_events_pending() };
    poll()?;
    if !pending {
        hal().wait(timeout_ms);
    }
    Ok(())
}

/// Milliseconds until a moment of the board's clock, rounded up.
pub fn ms_until(deadline: u64) -> u32 {
    let us = deadline.saturating_sub(hal().ticks_us());
    u32::try_from(us.div_ceil(1000)).unwrap_or(u32::MAX)
}

/// Waits until the board's clock ([`crate::hal::Hal::ticks_us`]) reaches `deadline`; at most a millisecond longer.
pub fn until(deadline: u64) -> Result<()> {
    loop {
        match ms_until(deadline) {
            0 => return poll(),
            ms => event(Some(ms))?,
        }
    }
}

/// Like [`until`], but spins through the last millisecond instead of sleeping beyond the deadline.
pub fn until_exactly(deadline: u64) -> Result<()> {
    loop {
        let left = deadline.saturating_sub(hal().ticks_us());
        match left / 1000 {
            0 => break,
            ms => event(Some(u32::try_from(ms).unwrap_or(u32::MAX)))?,
        }
    }
    while hal().ticks_us() < deadline {
        core::hint::spin_loop();
    }
    Ok(())
}
