//! The console on a pseudo terminal.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::termios::{self, FlushArg, SetArg};
use nix::unistd::ttyname;

use super::Link;
use crate::options::Failure;
use crate::shutdown;

/// How often a blocked writer looks whether its reader is still there, in milliseconds.
const LOOK_AGAIN: u8 = 50;

pub struct Pty {
    master: File,
    /// Kept open, so that the name lives on while no client has it.
    slave: File,
    listeners: Listeners,
}

impl Pty {
    /// Makes a pseudo terminal in raw mode, prints its name and makes the link.
    pub fn open(link: Option<&Path>) -> Result<Self, Failure> {
        let failed = |e: nix::Error| Failure::Other(format!("pseudo terminal: {e}"));
        let pair = openpty(None, None).map_err(failed)?;
        let mut settings = termios::tcgetattr(&pair.slave).map_err(failed)?;
        termios::cfmakeraw(&mut settings);
        termios::tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).map_err(failed)?;
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(failed)?;
        let name = ttyname(&pair.slave).map_err(failed)?;
        let listeners = Listeners::watch(&name).map_err(failed)?;
        if let Some(link) = link {
            make_link(&name, link).map_err(|e| {
                Failure::Other(format!("link `{}` to {}: {e}", link.display(), name.display()))
            })?;
        }
        println!("{}", name.display());
        io::stdout().flush().map_err(|e| Failure::Other(format!("standard output: {e}")))?;
        Ok(Self { master: pair.master.into(), slave: pair.slave.into(), listeners })
    }
}

/// A link of an earlier simulator is replaced, anything else is not touched.
fn make_link(name: &Path, link: &Path) -> io::Result<()> {
    if link.is_symlink() {
        std::fs::remove_file(link)?;
    }
    std::os::unix::fs::symlink(name, link)?;
    shutdown::remove_link(link.to_owned());
    Ok(())
}

/// Counts who has the pseudo terminal open. Without anybody output is dropped, as by a serial line without a cable:
/// a program that prints goes on, and the next client does not get old text.
struct Listeners {
    inotify: Inotify,
    count: Mutex<usize>,
}

impl Listeners {
    fn watch(name: &Path) -> nix::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        inotify.add_watch(name, AddWatchFlags::IN_OPEN | AddWatchFlags::IN_CLOSE)?;
        Ok(Self { inotify, count: Mutex::new(0) })
    }

    /// Whether anybody listens now; drops what the last one to leave did not read.
    fn update(&self, slave: &File) -> bool {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *count;
        while let Ok(events) = self.inotify.read_events() {
            for event in events {
                if event.mask.contains(AddWatchFlags::IN_OPEN) {
                    *count += 1;
                } else if event.mask.intersects(AddWatchFlags::IN_CLOSE) {
                    *count = count.saturating_sub(1);
                }
            }
        }
        if before > 0 && *count == 0 {
            let _ = termios::tcflush(slave, FlushArg::TCIFLUSH);
        }
        *count > 0
    }
}

impl Link for Pty {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&self.master).read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let mut watched = [
                        PollFd::new(self.master.as_fd(), PollFlags::POLLIN),
                        PollFd::new(self.listeners.inotify.as_fd(), PollFlags::POLLIN),
                    ];
                    let _ = poll(&mut watched, PollTimeout::NONE);
                    if watched[1].any() == Some(true) {
                        self.listeners.update(&self.slave);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() && self.listeners.update(&self.slave) {
            match (&self.master).write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    let mut watched = [PollFd::new(self.master.as_fd(), PollFlags::POLLOUT)];
                    let _ = poll(&mut watched, LOOK_AGAIN);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn wait_for_hangup(&self) {}
}
