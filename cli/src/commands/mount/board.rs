//! The board's files in a folder of this machine.

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use mpr_fuse_mount::{Access, Board, Event, Mount as FuseMount, MountError, Mounted, Options};
use mpr_protocol::transport::resolve;
use mpr_protocol::{Address, ConnectOptions, Device, Error, list_ports};
use serde::Serialize;

use super::status::StatusLine;
use super::{Mount, background};
use crate::commands::fs::board_path;
use crate::failure::{Failure, Kind};
use crate::hints::{MPR, shell_word};
use crate::local::ignore::Ignore;
use crate::session::Session;

/// How often the end of a mount is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// A board that says nothing for so long is lost: whoever waits for a file must hear of it soon.
const IDLE: Duration = Duration::from_secs(5);

/// How long the process that serves a folder may take to let go of the board after the folder was unmounted.
const END_PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize)]
struct Report<'a> {
    device: &'a str,
    path: &'a str,
    folder: String,
    pid: u32,
    read_only: bool,
}

impl Mount {
    /// Shows the board's directory in a folder, until the folder is unmounted or a signal comes.
    pub(super) fn show_board(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let Some(folder) = &self.place else {
            let failure = Failure::usage(format!("mount: in which folder should `{}` be?", self.path));
            return Err(
                failure.hint(format!("`{MPR} mount {} ./board` shows it in ./board", shell_word(&self.path)))
            );
        };
        if folder.starts_with(':') {
            return Err(Failure::usage(format!(
                "mount: both `{}` and `{folder}` are on the device",
                self.path
            ))
            .hint("one of the two has to be a folder of this machine, without a colon"));
        }
        if self.unsafe_links {
            return Err(Failure::usage(
                "mount: `--unsafe-links` is for a folder of this machine on the device",
            )
            .hint("a device has no symbolic links"));
        }
        if self.here.background && !self.here.detached {
            return background::start(self, folder, session);
        }
        if self.here.detached {
            background::detach();
        }
        self.serve(Path::new(folder), session)
    }

    fn serve(&self, folder: &Path, session: &mut Session<'_>) -> Result<(), Failure> {
        let path = format!("/{}", board_path(&self.path).trim_matches('/'));
        let (mut device, address, options) = session.hand_over()?;
        let name = device.name().to_owned();
        let (is_writable, has_directories) = {
            let known = device.capabilities().map_err(|error| Failure::device("mount", error))?;
            (known.rename, known.directories)
        };
        if !is_writable && !self.read_only {
            session.printer().note("the device can't rename files, so the folder can only be read");
        }
        let read_only = self.read_only || !is_writable;
        let board = self.board(device, address, options);
        let (events, told) = channel();
        let observer = Box::new(move |event| {
            let _ = events.send(event);
        });
        // A board without directories knows no slashes.
        let root = if has_directories { path.clone() } else { String::new() };
        let options = self.options(root, read_only);
        let mount = FuseMount::new(folder, board, options, self.access(), observer)
            .map_err(|error| explain(folder, error))?;
        unmount_on_panic(mount.folder().to_owned());
        let report = Report {
            device: &name,
            path: &path,
            folder: mount.folder().display().to_string(),
            pid: std::process::id(),
            read_only,
        };
        session.printer().json("mount", &report)?;
        session.printer().headline(&format!("`:{path}` of {name} is in {}", folder.display()))?;
        if self.here.detached {
            background::is_ready(self)?;
        } else {
            let word = shell_word(&folder.display().to_string());
            session.printer().note(&format!("Ctrl-C, or `mpr umount {word}`, ends it"));
        }
        let line = StatusLine::new(session.printer(), &folder.display().to_string());
        while session.signals().received().is_none() && !mount.is_over() {
            for event in told.try_iter() {
                session.printer().note(&explain_event(&name, &event));
            }
            line.show(&mount.status());
            thread::sleep(LOOK);
        }
        drop(line);
        // A Ctrl-C has had what it wanted.
        session.signals().forget();
        if mount.has_unwritten() {
            session.printer().note("files that are still open keep their last changes to themselves");
        }
        // The board's answer to good-bye is nobody's concern any more.
        let _ = mount.close();
        Ok(())
    }

    fn board(&self, device: Device, address: Address, options: ConnectOptions) -> Board {
        let mut options = ConnectOptions { exclusive: true, ..options };
        options.timeouts.idle = options.timeouts.idle.min(IDLE);
        let place = resolve(&address, &options).unwrap_or_else(|_| address.clone());
        let again = same_board(&place).unwrap_or(place);
        let address = again.clone();
        let connect = Box::new(move || Device::connect(&again, &options));
        Board { device, address, connect, patience: self.here.busy_timeout }
    }

