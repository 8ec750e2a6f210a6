//! `mpr` on a terminal, with a person's hands and eyes.

use std::fmt;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{Termios, tcgetattr};
use tempfile::TempDir;

use crate::PATIENCE;
use crate::child::Process;
use crate::endpoint::{Got, Pty, read, write};

/// A terminal with a program on it.
#[derive(Debug)]
pub struct Terminal {
    process: Process,
    master: OwnedFd,
    // Held open: with no slave open the master reads as ended and its modes can't be asked for.
    slave: OwnedFd,
    modes_before: Modes,
    seen: Vec<u8>,
    read_to: usize,
    // The program may use its home as long as it runs.
    _home: Arc<TempDir>,
}

/// The modes that make a terminal usable: input, output, control, local, and the control characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Modes([String; 5]);

impl Modes {
    fn of(modes: &Termios) -> Modes {
        Modes([
            format!("{:?}", modes.input_flags),
            format!("{:?}", modes.output_flags),
            format!("{:?}", modes.control_flags),
            format!("{:?}", modes.local_flags),
            format!("{:?}", modes.control_chars),
        ])
    }
}

impl fmt::Debug for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl Terminal {
    /// Starts a program on a terminal of its own; its home folder lives as long.
    #[must_use]
    pub fn start(mut command: Command, home: Arc<TempDir>) -> Terminal {
        let pty = Pty::open();
        let modes = tcgetattr(&pty.slave).expect("a terminal has modes");
        let copy = || Stdio::from(pty.slave.try_clone().expect("a descriptor can be copied"));
        command.stdin(copy()).stdout(copy()).stderr(copy());
        let process = Process::spawn_on_terminal(&mut command);
        Terminal {
            process,
            master: pty.master,
            slave: pty.slave,
            modes_before: Modes::of(&modes),
            seen: Vec::new(),
            read_to: 0,
            _home: home,
        }
    }

    /// Types bytes.
    ///
    /// # Panics
    /// When the terminal takes none for [`PATIENCE`].
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let deadline = Instant::now() + PATIENCE;
        let mut bytes = bytes.as_ref();
        while !bytes.is_empty() {
            let count = write(self.master.as_fd(), bytes).expect("the terminal is open");
            bytes = &bytes[count..];
            assert!(Instant::now() < deadline, "the terminal takes no bytes");
            if count == 0 {
                self.look(Duration::from_millis(5));
            }
        }
    }

    /// Changes the terminal's size; the program on it gets SIGWINCH.
    ///
    /// # Panics
    /// When the operating system refuses.
    #[allow(unsafe_code)]
    pub fn resize(&mut self, rows: u16, columns: u16) {
        let size = nix::libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the request reads a winsize at the pointer, which is to a living one.
        let result =
            unsafe { nix::libc::ioctl(self.master.as_raw_fd(), nix::libc::TIOCSWINSZ, &raw const size) };
        nix::errno::Errno::result(result).expect("a terminal can be resized");
    }

    /// Reads what comes within this time; true when something did.
    fn look(&mut self, time: Duration) -> bool {
        let mut fds = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        let millis = u16::try_from(time.as_millis()).unwrap_or(u16::MAX);
        poll(&mut fds, PollTimeout::from(millis)).expect("a terminal can be polled");
        let mut buffer = [0; 4096];
        match read(self.master.as_fd(), &mut buffer) {
            Got::Bytes(count) => {
                self.seen.extend_from_slice(&buffer[..count]);
                true
            }
            Got::Nothing | Got::End => false,
        }
    }

    /// Waits for this text behind what was expected before.
    ///
    /// # Panics
    /// When it does not come within [`PATIENCE`], or the program ends without it.
    pub fn expect(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let unread = &self.seen[self.read_to..];
            let found = unread.windows(text.len()).position(|window| window == text.as_bytes());
            if let Some(at) = found {
                self.read_to += at + text.len();
                return;
            }
            let ended = !self.process.is_running();
            if !self.look(Duration::from_millis(20)) {
                assert!(!ended, "ended before {text:?} came: {:?}", self.text());
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain for {text:?}; the terminal shows {:?}",
                self.text()
            );
        }
    }

    /// Everything that the terminal has shown.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// The process on the terminal.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Whether the terminal's modes are those from before the program started.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        self.modes_before == self.modes()
    }

    /// The terminal's modes now.
    #[must_use]
    pub fn modes(&self) -> Modes {
        Modes::of(&tcgetattr(&self.slave).expect("a terminal has modes"))
    }

    /// Waits for the program's end.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`].
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        while self.process.is_running() {
            self.look(Duration::from_millis(10));
            assert!(Instant::now() < deadline, "did not end; the terminal shows {:?}", self.text());
        }
        while self.look(Duration::ZERO) {}
        let status = self.process.wait_for(Duration::ZERO);
        status.expect("a program that does not run has ended")
    }

    /// Waits for the end with this exit code and a sane terminal.
    ///
    /// # Panics
    /// On any other end.
    #[track_caller]
    pub fn ends_sane(&mut self, code: i32) {
        let status = self.wait();
        assert_eq!(status.code(), Some(code), "terminal: {:?}", self.text());
        assert_eq!(self.modes(), self.modes_before, "terminal left changed");
    }
}
