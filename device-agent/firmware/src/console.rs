//! The console as the core calls it: standard input and output, waiting, critical sections.

use core::ffi::{c_char, c_int};
use core::sync::atomic::{AtomicI32, Ordering};

use micropython_sys::ffi;
use micropython_sys::object::stream;

use crate::dupterm;
use crate::hal::hal;
use crate::ring::Ring;

/// What the core passes for "no time limit".
const FOREVER: usize = usize::MAX;

/// A long print can be interrupted after so many bytes. A UART of 9600 baud sends them in a quarter of a second.
const PIECE: usize = 256;

/// How often a second stream is asked whose input does not end a wait, in milliseconds.
const ASK_EVERY_MS: usize = 1;

/// Input that did not come from the console itself.
static INPUT: Ring = Ring::new();

/// A byte for the console arrived. Returns whether it was the interrupt character, which the program gets as
/// `KeyboardInterrupt` and not as input. May be called from any thread.
pub fn interrupt_on(byte: u8) -> bool {
    if c_int::from(byte) != INTERRUPT_CHAR.load(Ordering::Relaxed) {
        return false;
    }
    let state = hal().atomic_begin();
    let interrupts = c_int::from(byte) == INTERRUPT_CHAR.load(Ordering::Relaxed);
    if interrupts {
        // SAFETY: made to be called asynchronously; the section excludes the scheduler's own updates.
        unsafe { ffi::mp_sched_keyboard_interrupt() };
    }
    hal().atomic_end(state);
    interrupts
}

/// The interrupt character, or -1 for none.
static INTERRUPT_CHAR: AtomicI32 = AtomicI32::new(-1);

/// Changes the interrupt character. After this returns, the character before it interrupts no more: an interrupt that came in
/// is pending by now, where the core clears it. One that came later would find no handler.
#[unsafe(no_mangle)]
extern "C" fn mp_hal_set_interrupt_char(c: c_int) {
    let state = hal().atomic_begin();
    INTERRUPT_CHAR.store(c, Ordering::Relaxed);
    hal().atomic_end(state);
}

#[unsafe(no_mangle)]
extern "C" fn mp_hal_stdin_rx_chr() -> c_int {
    loop {
        if let Some(byte) = INPUT.pop().or_else(|| hal().console_read()).or_else(dupterm::receive) {
            return c_int::from(byte);
        }
        hal().console_wait();
        let limit = if dupterm::ends_wait() { FOREVER >> 1 } else { ASK_EVERY_MS };
        // SAFETY: may raise (an interrupt, a scheduled callback); nothing with a destructor is alive.
        unsafe { ffi::mp_event_wait_ms(limit) };
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mp_hal_stdout_tx_strn(text: *const c_char, len: usize) -> usize {
    // SAFETY: the core passes a valid string.
    let text: &[u8] = if len == 0 { &[] } else { unsafe { core::slice::from_raw_parts(text.cast(), len) } };
    for piece in text.chunks(PIECE) {
        // SAFETY: reads words.
        if interruptible() && unsafe { ffi::mpr_exception_pending() } {
            // SAFETY: raises the exception, in code that can be interrupted; nothing with a destructor is alive.
            unsafe { ffi::mp_handle_pending(true) };
        }
        hal().console_write(piece);
        dupterm::send(piece);
    }
    len
}

/// Whether an interrupt would find a handler: the core switches interrupts on for code that it runs.
fn interruptible() -> bool {
    INTERRUPT_CHAR.load(Ordering::Relaxed) >= 0
}

/// Puts the console into the state of a board that starts.
pub fn reset() {
    mp_hal_set_interrupt_char(-1);
    INPUT.clear();
}

/// Adds a byte to what the program reads as input. Too many are lost, as in a FIFO.
pub fn add_input(byte: u8) {
    INPUT.push(byte);
}

/// Gives the program an interrupt, if it can be interrupted.
pub fn interrupt() {
    let state = hal().atomic_begin();
    if interruptible() {
        // SAFETY: as in `interrupt_on`.
        unsafe { ffi::mp_sched_keyboard_interrupt() };
    }
    hal().atomic_end(state);
}

#[unsafe(no_mangle)]
extern "C" fn mp_hal_stdio_poll(flags: usize) -> usize {
    let mut ready = flags & stream::POLL_WR;
    if flags & stream::POLL_RD != 0 && (!INPUT.is_empty() || hal().console_readable()) {
        ready |= stream::POLL_RD;
    }
    if ready != flags { ready | dupterm::poll(flags) } else { ready }
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