    fn options(&self, root: String, read_only: bool) -> Options {
        let ignore = Ignore::only(&self.here.exclude);
        let exclude = (!self.here.exclude.is_empty()).then(|| {
            Box::new(move |path: &str, is_dir| ignore.ignores(path, is_dir)) as mpr_fuse_mount::Exclude
        });
        Options {
            root,
            read_only,
            cache_ttl: self.here.cache_ttl,
            overlay: !self.here.no_overlay,
            strict_modes: self.here.strict_modes,
            exclude,
        }
    }

    fn access(&self) -> Access {
        let here = &self.here;
        Access { allow_other: here.allow_other, uid: here.uid, gid: here.gid, umask: here.umask }
    }
}

/// The address by which a USB board is found again, whatever port it gets.
fn same_board(place: &Address) -> Option<Address> {
    let Address::Serial(path) = place else { return None };
    let real = std::fs::canonicalize(path).ok()?;
    let ports = list_ports().ok()?;
    let port = ports.into_iter().find(|port| Path::new(&port.path) == real)?;
    port.serial.map(Address::Id)
}

fn explain_event(name: &str, event: &Event) -> String {
    match event {
        Event::Lost(why) => format!("`{name}` is away ({why}); files fail until it is back"),
        Event::Back => format!("`{name}` is back"),
        Event::Busy => {
            "a program runs on the device, so files can't be had; `mpr exec \"\"` stops it".to_owned()
        }
        // `Event` may grow.
        _ => String::new(),
    }
}

fn explain(folder: &Path, error: MountError) -> Failure {
    let shown = folder.display().to_string();
    let word = shell_word(&shown);
    match error {
        MountError::Folder { source, .. } => Failure::local("mount", &shown, &source),
        MountError::Taken { .. } => {
            Failure::usage(format!("mount: {error}")).hint(format!("`mpr umount {word}` takes it away"))
        }
        MountError::NotEmpty { .. } => Failure::usage(format!("mount: {error}"))
            .hint("another folder, which need not exist yet, keeps these files in reach"),
        MountError::Board(Error::Busy { port }) => {
            Failure::new(Kind::Link, format!("mount: `{port}` is mounted already"))
                .hint("`mpr umount FOLDER` ends the other mount; `findmnt -t fuse,fuse.mpr` lists its folder")
        }
        MountError::Board(error) => Failure::device("mount", error),
        MountError::Fuse { source, .. } => Failure::usage(format!("mount: cannot mount at `{shown}`"))
            .cause(crate::failure::strerror(&source))
            .hint("`mpr doctor fuse` says what is missing"),
        error => Failure::usage(format!("mount: {error}")),
    }
}

/// A process that ends by a fault of its own leaves no dead folder.
fn unmount_on_panic(folder: PathBuf) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        before(info);
        let _ = mpr_fuse_mount::unmount(&folder, true);
    }));
}

/// Whether a board's files are in this folder, or were until their process ended.
pub(super) fn is_mounted(folder: &str) -> bool {
    let there = mpr_fuse_mount::mounted_at(Path::new(folder));
    matches!(there, Ok(Mounted::Ours | Mounted::Stale))
}

/// Unmounts a folder, and waits until its process has ended.
pub(super) fn unmount(folder: &str, force: bool, session: &Session<'_>) -> Result<(), Failure> {
    let path = Path::new(folder);
    let is_stale = matches!(mpr_fuse_mount::mounted_at(path), Ok(Mounted::Stale));
    // By force, what has files open keeps the process until it closes them.
    let owner = if is_stale || force { None } else { mpr_fuse_mount::owner(path) };
    mpr_fuse_mount::unmount(path, force || is_stale).map_err(|error| match error.kind() {
        std::io::ErrorKind::ResourceBusy => Failure::usage(format!("umount: files in `{folder}` are open"))
            .hint(format!(
                "`fuser -vm {0}` shows by whom; `mpr umount --force {0}` does not wait",
                shell_word(folder)
            )),
        _ => Failure::local("umount", folder, &error),
    })?;
    let start = Instant::now();
    while owner.as_ref().is_some_and(mpr_fuse_mount::Owned::is_serving) {
        if start.elapsed() > END_PATIENCE {
            session.printer().note("the process that served the folder is still busy with the device");
            break;
        }
        session.sleep(LOOK)?;
    }
    Ok(())
}
