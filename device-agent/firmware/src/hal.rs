//! What a board provides.

use core::cell::UnsafeCell;

use crate::network::Network;

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
    /// The program asks for a byte of the console and there is none: called before each wait for one.
    fn console_wait(&self) {}
    /// Whether a start runs boot.py and main.py.
    fn runs_programs(&self) -> bool {
        true
    }
    /// Microseconds since the board started; never goes back.
    fn ticks_us(&self) -> u64;
    /// Waits until an event (a received byte, an interrupt) since the last wait, at most `timeout_ms` milliseconds;
    /// `None` waits for an event however long it takes.
    fn wait(&self, timeout_ms: Option<u32>);
    /// Ends [`Hal::wait`], the present one or else the next. May be called from any thread or interrupt.
    fn wake(&self) {}
    /// At this moment of [`Hal::ticks_us`], or at once if it has passed, calls [`crate::vm::alarm`], once; again a little later if
    /// that says false. Takes the place of the alarm before, which is then never heard of. False: there is no alarm.
    fn set_alarm(&self, _at_us: Option<u64>) -> bool {
        false
    }
    /// Enters a section that interrupts (or other threads) can't enter; called from any thread, never nested.
    fn atomic_begin(&self) -> usize;
    /// Leaves the section.
    fn atomic_end(&self, state: usize);
    /// Bytes of stack that Python code may use.
    fn stack_limit(&self) -> usize;
    /// The memory that keeps the board's files.
    fn flash(&self) -> &dyn Flash;
    /// The memory for read-only files. `None`: the firmware has no ROMFS. Always the same answer.
    fn rom(&self) -> Option<&dyn Rom> {
        None
    }
    /// Nanoseconds since 1970-01-01 00:00 UTC, by the board's clock.
    fn time_ns(&self) -> u64;
    /// Sets the board's clock.
    fn set_time_ns(&self, ns: u64);
    /// Fills the buffer with random bytes fit for cryptography.
    fn random(&self, buffer: &mut [u8]);
    /// An identifier that stays the same for this board.
    fn unique_id(&self) -> [u8; 8];
    /// The processor's clock in hertz.
    fn cpu_hz(&self) -> u32;
    /// Changes the processor's clock. False: it can't run at this frequency.
    fn set_cpu_hz(&self, hz: u32) -> bool {
        hz == self.cpu_hz()
    }
    /// Memory that Python code may reach by address.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }
    /// The network, if there is one.
    fn network(&self) -> Option<&dyn Network> {
        None
    }
    /// The WebREPL server that every start of the virtual machine starts, beside what the board's files say.
    fn webrepl(&self) -> Option<WebRepl<'_>> {
        None
    }
    /// That server listens.
    fn webrepl_listens(&self) {}
    /// Enters the boot loader, which takes new firmware. Returns if the board has none; it resets then.
    fn enter_bootloader(&self) {}
    /// Why the board started last.
    fn reset_cause(&self) -> ResetCause;
    /// Prepares a hard reset: what is written is kept, [`Hal::reset_cause`] says `cause` afterwards. The virtual machine
    /// starts again right after this.
    fn prepare_reset(&self, cause: ResetCause);
}

/// A WebREPL server from the start on.
#[derive(Clone, Copy, Debug)]
pub struct WebRepl<'a> {
    /// The address that it listens on.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The password, 4 to 63 bytes, with quirks at most 9.
    pub password: &'a str,
    /// The name that it announces itself by, if it does.
    pub name: Option<&'a str>,
    /// It behaves as those of stock boards: see `modules::webrepl`.
    pub stock: bool,
}

/// Why a board started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResetCause {
    /// Power came.
    PowerOn,
    /// The reset button or `machine.reset()`.
    Hard,
    /// A watchdog.
    Watchdog,
    /// Waking from deep sleep.
    DeepSleep,
    /// A soft reset.
    Soft,
}

/// Memory by address.
pub trait Memory: Sync {
    /// The value at an aligned address; `None` if the address is not open to Python code.
    fn read(&self, address: usize, width: Width) -> Option<u32>;
    /// Changes the value at an aligned address; bits beyond the width are ignored.
    fn write(&self, address: usize, width: Width, value: u32) -> Option<()>;
}

/// Width of a memory access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Half,
    /// 32 bits.
    Word,
}

impl Width {
    /// The number of bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Half => 2,
            Self::Word => 4,
        }
    }
}

/// Why a flash operation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlashError;

/// NOR-like flash: erased in blocks, programmed in any smaller piece.
pub trait Flash: Sync {
    /// Bytes of an erase block.
    fn block_size(&self) -> u32;
    /// Number of erase blocks.
    fn block_count(&self) -> u32;
    /// Reads from a block; `offset + buffer.len()` is at most the block size.
    fn read(&self, block: u32, offset: u32, buffer: &mut [u8]) -> Result<(), FlashError>;
    /// Writes erased bytes of a block; same bounds.
    fn program(&self, block: u32, offset: u32, data: &[u8]) -> Result<(), FlashError>;
    /// Sets a block to 0xff.
    fn erase(&self, block: u32) -> Result<(), FlashError>;
    /// Returns when everything written would survive a power cut (on the host: the end of the process).
    fn sync(&self) -> Result<(), FlashError>;
}

/// NOR-like flash that lies in the address space. Offsets and lengths are bytes, within the memory.
pub trait Rom: Sync {
    /// The memory. It stays where it is for as long as the process or board runs, and only `erase` and `program` change it.
    fn memory(&self) -> *const [u8];
    /// Bytes of an erase block; the memory is a multiple of it.
    fn block_size(&self) -> usize;
    /// Bytes that are programmed at once: offsets and lengths of [`Rom::program`] are multiples of it.
    fn unit(&self) -> usize;
    /// Sets whole blocks to 0xff.
    fn erase(&self, offset: usize, len: usize) -> Result<(), FlashError>;
    /// Writes erased bytes. The data is not in the memory itself.
    fn program(&self, offset: usize, data: &[u8]) -> Result<(), FlashError>;
    /// Returns when everything written would survive a power cut (on the host: the end of the process).
    fn sync(&self) -> Result<(), FlashError>;
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
