//! The terminal's settings: raw while the REPL runs, and as they were on every way out.

use std::io;
use std::panic;
use std::sync::{Mutex, Once, PoisonError};

use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

/// The settings to go back to, while the terminal is raw.
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

/// The terminal on standard input is raw as long as this lives. A panic and a second signal, which skip its drop,
/// restore the settings too.
#[derive(Debug)]
pub struct RawMode {
    _settings: Remembered,
}

/// The terminal goes back to its settings when this is dropped, or as [`RawMode`] says.
#[derive(Debug)]
pub struct Remembered(());

/// Remembers the settings for a part of the program that changes them by itself.
pub fn remember() -> Option<Remembered> {
    tcgetattr(io::stdin()).ok().map(save)
}

fn save(settings: Termios) -> Remembered {
    restore_on_panic();
    *SAVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(settings);
    Remembered(())
}

/// Sends something to the terminal that is for itself, not for its user.
pub fn write(bytes: &[u8]) {
    use std::io::{IsTerminal, Write};
    let mut out = io::stdout();
    if out.is_terminal() {
        // A terminal that is gone needs nothing.
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }
}

impl RawMode {
    /// Saves the settings and makes the terminal raw.
    ///
    /// # Errors
    /// When standard input is no terminal.
    pub fn enter() -> io::Result<Self> {
        let mut raw = tcgetattr(io::stdin())?;
        let guard = RawMode { _settings: save(raw.clone()) };
        cfmakeraw(&mut raw);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &raw)?;
        Ok(guard)
    }
}

impl Drop for Remembered {
    fn drop(&mut self) {
        restore();
    }
}

/// Goes back to the settings from before [`RawMode::enter`]; does nothing when they hold already.
pub fn restore() {
    let saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(settings) = saved {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &settings);
    }
}

/// The settings of the terminal on standard input, if it is one.
pub fn settings() -> Option<Termios> {
    tcgetattr(io::stdin()).ok()
}

/// Goes back to settings that another program on the terminal has left changed.
pub fn apply(settings: &Termios) {
    // A terminal that is gone needs nothing.
    let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, settings);
}

/// In a release build a panic aborts, and only the panic hook still runs.
fn restore_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            previous(info);
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use nix::pty::openpty;

    use super::*;

    /// Says to the child which way out to take.
    const WAY_OUT: &str = "MPR_TEST_WAY_OUT";

    /// Runs in the child, on a terminal of its own.
    #[test]
    fn child() {
        let Ok(way) = std::env::var(WAY_OUT) else { return };
        let guard = RawMode::enter().unwrap();
        assert_ne!(tcgetattr(io::stdin()).unwrap(), SAVED.lock().unwrap().clone().unwrap(), "not raw");
        match way.as_str() {
            "drop" => drop(guard),
            "restore" => {
                restore();
                std::process::exit(0);
            }
            // As in a build whose panics abort, where nothing is dropped.
            _ => {
                std::mem::forget(guard);
                panic!("a fault");
            }
        }
    }

    #[test]
    fn every_way_out_restores_the_terminal() {
        for (way, code) in [("drop", 0), ("restore", 0), ("panic", 101)] {
            let pty = openpty(None, None).unwrap();
            let before = tcgetattr(&pty.slave).unwrap();
            let status = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "terminal::tests::child", "--nocapture"])
                .env(WAY_OUT, way)
                .stdin(Stdio::from(pty.slave.try_clone().unwrap()))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            assert_eq!(status.code(), Some(code), "{way}");
            assert_eq!(tcgetattr(&pty.slave).unwrap(), before, "{way}");
        }
    }
}
