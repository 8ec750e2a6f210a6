//! Open files of FAT.
//!
//! A file that is removed, replaced, renamed or emptied under another open file would pull the disk from under it. Such open
//! files are revoked: what they hold is written out, and using them is `EBADF`.

use core::mem::MaybeUninit;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::disk::Disk;
use super::ops::{FatPath, directory, entry_in, os};
use super::{VfsFat, code_result};
use crate::errno::{EACCES, EBADF, EBUSY, EEXIST, EFBIG, EINVAL, ENOENT, EROFS};
use crate::mp::{self, Error, Obj, Result};
use crate::native_fn;
use crate::vfs;
use crate::vfs::file::{File, FileOps, Mode};

/// What is kept of an open file; a block of Python's heap.
#[repr(C)]
pub struct FileState {
    /// The next open file. First, so that the list keeps the blocks alive.
    next: *mut FileState,
    file: MaybeUninit<fatfs::File<'static, Disk>>,
    path: FatPath,
    writable: bool,
    /// The FAT code's file is gone.
    revoked: bool,
    /// The Python object is gone.
    abandoned: bool,
}

/// The largest size of a file in bytes.
const SIZE_MAX: u64 = u32::MAX as u64;

static OPS: FileOps = FileOps {
    closed: || Error::Os(EINVAL),
    denied: EACCES,
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
    let this = mp::native::<VfsFat>(args[0])?;
    let mode = Mode::parse(args[2])?;
    let path = this.path(args[1])?;
    if mode.write && this.blocks.device.read_only() {
        return Err(Error::Os(EROFS));
    }
    let file = File::new(&OPS, mode)?;
    let state = mp::bytes_on_heap(size_of::<FileState>())?.cast::<FileState>();
    this.run(|fs| {
        let (parent, name) = path.new_name().map_err(|error| match error.raw_os_error() {
            Some(EEXIST) => os(if mode.write { EACCES } else { ENOENT }),
            _ => error,
        })?;
        let parent = directory(fs, parent)?;
        let mut opened = match entry_in(&parent, name)? {
            None if !mode.create => return Err(os(ENOENT)),
            None => parent.create_file(name)?,
            Some(_) if mode.exclusive => return Err(os(EEXIST)),
            Some(entry) if entry.is_dir() => return Err(os(if mode.write { EACCES } else { ENOENT })),
            Some(_) => {
                if mode.write {
                    revoke_matching(this, |other| other.path_is(path) && (mode.truncate || other.writable));
                }
                // What another open file has written must be in the directory before it is read.
                flush_matching(this, |other| other.path_is(path))?;
                parent.open_file(name)?
            }
        };
        if mode.truncate {
            opened.truncate()?;
            opened.flush()?;
        }
        if mode.append {
            opened.seek(SeekFrom::End(0))?;
        }
        // SAFETY: zeroed memory of this size.
        unsafe {
            (*state).file.write(opened);
            (*state).path = path;
            (*state).writable = mode.write;
            (*state).next = this.files.replace(state);
        }
        Ok(())
    })?;
    file.state.set(state.cast());
    file.owner.set(Obj::from_ptr(this));
    Ok(file.obj())
}

impl FileState {
    fn path_is(&self, path: FatPath) -> bool {
        upper(self.path).eq(upper(path))
    }

    fn path_is_below(&self, path: FatPath) -> bool {
        let mut own = upper(self.path);
        upper(path).all(|c| own.next() == Some(c)) && own.next() == Some('/')
    }

    /// The FAT code's file.
    fn file(&mut self) -> io::Result<&mut fatfs::File<'static, Disk>> {
        // SAFETY: written when the file was opened, dropped when it is revoked.
        if self.revoked { Err(os(EBADF)) } else { Ok(unsafe { self.file.assume_init_mut() }) }
    }

    /// Writes out and lets the FAT code's file go.
    fn release(&mut self) -> io::Result<()> {
        if self.revoked {
            return Ok(());
        }
        let flushed = self.file()?.flush();
        self.revoked = true;
        // SAFETY: alive until now, never used again.
        unsafe { self.file.assume_init_drop() };
        flushed
    }
}

fn upper(path: FatPath) -> impl Iterator<Item = char> {
    path.inner().chars().flat_map(char::to_uppercase)
}

/// Calls `f` for every open file; its filesystem's code is not running but for the caller.
fn each(this: &VfsFat, mut f: impl FnMut(&mut FileState)) {
    let mut state = this.files.get();
    while !state.is_null() {
        // SAFETY: a member of the list, which only `close` changes.
        let (file, next) = unsafe { (&mut *state, (*state).next) };
        f(file);
        state = next;
    }
}

fn revoke_matching(this: &VfsFat, matches: impl Fn(&FileState) -> bool) {
    each(this, |file| {
        if matches(file) {
            // What could not be written out is lost with the file.
            let _ = file.release();
        }
    });
}

