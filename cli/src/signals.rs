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
    /// Ctrl-C ends a command, not the program.
    stays: Arc<AtomicBool>,
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
        let (elsewhere, stays) = (Arc::clone(&signals.elsewhere), Arc::clone(&signals.stays));
        let mut incoming = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in incoming.forever() {
                if signal == SIGINT && elsewhere.active.load(Ordering::SeqCst) {
                    elsewhere.dropped.store(true, Ordering::SeqCst);
                    continue;
                }
                let again = received.swap(signal, Ordering::SeqCst) != 0;
                if again && !(signal == SIGINT && stays.load(Ordering::SeqCst)) {
                    terminal::restore();
                    std::process::exit(128 + signal);
                }
                flag.raise();
                if !again {
                    mention_wait(Arc::clone(&received), stays.load(Ordering::SeqCst));
                }
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

    /// From here on a Ctrl-C, and any after it, stops what runs and no more; [`Signals::forget`] makes ready for the next.
    pub fn stay(&self) {
        self.stays.store(true, Ordering::SeqCst);
    }

    /// Forgets a Ctrl-C that has been dealt with. Other signals are not forgotten.
    pub fn forget(&self) {
        let forgotten = self.received.compare_exchange(SIGINT, 0, Ordering::SeqCst, Ordering::SeqCst);
        if forgotten.is_ok() {
            self.flag.take();
        }
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

/// Says so if the program is still busy with a signal after a while.
fn mention_wait(received: Arc<AtomicI32>, stays: bool) {
    thread::spawn(move || {
        thread::sleep(PATIENCE);
        match (received.load(Ordering::SeqCst), stays) {
            (0, _) => {}
            (SIGINT, true) => printer::note_from_aside("waiting for the board to stop"),
            _ => printer::note_from_aside("waiting for the board to stop; once more leaves at once"),
        }
    });
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
