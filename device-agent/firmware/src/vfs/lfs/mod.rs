//! `VfsLfs2`: littlefs, disk version 2.
//!
//! - here: the object, its life, and how littlefs is entered.
//! - `ops`: the methods on paths.
//! - `open`: open files.
//! - `list`: open directories.
//!
//! # Memory
//! The object lives on Python's heap with everything in it; littlefs allocates nothing. Its list of open files and
//! directories starts in the object, and every member is the start of a block of the heap, so the collector finds what
//! littlefs still needs through the object alone.
//!
//! # Re-entrance
//! A block device written in Python runs inside an operation, and so may a collection with finalisers. Entering the same
//! filesystem then is refused with `EBUSY`; a finaliser only marks its file, which is closed when the operation ends. Python
//! code can't allocate during a collection, so on a device written in Python finalisers always mark; what they have marked is
//! closed as soon as callbacks run, or by the next operation.

mod list;
mod open;
mod ops;

use core::cell::{Cell, UnsafeCell};
use core::ffi::{c_int, c_void};

use littlefs2_sys as lfs;
use micropython_sys::object::{Base, FullType, Slot, StaticMethod, Type};
use micropython_sys::qstr::{
    MP_QSTR__slash_, MP_QSTR_VfsLfs2, MP_QSTR_bdev, MP_QSTR_chdir, MP_QSTR_getcwd, MP_QSTR_ilistdir,
    MP_QSTR_lookahead, MP_QSTR_mkdir, MP_QSTR_mkfs, MP_QSTR_mount, MP_QSTR_mtime, MP_QSTR_open,
    MP_QSTR_progsize, MP_QSTR_readsize, MP_QSTR_remove, MP_QSTR_rename, MP_QSTR_rmdir, MP_QSTR_stat,
    MP_QSTR_statvfs, MP_QSTR_umount,
};

use super::device::Device;
use super::size_of_arg;
use crate::errno::{EBUSY, EINVAL};
use crate::mp::{self, Args, Error, Native, Obj, Result};
use crate::vfs;
use crate::{native_dict, native_kw_fn, native_make_new};

/// Erases of a block before its contents move elsewhere.
const BLOCK_CYCLES: i32 = 100;
/// Default unit of reading and of programming in bytes.
const UNIT: u32 = 32;
/// Default size of the allocator's bitmap in bytes.
const LOOKAHEAD: u32 = 32;
/// Type of the attribute that holds the modification time: nanoseconds since 1970, 8 bytes, little endian.
const ATTR_MTIME: u8 = 1;

/// A littlefs.
#[repr(C)]
pub struct VfsLfs2 {
    base: Base,
    lfs: UnsafeCell<lfs::lfs_t>,
    config: UnsafeCell<lfs::lfs_config>,
    device: Device,
    /// The current directory, a `str` that starts and ends with a slash.
    cwd: Cell<Obj>,
    /// Keep modification times.
    mtime: bool,
    busy: Cell<bool>,
    /// The device has failed.
    failed: Cell<bool>,
    /// A finaliser has marked something to be closed.
    abandoned: Cell<bool>,
}

// SAFETY: `Base` first.
unsafe impl Native for VfsLfs2 {
    const TYPE: &'static Type = VfsLfs2::STATIC.as_type();
}

impl VfsLfs2 {
    /// The type, for module tables.
    pub const STATIC: &'static FullType<2> = &TYPE;

