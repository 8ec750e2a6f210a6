//! `VfsRom`: ROMFS, files that are read where they lie.
//!
//! - here: the object and its methods on paths.
//! - `list`: `ilistdir`.
//! - `open`: open files.
//! - `memory`: the board's memory for an image, `rom_ioctl`, and mounting it at the start.
//!
//! The image may be in the board's memory or in any object with the buffer protocol. Either can change under the filesystem
//! (`rom_ioctl`, a `bytearray`), so nothing keeps a reference to its bytes: every operation asks for them anew, and what
//! is no image any longer has no files.

mod list;
mod memory;
mod open;

use core::cell::Cell;
use core::ffi::c_void;

use micropython_sys::object::{Base, FullType, Slot, Type};
use micropython_sys::qstr::{
    MP_QSTR__slash_, MP_QSTR_VfsRom, MP_QSTR_chdir, MP_QSTR_getcwd, MP_QSTR_ilistdir, MP_QSTR_mkdir,
    MP_QSTR_mount, MP_QSTR_open, MP_QSTR_remove, MP_QSTR_rename, MP_QSTR_rmdir, MP_QSTR_stat,
    MP_QSTR_statvfs, MP_QSTR_umount,
};
use mpr_extmod::romfs::{Image, Node};

use super::{S_IFDIR, S_IFREG, normalise, path_bytes, stat_tuple, statvfs_tuple};
use crate::errno::{ENODEV, ENOENT, ENOTDIR, EPERM, EROFS};
use crate::mp::{self, Args, Error, Native, Obj, Result};
use crate::{native_dict, native_fn, native_make_new};

pub use memory::{ROM_IOCTL, mount_rom};

/// The longest name that `statvfs` tells, as stock does.
const NAME_MAX: u32 = 32767;

/// A ROMFS.
#[repr(C)]
pub struct VfsRom {
    base: Base,
    /// What holds the image.
    memory: Obj,
    /// The current directory, a `str` that starts and ends with a slash.
    cwd: Cell<Obj>,
}

// SAFETY: `Base` first.
unsafe impl Native for VfsRom {
    const TYPE: &'static Type = VfsRom::STATIC.as_type();
}

impl VfsRom {
    /// The type, for module tables.
    pub const STATIC: &'static FullType<2> = &TYPE;

    /// The filesystem of the image that `memory` starts with.
    fn new(memory: Obj) -> Result<&'static Self> {
        let this =
            mp::alloc(Self { base: mp::base::<Self>(), memory, cwd: Cell::new(MP_QSTR__slash_.obj()) })?;
        this.image().map(|_| this)
    }

    /// The memory, as long as nothing changes it.
    fn bytes(&self) -> Result<mp::Buffer> {
        mp::buffer(self.memory)
    }

    fn image(&self) -> Result<Image<'static>> {
        Image::parse(self.bytes()?).ok_or(Error::Os(ENODEV))
    }

    /// The path in the image, with a slash at both ends.
    fn path(&self, path: Obj) -> Result {
        let bytes = path_bytes(path)?;
        let cwd = if bytes.first() == Some(&b'/') { b"/" } else { mp::str_bytes(self.cwd.get())? };
        normalise(cwd, bytes)
    }

    /// What is at a path. A file with a slash behind its name is none.
    fn find(&self, path: Obj) -> Result<Node<'static>> {
        let (given, whole) = (path_bytes(path)?, self.path(path)?);
        match self.image()?.find(mp::str_bytes(whole)?) {
            Some(Node::File(_)) if given.last() == Some(&b'/') => Err(Error::Os(ENOTDIR)),
            Some(node) => Ok(node),
            None => Err(Error::Os(ENOENT)),
        }
    }

    /// The `st_mode` of what is at a path.
    pub fn mode(&self, path: Obj) -> Result<isize> {
        self.find(path).map(mode)
    }
}

