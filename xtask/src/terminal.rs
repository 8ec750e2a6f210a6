//! A program on a terminal: what it shows, and what is typed.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use crate::run::Result;

/// A running program whose terminal this process holds.
pub struct Terminal {
    child: Child,
    master: File,
    shown: Vec<u8>,
    /// How much of `shown` was awaited already.
    seen: usize,
}

impl Terminal {
    /// Starts the program on a terminal of its own.
    pub fn start(command: &mut Command) -> Result<Terminal> {
        let (master, slave) = open_pty().map_err(|e| format!("error: no pseudo terminal: {e}"))?;
        let copy = || slave.try_clone().map_err(|e| format!("error: no pseudo terminal: {e}"));
        command.stdin(copy()?).stdout(copy()?).stderr(Stdio::from(slave));
        let child = command.spawn().map_err(|e| format!("error: this step failed: {e}"))?;
        // The command keeps copies of the slave: without this the terminal would never end.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Terminal { child, master: File::from(master), shown: Vec::new(), seen: 0 })
    }

    /// Types text.
    pub fn type_in(&mut self, text: &str) -> Result {
        self.master.write_all(text.as_bytes()).map_err(|e| format!("error: this step failed: {e}"))
    }

    /// Waits until the program shows this text behind what was awaited before.
    pub fn await_text(&mut self, text: &str) -> Result {
        loop {
            let new = &self.shown[self.seen..];
            if let Some(at) = new.windows(text.len()).position(|window| window == text.as_bytes()) {
                self.seen += at + text.len();
                return Ok(());
            }
            if !self.look() {
                return Err(format!("error: this step failed: it ended without `{text}`: {}", self.text()));
            }
        }
    }

    /// Waits for the program's end; gives all that it showed.
    pub fn finish(mut self) -> Result<String> {
        while self.look() {}
        let status = self.child.wait().map_err(|e| format!("error: this step failed: {e}"))?;
        let text = self.text();
        if status.success() { Ok(text) } else { Err(format!("error: this step failed: {status}: {text}")) }
    }

    /// Reads what comes next. False: the program has ended.
    fn look(&mut self) -> bool {
        let mut buffer = [0; 1024];
        // A terminal that its last program left gives an error instead of an end.
        let n = self.master.read(&mut buffer).unwrap_or(0);
        self.shown.extend_from_slice(&buffer[..n]);
        n > 0
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).replace('\r', "")
    }
}

#[allow(unsafe_code)]
fn open_pty() -> std::io::Result<(OwnedFd, OwnedFd)> {
    let (mut master, mut slave) = (-1, -1);
    let (name, modes, size) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: two integers to fill in; the rest may be null.
    if unsafe { libc::openpty(&raw mut master, &raw mut slave, name, modes, size) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: fresh descriptors that nobody else owns.
    let (master, slave) = unsafe { (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
    // SAFETY: sets a flag of an open descriptor. The program must not hold its own terminal's other end.
    unsafe { libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&master), libc::F_SETFD, libc::FD_CLOEXEC) };
    Ok((master, slave))
}
