//! The client's side of a link: a PTY with a stable name, or a loopback TCP port.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::stat::Mode;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

/// What a read of a non-blocking descriptor brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Bytes(usize),
    Nothing,
    End,
}

pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Got {
    match nix::unistd::read(fd, buffer) {
        Ok(0) => Got::End,
        Ok(count) => Got::Bytes(count),
        Err(Errno::EAGAIN | Errno::EINTR) => Got::Nothing,
        Err(_) => Got::End,
    }
}

/// Writes what fits now; `None` when nobody takes bytes any more.
pub(crate) fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> Option<usize> {
    match nix::unistd::write(fd, bytes) {
        Ok(count) => Some(count),
        Err(Errno::EAGAIN | Errno::EINTR) => Some(0),
        Err(_) => None,
    }
}

pub(crate) fn set_nonblocking(fd: BorrowedFd<'_>) {
    let flags = fcntl(fd, FcntlArg::F_GETFL).expect("an open descriptor has flags");
    let flags = OFlag::from_bits_retain(flags) | OFlag::O_NONBLOCK;
    fcntl(fd, FcntlArg::F_SETFL(flags)).expect("a descriptor can be non-blocking");
}

/// How many bytes in a pipe have not been read yet.
#[allow(unsafe_code)]
pub(crate) fn waiting(pipe: BorrowedFd<'_>) -> usize {
    let mut count: nix::libc::c_int = 0;
    // SAFETY: the request stores an int at the pointer, which is to a living one.
    let result = unsafe { nix::libc::ioctl(pipe.as_raw_fd(), nix::libc::FIONREAD, &raw mut count) };
    Errno::result(result).expect("a pipe knows how full it is");
    usize::try_from(count).unwrap_or(0)
}

/// Where clients come to the link.
#[derive(Debug)]
pub(crate) enum Endpoint {
    Pty { link: PathBuf, master: Option<OwnedFd> },
    Tcp { listener: TcpListener, client: Option<TcpStream> },
}

impl Endpoint {
    /// A PTY whose slave `link` points to.
    pub(crate) fn pty(link: PathBuf) -> Endpoint {
        let master = Some(open_pty(&link));
        Endpoint::Pty { link, master }
    }

    pub(crate) fn tcp() -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
        listener.set_nonblocking(true).expect("a listener can be non-blocking");
        Endpoint::Tcp { listener, client: None }
    }

    pub(crate) fn address(&self) -> String {
        match self {
            Endpoint::Pty { link, .. } => link.to_str().expect("a UTF-8 path").to_owned(),
            Endpoint::Tcp { listener, .. } => {
                let address = listener.local_addr().expect("a bound listener");
                format!("tcp://{address}")
            }
        }
    }

    /// Accepts a waiting client when there is none yet.
    pub(crate) fn accept(&mut self) {
        if let Endpoint::Tcp { listener, client } = self
            && client.is_none()
        {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(true).expect("a socket can be non-blocking");
                    stream.set_nodelay(true).expect("a socket has TCP_NODELAY");
                    *client = Some(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("could not accept a client: {error}"),
            }
        }
    }

    /// The descriptor of the client that is there now.
    pub(crate) fn client(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Endpoint::Pty { master, .. } => master.as_ref().map(AsFd::as_fd).filter(is_open),
            Endpoint::Tcp { client, .. } => client.as_ref().map(AsFd::as_fd),
        }
    }

    /// What to watch for a client to come.
    pub(crate) fn listener(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Endpoint::Tcp { listener, client: None } => Some(listener.as_fd()),
            _ => None,
        }
    }

    /// The client has gone; the endpoint stays.
    pub(crate) fn client_left(&mut self) {
        if let Endpoint::Tcp { client, .. } = self {
            *client = None;
        }
    }

    /// The endpoint goes, as a pulled cable's port does.
    pub(crate) fn cut(&mut self) {
        match self {
            Endpoint::Pty { link, master } => {
                *master = None;
                let _ = fs::remove_file(link);
            }
            Endpoint::Tcp { client, .. } => *client = None,
        }
    }

    /// The endpoint comes back under its old name.
    pub(crate) fn restore(&mut self) {
        if let Endpoint::Pty { link, master } = self
            && master.is_none()
        {
            *master = Some(open_pty(link));
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Whether somebody has the slave open, or left bytes behind.
fn is_open(master: &BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(*master, PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).expect("a descriptor can be polled");
    let seen = fds[0].revents().unwrap_or(PollFlags::empty());
    !seen.contains(PollFlags::POLLHUP) || seen.contains(PollFlags::POLLIN)
}

fn open_pty(link: &Path) -> OwnedFd {
    let pty = Pty::open();
    let mut modes = tcgetattr(&pty.slave).expect("a terminal has modes");
    cfmakeraw(&mut modes);
    tcsetattr(&pty.slave, SetArg::TCSANOW, &modes).expect("a terminal takes modes");
    let _ = fs::remove_file(link);
    symlink(pty.name, link).expect("the PTY's link can be made");
    pty.master
}

/// Both sides of a PTY. No child inherits them: one that held the master would keep the port alive.
pub(crate) struct Pty {
    pub(crate) master: OwnedFd,
    pub(crate) slave: OwnedFd,
    name: String,
}

impl Pty {
    /// A new PTY; its master does not block.
    pub(crate) fn open() -> Pty {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let master = posix_openpt(flags).expect("a PTY can be opened");
        grantpt(&master).expect("a PTY can be granted");
        unlockpt(&master).expect("a PTY can be unlocked");
        let name = ptsname_r(&master).expect("a PTY has a name");
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let slave = open(name.as_str(), flags, Mode::empty()).expect("a PTY's slave can be opened");
        Pty { master: master.into(), slave, name }
    }
}
