//! Leaving: signals, and the terminal as it was before.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mpr_firmware::vm;
use nix::sys::termios::{self, SetArg, Termios};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::board::Board;
use crate::options::Failure;

/// How long a signal waits for the virtual machine to notice before the process ends without it.
const PATIENCE: Duration = Duration::from_millis(300);

/// What must be undone on the way out.
struct Undo {
    terminal: Option<Termios>,
    link: Option<PathBuf>,
}

static UNDO: Mutex<Undo> = Mutex::new(Undo { terminal: None, link: None });

/// Switches the terminal on standard input to raw mode, if it is one; it is switched back on every exit.
pub fn raw_terminal() -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    let Ok(before) = termios::tcgetattr(stdin.as_fd()) else {
        return Ok(false);
    };
    let mut raw = before.clone();
    termios::cfmakeraw(&mut raw);
    UNDO.lock().unwrap_or_else(PoisonError::into_inner).terminal = Some(before);
    termios::tcsetattr(stdin.as_fd(), SetArg::TCSANOW, &raw)
        .map_err(|e| Failure::Other(format!("the terminal on standard input: {e}")))?;
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        undo();
        hook(info);
    }));
    Ok(true)
}

/// Removes this symbolic link on every exit.
pub fn remove_link(path: PathBuf) {
    UNDO.lock().unwrap_or_else(PoisonError::into_inner).link = Some(path);
}

fn undo() {
    let mut undo = UNDO.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(before) = undo.terminal.take() {
        let _ = termios::tcsetattr(std::io::stdin().as_fd(), SetArg::TCSANOW, &before);
    }
    if let Some(link) = undo.link.take() {
        let _ = std::fs::remove_file(link);
    }
}

/// Ends the process at once, with everything undone.
pub fn exit(code: i32) -> ! {
    undo();
    std::process::exit(code)
}

/// From now on SIGINT, SIGTERM and SIGHUP wait for [`on_signals`].
pub fn catch_signals() -> Result<Signals, Failure> {
    Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|e| Failure::Other(format!("signal handlers: {e}")))
}

/// The first signal ends the simulator.
pub fn on_signals(mut signals: Signals, board: &'static Board) {
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            stop(board);
        }
    });
}

/// Asks the virtual machine to stop, and ends the process if it does not.
pub fn stop(board: &'static Board) -> ! {
    board.when_started();
    vm::stop();
    board.signal();
    std::thread::sleep(PATIENCE);
    exit(0)
}

/// The last act: everything that was sent is out, everything undone.
pub fn leave(board: &Board) {
    board.drain();
    undo();
}
