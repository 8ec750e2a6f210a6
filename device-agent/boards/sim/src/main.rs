//! `mpr-sim`: the firmware as a process on the host.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use mpr_firmware::hal::{Flash, FlashError, Hal, ResetCause};
use mpr_firmware::vm;

struct Board {
    start: std::sync::OnceLock<Instant>,
    input: Mutex<(VecDeque<u8>, bool)>,
    event: Condvar,
    atomic: AtomicBool,
}

static BOARD: Board = Board {
    start: std::sync::OnceLock::new(),
    input: Mutex::new((VecDeque::new(), false)),
    event: Condvar::new(),
    atomic: AtomicBool::new(false),
};

impl Hal for Board {
    fn console_read(&self) -> Option<u8> {
        self.input.lock().unwrap().0.pop_front()
    }
    fn console_readable(&self) -> bool {
        !self.input.lock().unwrap().0.is_empty()
    }
    fn console_write(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }
    fn console_capacity(&self) -> u16 {
        2048
    }
    fn ticks_us(&self) -> u64 {
        self.start.get_or_init(Instant::now).elapsed().as_micros() as u64
    }
    fn wait(&self, timeout_ms: Option<u32>) {
        let mut input = self.input.lock().unwrap();
        let limit = timeout_ms.map_or(Duration::from_secs(3600), |ms| Duration::from_millis(ms.into()));
        if !input.1 {
            input = self.event.wait_timeout(input, limit).unwrap().0;
        }
        input.1 = false;
    }
    fn atomic_begin(&self) -> usize {
        while self.atomic.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
        0
    }
    fn atomic_end(&self, _state: usize) {
        self.atomic.store(false, Ordering::Release);
    }
    fn stack_limit(&self) -> usize {
        1 << 20
    }
    fn flash(&self) -> &dyn Flash {
        &MEMORY
    }
    fn time_ns(&self) -> u64 {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64
    }
    fn set_time_ns(&self, _ns: u64) {}
    fn random(&self, buffer: &mut [u8]) {
        std::fs::File::open("/dev/urandom").unwrap().read_exact(buffer).unwrap();
    }
    fn unique_id(&self) -> [u8; 8] {
        *b"mpr-sim0"
    }
    fn cpu_hz(&self) -> u32 {
        100_000_000
    }
    fn reset_cause(&self) -> ResetCause {
        ResetCause::PowerOn
    }
    fn prepare_reset(&self, _cause: ResetCause) {}
}

struct Memory(Mutex<Vec<u8>>);
static MEMORY: Memory = Memory(Mutex::new(Vec::new()));
const BLOCK: usize = 4096;
const BLOCKS: usize = 512;

impl Memory {
    fn with<T>(&self, f: impl FnOnce(&mut [u8]) -> T) -> T {
        let mut memory = self.0.lock().unwrap();
        memory.resize(BLOCK * BLOCKS, 0xff);
        f(&mut memory)
    }
}

impl Flash for Memory {
    fn block_size(&self) -> u32 {
        BLOCK as u32
    }
    fn block_count(&self) -> u32 {
        BLOCKS as u32
    }
    fn read(&self, block: u32, offset: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        let at = block as usize * BLOCK + offset as usize;
        self.with(|memory| buffer.copy_from_slice(&memory[at..at + buffer.len()]));
        Ok(())
    }
    fn program(&self, block: u32, offset: u32, data: &[u8]) -> Result<(), FlashError> {
        let at = block as usize * BLOCK + offset as usize;
        self.with(|memory| memory[at..at + data.len()].copy_from_slice(data));
        Ok(())
    }
    fn erase(&self, block: u32) -> Result<(), FlashError> {
        let at = block as usize * BLOCK;
        self.with(|memory| memory[at..at + BLOCK].fill(0xff));
        Ok(())
    }
    fn sync(&self) -> Result<(), FlashError> {
        Ok(())
    }
}

fn read_console() {
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = std::io::stdin().read(&mut buffer) {
        let mut input = BOARD.input.lock().unwrap();
        for &byte in &buffer[..n] {
            if !vm::interrupt_on(byte) {
                input.0.push_back(byte);
            }
        }
        input.1 = true;
        BOARD.event.notify_one();
    }
    std::process::exit(0);
}

fn main() {
    let vm = std::thread::Builder::new().stack_size(8 << 20).spawn(|| {
        std::thread::spawn(read_console);
        let heap = vec![0_u128; 512 * 1024 / 16].leak();
        // SAFETY: plain bytes.
        let heap = unsafe { std::slice::from_raw_parts_mut(heap.as_mut_ptr().cast(), 512 * 1024) };
        // SAFETY: called once.
        unsafe { vm::run(&BOARD, heap) };
    });
    vm.unwrap().join().unwrap();
}
