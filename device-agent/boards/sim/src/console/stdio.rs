//! The console on standard input and output.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Link;
use crate::options::Failure;
use crate::shutdown;

/// Ctrl-]: leaves the simulator, from a terminal only.
const LEAVE: u8 = 0x1d;

pub struct Stdio {
    terminal: bool,
}

impl Stdio {
    /// A terminal is switched to raw mode; pipes are taken as they are.
    pub fn open() -> Result<Self, Failure> {
        let terminal = shutdown::raw_terminal()?;
        if terminal {
            eprint!("Ctrl-] ends the simulator.\r\n");
        }
        Ok(Self { terminal })
    }
}

impl Link for Stdio {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = io::stdin().read(buffer)?;
        if self.terminal && buffer[..n].contains(&LEAVE) {
            return Ok(0);
        }
        Ok(n)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    fn wait_for_hangup(&self) {
        if self.terminal {
            return;
        }
        let stdout = io::stdout();
        // No events asked for: only an error or hang-up ends the wait. A file never has one.
        let mut watched = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
        while !matches!(poll(&mut watched, PollTimeout::NONE), Ok(1..)) {}
    }
}