    /// A filesystem that littlefs has not seen yet, from the arguments of the constructor and of `mkfs`.
    fn configure(args: Args<'_>) -> Result<&'static Self> {
        let [bdev, readsize, progsize, lookahead, mtime] =
            args.take([MP_QSTR_bdev, MP_QSTR_readsize, MP_QSTR_progsize, MP_QSTR_lookahead, MP_QSTR_mtime])?;
        let bdev = bdev.ok_or(Error::typ("'bdev' argument required"))?;
        let read = size_of_arg(readsize, UNIT)?;
        let program = size_of_arg(progsize, UNIT)?;
        let lookahead = size_of_arg(lookahead, LOOKAHEAD)?;
        let mtime = mtime.map_or(Ok(true), mp::truthy)?;
        let device = Device::new(bdev)?;
        let (block, count) = (device.block_size(), device.block_count());
        let cache = read.max(program).saturating_mul(4).min(block);
        // littlefs divides by these and checks nothing.
        let fits = block >= 128
            && count >= 2
            && [read, program].iter().all(|unit| cache >= *unit && cache.is_multiple_of(*unit))
            && block.is_multiple_of(cache)
            && lookahead.is_multiple_of(8);
        if !fits {
            return Err(Error::Os(EINVAL));
        }
        let this = mp::alloc(Self {
            base: mp::base::<Self>(),
            lfs: UnsafeCell::new(lfs::lfs_t::default()),
            config: UnsafeCell::new(lfs::lfs_config::default()),
            device,
            cwd: Cell::new(MP_QSTR__slash_.obj()),
            mtime,
            busy: Cell::new(false),
            failed: Cell::new(false),
            abandoned: Cell::new(false),
        })?;
        let config = this.config.get();
        // SAFETY: littlefs is not running yet; the object stays where it is.
        unsafe {
            (*config).context = core::ptr::from_ref(this).cast_mut().cast();
            (*config).read = Some(read_device);
            (*config).prog = Some(program_device);
            (*config).erase = Some(erase_device);
            (*config).sync = Some(sync_device);
            (*config).read_size = read;
            (*config).prog_size = program;
            (*config).block_size = block;
            (*config).block_count = count;
            (*config).block_cycles = BLOCK_CYCLES;
            (*config).cache_size = cache;
            (*config).lookahead_size = lookahead;
            (*config).read_buffer = mp::bytes_on_heap(cache as usize)?.cast();
            (*config).prog_buffer = mp::bytes_on_heap(cache as usize)?.cast();
            (*config).lookahead_buffer = mp::bytes_on_heap(lookahead as usize)?.cast();
        }
        Ok(this)
    }

    /// Runs littlefs; a negative result is an error number. Not while it runs already.
    fn run(&self, f: impl FnOnce(*mut lfs::lfs_t) -> i32) -> Result<i32> {
        if self.busy.get() {
            return Err(Error::Os(EBUSY));
        }
        self.close_abandoned();
        self.busy.set(true);
        let code = f(self.lfs.get());
        if self.failed.replace(false) {
            self.drop_caches();
        }
        self.busy.set(false);
        let error = self.device.take_error();
        self.close_abandoned();
        match error {
            Some(error) => Err(error),
            None if code < 0 => Err(Error::Os(-code)),
            None => Ok(code),
        }
    }

    /// Forgets what littlefs believes to have read or is about to write, after the device has failed: littlefs marks its caches
    /// as filled before it fills them. Data written to open files is kept.
    fn drop_caches(&self) {
        const NO_BLOCK: lfs::lfs_block_t = lfs::lfs_block_t::MAX;
        // SAFETY: the operation has ended; all members of the list are ours.
        unsafe {
            let lfs = self.lfs.get();
            (*lfs).rcache.block = NO_BLOCK;
            (*lfs).pcache.block = NO_BLOCK;
            let mut entry = (*lfs).mlist;
            while !entry.is_null() {
                if u32::from((*entry).type_) == lfs::lfs_type_LFS_TYPE_REG {
                    open::drop_read_cache(entry.cast());
                }
                entry = (*entry).next;
            }
        }
    }

    /// Called by a finaliser: whether littlefs may be entered now. If not, the finaliser marks what it is for.
    fn may_finalise(&self) -> bool {
        let may = !self.busy.get() && !self.device.needs_heap();
        if !may {
            self.abandoned.set(true);
            vfs::close_later();
        }
        may
    }

    /// Closes what finalisers have marked, unless littlefs is running.
    pub fn close_abandoned(&self) {
        if !self.busy.get() && self.abandoned.replace(false) {
            // SAFETY: a member of littlefs' list.
            self.close_where(|entry, typ| unsafe { marked(entry, typ) });
        }
    }

    /// Closes everything that is open.
    pub fn close_all(&self) {
        self.close_where(|_, _| true);
    }

    /// Closes open files and directories. A failure has nobody left to hear of it.
    fn close_where(&self, matches: impl Fn(*mut c_void, u8) -> bool) {
        loop {
            // SAFETY: littlefs is not running; all members of its list are ours.
            let mut entry = unsafe { (*self.lfs.get()).mlist };
            // SAFETY: as above.
            while !entry.is_null() && !matches(entry.cast(), unsafe { (*entry).type_ }) {
                // SAFETY: as above.
                entry = unsafe { (*entry).next };
            }
            if entry.is_null() {
                return;
            }
            // SAFETY: it was in the list.
            let closed = unsafe { self.close_entry(entry.cast(), u32::from((*entry).type_)) };
            if self.busy.get() || closed.is_err() && self.holds(entry.cast()) {
                return;
            }
        }
    }

    /// Closes an open file or directory, which leaves littlefs' list also if that fails. One that has left it already is
    /// left alone.
    ///
    /// # Safety
    /// The state must be one of ours, of this littlefs type, and may have left the list.
    unsafe fn close_entry(&self, entry: *mut c_void, typ: u32) -> Result<()> {
        let close = |lfs| match self.holds(entry) {
            false => 0,
            // SAFETY: as the caller.
            true if typ == lfs::lfs_type_LFS_TYPE_DIR => unsafe { lfs::lfs_dir_close(lfs, entry.cast()) },
            // SAFETY: as the caller.
            true => unsafe { lfs::lfs_file_close(lfs, entry.cast()) },
        };
        self.run(close).map(drop)
    }

    /// Whether this is in littlefs' list.
    fn holds(&self, wanted: *mut c_void) -> bool {
        // SAFETY: only called when littlefs does not walk or change its list.
        unsafe {
            let mut entry = (*self.lfs.get()).mlist;
            while !entry.is_null() && !core::ptr::eq(entry.cast(), wanted) {
                entry = (*entry).next;
            }
            !entry.is_null()
        }
    }
}

/// Whether a finaliser has marked this open file or directory.
///
/// # Safety
/// It must be one of ours, of this littlefs type.
unsafe fn marked(entry: *mut c_void, typ: u8) -> bool {
    // SAFETY: as the caller.
    unsafe {
        if u32::from(typ) == lfs::lfs_type_LFS_TYPE_DIR {
            (*entry.cast::<list::DirState>()).abandoned
        } else {
            (*entry.cast::<open::FileState>()).abandoned
        }
    }
}

/// Does something with the device of the filesystem that littlefs calls for.
///
/// # Safety
/// `config` must be one of `configure`.
unsafe fn on_device(config: *const lfs::lfs_config, f: impl FnOnce(&Device) -> i32) -> c_int {
    // SAFETY: as the caller.
    let this = unsafe { &*(*config).context.cast::<VfsLfs2>() };
    let code = f(&this.device);
    if code != 0 {
        this.failed.set(true);
    }
    code
}

unsafe extern "C" fn read_device(
    config: *const lfs::lfs_config,
    block: u32,
    offset: u32,
    buffer: *mut c_void,
    size: u32,
) -> c_int {
    // SAFETY: littlefs passes its configuration and a buffer of this size.
    unsafe {
        let buffer = core::slice::from_raw_parts_mut(buffer.cast(), size as usize);
        on_device(config, |device| device.read(block, offset, buffer))
    }
}

unsafe extern "C" fn program_device(
    config: *const lfs::lfs_config,
    block: u32,
    offset: u32,
    data: *const c_void,
    size: u32,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        let data = core::slice::from_raw_parts(data.cast(), size as usize);
        on_device(config, |device| device.program(block, offset, data))
    }
}

