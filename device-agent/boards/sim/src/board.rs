//! The hardware layer of the host: the console's threads, the clock, randomness, resets.

use std::io::Read;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mpr_firmware::hal::{self, Flash, Hal, Memory, ResetCause, Rom};
use mpr_firmware::network::Network;
use mpr_firmware::vm;

use crate::alarm::Alarm;
use crate::console::Link;
use crate::fifo::Fifo;
use crate::flash::SimFlash;
use crate::options::Options;
use crate::rom::SimRom;
use crate::shutdown;
use crate::uart::Line;
use crate::webrepl::WebRepl;
use crate::{network, processor};

/// What a UART's receive FIFO holds, if nothing else is said.
const UART_FIFO: u16 = 256;
/// What a UART sends by itself while the program goes on, as common chips do.
const UART_SEND_FIFO: usize = 128;
/// What a host's driver keeps of what it has been given to send.
const DRIVER_BUFFER: usize = 4096;
/// How far a program may be ahead of a console that pushes back; the raw-paste window is half of it.
const CAPACITY: u16 = 2048;
/// Stack for Python code, and the thread's stack: native code and the collector need some beyond.
const STACK_LIMIT: usize = 1 << 20;
const STACK: usize = 4 << 20;

/// The one board of the process.
pub struct Board {
    flash: SimFlash,
    rom: Option<SimRom>,
    link: Box<dyn Link>,
    fifo: Fifo,
    capacity: u16,
    webrepl: WebRepl,
    runs_programs: bool,
    receiving: Option<Line>,
    sending: Option<Line>,
    started: Instant,
    /// Set when the virtual machine can be signalled.
    ready: OnceLock<()>,
    /// Nanoseconds that the board's clock is ahead of the host's.
    clock_ahead: AtomicI64,
    reset_cause: AtomicU8,
    atomic: AtomicBool,
    network: OnceLock<network::Host>,
    alarm: OnceLock<Alarm>,
}

impl Board {
    /// Puts the board together; it lives as long as the process.
    pub fn start(
        flash: SimFlash,
        rom: Option<SimRom>,
        link: Box<dyn Link>,
        webrepl: WebRepl,
        options: &Options,
    ) -> &'static Board {
        let fifo_size = options.fifo.or(options.uart.map(|_| UART_FIFO));
        let line = |holds| options.uart.map(|baud| Line::new(baud, holds));
        let board: &'static Board = Box::leak(Box::new(Board {
            flash,
            rom,
            link,
            fifo: Fifo::new(fifo_size.map(usize::from)),
            capacity: fifo_size.unwrap_or(CAPACITY).min(CAPACITY).min(webrepl.capacity()),
            webrepl,
            runs_programs: !options.safe_boot,
            receiving: line(DRIVER_BUFFER),
            sending: line(UART_SEND_FIFO),
            started: Instant::now(),
            ready: OnceLock::new(),
            clock_ahead: AtomicI64::new(0),
            reset_cause: AtomicU8::new(ResetCause::PowerOn as u8),
            atomic: AtomicBool::new(false),
            network: OnceLock::new(),
            alarm: OnceLock::new(),
        }));
        if let Some(line) = &board.sending {
            std::thread::spawn(|| line.carry(|piece| board.link.write(piece)));
        }
        board
    }

    /// Runs the virtual machine until it is stopped.
    pub fn run(&'static self, heap_size: usize) {
        let machine = std::thread::Builder::new().stack_size(STACK).spawn(move || {
            let heap = vec![0; heap_size].leak();
            // SAFETY: called once, on a thread with more stack than the limit.
            unsafe { vm::run(self, heap, || self.begin()) };
        });
        if machine.map(std::thread::JoinHandle::join).is_err() {
            eprintln!("error: the virtual machine's thread could not be started");
            shutdown::exit(2);
        }
    }

    /// The virtual machine is up: from now on the console may interrupt it.
    fn begin(&'static self) {
        // Without it the board has no network.
        if let Ok(host) = network::Host::new(|| self.signal(), vm::socket_ready) {
            let _ = self.network.set(host);
        }
        let _ = self.alarm.set(Alarm::new(|| self.ticks_us(), || self.signal()));
        let _ = self.ready.set(());
        if let Some(line) = &self.receiving {
            std::thread::spawn(|| {
                line.carry(|piece| {
                    self.deliver(piece);
                    Ok::<(), ()>(())
                });
            });
        }
        std::thread::spawn(|| self.receive());
    }

    /// Returns when the virtual machine can be signalled.
    pub fn when_started(&self) {
        self.ready.wait();
    }

    /// Wakes the virtual machine.
    pub fn signal(&self) {
        self.fifo.signal();
    }

    /// Returns when everything sent is out.
    pub fn drain(&self) {
        if let Some(line) = &self.sending {
            line.drain();
        }
    }

    /// The console's reader thread.
    fn receive(&'static self) {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = self.link.read(&mut buffer) {
            match &self.receiving {
                // Delivered by a thread of its own, which never refuses.
                Some(line) => drop(line.send(&buffer[..n])),
                None => self.deliver(&buffer[..n]),
            }
        }
        if let Some(line) = &self.receiving {
            line.drain();
        }
        self.fifo.end();
        self.link.wait_for_hangup();
        shutdown::stop(self);
    }

    /// Hands received bytes over; the interrupt character is not data.
    fn deliver(&self, bytes: &[u8]) {
        let mut data = bytes;
        while let Some(at) = data.iter().position(|byte| vm::interrupt_on(*byte)) {
            self.fifo.push(&data[..at]);
            self.fifo.signal();
            data = &data[at + 1..];
        }
        self.fifo.push(data);
    }
}

