//! The console as the core calls it: standard input and output, waiting, critical sections.

use core::ffi::{c_char, c_int};

use micropython_sys::ffi;
use micropython_sys::object::stream;

use crate::hal::hal;

/// What the core passes for "no time limit".
const FOREVER: usize = usize::MAX;

/// A byte for the console arrived. Returns whether it was the interrupt character, which the program gets as
/// `KeyboardInterrupt` and not as input. May be called from any thread.
pub fn interrupt_on(byte: u8) -> bool {
    // SAFETY: a volatile read of an int.
    if c_int::from(byte) != unsafe { ffi::mpr_interrupt_char() } {
        return false;
    }
    let state = hal().atomic_begin();
    // SAFETY: made to be called asynchronously; the section excludes the scheduler's own updates.
    unsafe { ffi::mp_sched_keyboard_interrupt() };
    hal().atomic_end(state);
    true
}

#[unsafe(no_mangle)]
extern "C" fn mp_hal_stdin_rx_chr() -> c_int {
    loop {
        if let Some(byte) = hal().console_read() {
            return c_int::from(byte);
        }
        hal().console_wait();
        // SAFETY: may raise (an interrupt, a scheduled callback); nothing with a destructor is alive.
        unsafe { ffi::mp_event_wait_ms(FOREVER >> 1) };
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mp_hal_stdout_tx_strn(text: *const c_char, len: usize) -> usize {
    if len > 0 {
        // SAFETY: the core passes a valid string.
        hal().console_write(unsafe { core::slice::from_raw_parts(text.cast(), len) });
    }
    len
}

#[unsafe(no_mangle)]
extern "C" fn mp_hal_stdio_poll(flags: usize) -> usize {
    let mut ready = flags & stream::POLL_WR;
    if flags & stream::POLL_RD != 0 && hal().console_readable() {
        ready |= stream::POLL_RD;
    }
    ready
}

#[unsafe(no_mangle)]
extern "C" fn mp_hal_ticks_ms() -> usize {
    (hal().ticks_us() / 1000) as usize
}

#[unsafe(no_mangle)]
extern "C" fn mpr_stdin_buffer_max() -> u16 {
    hal().console_capacity()
}

#[unsafe(no_mangle)]
extern "C" fn mpr_atomic_begin() -> usize {
    hal().atomic_begin()
}

#[unsafe(no_mangle)]
extern "C" fn mpr_atomic_end(state: usize) {
    hal().atomic_end(state);
}

#[unsafe(no_mangle)]
extern "C" fn mpr_wait_for_event(timeout_ms: usize) {
    // The core runs one callback at a time; what is still to run must not wait for an event.
    // SAFETY: reads a word.
    if !unsafe { ffi::mpr_events_pending() } {
        hal().wait(u32::try_from(timeout_ms).ok());
    }
}

/// Prints text as `print` does: a line feed becomes carriage return and line feed.
pub fn print(text: &str) {
    // SAFETY: valid text.
    unsafe { mp_hal_stdout_tx_strn_cooked(text.as_ptr().cast(), text.len()) };
}

unsafe extern "C" {
    fn mp_hal_stdout_tx_strn_cooked(text: *const c_char, len: usize);
}
