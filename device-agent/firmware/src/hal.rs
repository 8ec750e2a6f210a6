//! What a board provides.

use core::cell::UnsafeCell;

/// A board. Every method may be called from the virtual machine's thread only, unless it says otherwise.
pub trait Hal: Sync {
    /// The next byte that the console received, if there is one.
    fn console_read(&self) -> Option<u8>;
    /// Whether [`Hal::console_read`] would give a byte.
    fn console_readable(&self) -> bool;
    /// Sends bytes to the console, waiting until all are taken. A console that nobody listens to may drop them.
    fn console_write(&self, bytes: &[u8]);
    /// How many bytes the console can receive ahead of the program. The raw-paste window is half of it.
    fn console_capacity(&self) -> u16;
    /// Microseconds since the board started; never goes back.
    fn ticks_us(&self) -> u64;
    /// Waits until an event (a received byte, an interrupt) since the last wait, at most `timeout_ms` milliseconds;
    /// `None` waits for an event however long it takes.
    fn wait(&self, timeout_ms: Option<u32>);
    /// Enters a section that interrupts (or other threads) can't enter; called from any thread, never nested.
    fn atomic_begin(&self) -> usize;
    /// Leaves the section.
    fn atomic_end(&self, state: usize);
    /// Bytes of stack that Python code may use.
    fn stack_limit(&self) -> usize;
}

struct Global(UnsafeCell<Option<&'static dyn Hal>>);

// SAFETY: written once, before the virtual machine and its interrupts start.
unsafe impl Sync for Global {}

static HAL: Global = Global(UnsafeCell::new(None));

/// Makes `hal` the board.
///
/// # Safety
/// Must be called before anything else of this crate, and once.
pub(crate) unsafe fn install(hal: &'static dyn Hal) {
    // SAFETY: nothing reads the cell before this, says the contract.
    unsafe { *HAL.0.get() = Some(hal) };
}

/// The board.
pub(crate) fn hal() -> &'static dyn Hal {
    // SAFETY: written once before any use.
    unsafe { *HAL.0.get() }.expect("vm::run installs the board")
}
