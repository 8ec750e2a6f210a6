//! The functions of `os` that take a path: each finds the filesystem and calls its method of the same name.

use core::cell::Cell;
use core::ffi::c_void;

use micropython_sys::object::{Base, FullType, Slot, Type, flags};
use micropython_sys::qstr::{
    MP_QSTR__slash_, MP_QSTR_buffering, MP_QSTR_chdir, MP_QSTR_encoding, MP_QSTR_file, MP_QSTR_getcwd,
    MP_QSTR_ilistdir, MP_QSTR_iterator, MP_QSTR_mkdir, MP_QSTR_mode, MP_QSTR_open, MP_QSTR_r, MP_QSTR_remove,
    MP_QSTR_rename, MP_QSTR_rmdir, MP_QSTR_stat, MP_QSTR_statvfs, Qstr,
};

use super::table::{self, Place, lookup};
use super::{S_IFDIR, VfsLfs2, VfsRom, is_bytes, listing_entry, stat_tuple, statvfs_tuple};
use crate::errno::{EEXIST, EPERM};
use crate::mp::{self, Args, Error, Native, Obj, Result, TextBuffer};
use crate::native_fn;

/// The longest name where no filesystem says one, in bytes.
const NAME_MAX: u32 = 255;

native_fn!(pub CHDIR, 1..=1, chdir);
native_fn!(pub GETCWD, 0..=0, getcwd);
native_fn!(pub LISTDIR, 0..=1, listdir);
native_fn!(pub ILISTDIR, 0..=1, ilistdir);
native_fn!(pub MKDIR, 1..=1, mkdir);
native_fn!(pub REMOVE, 1..=1, remove);
native_fn!(pub RENAME, 2..=2, rename);
native_fn!(pub RMDIR, 1..=1, rmdir);
native_fn!(pub STAT, 1..=1, stat);
native_fn!(pub STATVFS, 1..=1, statvfs);

/// `open(file, mode='r', buffering=-1, encoding=None)`: the last two are accepted and mean nothing.
pub fn open(args: Args<'_>) -> Result {
    let names = [MP_QSTR_file, MP_QSTR_mode, MP_QSTR_buffering, MP_QSTR_encoding];
    let [file, mode, buffering, _] = args.take(names)?;
    let file = file.ok_or(Error::typ("'file' argument required"))?;
    if let Some(buffering) = buffering {
        mp::int_of(buffering)?;
    }
    lookup(file)?.call(MP_QSTR_open, Some(mode.unwrap_or(MP_QSTR_r.obj())))
}

/// The `st_mode` of what an import found, or nothing.
pub fn import_kind(path: Obj) -> Result<Option<isize>> {
    match lookup(path)? {
        Place::Root | Place::Nowhere => Ok(None),
        Place::In(mount, path) if core::ptr::eq(mp::type_of(mount.fs), VfsLfs2::TYPE) => {
            mp::native::<VfsLfs2>(mount.fs)?.mode(path).map(Some)
        }
        Place::In(mount, path) if core::ptr::eq(mp::type_of(mount.fs), VfsRom::TYPE) => {
            mp::native::<VfsRom>(mount.fs)?.mode(path).map(Some)
        }
        place => {
            let stat = place.call(MP_QSTR_stat, None)?;
            let mode = mp::array(stat)?.first().ok_or(Error::value(""))?;
            mp::int_of(*mode).map(Some)
        }
    }
}

fn slash() -> Obj {
    MP_QSTR__slash_.obj()
}

/// `chdir(path)`
fn chdir(args: &[Obj]) -> Result {
    let place = lookup(args[0])?;
    match place {
        Place::Root => {
            // The filesystem at `/` keeps a directory of its own, which relative paths start from.
            if let Some(mount) = table::root_mount() {
                mp::call_method(mount.fs, MP_QSTR_chdir, &[slash()])?;
            }
            table::set_current(None);
        }
        Place::In(mount, _) => {
            place.call(MP_QSTR_chdir, None)?;
            table::set_current(Some(mount));
        }
        Place::Nowhere => return place.call(MP_QSTR_chdir, None),
    }
    Ok(Obj::NONE)
}

/// `getcwd()`
fn getcwd(_args: &[Obj]) -> Result {
    let Some(mount) = table::current() else { return Ok(slash()) };
    let cwd = mp::call_method(mount.fs, MP_QSTR_getcwd, &[])?;
    if mount.is_root() {
        return Ok(cwd);
    }
    let (prefix, rest) = (mount.path_bytes(), mp::str_bytes(cwd)?);
    if rest == b"/" {
        return Ok(mount.path);
    }
    let mut joined = TextBuffer::new(prefix.len() + rest.len())?;
    joined.push(prefix)?;
    joined.push(rest)?;
    joined.into_str()
}

