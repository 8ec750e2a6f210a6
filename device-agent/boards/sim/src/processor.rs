//! The processor's clock and memory as `machine` shows them. Both are emulated: nothing of the host is behind them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use mpr_firmware::hal::{Memory, Width};

/// Where the emulated memory starts, as on many microcontrollers.
const BASE: usize = 0x2000_0000;
/// Its size in bytes.
const SIZE: usize = 64 * 1024;
/// Frequencies that can be set, in hertz.
const HZ: std::ops::RangeInclusive<u32> = 1_000_000..=1_000_000_000;

static CPU_HZ: AtomicU32 = AtomicU32::new(100_000_000);

/// The clock in hertz.
pub fn cpu_hz() -> u32 {
    CPU_HZ.load(Ordering::Relaxed)
}

/// Sets what [`cpu_hz`] says; the host runs on as before. False: out of range.
pub fn set_cpu_hz(hz: u32) -> bool {
    let possible = HZ.contains(&hz);
    if possible {
        CPU_HZ.store(hz, Ordering::Relaxed);
    }
    possible
}

/// 64 KB from 0x20000000; every other address is refused.
pub struct Emulated(Mutex<[u8; SIZE]>);

/// The board's memory. It keeps its contents over resets, not over the end of the process.
pub static MEMORY: Emulated = Emulated(Mutex::new([0; SIZE]));

impl Emulated {
    fn with<T>(&self, address: usize, width: Width, f: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
        let start = address.checked_sub(BASE)?;
        let end = start.checked_add(width.bytes())?;
        let mut memory = self.0.lock().unwrap_or_else(|e| e.into_inner());
        memory.get_mut(start..end).map(f)
    }
}

impl Memory for Emulated {
    fn read(&self, address: usize, width: Width) -> Option<u32> {
        self.with(address, width, |bytes| {
            bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte))
        })
    }

    fn write(&self, address: usize, width: Width, value: u32) -> Option<()> {
        self.with(address, width, |bytes| bytes.copy_from_slice(&value.to_le_bytes()[..bytes.len()]))
    }
}
