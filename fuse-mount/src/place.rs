//! The folder of this machine that is mounted on, and mounts that nobody serves any more.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mpr_protocol::transport::private_folder;
use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// The kernel's name of our kind of filesystem, with `fuse.` in front where it takes one. Without a helper it is only `fuse`, and
/// the source tells ours from others.
pub(crate) const SUBTYPE: &str = "mpr";

/// In front of the board's name as the source of a mount.
pub(crate) const SOURCE: &str = "mpr:";

/// What is mounted at a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mounted {
    /// Nothing.
    Nothing,
    /// A board's files, by a process that serves them.
    Ours,
    /// What is left of a mount of ours whose process has ended.
    Stale,
    /// Something else.
    Foreign,
}

/// Looks at what is mounted at a folder.
///
/// # Errors
/// When the list of mounts can't be read.
pub fn mounted_at(folder: &Path) -> io::Result<Mounted> {
    let path = absolute(folder)?;
    let list = fs::read_to_string("/proc/self/mountinfo")?;
    let is_ours = list.lines().rev().find_map(|line| {
        let (mount, rest) = line.split_once(" - ")?;
        let at = unescape(mount.split(' ').nth(4)?);
        let mut words = rest.split(' ');
        let (kind, source) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is_ours = (kind == "fuse" || kind == "fuse.mpr") && source.starts_with(SOURCE);
        (at == path.as_os_str().as_bytes()).then_some(is_ours)
    });
    Ok(match is_ours {
        None => Mounted::Nothing,
        Some(true) => match fs::metadata(folder) {
            Err(error) if error.raw_os_error() == Some(Errno::ENOTCONN as i32) => Mounted::Stale,
            _ => Mounted::Ours,
        },
        Some(false) => Mounted::Foreign,
    })
}

/// The path without links and dots. The folder itself is not looked at, which fails where a mount is stale.
fn absolute(folder: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(folder)?;
    match (whole.parent(), whole.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => Ok(whole),
    }
}

/// Spaces and such are octal numbers in the kernel's list.
fn unescape(field: &str) -> Vec<u8> {
    let bytes = field.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let octal = (bytes[at] == b'\\').then(|| field.get(at + 1..at + 4)).flatten();
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 4;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

/// Takes away what is mounted at a folder. `lazy`: also if files there are open; it goes when they are closed.
///
/// # Errors
/// [`ErrorKind::ResourceBusy`] while files there are open, and the operating system's others.
pub fn unmount(folder: &Path, lazy: bool) -> io::Result<()> {
    let path = absolute(folder)?;
    let flags = if lazy { MntFlags::MNT_DETACH } else { MntFlags::empty() };
    match umount2(&path, flags) {
        Ok(()) => return Ok(()),
        // Only root may; others have a helper for it.
        Err(Errno::EPERM) => {}
        Err(error) => return Err(error.into()),
    }
    let mut last = io::Error::from(ErrorKind::NotFound);
    for helper in ["fusermount3", "fusermount"] {
        let mut command = Command::new(helper);
        command.args(["-u", "-q"]);
        if lazy {
            command.arg("-z");
        }
        match command.arg("--").arg(&path).output() {
            Ok(output) if output.status.success() => return Ok(()),
            // It does not say why in a way that can be read.
            Ok(_) => return Err(ErrorKind::ResourceBusy.into()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A process that serves a folder.
#[derive(Debug, Clone)]
pub struct Owned {
    process: Pid,
    note: PathBuf,
}

impl Owned {
    /// Whether it has not done with the folder and the board. (It may still be there: whoever started it has to look at how it ended.)
    pub fn is_serving(&self) -> bool {
        noted(&self.note) == Some(self.process) && kill(self.process, None) != Err(Errno::ESRCH)
    }
}

/// The process that serves a folder, if it is one of this user's.
pub fn owner(folder: &Path) -> Option<Owned> {
    let note = note(&absolute(folder).ok()?).ok()?;
    Some(Owned { process: noted(&note)?, note })
}

fn noted(note: &Path) -> Option<Pid> {
    Some(Pid::from_raw(fs::read_to_string(note).ok()?.trim().parse().ok()?))
}

/// The file that says who serves a folder.
fn note(folder: &Path) -> io::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    Ok(private_folder()?.join(format!("mount-{:016x}", hasher.finish())))
}

/// A folder to mount on. Made if it is missing; then it is removed when the mount is over.
#[derive(Debug)]
pub(crate) struct Place {
    pub path: PathBuf,
    made: bool,
}

impl Place {
    /// Gets the folder ready. A stale mount of ours is taken away.
    pub fn prepare(folder: &Path) -> Result<Place, super::MountError> {
        let fails = |source| super::MountError::Folder { folder: folder.to_owned(), source };
        match mounted_at(folder) {
            Ok(Mounted::Stale) => unmount(folder, true).map_err(fails)?,
            Ok(Mounted::Ours | Mounted::Foreign) => {
                return Err(super::MountError::Taken { folder: folder.to_owned() });
            }
            Ok(Mounted::Nothing) | Err(_) => {}
        }
        let made = match fs::create_dir(folder) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
            Err(error) => return Err(fails(error)),
        };
        let path = folder.canonicalize().map_err(fails)?;
        let place = Place { path, made };
        let note = note(&place.path).map_err(fails)?;
        fs::write(note, std::process::id().to_string()).map_err(fails)?;
        let mut entries = fs::read_dir(&place.path).map_err(fails)?;
        match entries.next() {
            // Its files would be out of reach while the board's are shown.
            Some(_) => Err(super::MountError::NotEmpty { folder: folder.to_owned() }),
            None => Ok(place),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.made {
            // Only if it is empty, as it was made.
            let _ = fs::remove_dir(&self.path);
        }
        // Last: it says that all else is done.
        if let Ok(note) = note(&self.path) {
            let _ = fs::remove_file(note);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_kernels_list_are_read() {
        assert_eq!(unescape(r"/tmp/a\040b\134c"), b"/tmp/a b\\c");
        assert_eq!(unescape(r"/tmp/\04"), br"/tmp/\04");
        assert_eq!(mounted_at(Path::new("/proc")).unwrap(), Mounted::Foreign);
        assert_eq!(mounted_at(Path::new("/proc/self")).unwrap(), Mounted::Nothing);
    }
}
