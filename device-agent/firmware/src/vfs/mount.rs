//! `mount` and `umount`.

use micropython_sys::qstr::{MP_QSTR_mkfs, MP_QSTR_mount, MP_QSTR_readonly, MP_QSTR_umount};

use super::device::Device;
use super::table::{self, Mount, Place, lookup};
use super::{FAT, VfsLfs2, path_bytes};
use crate::errno::{EINVAL, EPERM};
use crate::mp::{self, Args, Error, Obj, Result};
use crate::{native_fn, native_kw_fn};

native_kw_fn!(pub MOUNT, 0, mount);
native_fn!(pub UMOUNT, 1..=1, umount);

/// `mount(fs, path, *, readonly=False, mkfs=False)`; without arguments the list of (filesystem, path).
fn mount(args: Args<'_>) -> Result {
    let (fs, path) = match args.positional {
        [] => return mp::list(table::mounts()),
        [fs, path] => (*fs, *path),
        _ => return Err(Error::typ("mount() takes a filesystem and a path")),
    };
    let [readonly, mkfs] = Args { positional: &[], ..args }.take([MP_QSTR_readonly, MP_QSTR_mkfs])?;
    let bytes = path_bytes(path)?;
    if bytes.first() != Some(&b'/') {
        return Err(Error::Os(EINVAL));
    }
    let path = super::name_obj(bytes)?;
    // An object without `mount` is a block device.
    let fs = if mp::method_exists(fs, MP_QSTR_mount)? { fs } else { detect(fs)? };
    let [readonly, mkfs] = [readonly, mkfs].map(|flag| flag.unwrap_or(Obj::FALSE));
    mp::call_method(fs, MP_QSTR_mount, &[readonly, mkfs])?;

    // At `/` anything may be mounted above what is there, and in it anywhere; nothing else nests.
    if let Place::In(existing, _) = lookup(path)?
        && !existing.is_root()
    {
        return Err(Error::Os(EPERM));
    }
    let row = mp::tuple(&[fs, path])?;
    let rows = mp::list(&[])?;
    let mut pending = Some(row);
    for other in table::mounts() {
        if let Some(row) = pending.take_if(|_| table::mount_of(*other).is_ok_and(|mount| mount.is_root())) {
            mp::list_append(rows, row)?;
        }
        mp::list_append(rows, *other)?;
    }
    if let Some(row) = pending {
        mp::list_append(rows, row)?;
    }
    table::set_mounts(rows);
    Ok(Obj::NONE)
}

/// The filesystem on a block device, by what its first blocks say.
fn detect(bdev: Obj) -> Result {
    let device = Device::new(bdev)?;
    let mut name = [0; 8];
    // Both copies of the superblock start with a revision count and a tag, then comes the name. A device that can't read
    // pieces of blocks has no littlefs.
    let is_littlefs = (0..2).any(|block| device.read(block, 8, &mut name) == 0 && &name == b"littlefs");
    let typ = if is_littlefs { Obj::from_static(VfsLfs2::STATIC) } else { FAT };
    if typ.is_none() { Ok(bdev) } else { mp::call(typ, &[bdev]) }
}

/// `umount(path_or_fs)`
fn umount(args: &[Obj]) -> Result {
    let wanted = args[0];
    let is_path = mp::is_str(wanted);
    let matches = |mount: &Mount| {
        if is_path {
            mp::str_bytes(wanted).is_ok_and(|path| path == mount.path_bytes())
        } else {
            mount.fs == wanted
        }
    };
    let rows = mp::list(&[])?;
    let mut found = None;
    for row in table::mounts() {
        let mount = table::mount_of(*row)?;
        if found.is_none() && matches(&mount) {
            found = Some(mount);
        } else {
            mp::list_append(rows, *row)?;
        }
    }
    let mount = found.ok_or(Error::Os(EINVAL))?;
    table::set_mounts(rows);
    if table::current().is_some_and(|current| current.row == mount.row) {
        table::set_current(None);
    }
    mp::call_method(mount.fs, MP_QSTR_umount, &[])
}
