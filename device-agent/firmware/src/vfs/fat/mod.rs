//! `VfsFat`: FAT12, FAT16 and FAT32 with long names.
//!
//! - here: the object, its life, and how the FAT code is entered.
//! - `disk`: the block device as a stream of bytes.
//! - `ops`: the methods on paths.
//! - `open`: open files.
//!
//! Everything is on Python's heap, also the FAT code's own state, which allocates nothing else that outlives a call: a
//! reset of any kind leaves nothing behind. Re-entrance is as for littlefs: `EBUSY`, and finalisers only mark.

mod clock;
mod disk;
mod open;
mod ops;

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use std::io::{self, ErrorKind};
use std::panic::{self, AssertUnwindSafe};
use std::string::ToString;

use fatfs::{FileSystem, FormatVolumeOptions, FsOptions};
use micropython_sys::object::{Base, FullType, Slot, StaticMethod, Type};
use micropython_sys::qstr::{
    MP_QSTR___del__, MP_QSTR__slash_, MP_QSTR_VfsFat, MP_QSTR_bdev, MP_QSTR_chdir, MP_QSTR_getcwd,
    MP_QSTR_ilistdir, MP_QSTR_mkdir, MP_QSTR_mkfs, MP_QSTR_mount, MP_QSTR_open, MP_QSTR_remove,
    MP_QSTR_rename, MP_QSTR_rmdir, MP_QSTR_stat, MP_QSTR_statvfs, MP_QSTR_umount,
};

use super::device::Device;
use crate::errno::{EACCES, EBUSY, EEXIST, EINVAL, EIO, EISDIR, ENODEV, ENOENT, ENOSPC, ENOTDIR};
use crate::mp::{self, Args, Error, Finaliser, Native, Obj, Result};
use crate::{native_dict, native_fn, native_make_new};
use disk::{Blocks, Disk};

/// Entries of the root directory of FAT12 and FAT16, and of one on a disk of fewer than [`SMALL`] blocks.
const ROOT_ENTRIES: u16 = 512;
const SMALL_ROOT_ENTRIES: u16 = 64;
const SMALL: u32 = 128;

/// A FAT filesystem.
#[repr(C)]
pub struct VfsFat {
    base: Base,
    blocks: Blocks,
    /// What the FAT code knows; nothing while no filesystem was found, and after the last use.
    fs: UnsafeCell<Option<FileSystem<Disk>>>,
    /// The current directory, a `str` that starts and ends with a slash.
    cwd: Cell<Obj>,
    /// Open files; each member is the start of a block of Python's heap.
    files: Cell<*mut open::FileState>,
    busy: Cell<bool>,
    /// A finaliser has marked a file to be closed.
    abandoned: Cell<bool>,
    /// The Python object is gone, but not yet its files.
    orphaned: Cell<bool>,
}

// SAFETY: `Base` first. What has a destructor is dropped by the finaliser, or not at all.
unsafe impl Native for VfsFat {
    const TYPE: &'static Type = VfsFat::STATIC.as_type();
}
impl Finaliser for VfsFat {}

impl VfsFat {
    /// The type, for module tables.
    pub const STATIC: &'static FullType<2> = &TYPE;

    fn new(bdev: Obj) -> Result<&'static Self> {
        let device = Device::new(bdev)?;
        let size = device.block_size();
        if !size.is_power_of_two() || !(512..=4096).contains(&size) || device.block_count() == 0 {
            return Err(Error::Os(EINVAL));
        }
        let blocks = Blocks::new(device)?;
        mp::alloc_finalised(Self {
            base: mp::base::<Self>(),
            blocks,
            fs: UnsafeCell::new(None),
            cwd: Cell::new(MP_QSTR__slash_.obj()),
            files: Cell::new(core::ptr::null_mut()),
            busy: Cell::new(false),
            abandoned: Cell::new(false),
            orphaned: Cell::new(false),
        })
    }

    /// Runs code that uses the device; not while such code runs already.
    fn exclusive<T>(&'static self, f: impl FnOnce() -> io::Result<T>) -> Result<T> {
        if self.busy.get() {
            return Err(Error::Os(EBUSY));
        }
        self.close_abandoned();
        self.busy.set(true);
        self.blocks.begin();
        // The FAT code counts clusters of a damaged disk below zero, which a build with overflow checks notices.
        let result = panic::catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| Err(ops::os(EIO)));
        let result = result.map_err(|error| error_of(&error));
        self.busy.set(false);
        let raised = self.blocks.device.take_error();
        self.close_abandoned();
        match raised {
            Some(error) => {
                drop(result);
                Err(error)
            }
            None => result,
        }
    }

    /// Runs the FAT code; `ENODEV` if there is no filesystem.
    fn run<T>(&'static self, f: impl FnOnce(&'static FileSystem<Disk>) -> io::Result<T>) -> Result<T> {
        self.exclusive(|| {
            self.load()?;
            // SAFETY: only `unload` changes it, when no file is open and nothing runs; files keep the object alive.
            match unsafe { &*self.fs.get() } {
                Some(fs) => f(fs),
                None => Err(io::Error::from_raw_os_error(ENODEV)),
            }
        })
    }

    /// Reads what the FAT code must know, if there is a filesystem and it does not know it yet.
    fn load(&'static self) -> io::Result<()> {
        // SAFETY: nothing else runs.
        let fs = unsafe { &mut *self.fs.get() };
        if fs.is_none() {
            let options = FsOptions::new().update_accessed_date(false).time_provider(&clock::CLOCK);
            match FileSystem::new(Disk::new(&self.blocks), options) {
                Ok(loaded) => *fs = Some(loaded),
                Err(error) if error.raw_os_error().is_some() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Writes everything out and forgets what the FAT code knows, unless files are open.
    fn unload(&'static self) -> Result<()> {
        if !self.files.get().is_null() {
            return Ok(());
        }
        self.exclusive(|| {
            // SAFETY: nothing else runs, and no file borrows from it.
            let fs = unsafe { &mut *self.fs.get() }.take();
            drop(fs);
            self.blocks.write_back()?;
            self.blocks.forget();
            code_result(self.blocks.device.sync())
        })
    }

    /// Makes a filesystem; nothing may be open.
    fn format(&'static self) -> Result<()> {
        self.exclusive(|| {
            let blocks = self.blocks.device.block_count();
            let entries = if blocks < SMALL { SMALL_ROOT_ENTRIES } else { ROOT_ENTRIES };
            let options = FormatVolumeOptions::new()
                .bytes_per_sector(self.blocks.device.block_size() as u16)
                .total_sectors(blocks)
                .fats(1)
                .max_root_dir_entries(entries);
            fatfs::format_volume(Disk::new(&self.blocks), options)?;
            self.blocks.write_back()?;
            self.blocks.forget();
            code_result(self.blocks.device.sync())
        })
    }

    /// Writes out what is held back.
    pub fn sync(&'static self) -> Result<()> {
        open::flush_all(self)
    }
}

/// A device's code as a result.
fn code_result(code: i32) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(-code)) }
}