unsafe extern "C" fn erase_device(config: *const lfs::lfs_config, block: u32) -> c_int {
    // SAFETY: as above.
    unsafe { on_device(config, |device| device.erase(block)) }
}

unsafe extern "C" fn sync_device(config: *const lfs::lfs_config) -> c_int {
    // SAFETY: as above.
    unsafe { on_device(config, Device::sync) }
}

/// `VfsLfs2(bdev, readsize=32, progsize=32, lookahead=32, mtime=True)`
fn make(args: Args<'_>) -> Result {
    let this = VfsLfs2::configure(args)?;
    // SAFETY: the configuration lives in the object.
    this.run(|lfs| unsafe { lfs::lfs_mount(lfs, this.config.get()) })?;
    Ok(Obj::from_ptr(this))
}

/// `VfsLfs2.mkfs(bdev, readsize=32, progsize=32, lookahead=32)`
fn mkfs(args: Args<'_>) -> Result {
    let this = VfsLfs2::configure(args)?;
    // SAFETY: as above.
    this.run(|lfs| unsafe { lfs::lfs_format(lfs, this.config.get()) })?;
    Ok(Obj::NONE)
}

native_make_new!(make_new, make);
native_kw_fn!(MKFS, 0, mkfs);
static MKFS_METHOD: StaticMethod = StaticMethod::new(&MKFS);

native_dict!(LOCALS, {
    MP_QSTR_mkfs: Obj::from_static(&MKFS_METHOD),
    MP_QSTR_open: Obj::from_static(&open::OPEN),
    MP_QSTR_ilistdir: Obj::from_static(&list::ILISTDIR),
    MP_QSTR_mkdir: Obj::from_static(&ops::MKDIR),
    MP_QSTR_rmdir: Obj::from_static(&ops::REMOVE),
    MP_QSTR_chdir: Obj::from_static(&ops::CHDIR),
    MP_QSTR_getcwd: Obj::from_static(&ops::GETCWD),
    MP_QSTR_remove: Obj::from_static(&ops::REMOVE),
    MP_QSTR_rename: Obj::from_static(&ops::RENAME),
    MP_QSTR_stat: Obj::from_static(&ops::STAT),
    MP_QSTR_statvfs: Obj::from_static(&ops::STATVFS),
    MP_QSTR_mount: Obj::from_static(&ops::MOUNT),
    MP_QSTR_umount: Obj::from_static(&ops::UMOUNT),
});

static TYPE: FullType<2> = FullType::new(
    MP_QSTR_VfsLfs2,
    0,
    [(Slot::MakeNew, make_new as *const c_void), (Slot::LocalsDict, (&raw const LOCALS).cast())],
);
