//! Open directories of littlefs: `ilistdir`.

use core::cell::Cell;
use core::ffi::{CStr, c_void};

use littlefs2_sys as lfs;
use micropython_sys::object::{Base, FullType, Slot, Type, flags};
use micropython_sys::qstr::{MP_QSTR___del__, MP_QSTR_iterator};

use super::{VfsLfs2, ops};
use crate::mp::{self, Finaliser, Native, Obj, Result};
use crate::vfs::{S_IFREG, is_bytes, listing_entry};
use crate::{native_dict, native_fn};

/// What littlefs keeps of an open directory; a block of Python's heap.
#[repr(C)]
pub struct DirState {
    /// First, so that littlefs' list keeps the block alive.
    dir: lfs::lfs_dir_t,
    /// The Python object is gone.
    pub abandoned: bool,
}

/// The iterator.
#[repr(C)]
struct Listing {
    base: Base,
    owner: &'static VfsLfs2,
    /// Null at the end.
    state: Cell<*mut DirState>,
    as_str: bool,
}

// SAFETY: `Base` first.
unsafe impl Native for Listing {
    const TYPE: &'static Type = TYPE.as_type();
}
impl Finaliser for Listing {}

native_fn!(pub ILISTDIR, 1..=2, ilistdir);
native_fn!(DEL, 1..=1, finalise);
native_dict!(LOCALS, { MP_QSTR___del__: Obj::from_static(&DEL) });

static TYPE: FullType<2> = FullType::new(
    MP_QSTR_iterator,
    flags::ITER_IS_ITERNEXT,
    [(Slot::Iter, iter_next as *const c_void), (Slot::LocalsDict, (&raw const LOCALS).cast())],
);

/// `ilistdir(path)`
fn ilistdir(args: &[Obj]) -> Result {
    let this = mp::native::<VfsLfs2>(args[0])?;
    let given = args.get(1).copied().unwrap_or(this.cwd.get());
    let path = this.path(given)?;
    let state = mp::bytes_on_heap(size_of::<DirState>())?.cast::<DirState>();
    let listing = mp::alloc_finalised(Listing {
        base: mp::base::<Listing>(),
        owner: this,
        state: Cell::new(core::ptr::null_mut()),
        as_str: !is_bytes(given),
    })?;
    // SAFETY: a C string; the state stays where it is.
    this.run(|lfs| unsafe { lfs::lfs_dir_open(lfs, &raw mut (*state).dir, path) })?;
    listing.state.set(state);
    Ok(Obj::from_ptr(listing))
}

fn next(this: &Listing) -> Result {
    loop {
        let state = this.state.get();
        if state.is_null() {
            return Ok(Obj::NULL);
        }
        let mut info = lfs::lfs_info::default();
        // SAFETY: an open directory and a place for the result.
        let more =
            this.owner.run(|lfs| unsafe { lfs::lfs_dir_read(lfs, &raw mut (*state).dir, &raw mut info) })?;
        if more == 0 {
            close(this)?;
            return Ok(Obj::NULL);
        }
        // SAFETY: littlefs ends names with NUL.
        let name = unsafe { CStr::from_ptr(info.name.as_ptr()) }.to_bytes();
        if name != b"." && name != b".." {
            let mode = ops::mode(&info);
            let size = if mode == S_IFREG { info.size } else { 0 };
            return listing_entry(name, this.as_str, mode, Some(size));
        }
    }
}

fn close(this: &Listing) -> Result<()> {
    let state = this.state.get();
    // SAFETY: a state of ours.
    unsafe { this.owner.close_entry(state.cast(), lfs::lfs_type_LFS_TYPE_DIR) }?;
    this.state.set(core::ptr::null_mut());
    Ok(())
}

fn finalise(args: &[Obj]) -> Result {
    let this = mp::native::<Listing>(args[0])?;
    let state = this.state.get();
    if state.is_null() {
        return Ok(Obj::NONE);
    }
    if this.owner.may_finalise() {
        let _ = close(this);
    } else {
        // SAFETY: the list of a living littlefs keeps the block; that of a dying one is not looked at again.
        unsafe { (*state).abandoned = true };
    }
    Ok(Obj::NONE)
}

unsafe extern "C" fn iter_next(this: Obj) -> Obj {
    // SAFETY: the core passes an object of this type.
    match next(unsafe { &*this.as_ptr::<Listing>() }) {
        Ok(item) => item,
        // SAFETY: nothing with a destructor is alive.
        Err(error) => unsafe { error.raise() },
    }
}
