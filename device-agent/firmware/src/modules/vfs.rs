//! `vfs`: mounting, and the filesystems that can be mounted.

use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_Flash, MP_QSTR_VfsFat, MP_QSTR_VfsLfs2, MP_QSTR_mount, MP_QSTR_umount,
    MP_QSTR_vfs,
};

use crate::mp::Obj;
use crate::native_module;
use crate::vfs::{FAT, Flash, MOUNT, UMOUNT, VfsLfs2};

native_module!(mp_module_vfs, {
    MP_QSTR___name__: MP_QSTR_vfs.obj(),
    MP_QSTR_mount: Obj::from_static(&MOUNT),
    MP_QSTR_umount: Obj::from_static(&UMOUNT),
    MP_QSTR_VfsLfs2: Obj::from_static(VfsLfs2::STATIC),
    MP_QSTR_VfsFat: FAT,
    MP_QSTR_Flash: Obj::from_static(Flash::STATIC),
});
