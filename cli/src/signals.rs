//! Ctrl-C and the signals that end a process: the first stops what runs, the second ends `mpr` at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mpr_protocol::InterruptFlag;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{printer, terminal};

/// A board that takes longer to stop is mentioned.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a Ctrl-C that was another program's may be on its way to the thread that drops it.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// Tells whether a signal came, and which.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    flag: InterruptFlag,
    received: Arc<AtomicI32>,
    elsewhere: Arc<Elsewhere>,
}

/// Whether Ctrl-C belongs to another program on the terminal.
#[derive(Debug, Default)]
struct Elsewhere {
    active: AtomicBool,
    /// One came; set by the signal's handler itself.
    came: Arc<AtomicBool>,
    /// It was dropped.
    dropped: AtomicBool,
}

/// Ctrl-C belongs to another program as long as this lives.
#[derive(Debug)]
pub struct HandedOver<'a>(&'a Elsewhere);

impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the operating system refuses the handlers.
    pub fn listen() -> io::Result<Self> {
        let signals = Signals::default();
        let (flag, received) = (signals.flag.clone(), signals.received.clone());
        let elsewhere = Arc::clone(&signals.elsewhere);
        let mut incoming = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in incoming.forever() {
                if signal == SIGINT && elsewhere.active.load(Ordering::SeqCst) {
                    elsewhere.dropped.store(true, Ordering::SeqCst);
                    continue;
                }
                if received.swap(signal, Ordering::SeqCst) != 0 {
                    terminal::restore();
                    std::process::exit(128 + signal);
                }
                flag.raise();
                thread::spawn(|| {
                    thread::sleep(PATIENCE);
                    printer::note_from_aside("waiting for the board to stop; once more leaves at once");
                });
            }
        })?;
        signal_hook::flag::register(SIGINT, Arc::clone(&signals.elsewhere.came))?;
        Ok(signals)
    }

    /// Leaves Ctrl-C to a program that is about to be started on the terminal. Other signals stay ours.
    pub fn hand_over(&self) -> HandedOver<'_> {
        self.elsewhere.came.store(false, Ordering::SeqCst);
        self.elsewhere.dropped.store(false, Ordering::SeqCst);
        self.elsewhere.active.store(true, Ordering::SeqCst);
        HandedOver(&self.elsewhere)
    }

    /// The flag that the first signal raises.
    pub fn flag(&self) -> &InterruptFlag {
        &self.flag
    }

    /// The signal that came, if one did.
    pub fn received(&self) -> Option<i32> {
        match self.received.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(signal),
        }
    }
}

impl Drop for HandedOver<'_> {
    fn drop(&mut self) {
        // The Ctrl-C that ended the other program must not be taken for one of ours a moment later.
        let start = Instant::now();
        while self.0.came.load(Ordering::SeqCst)
            && !self.0.dropped.load(Ordering::SeqCst)
            && start.elapsed() < ON_ITS_WAY
        {
            thread::yield_now();
        }
        self.0.active.store(false, Ordering::SeqCst);
    }
}