/// Lists the root: first the mounts, then what the filesystem at `/` holds.
#[repr(C)]
struct RootListing {
    base: Base,
    /// What is still to come of the table, a list or tuple.
    rows: &'static [Obj],
    index: Cell<usize>,
    as_str: bool,
    /// The iterator of the filesystem at `/`.
    inner: Cell<Option<mp::Iter>>,
}

// SAFETY: `Base` first.
unsafe impl Native for RootListing {
    const TYPE: &'static Type = ROOT_LISTING.as_type();
}

static ROOT_LISTING: FullType<1> =
    FullType::new(MP_QSTR_iterator, flags::ITER_IS_ITERNEXT, [(Slot::Iter, iter_next as *const c_void)]);

fn next(this: &RootListing) -> Result {
    if this.inner.get().is_none()
        && let Some(row) = this.rows.get(this.index.replace(this.index.get() + 1))
    {
        let mount = table::mount_of(*row)?;
        if !mount.is_root() {
            return listing_entry(&mount.path_bytes()[1..], this.as_str, S_IFDIR, None);
        }
        let listing = mp::call_method(mount.fs, MP_QSTR_ilistdir, &[slash()])?;
        this.inner.set(Some(mp::iter(listing)?));
    }
    match this.inner.get() {
        Some(inner) => Ok(inner.next()?.unwrap_or(Obj::NULL)),
        None => Ok(Obj::NULL),
    }
}

unsafe extern "C" fn iter_next(this: Obj) -> Obj {
    // SAFETY: the core passes an object of this type.
    match next(unsafe { &*this.as_ptr::<RootListing>() }) {
        Ok(item) => item,
        // SAFETY: nothing with a destructor is alive.
        Err(error) => unsafe { error.raise() },
    }
}

/// `ilistdir(path='')`
fn ilistdir(args: &[Obj]) -> Result {
    let path = args.first().copied().unwrap_or(micropython_sys::qstr::MP_QSTR_.obj());
    match lookup(path)? {
        Place::Root => {
            let rows = table::mounts();
            let listing = mp::alloc(RootListing {
                base: mp::base::<RootListing>(),
                rows,
                index: Cell::new(0),
                as_str: !is_bytes(path),
                inner: Cell::new(None),
            })?;
            Ok(Obj::from_ptr(listing))
        }
        place => place.call(MP_QSTR_ilistdir, None),
    }
}

/// `listdir(path='')`
fn listdir(args: &[Obj]) -> Result {
    let entries = mp::iter(ilistdir(args)?)?;
    let names = mp::list(&[])?;
    while let Some(entry) = entries.next()? {
        let name = mp::array(entry)?.first().ok_or(Error::value(""))?;
        mp::list_append(names, *name)?;
    }
    Ok(names)
}

/// `mkdir(path)`
fn mkdir(args: &[Obj]) -> Result {
    match lookup(args[0])? {
        Place::Root => Err(Error::Os(EEXIST)),
        Place::In(_, path) if mp::str_bytes(path)? == b"/" => Err(Error::Os(EEXIST)),
        place => place.call(MP_QSTR_mkdir, None),
    }
}

fn proxy(args: &[Obj], method: Qstr) -> Result {
    lookup(args[0])?.call(method, None)
}

/// `remove(path)`, `unlink(path)`
fn remove(args: &[Obj]) -> Result {
    proxy(args, MP_QSTR_remove)
}

/// `rmdir(path)`
fn rmdir(args: &[Obj]) -> Result {
    proxy(args, MP_QSTR_rmdir)
}

/// `rename(old, new)`
fn rename(args: &[Obj]) -> Result {
    match (lookup(args[0])?, lookup(args[1])?) {
        (Place::In(old, from), Place::In(new, to)) if old.row == new.row => {
            Place::In(old, from).call(MP_QSTR_rename, Some(to))
        }
        (Place::In(..), Place::In(..) | Place::Root) => Err(Error::Os(EPERM)),
        (old, new) => {
            let place = if matches!(old, Place::In(..)) { new } else { old };
            place.call(MP_QSTR_rename, None)
        }
    }
}

/// `stat(path)`
fn stat(args: &[Obj]) -> Result {
    match lookup(args[0])? {
        Place::Root => stat_tuple(S_IFDIR, 0, 0),
        place => place.call(MP_QSTR_stat, None),
    }
}

/// `statvfs(path)`
fn statvfs(args: &[Obj]) -> Result {
    match (lookup(args[0])?, table::root_mount()) {
        (Place::Root, None) => statvfs_tuple(0, 0, 0, NAME_MAX),
        (Place::Root, Some(mount)) => Place::In(mount, slash()).call(MP_QSTR_statvfs, None),
        (place, _) => place.call(MP_QSTR_statvfs, None),
    }
}
