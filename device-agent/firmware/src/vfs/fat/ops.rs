//! The methods of `VfsFat` that take a path.

use std::io;
use std::string::{String, ToString};
use std::vec::Vec;

use fatfs::{Dir, DirEntry, FileSystem};
use micropython_sys::qstr::MP_QSTR__slash_;

use super::disk::Disk;
use super::{VfsFat, clock, open};
use crate::errno::{EEXIST, EINVAL, EIO, EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR, EROFS};
use crate::mp::{self, Error, Obj, Result};
use crate::native_fn;
use crate::vfs::{self, S_IFDIR, S_IFREG, is_bytes, listing_entry, path_bytes};

native_fn!(pub ILISTDIR, 1..=2, ilistdir);
native_fn!(pub MKDIR, 2..=2, mkdir);
native_fn!(pub RMDIR, 2..=2, rmdir);
native_fn!(pub REMOVE, 2..=2, remove);
native_fn!(pub RENAME, 3..=3, rename);
native_fn!(pub CHDIR, 2..=2, chdir);
native_fn!(pub GETCWD, 1..=1, getcwd);
native_fn!(pub STAT, 2..=2, stat);
native_fn!(pub STATVFS, 2..=2, statvfs);

/// The longest name in characters of UTF-16.
const NAME_MAX: usize = 255;
/// The most entries of a directory.
const ENTRIES_MAX: usize = 65_536;
/// 1980-01-01 in seconds since 1970: the root directory has no time.
const OLDEST: i64 = 315_532_800;

/// A path from the filesystem's root, without `.` and `..`: a `str` object that starts and ends with a slash.
#[derive(Clone, Copy)]
pub struct FatPath(pub Obj);

impl FatPath {
    /// The path without the slashes at its ends; empty for the root.
    pub fn inner(self) -> &'static str {
        mp::str_of(self.0).unwrap_or("/").trim_matches('/')
    }

    /// The directory and the name; none for the root.
    fn split(self) -> Option<(&'static str, &'static str)> {
        let inner = self.inner();
        (!inner.is_empty()).then(|| inner.rsplit_once('/').unwrap_or(("", inner)))
    }

    /// The directory and the name of something new.
    pub fn new_name(self) -> io::Result<(&'static str, &'static str)> {
        let (parent, name) = self.split().ok_or_else(|| os(EEXIST))?;
        if name.encode_utf16().count() > NAME_MAX || name.len() > NAME_MAX {
            return Err(os(ENAMETOOLONG));
        }
        // The FAT code finds this out too late, when it has taken a cluster.
        let invalid = |c: char| !(' '..='\u{ffff}').contains(&c) || "\"*:<>?\\|\x7f".contains(c);
        if name.contains(invalid) { Err(os(EINVAL)) } else { Ok((parent, name)) }
    }
}

pub fn os(code: i32) -> io::Error {
    io::Error::from_raw_os_error(code)
}

pub type FatDir = Dir<'static, Disk>;
pub type FatEntry = DirEntry<'static, Disk>;

/// The directory with this path; `ENOENT` if it is missing or no directory, as in stock.
pub fn directory(fs: &'static FileSystem<Disk>, path: &str) -> io::Result<FatDir> {
    if path.is_empty() {
        return Ok(fs.root_dir());
    }
    fs.root_dir().open_dir(path).map_err(|error| match error.get_ref() {
        Some(text) if text.to_string() == "Not a directory" => os(ENOENT),
        _ => error,
    })
}

