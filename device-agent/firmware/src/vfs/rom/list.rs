//! `ilistdir` of ROMFS.

use core::cell::Cell;
use core::ffi::c_void;

use micropython_sys::object::{Base, FullType, Slot, Type, flags};
use micropython_sys::qstr::MP_QSTR_iterator;
use mpr_extmod::romfs::{Directory, Node};

use super::{VfsRom, mode, size};
use crate::errno::ENOTDIR;
use crate::mp::{self, Error, Native, Obj, Result};
use crate::native_fn;
use crate::vfs::{is_bytes, listing_entry};

/// The iterator. It knows where in the image it is, and looks there anew each time.
#[repr(C)]
struct Listing {
    base: Base,
    owner: &'static VfsRom,
    start: Cell<usize>,
    end: usize,
    as_str: bool,
}

// SAFETY: `Base` first.
unsafe impl Native for Listing {
    const TYPE: &'static Type = TYPE.as_type();
}

static TYPE: FullType<1> =
    FullType::new(MP_QSTR_iterator, flags::ITER_IS_ITERNEXT, [(Slot::Iter, iter_next as *const c_void)]);

native_fn!(pub ILISTDIR, 1..=2, ilistdir);

/// `ilistdir(path)`
fn ilistdir(args: &[Obj]) -> Result {
    let owner = mp::native::<VfsRom>(args[0])?;
    let given = args.get(1).copied().unwrap_or(owner.cwd.get());
    let range = match owner.find(given)? {
        Node::Directory(directory) => directory.range(),
        Node::File(_) => return Err(Error::Os(ENOTDIR)),
    };
    mp::alloc(Listing {
        base: mp::base::<Listing>(),
        owner,
        start: Cell::new(range.start),
        end: range.end,
        as_str: !is_bytes(given),
    })
    .map(|listing| Obj::from_ptr(listing))
}

fn next(this: &Listing) -> Result {
    let Some(mut directory) = Directory::at(this.owner.image()?, this.start.get()..this.end) else {
        return Ok(Obj::NULL);
    };
    let Some(entry) = directory.next() else { return Ok(Obj::NULL) };
    this.start.set(directory.range().start);
    listing_entry(entry.name, this.as_str, mode(entry.node), Some(size(entry.node)))
}

unsafe extern "C" fn iter_next(this: Obj) -> Obj {
    // SAFETY: the core passes an object of this type.
    match next(unsafe { &*this.as_ptr::<Listing>() }) {
        Ok(item) => item,
        // SAFETY: nothing with a destructor is alive.
        Err(error) => unsafe { error.raise() },
    }
}
