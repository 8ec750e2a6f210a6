//! `vfs`: mounting, and the filesystems that can be mounted.

use micropython_sys::object::SwitchedModule;
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_Flash, MP_QSTR_VfsFat, MP_QSTR_VfsLfs2, MP_QSTR_VfsRom, MP_QSTR_mount,
    MP_QSTR_rom_ioctl, MP_QSTR_umount, MP_QSTR_vfs,
};

use crate::hal;
use crate::mp::Obj;
use crate::native_dict;
use crate::vfs::{FAT, Flash, MOUNT, ROM_IOCTL, UMOUNT, VfsLfs2, VfsRom};

/// A dictionary of the module: what every board has, and more.
macro_rules! globals {
    ($name:ident, { $($key:path : $value:expr),* }) => {
        native_dict!($name, {
            MP_QSTR___name__: MP_QSTR_vfs.obj(),
            MP_QSTR_mount: Obj::from_static(&MOUNT),
            MP_QSTR_umount: Obj::from_static(&UMOUNT),
            MP_QSTR_VfsLfs2: Obj::from_static(VfsLfs2::STATIC),
            MP_QSTR_VfsFat: FAT,
            MP_QSTR_VfsRom: Obj::from_static(VfsRom::STATIC),
            MP_QSTR_Flash: Obj::from_static(Flash::STATIC),
            $($key: $value),*
        });
    };
}

globals!(WITH_ROM, { MP_QSTR_rom_ioctl: Obj::from_static(&ROM_IOCTL) });
globals!(WITHOUT_ROM, {});

#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
static mp_module_vfs: SwitchedModule = SwitchedModule::new(&WITHOUT_ROM);

/// Tools know by the presence of `rom_ioctl` whether a firmware has a ROMFS.
pub fn reset() {
    if hal::hal().rom().is_some() {
        // SAFETY: called at the start of the virtual machine, before Python code runs.
        unsafe { mp_module_vfs.set_globals(&WITH_ROM) };
    }
}
