//! Ctrl-C and the signals that end a process: the first stops what runs, the second ends `mpr` at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use mpr_protocol::InterruptFlag;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{printer, terminal};

/// A board that takes longer to stop is mentioned.
const PATIENCE: Duration = Duration::from_secs(1);

/// Tells whether a signal came, and which.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    flag: InterruptFlag,
    received: Arc<AtomicI32>,
}

impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the operating system refuses the handlers.
    pub fn listen() -> io::Result<Self> {
        let signals = Signals::default();
        let (flag, received) = (signals.flag.clone(), signals.received.clone());
        let mut incoming = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in incoming.forever() {
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
        Ok(signals)
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
