//! Filesystems: the mount table, what can be mounted, and the files on it.
//!
//! - `table`: what is mounted where, and which filesystem a path belongs to.
//! - `paths`: the functions of `os` that take a path.
//! - `mount`: `mount`, `umount`.
//! - `device`: block devices: the board's flash, or an object written in Python.
//! - `flash`: the board's flash as a Python object.
//! - `file`: open files of every native filesystem.
//! - `lfs`: littlefs, version 2.
//! - `fat`: FAT (feature `fat`).
//! - `rom`: ROMFS: files to be read where they lie, and the memory for them.
//!
//! A filesystem is any object with the methods `mount umount open ilistdir stat mkdir ...`; native ones have no shorter
//! way in, except for imports.

mod device;
#[cfg(feature = "fat")]
mod fat;
mod file;
mod flash;
mod lfs;
mod mount;
mod paths;
mod rom;
mod table;

#[cfg(feature = "fat")]
pub use fat::VfsFat;
pub use flash::Flash;
pub use lfs::VfsLfs2;
pub use mount::{MOUNT, UMOUNT};
pub use paths::{
    CHDIR, GETCWD, ILISTDIR, LISTDIR, MKDIR, REMOVE, RENAME, RMDIR, STAT, STATVFS, import_kind, open,
};
pub use rom::{ROM_IOCTL, VfsRom, mount_rom};

use core::sync::atomic::{AtomicBool, Ordering};

use micropython_sys::ffi;

use crate::mp::{Error, Obj, Result, TextBuffer, class_name, int_of, str_bytes};
use crate::{errno, hal, native_fn};

/// `os.sync()`: writes out what native filesystems and the flash hold back.
pub fn sync_all() -> Result<()> {
    table::each_native(table::Work::Sync)?;
    hal::hal().flash().sync().map_err(|_| Error::Os(errno::EIO))
}

/// Closes all files of mounted filesystems, before the heap ends.
pub fn close_all() {
    let _ = table::each_native(table::Work::CloseAll);
}

/// Has files that finalisers could not close closed as soon as callbacks run. For use in a collection.
fn close_later() {
    if !CLOSING.swap(true, Ordering::Relaxed) {
        // SAFETY: does not allocate. If the queue is full, the next operation of the filesystem closes the files.
        let queued = unsafe { ffi::mp_sched_schedule(Obj::from_static(&CLOSE_ABANDONED), Obj::NONE) };
        CLOSING.store(queued, Ordering::Relaxed);
    }
}

/// Whether the callback is queued.
static CLOSING: AtomicBool = AtomicBool::new(false);
native_fn!(CLOSE_ABANDONED, 1..=1, close_abandoned);

fn close_abandoned(_args: &[Obj]) -> Result {
    CLOSING.store(false, Ordering::Relaxed);
    table::each_native(table::Work::CloseAbandoned).map(|()| Obj::NONE)
}

/// Forgets the last life of the virtual machine.
pub fn reset() {
    CLOSING.store(false, Ordering::Relaxed);
}

/// The type `VfsFat`, or `None` on a board without it.
#[cfg(feature = "fat")]
pub const FAT: Obj = Obj::from_static(VfsFat::STATIC);
/// The type `VfsFat`, or `None` on a board without it.
#[cfg(not(feature = "fat"))]
pub const FAT: Obj = Obj::NONE;

/// `st_mode` of a directory.
const S_IFDIR: isize = 0x4000;
/// `st_mode` of a file.
const S_IFREG: isize = 0x8000;

/// The bytes of a path, `str` or `bytes`, without NUL: the C string behind the object is the same path.
fn path_bytes(path: Obj) -> Result<&'static [u8]> {
    let bytes = str_bytes(path)?;
    if bytes.contains(&0) { Err(Error::Os(errno::EINVAL)) } else { Ok(bytes) }
}

/// Both paths joined, without `.`, `..` and empty parts, with a slash at both ends.
fn normalise(cwd: &[u8], path: &[u8]) -> Result {
    let mut out = TextBuffer::new(cwd.len() + path.len() + 2)?;
    out.push(b"/")?;
    for part in cwd.split(|c| *c == b'/').chain(path.split(|c| *c == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => {
                let written = out.as_bytes();
                let parent = written[..written.len() - 1].iter().rposition(|c| *c == b'/');
                out.truncate(parent.map_or(1, |slash| slash + 1));
            }
            part => {
                out.push(part)?;
                out.push(b"/")?;
            }
        }
    }
    out.into_str()
}

/// What `stat` gives: mode, size in bytes, modification time in seconds since 1970.
fn stat_tuple(mode: isize, size: u32, mtime: i64) -> Result {
    let zero = Obj::small_int(0);
    let (size, mtime) = (crate::mp::long(size.into())?, crate::mp::long(mtime)?);
    crate::mp::tuple(&[Obj::small_int(mode), zero, zero, zero, zero, zero, size, mtime, mtime, mtime])
}

/// What `statvfs` gives: unit of allocation in bytes, units in all, free units, the longest name in bytes.
fn statvfs_tuple(unit: u32, total: u32, free: u32, name_max: u32) -> Result {
    let [unit, total, free, name_max] = [unit, total, free, name_max].map(|n| Obj::small_int(n as isize));
    let zero = Obj::small_int(0);
    crate::mp::tuple(&[unit, unit, total, free, free, zero, zero, zero, zero, name_max])
}

/// An entry of `ilistdir`: the name as `str` or `bytes`, the mode, no inode number, and the size of a file.
fn listing_entry(name: &[u8], as_str: bool, mode: isize, size: Option<u32>) -> Result {
    let name = if as_str { name_obj(name)? } else { crate::mp::bytes(name)? };
    let fields = [name, Obj::small_int(mode), Obj::small_int(0)];
    match size {
        None => crate::mp::tuple(&fields),
        Some(size) => {
            let [name, mode, inode] = fields;
            crate::mp::tuple(&[name, mode, inode, crate::mp::long(size.into())?])
        }
    }
}

/// A name from a disk as `str`; one that is not UTF-8 raises `UnicodeError`.
fn name_obj(name: &[u8]) -> Result {
    let (data, len) = (name.as_ptr(), name.len());
    // SAFETY: valid bytes, which the core checks.
    crate::mp::protect(|| unsafe { ffi::mp_obj_new_str(data, len) })
}

/// A size argument that must be positive.
fn size_of_arg(value: Option<Obj>, default: u32) -> Result<u32> {
    let Some(value) = value else { return Ok(default) };
    match u32::try_from(int_of(value)?) {
        Ok(size @ 1..) => Ok(size),
        _ => Err(Error::Os(errno::EINVAL)),
    }
}

/// Nanoseconds since 1970 by the board's clock.
fn now_ns() -> u64 {
    hal::hal().time_ns()
}

/// Whether the object is a `bytes`.
fn is_bytes(object: Obj) -> bool {
    class_name(object) == "bytes"
}
