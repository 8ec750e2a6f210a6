//! A board that one process owns and others use through it: a socket in a folder of the user's.
//!
//! The owner (a mount of the board's files) listens at a [`Door`]; [`super::open`] goes through it where it finds one, so every
//! command works as if the port were free. The owner's first line says whether it lets the visitor in:
//! `mpr-door 1 open PUSHES_BACK`, `mpr-door 1 busy` or `mpr-door 1 away REASON`. After that, the console's bytes follow both ways.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::{Transport, TransportError, fd};
use crate::{Address, Error, InterruptFlag, SimFlash};

/// In front of the owner's first line.
const GREETING: &str = "mpr-door 1 ";

/// The owner may be in the middle of a long transfer when somebody comes.
const WELCOME_PATIENCE: Duration = Duration::from_secs(60);

/// Whether the caller gave up is looked at this often while the owner says nothing.
const LOOK: Duration = Duration::from_millis(100);

/// The owner's side.
#[derive(Debug)]
pub struct Door {
    listener: UnixListener,
    path: PathBuf,
}

impl Door {
    /// Opens the door to this board, which the caller has connected to. `None` for boards that belong to one connection: a new
    /// one is another board.
    ///
    /// # Errors
    /// The operating system's; [`ErrorKind::AddrInUse`] when another process owns the board.
    pub fn open(address: &Address) -> io::Result<Option<Door>> {
        let Some(path) = socket(address) else { return Ok(None) };
        private_folder()?;
        if UnixStream::connect(&path).is_ok() {
            return Err(ErrorKind::AddrInUse.into());
        }
        // Nobody listens there any more.
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Some(Door { listener, path }))
    }

    /// Somebody who stands at the door.
    pub fn visitor(&self) -> Option<Visitor> {
        let (stream, _) = self.listener.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some(Visitor { stream })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A process that wants to use the board.
#[derive(Debug)]
pub struct Visitor {
    stream: UnixStream,
}

impl Visitor {
    /// Lets it in. `pushes_back`: what [`Transport::pushes_back`] says of the link.
    ///
    /// # Errors
    /// The operating system's; it may have left.
    pub fn welcome(&mut self, pushes_back: bool) -> io::Result<()> {
        writeln!(self.stream, "{GREETING}open {}", u8::from(pushes_back))
    }

    /// Sends it away, because another one is in.
    pub fn refuse_busy(mut self) {
        let _ = writeln!(self.stream, "{GREETING}busy");
    }

    /// Sends it away, because the board is not there.
    pub fn refuse_away(mut self, why: &str) {
        let why: String = why.chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(self.stream, "{GREETING}away {why}");
    }

    /// Bytes for the board, if some wait.
    ///
    /// # Errors
    /// It has left.
    pub fn recv(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buf) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if is_later(&error) => Ok(0),
            result => result,
        }
    }

    /// Gives it bytes of the board's; returns how many it took.
    ///
    /// # Errors
    /// It has left.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.write(bytes) {
            Err(error) if is_later(&error) => Ok(0),
            result => result,
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// The visitor's side: a link to a board through the process that owns it.
#[derive(Debug)]
pub struct Shared {
    stream: fs::File,
    name: String,
    pushes_back: bool,
}

impl Shared {
    /// Goes through the door to this board; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Lost`], [`Error::Interrupted`].
    pub fn enter(address: &Address, name: &str, interrupt: &InterruptFlag) -> Result<Option<Shared>, Error> {
        let Some(stream) = socket(address).and_then(|path| UnixStream::connect(path).ok()) else {
            return Ok(None);
        };
        let during = || "connecting through the mount that has the board".to_owned();
        let lost = |cause: String| Error::Lost { during: during(), cause: Some(cause) };
        let start = Instant::now();
        stream.set_read_timeout(Some(LOOK)).map_err(|error| lost(error.to_string()))?;
        let mut line = Vec::new();
        // Byte by byte: what is behind the line is the board's.
        let mut byte = [0];
        while byte != *b"\n" {
            match (&stream).read(&mut byte) {
                Ok(0) => return Err(lost("the owner has ended".to_owned())),
                Ok(_) => line.extend_from_slice(&byte),
                Err(error) if is_later(&error) || error.kind() == ErrorKind::TimedOut => {}
                Err(error) => return Err(lost(error.to_string())),
            }
            if interrupt.take() {
                return Err(Error::Interrupted);
            }
            if start.elapsed() > WELCOME_PATIENCE {
                return Err(Error::Timeout {
                    awaited: "answer of the mount that has the board".to_owned(),
                    after: start.elapsed(),
                    received: 0,
                });
            }
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let said = line.strip_prefix(GREETING).map(|said| said.split_once(' ').unwrap_or((said, "")));
        match said {
            Some(("open", pushes_back)) => {
                let stream = fs::File::from(std::os::fd::OwnedFd::from(stream));
                fd::set_nonblocking(&stream).map_err(|error| lost(error.to_string()))?;
                Ok(Some(Shared { stream, name: name.to_owned(), pushes_back: pushes_back == "1" }))
            }
            Some(("busy", _)) => Err(Error::Busy { port: name.to_owned() }),
            Some(("away", why)) => Err(lost(why.to_owned())),
            _ => Err(lost("the owner is another version of mpr".to_owned())),
        }
    }
}

impl Transport for Shared {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        fd::send(&self.stream, bytes, deadline)
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        fd::recv(&self.stream, buf, deadline)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn poll_fd(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        Some(std::os::fd::AsFd::as_fd(&self.stream))
    }

    fn pushes_back(&self) -> bool {
        self.pushes_back
    }
}

/// Where the door to a board is, if it can have one.
fn socket(address: &Address) -> Option<PathBuf> {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    let key = match address {
        Address::Serial(port) => format!("serial {}", real(Path::new(port))),
        Address::Sim(SimFlash::File(image)) => format!("sim {}", real(image)),
        Address::Tcp { .. } | Address::Rfc2217 { .. } | Address::WebRepl(_) => address.to_string(),
        // Others are resolved before, or belong to one connection.
        Address::Auto | Address::Id(_) | Address::Sim(_) | Address::Exec(_) => return None,
    };
    let digest = Sha256::digest(key.as_bytes());
    let name: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    Some(folder().join(name))
}

fn folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => PathBuf::from(dir).join("mpr"),
        None => std::env::temp_dir().join(format!("mpr-{}", nix::unistd::getuid())),
    }
}

/// A folder for what processes of this user tell each other: nobody else can enter it, and it is gone when the machine restarts. It
/// is made if it is missing.
///
/// # Errors
/// The operating system's; [`ErrorKind::PermissionDenied`] when somebody else made it.
pub fn private_folder() -> io::Result<PathBuf> {
    let folder = folder();
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let data = fs::symlink_metadata(&folder)?;
    let is_ours = data.is_dir() && data.uid() == nix::unistd::getuid().as_raw() && data.mode() & 0o077 == 0;
    match is_ours {
        true => Ok(folder),
        false => Err(io::Error::new(
            ErrorKind::PermissionDenied,
            format!("`{}` is not a folder that only you can enter", folder.display()),
        )),
    }
}
