//! A small FIFO for one thread.

use core::cell::Cell;

/// How many bytes it holds; a power of two.
const SIZE: usize = 256;

/// Bytes in the order in which they came.
pub struct Ring {
    bytes: [Cell<u8>; SIZE],
    /// Counts of bytes put in and taken out; they wrap around.
    pushed: Cell<usize>,
    popped: Cell<usize>,
}

// SAFETY: used on the virtual machine's thread only.
unsafe impl Sync for Ring {}

impl Ring {
    /// An empty FIFO.
    pub const fn new() -> Self {
        Self { bytes: [const { Cell::new(0) }; SIZE], pushed: Cell::new(0), popped: Cell::new(0) }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.pushed.get() == self.popped.get()
    }

    /// Puts a byte in, unless it is full.
    pub fn push(&self, byte: u8) {
        let at = self.pushed.get();
        if at.wrapping_sub(self.popped.get()) < SIZE {
            self.bytes[at % SIZE].set(byte);
            self.pushed.set(at.wrapping_add(1));
        }
    }

    /// Takes the oldest byte.
    pub fn pop(&self) -> Option<u8> {
        let at = self.popped.get();
        if self.is_empty() {
            return None;
        }
        self.popped.set(at.wrapping_add(1));
        Some(self.bytes[at % SIZE].get())
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.popped.set(self.pushed.get());
    }
}