/// The entry of this name, if there is one.
pub fn entry_in(dir: &FatDir, name: &str) -> io::Result<Option<FatEntry>> {
    // The FAT code compares names without their case; so must this.
    let same = |entry: &FatEntry| {
        let lower = |text: &str| {
            text.chars().flat_map(char::to_uppercase).eq(name.chars().flat_map(char::to_uppercase))
        };
        lower(&entry.file_name()) || lower(&entry.short_file_name())
    };
    for entry in dir.iter() {
        let entry = entry?;
        if same(&entry) {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// The entry behind a path that is not the root's.
fn entry(fs: &'static FileSystem<Disk>, path: FatPath) -> io::Result<FatEntry> {
    let (parent, name) = path.split().ok_or_else(|| os(EINVAL))?;
    entry_in(&directory(fs, parent)?, name)?.ok_or_else(|| os(ENOENT))
}

impl VfsFat {
    /// The path from the root.
    pub(super) fn path(&self, path: Obj) -> Result<FatPath> {
        let given = path_bytes(path)?;
        let cwd = if given.first() == Some(&b'/') { b"/" } else { mp::str_bytes(self.cwd.get())? };
        vfs::normalise(cwd, given).map(FatPath)
    }

    /// Runs FAT code that changes the disk, and writes the result out.
    fn change(&'static self, f: impl FnOnce(&'static FileSystem<Disk>) -> io::Result<()>) -> Result {
        if self.blocks.device.read_only() {
            return Err(Error::Os(EROFS));
        }
        let done = self.run(f);
        self.sync().and(done).map(|()| Obj::NONE)
    }
}

/// `ilistdir(path)`: reads the whole directory first, so that changes do not disturb the iteration.
fn ilistdir(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    let given = args.get(1).copied().unwrap_or(this.cwd.get());
    let path = this.path(given)?;
    let found: Vec<(String, bool, u32)> = this.run(|fs| {
        let entries = directory(fs, path.inner())?.iter().take(ENTRIES_MAX + 1);
        let found = entries.map(|entry| entry.map(|e| (e.file_name(), e.is_dir(), e.len() as u32)));
        let found = found.collect::<io::Result<Vec<_>>>()?;
        if found.len() > ENTRIES_MAX { Err(os(EIO)) } else { Ok(found) }
    })?;
    let list = mp::list(&[])?;
    for (name, is_dir, size) in found.iter().filter(|(name, ..)| name != "." && name != "..") {
        let (mode, size) = if *is_dir { (S_IFDIR, 0) } else { (S_IFREG, *size) };
        mp::list_append(list, listing_entry(name.as_bytes(), !is_bytes(given), mode, Some(size))?)?;
    }
    // SAFETY: a list; without a buffer the iterator is on the heap.
    mp::protect(|| unsafe { micropython_sys::ffi::mp_getiter(list, core::ptr::null_mut()) })
}

/// `mkdir(path)`
fn mkdir(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    let path = this.path(args[1])?;
    this.change(|fs| {
        let (parent, name) = path.new_name()?;
        let parent = directory(fs, parent)?;
        if entry_in(&parent, name)?.is_some() {
            return Err(os(EEXIST));
        }
        parent.create_dir(name).map(drop)
    })
}

fn unlink(args: &[Obj], is_dir: bool) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    let path = this.path(args[1])?;
    this.change(|fs| {
        match (entry(fs, path)?.is_dir(), is_dir) {
            (true, false) => return Err(os(EISDIR)),
            (false, true) => return Err(os(ENOTDIR)),
            _ => {}
        }
        open::revoke(this, path);
        fs.root_dir().remove(path.inner())
    })
}

/// `remove(path)`
fn remove(args: &[Obj]) -> Result {
    unlink(args, false)
}

/// `rmdir(path)`
fn rmdir(args: &[Obj]) -> Result {
    unlink(args, true)
}

/// `rename(old, new)`: replaces a file.
fn rename(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    let (old, new) = (this.path(args[1])?, this.path(args[2])?);
    this.change(|fs| {
        let source = entry(fs, old)?;
        let into_itself = new.inner().strip_prefix(old.inner()).is_some_and(|rest| rest.starts_with('/'));
        if source.is_dir() && into_itself {
            return Err(os(EINVAL));
        }
        let (parent, name) = new.new_name()?;
        let parent = directory(fs, parent)?;
        let root = fs.root_dir();
        open::revoke(this, old);
        match entry_in(&parent, name)? {
            Some(target) => match root.rename(old.inner(), &root, new.inner()) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if target.is_dir() {
                        return Err(os(EISDIR));
                    }
                    open::revoke(this, new);
                    root.remove(new.inner())?;
                }
                // Both names are the same file's.
                result => return result,
            },
            // A full directory must be noticed before the old name is gone.
            None => {
                drop(parent.create_file(name)?);
                parent.remove(name)?;
            }
        }
        root.rename(old.inner(), &root, new.inner())
    })
}

/// `stat(path)`
fn stat(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    let path = this.path(args[1])?;
    let (mode, size, time) = this.run(|fs| {
        if path.inner().is_empty() {
            return Ok((S_IFDIR, 0, OLDEST));
        }
        let entry = entry(fs, path)?;
        let time = clock::seconds(entry.modified());
        Ok(if entry.is_dir() { (S_IFDIR, 0, time) } else { (S_IFREG, entry.len() as u32, time) })
    })?;
    vfs::stat_tuple(mode, size, time)
}

/// `statvfs(path)`
fn statvfs(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    let stats = this.run(FileSystem::stats)?;
    let (size, total, free) = (stats.cluster_size(), stats.total_clusters(), stats.free_clusters());
    vfs::statvfs_tuple(size, total, free, NAME_MAX as u32)
}

/// `chdir(path)`
fn chdir(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    let path = this.path(args[1])?;
    this.run(|fs| directory(fs, path.inner()).map(drop))?;
    this.cwd.set(path.0);
    Ok(Obj::NONE)
}

/// `getcwd()`
fn getcwd(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    match mp::str_bytes(this.cwd.get())? {
        [path @ .., b'/'] if !path.is_empty() => vfs::name_obj(path),
        _ => Ok(MP_QSTR__slash_.obj()),
    }
}