fn flush_matching(this: &VfsFat, matches: impl Fn(&FileState) -> bool) -> io::Result<()> {
    let mut result = Ok(());
    each(this, |file| {
        if matches(file) && !file.revoked {
            let flushed = file.file().and_then(Write::flush);
            if result.is_ok() {
                result = flushed;
            }
        }
    });
    result
}

/// Revokes the open files of this path and below it. Called by running code of the filesystem.
pub fn revoke(this: &VfsFat, path: FatPath) {
    revoke_matching(this, |file| file.path_is(path) || file.path_is_below(path));
}

/// Writes out what is held back, and the device's own cache.
pub fn flush_all(this: &'static VfsFat) -> Result<()> {
    this.exclusive(|| {
        flush_matching(this, |_| true)?;
        this.blocks.write_back()?;
        code_result(this.blocks.device.sync())
    })
}

/// The filesystem and the state of an open file.
fn parts(file: &File) -> (&'static VfsFat, &'static mut FileState) {
    // SAFETY: the owner of a file with these operations, and its state, which nothing else uses meanwhile.
    unsafe { (&*file.owner.get().as_ptr::<VfsFat>(), &mut *file.state.get().cast()) }
}

fn read(file: &File, buffer: &mut [u8]) -> Result<usize> {
    let (this, state) = parts(file);
    this.exclusive(|| {
        let file = state.file()?;
        let mut done = 0;
        while done < buffer.len() {
            match file.read(&mut buffer[done..])? {
                0 => break,
                n => done += n,
            }
        }
        Ok(done)
    })
}

fn write(file: &File, data: &[u8]) -> Result<usize> {
    let (this, state) = parts(file);
    this.exclusive(|| {
        state.file()?.write_all(data)?;
        Ok(data.len())
    })
}

fn seek(file: &File, offset: isize, whence: i32) -> Result<isize> {
    let (this, state) = parts(file);
    this.exclusive(|| {
        let writable = state.writable;
        let file = state.file()?;
        let from = match whence {
            0 => 0,
            1 => file.stream_position()?,
            2 => file.seek(SeekFrom::End(0))?,
            _ => return Err(os(EINVAL)),
        };
        let target = from.checked_add_signed(offset as i64).ok_or_else(|| os(EINVAL))?;
        if target > SIZE_MAX {
            return Err(os(EFBIG));
        }
        let mut position = file.seek(SeekFrom::Start(target))?;
        // Beyond the end a file that is written grows, with zeros.
        while writable && position < target {
            let n = (target - position).min(512) as usize;
            file.write_all(&[0; 512][..n])?;
            position += n as u64;
        }
        Ok(position as isize)
    })
}

fn flush(file: &File) -> Result<()> {
    let (this, state) = parts(file);
    this.exclusive(|| {
        state.file()?.flush()?;
        code_result(this.blocks.device.sync())
    })
}

fn close(file: &File) -> Result<()> {
    let (this, state) = parts(file);
    if this.busy.get() {
        return Err(Error::Os(EBUSY));
    }
    file.owner.set(Obj::NULL);
    file.state.set(core::ptr::null_mut());
    this.close_state(state)
}

fn finalise(file: &File) {
    let (this, state) = parts(file);
    if this.busy.get() || this.blocks.device.needs_heap() {
        // The list of a living filesystem keeps the state; that of a dying one is not looked at again.
        state.abandoned = true;
        this.abandoned.set(true);
        vfs::close_later();
    } else {
        // Nobody is left to hear of a failure.
        let _ = close(file);
    }
}

impl VfsFat {
    /// Takes an open file from the list and closes it.
    fn close_state(&'static self, state: *mut FileState) -> Result<()> {
        let closed = self.exclusive(|| {
            // SAFETY: a member of the list.
            unsafe {
                let mut link = self.files.get();
                if core::ptr::eq(link, state) {
                    self.files.set((*state).next);
                } else {
                    while !link.is_null() && !core::ptr::eq((*link).next, state) {
                        link = (*link).next;
                    }
                    if link.is_null() {
                        return Ok(()); // Closed meanwhile.
                    }
                    (*link).next = (*state).next;
                }
                (*state).release()?;
            }
            code_result(self.blocks.device.sync())
        });
        if self.orphaned.get() {
            return closed.and(self.unload());
        }
        closed
    }

    /// Closes what finalisers have marked, unless the FAT code is running.
    pub fn close_abandoned(&'static self) {
        if !self.busy.get() && self.abandoned.replace(false) {
            self.close_where(|file| file.abandoned);
        }
    }

    /// Closes everything that is open.
    pub fn close_all(&'static self) {
        self.close_where(|_| true);
    }

    /// Closes open files. A failure has nobody left to hear of it.
    fn close_where(&'static self, matches: impl Fn(&FileState) -> bool) {
        while !self.busy.get() {
            let mut found = core::ptr::null_mut();
            each(self, |file| {
                if matches(file) {
                    found = core::ptr::from_mut(file);
                }
            });
            if found.is_null() {
                return;
            }
            let _ = self.close_state(found);
        }
    }
}
