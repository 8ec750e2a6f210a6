//! A board's files as a folder of this machine, by FUSE.
//!
//! The map, from the kernel to the board:
//!
//! - `adapter`: FUSE's types on one side, none on the other. `kernel`: what the kernel is told by itself.
//! - `fs`: what an operation does. `tree`: inodes; `spool`: contents; `litter`: names that stay here.
//! - `worker`: the one thread that owns the board; `line`: the way to it, which may break and come back; `visit`: other programs
//!   that use the board meanwhile.
//! - `status`: what is shown of all that.
//! - `place`: the folder, and mounts that nobody serves any more.
//!
//! What holds for programs that use the folder is in `docs/SEMANTICS.md`.

mod adapter;
mod errno;
mod fs;
mod kernel;
mod line;
mod litter;
mod place;
mod spool;
mod status;
mod tree;
mod visit;
mod worker;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fuser::{BackgroundSession, Config, MountOption, Session, SessionACL};
use mpr_protocol::transport::{Door, resolve};
use mpr_protocol::{Address, ConnectOptions, Device, Error};

use adapter::{Adapter, Owner};
pub use fs::{Exclude, Options};
use kernel::Kernel;
pub use line::Connect;
use line::Line;
use place::Place;
pub use place::{Mounted, Owned, mounted_at, owner, unmount};
pub use status::{Doing, Status};
pub use worker::{Event, Observer};
use worker::{Setup, Worker};

/// Why a board's files are not mounted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MountError {
    /// The folder can't be made or looked at.
    #[error("`{}`: {source}", folder.display())]
    Folder {
        /// As given.
        folder: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Something is mounted there.
    #[error("something is mounted at `{}` already", folder.display())]
    Taken {
        /// As given.
        folder: PathBuf,
    },
    /// There are files in the folder, which would be out of reach.
    #[error("`{}` is not empty", folder.display())]
    NotEmpty {
        /// As given.
        folder: PathBuf,
    },
    /// The operating system does not mount.
    #[error("cannot mount at `{}`: {source}", folder.display())]
    Fuse {
        /// As given.
        folder: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The board does not show its directory.
    #[error(transparent)]
    Board(#[from] Error),
    /// The folder by which other programs find the mount can't be used.
    #[error("other programs cannot be let in: {0}")]
    Door(io::Error),
}

/// How the folder looks to the system.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// Other users may use it.
    pub allow_other: bool,
    /// Who owns the files; `None`: who mounts.
    pub uid: Option<u32>,
    /// The group of the files; `None`: that of who mounts.
    pub gid: Option<u32>,
    /// Permissions that files and directories lack, as for `umask`.
    pub umask: u16,
}

/// The board, and how it is got back.
pub struct Board {
    /// Connected.
    pub device: Device,
    /// How the board is found, also after it was away; other programs find the mount by it.
    pub address: Address,
    /// Connects anew.
    pub connect: Connect,
    /// So long may a file wait for a program that runs on the board.
    pub patience: Duration,
}

/// A board's files, mounted. Dropping it unmounts.
pub struct Mount {
    session: Option<BackgroundSession>,
    worker: Option<Worker>,
    fs: Arc<fs::Fs>,
    place: Place,
}

impl std::fmt::Debug for Mount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mount").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Mount {
    /// Mounts a directory of the board on a folder. `observer` hears what happens to the board from then on.
    ///
    /// # Errors
    /// See [`MountError`]. The folder is as it was then.
    pub fn new(
        folder: &Path,
        board: Board,
        options: Options,
        access: Access,
        observer: Observer,
    ) -> Result<Mount, MountError> {
        let place = Place::prepare(folder)?;
        let at = resolve(&board.address, &ConnectOptions::default())?;
        let door = Door::open(&at).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => {
                MountError::Board(Error::Busy { port: board.device.name().to_owned() })
            }
            _ => MountError::Door(error),
        })?;
        let name = board.device.name().to_owned();
        let mut line = Line::new(board.device, board.connect);
        let read_only = options.read_only;
        let fs = Arc::new(fs::Fs::new(options));
        // Whether the directory is there is known before the folder shows it.
        fs.prepare(&mut line)?;
        let setup = Setup {
            fs: Arc::clone(&fs),
            line,
            address: board.address,
            door,
            patience: board.patience,
            observer,
        };
        let fails = |source| MountError::Fuse { folder: folder.to_owned(), source };
        let (worker, queue) = Worker::start(setup).map_err(fails)?;
        let owner = Owner {
            uid: access.uid.unwrap_or_else(|| nix::unistd::getuid().as_raw()),
            gid: access.gid.unwrap_or_else(|| nix::unistd::getgid().as_raw()),
            umask: access.umask,
        };
        let adapter = Adapter { fs: Arc::clone(&fs), queue, owner };
        let session = Session::new(adapter, &place.path, &config(&name, read_only, access.allow_other))
            .and_then(Session::spawn)
            .map_err(fails)?;
        fs.set_kernel(Kernel::start(session.notifier()).map_err(fails)?);
        Ok(Mount { session: Some(session), worker: Some(worker), fs, place })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.place.path
    }

    /// Whether it was unmounted by somebody else.
    pub fn is_over(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.guard.is_finished())
    }

    /// What it is doing now, and what it has done.
    pub fn status(&self) -> Status {
        self.fs.status.get()
    }

    /// Whether files are open whose last changes the board has not got.
    pub fn has_unwritten(&self) -> bool {
        self.fs.has_unwritten()
    }

    /// Unmounts, also if files are open: programs that have them get an error from then on. Leaves the board at its prompt.
    ///
    /// # Errors
    /// What the board's last words were, as [`Device::close`].
    pub fn close(mut self) -> Result<(), MountError> {
        self.unmount();
        match self.worker.take().and_then(Worker::stop) {
            Some(line) => line.close().map_err(MountError::Board),
            None => Ok(()),
        }
    }

    fn unmount(&mut self) {
        let Some(session) = self.session.take() else { return };
        if !session.guard.is_finished()
            && mounted_at(&self.place.path).is_ok_and(|there| there == Mounted::Ours)
        {
            // Without waiting for those who have files open: they must not keep the program from ending.
            let _ = unmount(&self.place.path, true);
        }
        if !session.guard.is_finished() {
            // Dropping it would wait for the kernel, which waits for open files.
            std::mem::forget(session);
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.unmount();
        if let Some(worker) = self.worker.take() {
            drop(worker.stop());
        }
    }
}

fn config(name: &str, read_only: bool, allow_other: bool) -> Config {
    let mut config = Config::default();
    // Commas would end the option.
    let name = format!("{}{}", place::SOURCE, name.replace([',', '\\'], "_"));
    config.mount_options = vec![
        MountOption::FSName(name),
        MountOption::Subtype(place::SUBTYPE.to_owned()),
        MountOption::DefaultPermissions,
        MountOption::NoSuid,
        MountOption::NoDev,
        MountOption::NoAtime,
        if read_only { MountOption::RO } else { MountOption::RW },
    ];
    config.acl = if allow_other { SessionACL::All } else { SessionACL::Owner };
    config
}
