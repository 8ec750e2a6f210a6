//! The methods of `VfsLfs2` that take a path.

use core::ffi::{c_char, c_int, c_void};

use littlefs2_sys as lfs;
use micropython_sys::qstr::MP_QSTR__slash_;

use super::{ATTR_MTIME, VfsLfs2};
use crate::errno::ENOENT;
use crate::mp::{self, Error, Obj, Result};
use crate::native_fn;
use crate::vfs::{self, S_IFDIR, S_IFREG, path_bytes};

native_fn!(pub MKDIR, 2..=2, mkdir);
native_fn!(pub REMOVE, 2..=2, remove);
native_fn!(pub RENAME, 3..=3, rename);
native_fn!(pub CHDIR, 2..=2, chdir);
native_fn!(pub GETCWD, 1..=1, getcwd);
native_fn!(pub STAT, 2..=2, stat);
native_fn!(pub STATVFS, 2..=2, statvfs);
native_fn!(pub MOUNT, 3..=3, mount);
native_fn!(pub UMOUNT, 1..=1, umount);

impl VfsLfs2 {
    /// The path from the filesystem's root as a C string; keep `path` on the stack while it is used.
    pub(super) fn path(&self, path: Obj) -> Result<*const c_char> {
        let bytes = path_bytes(path)?;
        let cwd = mp::str_bytes(self.cwd.get())?;
        if bytes.first() == Some(&b'/') || cwd.len() == 1 {
            // The core ends its strings with NUL.
            return Ok(bytes.as_ptr().cast());
        }
        let whole = mp::bytes_on_heap(cwd.len() + bytes.len() + 1)?;
        // SAFETY: fresh memory of this size, zeroed.
        unsafe {
            whole.copy_from_nonoverlapping(cwd.as_ptr(), cwd.len());
            whole.add(cwd.len()).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        Ok(whole.cast())
    }

    fn info(&self, path: *const c_char) -> Result<lfs::lfs_info> {
        let mut info = lfs::lfs_info::default();
        // SAFETY: a C string and a place for the result.
        self.run(|lfs| unsafe { lfs::lfs_stat(lfs, path, &raw mut info) })?;
        Ok(info)
    }

    /// `st_mode` of what is there.
    pub fn mode(&self, path: Obj) -> Result<isize> {
        Ok(mode(&self.info(self.path(path)?)?))
    }

    /// The modification time in seconds since 1970, or 0.
    fn modified(&self, path: *const c_char) -> Result<i64> {
        let mut ns = [0; 8];
        let buffer: *mut c_void = (&raw mut ns).cast();
        // SAFETY: a C string and a buffer of this size.
        match self.run(|lfs| unsafe { lfs::lfs_getattr(lfs, path, ATTR_MTIME, buffer, 8) }) {
            Ok(8) => Ok((u64::from_le_bytes(ns) / 1_000_000_000) as i64),
            Ok(_) | Err(Error::Os(_)) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

/// `st_mode` as littlefs sees it.
pub(super) fn mode(info: &lfs::lfs_info) -> isize {
    if u32::from(info.type_) == lfs::lfs_type_LFS_TYPE_DIR { S_IFDIR } else { S_IFREG }
}

/// `mkdir(path)`
fn mkdir(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    let path = this.path(args[1])?;
    // SAFETY: a C string.
    this.run(|lfs| unsafe { lfs::lfs_mkdir(lfs, path) }).map(|_| Obj::NONE)
}

/// `remove(path)` and `rmdir(path)`: a file or an empty directory, as in stock.
fn remove(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    let path = this.path(args[1])?;
    // SAFETY: a C string.
    this.run(|lfs| unsafe { lfs::lfs_remove(lfs, path) }).map(|_| Obj::NONE)
}

/// `rename(old, new)`
fn rename(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    let (old, new) = (this.path(args[1])?, this.path(args[2])?);
    // SAFETY: C strings.
    this.run(|lfs| unsafe { lfs::lfs_rename(lfs, old, new) }).map(|_| Obj::NONE)
}

/// `stat(path)`
fn stat(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    let path = this.path(args[1])?;
    let info = this.info(path)?;
    let mtime = if this.mtime { this.modified(path)? } else { 0 };
    vfs::stat_tuple(mode(&info), info.size, mtime)
}

unsafe extern "C" fn count(counter: *mut c_void, _block: u32) -> c_int {
    // SAFETY: `statvfs` passes its own counter.
    unsafe { *counter.cast::<u32>() += 1 };
    0
}

/// `statvfs(path)`
fn statvfs(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    let mut used = 0_u32;
    let counter: *mut c_void = (&raw mut used).cast();
    // SAFETY: the callback matches the counter.
    this.run(|lfs| unsafe { lfs::lfs_fs_traverse(lfs, Some(count), counter) })?;
    let (size, total) = (this.device.block_size(), this.device.block_count());
    vfs::statvfs_tuple(size, total, total.saturating_sub(used), lfs::LFS_NAME_MAX)
}

/// `chdir(path)`
fn chdir(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    let given = path_bytes(args[1])?;
    let cwd = if given.first() == Some(&b'/') { b"/" } else { mp::str_bytes(this.cwd.get())? };
    let cwd = vfs::normalise(cwd, given)?;
    if mp::str_bytes(cwd)?.len() > 1 && this.mode(args[1]).ok() != Some(S_IFDIR) {
        return Err(Error::Os(ENOENT));
    }
    this.cwd.set(cwd);
    Ok(Obj::NONE)
}

/// `getcwd()`
fn getcwd(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    match mp::str_bytes(this.cwd.get())? {
        [path @ .., b'/'] if !path.is_empty() => vfs::name_obj(path),
        _ => Ok(MP_QSTR__slash_.obj()),
    }
}

/// `mount(readonly, mkfs)`: littlefs is running since the object was made.
fn mount(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    if mp::truthy(args[1])? {
        this.device.make_read_only();
    }
    Ok(Obj::NONE)
}

/// `umount()`: the object stays usable, so that open files can be closed.
fn umount(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    // SAFETY: mounted since it was made.
    this.run(|lfs| unsafe { lfs::lfs_unmount(lfs) }).map(|_| Obj::NONE)
}
