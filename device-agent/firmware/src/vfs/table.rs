//! What is mounted where, and which filesystem a path belongs to.
//!
//! The table is a Python list of tuples (filesystem, path), one at `/` last; it and the current filesystem are root
//! pointers, so a soft reset empties both.

use micropython_sys::ffi;
use micropython_sys::qstr::{MP_QSTR__slash_, Qstr};

use super::{VfsLfs2, path_bytes};
use crate::errno::{ENODEV, EPERM};
use crate::mp::{self, Error, Obj, Result, root};

/// A row of the table.
#[derive(Clone, Copy)]
pub struct Mount {
    /// The tuple itself.
    pub row: Obj,
    /// The filesystem.
    pub fs: Obj,
    /// Where, as `str`.
    pub path: Obj,
}

impl Mount {
    fn of(row: Obj) -> Result<Self> {
        match mp::array(row)? {
            [fs, path] => Ok(Self { row, fs: *fs, path: *path }),
            _ => Err(Error::Os(ENODEV)),
        }
    }

    /// Where, as bytes.
    pub fn path_bytes(&self) -> &'static [u8] {
        mp::str_bytes(self.path).unwrap_or(b"/")
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.path_bytes().len() == 1
    }
}

/// What a path belongs to.
#[derive(Clone, Copy)]
pub enum Place {
    /// The list of mounts itself.
    Root,
    /// A filesystem, and the path in it.
    In(Mount, Obj),
    /// No filesystem.
    Nowhere,
}

impl Place {
    /// Calls a method of the filesystem with the path and perhaps one argument more.
    pub fn call(self, method: Qstr, more: Option<Obj>) -> Result {
        match self {
            Self::Nowhere => Err(Error::Os(ENODEV)),
            Self::Root => Err(Error::Os(EPERM)),
            Self::In(mount, path) => {
                let args = [path, more.unwrap_or(Obj::NULL)];
                mp::call_method(mount.fs, method, &args[..if more.is_some() { 2 } else { 1 }])
            }
        }
    }
}

/// The table, if anything was ever mounted.
fn table() -> Option<Obj> {
    let table = root(mp::Root::Mounts).get();
    (!table.is_null()).then_some(table)
}

/// All mounts, the root last. A snapshot: mounting makes a new table.
pub fn mounts() -> &'static [Obj] {
    table().and_then(|table| mp::array(table).ok()).unwrap_or(&[])
}

/// Replaces the table.
pub fn set_mounts(rows: Obj) {
    root(mp::Root::Mounts).set(rows);
}

/// A row as a mount.
pub fn mount_of(row: Obj) -> Result<Mount> {
    Mount::of(row)
}

/// The mount at `/`.
pub fn root_mount() -> Option<Mount> {
    mounts().iter().filter_map(|row| Mount::of(*row).ok()).find(Mount::is_root)
}

/// The filesystem of the current directory; `None` is the root of all.
pub fn current() -> Option<Mount> {
    let row = root(mp::Root::CurrentMount).get();
    if row.is_null() { None } else { Mount::of(row).ok() }
}

/// Makes it the filesystem of the current directory.
pub fn set_current(mount: Option<Mount>) {
    root(mp::Root::CurrentMount).set(mount.map_or(Obj::NULL, |mount| mount.row));
}

/// Finds the filesystem of a path, `str` or `bytes`.
pub fn lookup(path: Obj) -> Result<Place> {
    let bytes = path_bytes(path)?;
    let absolute = bytes.first() == Some(&b'/');
    if let (Some(mount), false) = (current(), absolute) {
        return Ok(Place::In(mount, path));
    }
    let relative = if absolute { &bytes[1..] } else { bytes };
    if relative.is_empty() {
        return Ok(Place::Root);
    }
    for row in mounts() {
        let mount = Mount::of(*row)?;
        if mount.is_root() {
            return Ok(Place::In(mount, path));
        }
        match relative.strip_prefix(&mount.path_bytes()[1..]) {
            Some(b"") => return Ok(Place::In(mount, MP_QSTR__slash_.obj())),
            Some(rest) if rest[0] == b'/' => return Ok(Place::In(mount, same_kind(path, rest)?)),
            _ => {}
        }
    }
    // A relative path in the root of all, where nothing is mounted, is the root's business: it can do nothing.
    Ok(if absolute { Place::Nowhere } else { Place::Root })
}

/// The bytes as an object of the same type as `like`.
pub fn same_kind(like: Obj, bytes: &[u8]) -> Result {
    let typ = mp::type_of(like);
    let (data, len) = (bytes.as_ptr(), bytes.len());
    // SAFETY: `str` or `bytes`, the only types that paths have.
    mp::protect(|| unsafe { ffi::mp_obj_new_str_of_type(typ, data, len) })
}

/// Something that native filesystems of all kinds do.
#[derive(Clone, Copy)]
pub enum Work {
    /// Write out what is held back.
    Sync,
    /// Close what finalisers could not close.
    CloseAbandoned,
    /// Close everything.
    CloseAll,
}

/// Lets every mounted native filesystem do this; the first error.
pub fn each_native(work: Work) -> Result<()> {
    let mut result = Ok(());
    for row in mounts() {
        let done = Mount::of(*row).and_then(|mount| native(mount.fs, work));
        result = result.and(done);
    }
    result
}

/// Lets a filesystem do this, if it is a native one.
fn native(fs: Obj, work: Work) -> Result<()> {
    if let Ok(lfs) = mp::native::<VfsLfs2>(fs) {
        match work {
            Work::Sync => {}
            Work::CloseAbandoned => lfs.close_abandoned(),
            Work::CloseAll => lfs.close_all(),
        }
    }
    #[cfg(feature = "fat")]
    if let Ok(fat) = mp::native::<super::VfsFat>(fs) {
        match work {
            Work::Sync => fat.sync()?,
            Work::CloseAbandoned => fat.close_abandoned(),
            Work::CloseAll => fat.close_all(),
        }
    }
    Ok(())
}