impl Hal for Board {
    fn console_read(&self) -> Option<u8> {
        self.fifo.pop()
    }

    fn console_readable(&self) -> bool {
        !self.fifo.is_empty()
    }

    fn console_write(&self, bytes: &[u8]) {
        let sent = match &self.sending {
            Some(line) => line.send(bytes).is_ok(),
            None => self.link.write(bytes).is_ok(),
        };
        if !sent {
            // Nobody can ever read it: the console is gone for good.
            vm::stop();
        }
    }

    fn console_capacity(&self) -> u16 {
        self.capacity
    }

    fn console_wait(&self) {
        if self.fifo.exhausted() {
            vm::stop();
        }
    }

    fn ticks_us(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }

    fn wait(&self, timeout_ms: Option<u32>) {
        self.fifo.wait(timeout_ms.map(|ms| Duration::from_millis(ms.into())));
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

    fn runs_programs(&self) -> bool {
        self.runs_programs
    }

    fn stack_limit(&self) -> usize {
        STACK_LIMIT
    }

    fn flash(&self) -> &dyn Flash {
        &self.flash
    }

    fn rom(&self) -> Option<&dyn Rom> {
        self.rom.as_ref().map(|rom| rom as &dyn Rom)
    }

    fn time_ns(&self) -> u64 {
        let host = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        host.wrapping_add_signed(self.clock_ahead.load(Ordering::Relaxed))
    }

    fn set_time_ns(&self, ns: u64) {
        let ahead = ns.wrapping_sub(self.time_ns()) as i64;
        self.clock_ahead.fetch_add(ahead, Ordering::Relaxed);
    }

    fn random(&self, buffer: &mut [u8]) {
        let filled = std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(buffer));
        if let Err(e) = filled {
            eprintln!("error: /dev/urandom: {e}");
            shutdown::exit(2);
        }
    }

    fn unique_id(&self) -> [u8; 8] {
        self.flash.id()
    }

    fn cpu_hz(&self) -> u32 {
        processor::cpu_hz()
    }

    fn set_cpu_hz(&self, hz: u32) -> bool {
        processor::set_cpu_hz(hz)
    }

    fn wake(&self) {
        self.signal();
    }

    fn set_alarm(&self, at_us: Option<u64>) -> bool {
        self.alarm.get().map(|alarm| alarm.set(at_us)).is_some()
    }

    fn network(&self) -> Option<&dyn Network> {
        self.network.get().map(|host| host as &dyn Network)
    }

    fn webrepl(&self) -> Option<hal::WebRepl<'_>> {
        self.webrepl.server()
    }

    fn webrepl_listens(&self) {
        self.webrepl.announce();
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(&processor::MEMORY)
    }

    fn reset_cause(&self) -> ResetCause {
        const CAUSES: [ResetCause; 5] = [
            ResetCause::PowerOn,
            ResetCause::Hard,
            ResetCause::Watchdog,
            ResetCause::DeepSleep,
            ResetCause::Soft,
        ];
        let number = self.reset_cause.load(Ordering::Relaxed);
        CAUSES.into_iter().find(|cause| *cause as u8 == number).unwrap_or(ResetCause::PowerOn)
    }

    fn prepare_reset(&self, cause: ResetCause) {
        self.reset_cause.store(cause as u8, Ordering::Relaxed);
    }
}
