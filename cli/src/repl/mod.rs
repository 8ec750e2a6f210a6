//! The interactive prompt: the terminal and the board's console, joined.

mod inject;
mod keys;
mod output;

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use mpr_protocol::{Device, TransportError, bytes_literal};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::failure::{Failure, Kind};
use crate::printer::Printer;
use crate::session::Session;
use crate::signals::Signals;
use crate::terminal::RawMode;
use inject::Injected;
use keys::Key;
use output::Console;

/// How often a signal is looked for while nothing happens, in milliseconds.
const TICK_MS: u16 = 100;

/// How often a board that takes no input is tried again, in milliseconds; also the wait for a link without a
/// descriptor.
const RETRY_MS: u16 = 5;

/// Bytes typed or pasted that may wait for the board before the terminal is left to hold the rest.
const WAITING: usize = 4096;

/// How the prompt behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Shows bytes that are not printable as `[xx]`.
    pub escape: bool,
    /// Gets a copy of all that is shown.
    pub capture: Option<String>,
    /// Typed by Ctrl-J.
    pub inject_code: Option<Vec<u8>>,
    /// Run by Ctrl-K.
    pub inject_file: Option<String>,
}

/// Why the prompt ended.
#[derive(Debug)]
enum End {
    /// Ctrl-], Ctrl-X, or the terminal has gone.
    Quit,
    /// A signal came.
    Signal,
    /// The board has gone.
    Lost(TransportError),
}

/// Runs the prompt until the user leaves it.
///
/// # Errors
/// When there is no terminal or no board, when the board goes, or a signal comes.
pub fn run(options: &Options, session: &mut Session<'_>) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("repl: standard input is no terminal")
            .hint("`mpr run -` runs a program from standard input"));
    }
    let printer = session.printer();
    let signals = session.signals();
    let capture = options.capture.as_deref().map(create_capture).transpose()?;
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(|error| broken("standard input", &error))?;
    let device = session.device()?;
    let name = device.name().to_owned();
    device.leave_raw_repl().map_err(|error| Failure::device("repl", error))?;
    announce(options, &name, printer);
    let console = Console::new(printer, options.escape, capture);
    let raw = RawMode::enter().map_err(|error| broken("the terminal", &error))?;
    let mut repl = Repl {
        device,
        signals,
        options,
        console,
        stdin: File::from(stdin),
        pending: Vec::new(),
        injected: None,
    };
    let end = repl.run();
    drop(raw);
    printer.end_line();
    match end? {
        End::Quit => Ok(()),
        End::Signal => Err(Failure::new(Kind::Interrupted(2), "interrupted")),
        End::Lost(error) => Err(Failure::new(Kind::Link, format!("device disconnected: `{name}`"))
            .cause(error.to_string())
            .hint("`mpr devs` shows whether the board is still there")),
    }
}

fn create_capture(path: &str) -> Result<File, Failure> {
    File::create(path).map_err(|error| Failure::local("repl", path, &error))
}

fn broken(what: &str, error: &io::Error) -> Failure {
    Failure::usage(format!("repl: cannot use {what}")).cause(crate::failure::strerror(error))
}

fn announce(options: &Options, name: &str, printer: &Printer) {
    printer.note(&format!("Connected to MicroPython at {name}"));
    printer.note("Use Ctrl-] or Ctrl-x to exit this shell");
    if options.escape {
        printer.note("Escaping non-printable bytes/characters by printing their hex code");
    }
    if let Some(capture) = &options.capture {
        printer.note(&format!("Capturing session to file \"{capture}\""));
    }
    if let Some(code) = &options.inject_code {
        printer.note(&format!("Use Ctrl-J to inject {}", bytes_literal(code)));
    }
    if let Some(file) = &options.inject_file {
        printer.note(&format!("Use Ctrl-K to inject file \"{file}\""));
    }
}

struct Repl<'a> {
    device: &'a mut Device,
    signals: &'a Signals,
    options: &'a Options,
    console: Console<'a>,
    stdin: File,
    /// Typed bytes that the board has not taken yet.
    pending: Vec<u8>,
    /// The program that Ctrl-K started, while it runs.
    injected: Option<Injected>,
}

