//! `mpr-sim`: the firmware as a process on the host.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use mpr_firmware::{hal::Hal, vm};

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
