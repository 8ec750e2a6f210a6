//! `os`: files and the system.

use core::ffi::CStr;

use micropython_sys::ffi;
use micropython_sys::qstr::*;

use crate::dupterm;
use crate::hal;
use crate::mp::{self, Error, Obj, Result};
use crate::vfs::{self, FAT, MOUNT, UMOUNT, VfsLfs2};
use crate::{native_fn, native_module};

native_fn!(SYNC, 0..=0, sync);
native_fn!(UNAME, 0..=0, uname);
native_fn!(URANDOM, 1..=1, urandom);

native_module!(mp_module_os, {
    MP_QSTR___name__: MP_QSTR_os.obj(),
    MP_QSTR_sep: MP_QSTR__slash_.obj(),
    MP_QSTR_chdir: Obj::from_static(&vfs::CHDIR),
    MP_QSTR_getcwd: Obj::from_static(&vfs::GETCWD),
    MP_QSTR_listdir: Obj::from_static(&vfs::LISTDIR),
    MP_QSTR_ilistdir: Obj::from_static(&vfs::ILISTDIR),
    MP_QSTR_mkdir: Obj::from_static(&vfs::MKDIR),
    MP_QSTR_rmdir: Obj::from_static(&vfs::RMDIR),
    MP_QSTR_remove: Obj::from_static(&vfs::REMOVE),
    MP_QSTR_unlink: Obj::from_static(&vfs::REMOVE),
    MP_QSTR_rename: Obj::from_static(&vfs::RENAME),
    MP_QSTR_stat: Obj::from_static(&vfs::STAT),
    MP_QSTR_statvfs: Obj::from_static(&vfs::STATVFS),
    MP_QSTR_sync: Obj::from_static(&SYNC),
    MP_QSTR_uname: Obj::from_static(&UNAME),
    MP_QSTR_urandom: Obj::from_static(&URANDOM),
    MP_QSTR_dupterm: Obj::from_static(&dupterm::DUPTERM),
    MP_QSTR_dupterm_notify: Obj::from_static(&dupterm::NOTIFY),
    MP_QSTR_mount: Obj::from_static(&MOUNT),
    MP_QSTR_umount: Obj::from_static(&UMOUNT),
    MP_QSTR_VfsLfs2: Obj::from_static(VfsLfs2::STATIC),
    MP_QSTR_VfsFat: FAT,
});

/// `os.sync()`
fn sync(_args: &[Obj]) -> Result {
    vfs::sync_all().map(|()| Obj::NONE)
}

static UNAME_FIELDS: [Qstr; 5] =
    [MP_QSTR_sysname, MP_QSTR_nodename, MP_QSTR_release, MP_QSTR_version, MP_QSTR_machine];

/// `os.uname()`
fn uname(_args: &[Obj]) -> Result {
    let mut items = [Obj::NONE; 5];
    for (item, part) in items.iter_mut().zip([0, 0, 1, 2, 3]) {
        // SAFETY: the function gives a static C string for these numbers.
        let text = unsafe { CStr::from_ptr(ffi::mpr_version(part)) };
        *item = mp::str_obj(text.to_str().unwrap_or_default())?;
    }
    let items = items.as_ptr();
    // SAFETY: five names and five values; the names are static.
    mp::protect(|| unsafe { ffi::mp_obj_new_attrtuple(UNAME_FIELDS.as_ptr(), 5, items) })
}

/// `os.urandom(n)`
fn urandom(args: &[Obj]) -> Result {
    let n = usize::try_from(mp::int_of(args[0])?).map_err(|_| Error::value(""))?;
    mp::bytes_with(n, |data| hal::hal().random(data))
}