impl Repl<'_> {
    fn run(&mut self) -> Result<End, Failure> {
        loop {
            if self.signals.received().is_some() {
                return Ok(End::Signal);
            }
            let typed = self.wait()?;
            if typed && !self.read_keys()? {
                // What was typed before the last key is still for the board.
                return Ok(self.push().err().map_or(End::Quit, End::Lost));
            }
            if let Err(error) = self.push() {
                return Ok(End::Lost(error));
            }
            match self.pull() {
                Ok(bytes) => self.show(&bytes)?,
                Err(error) => return Ok(End::Lost(error)),
            }
        }
    }

    /// Waits until a key, a byte from the board, or a little time. Tells whether the terminal has something.
    fn wait(&mut self) -> Result<bool, Failure> {
        let takes_keys = self.pending.len() < WAITING;
        let link = self.device.transport_mut().poll_fd();
        let timeout = if link.is_none() || !self.pending.is_empty() { RETRY_MS } else { TICK_MS };
        let keys: BorrowedFd<'_> = self.stdin.as_fd();
        let mut waiting = Vec::with_capacity(2);
        if takes_keys {
            waiting.push(PollFd::new(keys, PollFlags::POLLIN));
        }
        waiting.extend(link.map(|link| PollFd::new(link, PollFlags::POLLIN)));
        match poll(&mut waiting, PollTimeout::from(timeout)) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(broken("the terminal", &error.into())),
        }
        Ok(takes_keys && waiting[0].any().unwrap_or(false))
    }

    /// Reads what was typed. `false` ends the prompt.
    fn read_keys(&mut self) -> Result<bool, Failure> {
        let mut typed = [0; 256];
        let n = match self.stdin.read(&mut typed) {
            // The terminal has hung up.
            Ok(0) => return Ok(false),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(_) => return Ok(false),
        };
        for &byte in &typed[..n] {
            match keys::classify(byte, self.options.inject_code.is_some(), self.options.inject_file.is_some())
            {
                Key::Quit => return Ok(false),
                Key::Type => self.pending.push(byte),
                Key::InjectCode => self.pending.extend(self.options.inject_code.iter().flatten()),
                Key::InjectFile => self.inject_file()?,
            }
        }
        Ok(true)
    }

    /// Gives the board as much as it takes without waiting.
    fn push(&mut self) -> Result<(), TransportError> {
        while !self.pending.is_empty() {
            match self.device.transport_mut().send(&self.pending, Instant::now())? {
                0 => break,
                n => drop(self.pending.drain(..n)),
            }
        }
        Ok(())
    }

    /// Takes what the board has said.
    fn pull(&mut self) -> Result<Vec<u8>, TransportError> {
        let mut bytes = vec![0; 4096];
        let n = self.device.transport_mut().recv(&mut bytes, Instant::now())?;
        bytes.truncate(n);
        Ok(bytes)
    }

    fn show(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(injected) = &mut self.injected else {
            return self.console.show(bytes);
        };
        let (shown, used) = injected.feed(bytes);
        self.console.show(&shown)?;
        if injected.is_over() {
            self.injected = None;
            self.pending.extend(inject::LEAVE_RAW);
            self.console.show(&bytes[used..])?;
        }
        Ok(())
    }

    /// Runs the file on the board, which does not see it typed. Trouble is shown, and the prompt goes on.
    fn inject_file(&mut self) -> Result<(), Failure> {
        let Some(file) = &self.options.inject_file else { return Ok(()) };
        self.console.show(format!("Injecting {file}\r\n").as_bytes())?;
        let program = match std::fs::read(file) {
            Ok(program) => program,
            Err(error) => {
                let text = format!("Error: `{file}`: {}\r\n", crate::failure::strerror(&error));
                return self.console.show(text.as_bytes());
            }
        };
        self.pending.clear();
        match self.device.exec_no_follow(&program) {
            Ok(()) => {
                self.injected = Some(Injected::default());
                Ok(())
            }
            Err(error) => self.console.show(format!("Error: {error}\r\n").replace('\n', "\r\n").as_bytes()),
        }
    }
}
