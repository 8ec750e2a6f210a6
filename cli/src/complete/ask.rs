//! Asks a board for names, for somebody who waits for a TAB.
//!
//! Pressing TAB is no command, so it must do nothing that a command would have to be typed for:
//!
//! - A program that runs is not stopped, and nothing restarts. The board is asked only if it is at its prompt
//!   ([`Device::enter_raw_repl_if_idle`]).
//! - No process is started but the simulated board's own, and that without running its `boot.py` and `main.py`.
//! - Whatever goes wrong, and a board that takes too long, gives no names and no message.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use mpr_protocol::{Address, ConnectOptions, Device, Error, InterruptFlag, SimFlash, Timeouts};

use super::sources::{Board, BoardNames, Name};
use crate::config::Config;
use crate::session::{Target, default_address};

/// The environment variable with the longest time for a board's answer, in seconds; 0: boards are not asked.
pub const WAIT_VARIABLE: &str = "MPR_COMPLETE_WAIT";

/// The time for a board's answer if nothing else is said.
const WAIT: Duration = Duration::from_secs(1);

/// A board at its prompt answers at once; over a slow radio link this is several round trips.
const PROMPT: Duration = Duration::from_millis(300);

/// On top of the wait: for a board that took too long to go back to its prompt.
const GOODBYE: Duration = Duration::from_millis(300);

/// Asks boards by connecting to them.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    wait: Duration,
    config: &'a Config,
}

impl<'a> Asking<'a> {
    /// With the time that the environment allows.
    pub fn from_environment(config: &'a Config) -> Self {
        let seconds = std::env::var(WAIT_VARIABLE).ok().and_then(|text| text.parse().ok());
        let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Asking { wait: wait.unwrap_or(WAIT), config }
    }
}

impl BoardNames for Asking<'_> {
    fn names(&mut self, board: &Board, dir: &str) -> Vec<Name> {
        let Some(address) = address(board, self.config).filter(|_| !self.wait.is_zero()) else {
            return Vec::new();
        };
        let (dir, wait) = (dir.to_owned(), self.wait);
        let interrupt = InterruptFlag::new();
        let raised = interrupt.clone();
        let (answer, answers) = mpsc::channel();
        // In a thread, for opening a link can take longer than any deadline of ours: a host's name, a port that hangs.
        thread::spawn(move || {
            let names = ask(&address, &dir, wait, raised);
            // Nobody listens if it took too long.
            let _ = answer.send(names.unwrap_or_default());
        });
        answers.recv_timeout(wait).unwrap_or_else(|_| {
            // A listing is stopped, and the board goes back to its prompt, if it is still there.
            interrupt.raise();
            let _ = answers.recv_timeout(GOODBYE);
            Vec::new()
        })
    }
}

/// The address of a board that may be asked.
fn address(board: &Board, config: &Config) -> Option<Address> {
    let address = match board {
        Board::Default => default_address(config)?,
        Board::Named(text) => config.named(&Target::parse(text).ok()?)?.address,
    };
    // A TAB runs no commands, and a board that is made for it has no files.
    let never = matches!(address, Address::Exec(_) | Address::Sim(SimFlash::Memory));
    (!never).then_some(address)
}

/// The names in a directory; none if the board runs a program.
fn ask(address: &Address, dir: &str, wait: Duration, interrupt: InterruptFlag) -> Result<Vec<Name>, Error> {
    let timeouts = Timeouts { idle: wait, overall: Some(wait) };
    let options = ConnectOptions { timeouts, only_look: true, interrupt, ..ConnectOptions::default() };
    let mut device = Device::connect(address, &options)?;
    // A simulated board is started for this and needs a moment; no program of its own runs.
    let patience = if matches!(address, Address::Sim(_)) { wait } else { PROMPT.min(wait) };
    if !device.enter_raw_repl_if_idle(patience)? {
        return Ok(Vec::new());
    }
    let entries = device.list(dir)?;
    Ok(entries.into_iter().map(|entry| Name { name: entry.name, is_dir: entry.is_dir }).collect())
}
