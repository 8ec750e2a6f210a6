//! A program from this machine, run from within the prompt. The board does not see it typed.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use mpr_protocol::{Device, Error, InterruptFlag, Mode, Output};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::keys::{self, Key};
use super::output::Console;
use crate::failure::{Failure, strerror};

/// How the prompt goes on after the program.
#[derive(Debug)]
pub enum After {
    /// As before.
    Prompt,
    /// The user has left.
    Left,
    /// The board has gone, for this reason.
    Lost(String),
}

/// Shows what the program prints; keeps the failure if that is not possible.
struct Shown<'a, 'b> {
    console: &'a mut Console<'b>,
    failure: Option<Failure>,
}

impl Output for Shown<'_, '_> {
    fn stdout(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.console.show(bytes).map_err(|failure| {
            self.failure = Some(failure);
            io::Error::other("the terminal takes no more")
        })
    }
}

/// Runs the file. Keys go to the program meanwhile; the one that leaves the prompt stops it. Trouble is shown.
///
/// # Errors
/// When the terminal takes no more.
pub fn run(
    file: &str,
    device: &mut Device,
    console: &mut Console<'_>,
    stdin: &File,
    stop: &InterruptFlag,
) -> Result<After, Failure> {
    console.show(format!("Injecting {file}\r\n").as_bytes())?;
    let program = match std::fs::read(file) {
        Ok(program) => program,
        Err(error) => {
            console.show(format!("Error: `{file}`: {}\r\n", strerror(&error)).as_bytes())?;
            return Ok(After::Prompt);
        }
    };
    execute(&program, Mode::Program, device, console, stdin, stop)
}

/// Runs code as [`run`] runs a file.
///
/// # Errors
/// When the terminal takes no more.
pub fn execute(
    program: &[u8],
    mode: Mode,
    device: &mut Device,
    console: &mut Console<'_>,
    mut stdin: &File,
    stop: &InterruptFlag,
) -> Result<After, Failure> {
    let mut left = false;
    let mut keyboard = || {
        let mut typed = read_now(&mut stdin);
        if let Some(at) = typed.iter().position(|byte| keys::classify(*byte, false, false) == Key::Quit) {
            left = true;
            typed.truncate(at);
            stop.raise();
        }
        typed
    };
    let mut shown = Shown { console, failure: None };
    let result = device.exec_interactive(program, mode, &mut shown, &mut keyboard);
    if let Some(failure) = shown.failure {
        return Err(failure);
    }
    let text = match result {
        Ok(()) | Err(Error::Interrupted) => String::new(),
        Err(Error::Lost { cause, .. }) => return Ok(After::Lost(cause.unwrap_or_default())),
        Err(Error::Exception(traceback)) => traceback.text,
        Err(Error::SystemExit(exit)) => exit.message.map(|message| message + "\r\n").unwrap_or_default(),
        Err(error) => format!("Error: {}\r\n", error.to_string().replace('\n', "\r\n")),
    };
    console.show(text.as_bytes())?;
    if left {
        return Ok(After::Left);
    }
    // The prompt and its banner come by the link.
    match device.leave_raw_repl() {
        Ok(()) => Ok(After::Prompt),
        Err(error) => Ok(After::Lost(error.to_string())),
    }
}

/// What has been typed so far.
fn read_now(stdin: &mut &File) -> Vec<u8> {
    let mut typed = vec![0; 256];
    let mut waiting = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    let ready = poll(&mut waiting, PollTimeout::ZERO).is_ok_and(|count| count > 0);
    let n = if ready { stdin.read(&mut typed).unwrap_or(0) } else { 0 };
    typed.truncate(n);
    typed
}
