//! WebREPL's passwords: from a file, the environment, the configuration, or the user. None of them is ever printed, logged or
//! part of a command line.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use mpr_protocol::Error;
use mpr_protocol::transport::{Password, WebReplError};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use crate::config::{Config, Secret};
use crate::failure::{Failure, Kind};
use crate::hints::Named;
use crate::signals::Signals;
use crate::terminal;

/// The environment variable that holds the password.
pub const VARIABLE: &str = "MPR_WEBREPL_PASSWORD";

/// Signals are looked at this often while a password is typed.
const LOOK_MS: u16 = 100;

/// What is known of passwords.
#[derive(Debug, Default)]
pub struct Passwords {
    /// `--password-file`.
    file: Option<PathBuf>,
    /// What a command has said.
    given: Option<Password>,
    /// What the user has typed, and for which board.
    typed: Option<(String, Password)>,
}

impl Passwords {
    /// With the file of the command line.
    pub fn new(file: Option<PathBuf>) -> Self {
        Passwords { file, given: None, typed: None }
    }

    /// Goes before everything else.
    pub fn given(&mut self, password: &str) {
        self.given = Some(Password::new(password));
    }

    /// The password for this board: that of `--password-file`, else of the environment, else of the configuration, else what
    /// the user types.
    ///
    /// # Errors
    /// When a file can't be read, and when there is nobody to ask.
    pub fn of(&mut self, named: &Named, config: &Config, signals: &Signals) -> Result<Password, Failure> {
        if let Some(password) = &self.given {
            return Ok(password.clone());
        }
        if let Some(file) = &self.file {
            return read(file);
        }
        if let Ok(text) = std::env::var(VARIABLE)
            && !text.is_empty()
        {
            return Ok(Password::new(&text));
        }
        match named.alias().and_then(|name| config.devices.get(name)?.password.as_ref()) {
            Some(Secret::Here(password)) => return Ok(password.clone()),
            Some(Secret::File(file)) => return read(file),
            None => {}
        }
        let board = named.address().to_string();
        match &self.typed {
            Some((known, password)) if *known == board => Ok(password.clone()),
            _ => {
                let password = ask(&board, signals)?;
                self.typed = Some((board, password.clone()));
                Ok(password)
            }
        }
    }

    /// A password that was wrong is asked for again.
    pub fn forget(&mut self, error: &Error) {
        if let Error::WebRepl { source: WebReplError::Denied, .. } = error {
            self.typed = None;
        }
    }
}

/// The first line of a file.
fn read(file: &Path) -> Result<Password, Failure> {
    let shown = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| Failure::local("--password-file", &shown, &error))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Password::new(line)),
        _ => Err(Failure::usage(format!("`{shown}` holds no password in its first line"))),
    }
}

/// Asks the user, without showing what is typed.
fn ask(board: &str, signals: &Signals) -> Result<Password, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!("no password for `{board}`"))
            .cause("there is no terminal to ask for it")
            .hint(format!("`--password-file FILE`, or {VARIABLE}")));
    }
    let broken = |error: io::Error| Failure::local("connect", "the terminal", &error);
    // On every way out the terminal shows again what is typed.
    let before = terminal::remember();
    let mut settings = tcgetattr(io::stdin()).map_err(|error| broken(error.into()))?;
    settings.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &settings).map_err(|error| broken(error.into()))?;
    let mut out = io::stderr();
    let _ = write!(out, "Password for {board}: ").and_then(|()| out.flush());
    let line = type_line(signals);
    drop(before);
    let _ = writeln!(out);
    match line.map_err(broken)? {
        Some(line) => Ok(Password::new(&line)),
        None => Err(Failure::new(Kind::Interrupted(2), "interrupted")),
    }
}

/// A line from the terminal; `None` when a signal or the end of the input came first.
fn type_line(signals: &Signals) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        if signals.received().is_some() {
            return Ok(None);
        }
        let stdin = io::stdin();
        let mut waiting = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        if !poll(&mut waiting, PollTimeout::from(LOOK_MS)).is_ok_and(|n| n > 0) {
            continue;
        }
        let mut bytes = [0; 256];
        // The terminal gives whole lines, so nothing stays in a buffer.
        let n = match stdin.lock().read(&mut bytes) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        line.extend_from_slice(&bytes[..n]);
        match (n, line.iter().position(|byte| *byte == b'\n')) {
            (_, Some(at)) => return Ok(Some(String::from_utf8_lossy(&line[..at]).into_owned())),
            (0, None) => return Ok(None),
            _ => {}
        }
    }
}