/// The error number for what the FAT code says, which is partly text.
fn error_of(error: &io::Error) -> Error {
    let text = error.get_ref().map(ToString::to_string);
    Error::Os(match (error.raw_os_error(), error.kind(), text.as_deref()) {
        (Some(code), ..) => code,
        (_, ErrorKind::NotFound, _) => ENOENT,
        (_, ErrorKind::AlreadyExists, _) => EEXIST,
        (_, ErrorKind::InvalidInput, _) => EINVAL,
        (_, ErrorKind::WriteZero, _) => ENOSPC,
        (.., Some("No space left on device")) => ENOSPC,
        (.., Some("Directory not empty")) => EACCES,
        (.., Some("Is a directory")) => EISDIR,
        (.., Some("Not a directory")) => ENOTDIR,
        (.., Some(text)) if text.starts_with("File name") => EINVAL,
        _ => EIO,
    })
}

/// `VfsFat(bdev)`: a device without a filesystem is no error until it is used, so that `mount` can make one.
fn make(args: Args<'_>) -> Result {
    let [bdev] = args.take([MP_QSTR_bdev])?;
    let this = VfsFat::new(bdev.ok_or(Error::typ("'bdev' argument required"))?)?;
    this.exclusive(|| this.load())?;
    Ok(Obj::from_ptr(this))
}

/// `VfsFat.mkfs(bdev)`
fn mkfs(args: &[Obj]) -> Result {
    VfsFat::new(args[0])?.format().map(|()| Obj::NONE)
}

/// `mount(readonly, mkfs)`
fn mount(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    if mp::truthy(args[1])? {
        this.blocks.device.make_read_only();
    }
    let make = mp::truthy(args[2])?;
    match this.run(|_| Ok(())) {
        Err(Error::Os(ENODEV)) if make => {
            this.format()?;
            this.run(|_| Ok(()))?;
        }
        result => result?,
    }
    Ok(Obj::NONE)
}

/// `umount()`: the object stays usable, so that open files can be closed.
fn umount(args: &[Obj]) -> Result {
    mp::native::<VfsFat>(args[0])?.unload().map(|()| Obj::NONE)
}

fn finalise(args: &[Obj]) -> Result {
    let this = mp::native::<VfsFat>(args[0])?;
    this.orphaned.set(true);
    // Nobody is left to hear of a failure.
    if !this.blocks.device.needs_heap() {
        let _ = this.unload();
    }
    Ok(Obj::NONE)
}

native_make_new!(make_new, make);
native_fn!(MKFS, 1..=1, mkfs);
native_fn!(MOUNT, 3..=3, mount);
native_fn!(UMOUNT, 1..=1, umount);
native_fn!(DEL, 1..=1, finalise);
static MKFS_METHOD: StaticMethod = StaticMethod::new(&MKFS);

native_dict!(LOCALS, {
    MP_QSTR_mkfs: Obj::from_static(&MKFS_METHOD),
    MP_QSTR_open: Obj::from_static(&open::OPEN),
    MP_QSTR_ilistdir: Obj::from_static(&ops::ILISTDIR),
    MP_QSTR_mkdir: Obj::from_static(&ops::MKDIR),
    MP_QSTR_rmdir: Obj::from_static(&ops::RMDIR),
    MP_QSTR_chdir: Obj::from_static(&ops::CHDIR),
    MP_QSTR_getcwd: Obj::from_static(&ops::GETCWD),
    MP_QSTR_remove: Obj::from_static(&ops::REMOVE),
    MP_QSTR_rename: Obj::from_static(&ops::RENAME),
    MP_QSTR_stat: Obj::from_static(&ops::STAT),
    MP_QSTR_statvfs: Obj::from_static(&ops::STATVFS),
    MP_QSTR_mount: Obj::from_static(&MOUNT),
    MP_QSTR_umount: Obj::from_static(&UMOUNT),
    MP_QSTR___del__: Obj::from_static(&DEL),
});

static TYPE: FullType<2> = FullType::new(
    MP_QSTR_VfsFat,
    0,
    [(Slot::MakeNew, make_new as *const c_void), (Slot::LocalsDict, (&raw const LOCALS).cast())],
);