fn mode(node: Node<'_>) -> isize {
    match node {
        Node::File(_) => S_IFREG,
        Node::Directory(_) => S_IFDIR,
    }
}

/// The size of a file as Python gets it; directories have none.
fn size(node: Node<'_>) -> u32 {
    match node {
        Node::File(content) => u32::try_from(content.len()).unwrap_or(u32::MAX),
        Node::Directory(_) => 0,
    }
}

/// `VfsRom(memory)`
fn make(args: Args<'_>) -> Result {
    let [memory] = args.take([mp::POSITIONAL])?;
    let memory = memory.ok_or(Error::typ("'memory' argument required"))?;
    VfsRom::new(memory).map(|this| Obj::from_ptr(this))
}

native_make_new!(make_new, make);
native_fn!(MOUNT, 3..=3, mount);
native_fn!(UMOUNT, 1..=1, |_: &[Obj]| Ok(Obj::NONE));
native_fn!(CHDIR, 2..=2, chdir);
native_fn!(GETCWD, 1..=1, getcwd);
native_fn!(STAT, 2..=2, stat);
native_fn!(STATVFS, 2..=2, statvfs);
native_fn!(REFUSE, 2..=3, |_: &[Obj]| Err(Error::Os(EROFS)));

native_dict!(LOCALS, {
    MP_QSTR_mount: Obj::from_static(&MOUNT),
    MP_QSTR_umount: Obj::from_static(&UMOUNT),
    MP_QSTR_open: Obj::from_static(&open::OPEN),
    MP_QSTR_chdir: Obj::from_static(&CHDIR),
    MP_QSTR_getcwd: Obj::from_static(&GETCWD),
    MP_QSTR_ilistdir: Obj::from_static(&list::ILISTDIR),
    MP_QSTR_stat: Obj::from_static(&STAT),
    MP_QSTR_statvfs: Obj::from_static(&STATVFS),
    MP_QSTR_mkdir: Obj::from_static(&REFUSE),
    MP_QSTR_rmdir: Obj::from_static(&REFUSE),
    MP_QSTR_remove: Obj::from_static(&REFUSE),
    MP_QSTR_rename: Obj::from_static(&REFUSE),
});

static TYPE: FullType<2> = FullType::new(
    MP_QSTR_VfsRom,
    0,
    [(Slot::MakeNew, make_new as *const c_void), (Slot::LocalsDict, (&raw const LOCALS).cast())],
);

/// `mount(readonly, mkfs)`
fn mount(args: &[Obj]) -> Result {
    // There is nothing to format.
    if mp::truthy(args[2])? { Err(Error::Os(EPERM)) } else { Ok(Obj::NONE) }
}

/// `chdir(path)`
fn chdir(args: &[Obj]) -> Result {
    let this = mp::native::<VfsRom>(args[0])?;
    match this.find(args[1])? {
        Node::File(_) => Err(Error::Os(ENOTDIR)),
        Node::Directory(_) => {
            this.cwd.set(this.path(args[1])?);
            Ok(Obj::NONE)
        }
    }
}

/// `getcwd()`
fn getcwd(args: &[Obj]) -> Result {
    let cwd = mp::native::<VfsRom>(args[0])?.cwd.get();
    match mp::str_bytes(cwd)? {
        b"/" => Ok(cwd),
        path => mp::str_of_bytes(&path[..path.len() - 1]),
    }
}

/// `stat(path)`
fn stat(args: &[Obj]) -> Result {
    let node = mp::native::<VfsRom>(args[0])?.find(args[1])?;
    stat_tuple(mode(node), size(node), 0)
}

/// `statvfs(path)`: a full filesystem of so many bytes.
fn statvfs(args: &[Obj]) -> Result {
    let len = mp::native::<VfsRom>(args[0])?.image()?.records_size();
    statvfs_tuple(1, u32::try_from(len).unwrap_or(u32::MAX), 0, NAME_MAX)
}
