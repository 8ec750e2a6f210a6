//! Open files of littlefs.

use littlefs2_sys as lfs;
use micropython_sys::ffi;

use super::{ATTR_MTIME, VfsLfs2};
use crate::errno::{EBADF, EBUSY, EINVAL, EROFS};
use crate::mp::{self, Error, Obj, Result};
use crate::native_fn;
use crate::vfs::file::{File, FileOps, Mode};
use crate::vfs::now_ns;

/// What littlefs keeps of an open file; a block of Python's heap, followed by the file's cache.
#[repr(C)]
pub struct FileState {
    /// First, so that littlefs' list keeps the block alive.
    file: lfs::lfs_file_t,
    config: lfs::lfs_file_config,
    attribute: lfs::lfs_attr,
    mtime: [u8; 8],
    /// The Python object is gone.
    pub abandoned: bool,
}

static OPS: FileOps = FileOps {
    closed: || Error::value(""),
    denied: EBADF,
    read,
    write,
    seek,
    flush,
    close,
    finalise,
    content: None,
};

native_fn!(pub OPEN, 3..=3, open);

/// `open(path, mode)`
fn open(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    let mode = Mode::parse(args[2])?;
    open_file(this, args[1], mode).map(|file| file.obj())
}

/// Opens a file.
pub fn open_file(this: &'static VfsLfs2, path: Obj, mode: Mode) -> Result<&'static File> {
    let path = this.path(path)?;
    if mode.write && this.device.read_only() {
        return Err(Error::Os(EROFS));
    }
    let file = File::new(&OPS, mode)?;
    // SAFETY: configured before anything could be opened.
    let cache = unsafe { (*this.config.get()).cache_size } as usize;
    let state = mp::bytes_on_heap(size_of::<FileState>() + cache)?.cast::<FileState>();
    // SAFETY: zeroed memory of this size, aligned to two words.
    unsafe {
        (*state).config.buffer = state.add(1).cast();
        if this.mtime {
            (*state).mtime = now_ns().to_le_bytes();
            (*state).attribute =
                lfs::lfs_attr { type_: ATTR_MTIME, buffer: (&raw mut (*state).mtime).cast(), size: 8 };
            (*state).config.attrs = &raw mut (*state).attribute;
            (*state).config.attr_count = 1;
        }
    }
    // SAFETY: `path` is a C string; the state stays where it is.
    let opened = |lfs| unsafe {
        lfs::lfs_file_opencfg(lfs, &raw mut (*state).file, path, open_flags(mode), &raw const (*state).config)
    };
    this.run(opened).inspect_err(|_| {
        // The device may have failed after littlefs had opened the file.
        // SAFETY: a state of ours.
        let _ = unsafe { this.close_entry(state.cast(), lfs::lfs_type_LFS_TYPE_REG) };
    })?;
    file.state.set(state.cast());
    file.owner.set(Obj::from_ptr(this));
    Ok(file)
}

/// Forgets what was read of a file; what was written to it stays.
///
/// # Safety
/// It must be an open file, and littlefs must not be running.
pub unsafe fn drop_read_cache(state: *mut FileState) {
    // SAFETY: as the caller.
    unsafe {
        let file = &raw mut (*state).file;
        let flags = (*file).flags;
        if flags & (lfs::lfs_open_flags_LFS_F_WRITING | lfs::lfs_open_flags_LFS_F_INLINE) == 0 {
            (*file).cache.block = lfs::lfs_block_t::MAX;
        }
    }
}

fn open_flags(mode: Mode) -> i32 {
    let flag = |on: bool, flag: u32| if on { flag } else { 0 };
    (flag(mode.read, lfs::lfs_open_flags_LFS_O_RDONLY)
        | flag(mode.write, lfs::lfs_open_flags_LFS_O_WRONLY)
        | flag(mode.create, lfs::lfs_open_flags_LFS_O_CREAT)
        | flag(mode.exclusive, lfs::lfs_open_flags_LFS_O_EXCL)
        | flag(mode.truncate, lfs::lfs_open_flags_LFS_O_TRUNC)
        | flag(mode.append, lfs::lfs_open_flags_LFS_O_APPEND)) as i32
}

/// The filesystem and the state of an open file.
fn parts(file: &File) -> (&'static VfsLfs2, *mut FileState) {
    // SAFETY: the owner of a file with these operations.
    (unsafe { &*file.owner.get().as_ptr::<VfsLfs2>() }, file.state.get().cast())
}

fn read(file: &File, buffer: &mut [u8]) -> Result<usize> {
    let (this, state) = parts(file);
    let size = u32::try_from(buffer.len()).unwrap_or(i32::MAX as u32).min(i32::MAX as u32);
    // SAFETY: an open file and a buffer of this size.
    this.run(|lfs| unsafe {
        lfs::lfs_file_read(lfs, &raw mut (*state).file, buffer.as_mut_ptr().cast(), size)
    })
    .map(|n| n as usize)
}

fn write(file: &File, data: &[u8]) -> Result<usize> {
    let (this, state) = parts(file);
    let size = u32::try_from(data.len()).unwrap_or(i32::MAX as u32).min(i32::MAX as u32);
    this.run(|lfs| {
        // SAFETY: an open file and data of this size.
        unsafe {
            (*state).mtime = now_ns().to_le_bytes();
            lfs::lfs_file_write(lfs, &raw mut (*state).file, data.as_ptr().cast(), size)
        }
    })
    .map(|n| n as usize)
}

fn seek(file: &File, offset: isize, whence: i32) -> Result<isize> {
    let (this, state) = parts(file);
    let offset = i32::try_from(offset).map_err(|_| Error::Os(EINVAL))?;
    // SAFETY: an open file.
    this.run(|lfs| unsafe { lfs::lfs_file_seek(lfs, &raw mut (*state).file, offset, whence) })
        .map(|position| position as isize)
}

fn flush(file: &File) -> Result<()> {
    let (this, state) = parts(file);
    // SAFETY: an open file.
    this.run(|lfs| unsafe { lfs::lfs_file_sync(lfs, &raw mut (*state).file) }).map(drop)
}

fn close(file: &File) -> Result<()> {
    let (this, state) = parts(file);
    if this.busy.get() {
        return Err(Error::Os(EBUSY));
    }
    file.owner.set(Obj::NULL);
    // SAFETY: a state of ours.
    let result = unsafe { this.close_entry(state.cast(), lfs::lfs_type_LFS_TYPE_REG) };
    file.state.set(core::ptr::null_mut());
    // SAFETY: littlefs has let go of the block, and nothing else knows it.
    unsafe { ffi::m_free(state.cast()) };
    result
}

fn finalise(file: &File) {
    let (this, state) = parts(file);
    if this.may_finalise() {
        // Nobody is left to hear of a failure.
        let _ = close(file);
    } else {
        // SAFETY: the list of a living littlefs keeps the block; that of a dying one is not looked at again.
        unsafe { (*state).abandoned = true };
    }
}
