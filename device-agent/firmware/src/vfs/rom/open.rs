//! Open files of ROMFS.

use mpr_extmod::romfs::Node;

use super::{VfsRom, memory};
use crate::errno::{EBADF, EINVAL, EIO, EISDIR, EROFS};
use crate::mp::{self, Error, Obj, Result};
use crate::native_fn;
use crate::vfs::file::{File, FileOps, Mode};

/// Where a file's content is in the memory, and where the next read starts in it; a block of Python's heap.
#[repr(C)]
struct State {
    start: usize,
    len: usize,
    position: usize,
}

static OPS: FileOps = FileOps {
    closed: || Error::value(""),
    denied: EBADF,
    read,
    write: |_, _| Err(Error::Os(EROFS)),
    seek,
    flush: |_| Ok(()),
    close,
    finalise: |_| {},
    content: Some(content),
};

native_fn!(pub OPEN, 3..=3, open);

/// `open(path, mode)`
fn open(args: &[Obj]) -> Result {
    let this = mp::native::<VfsRom>(args[0])?;
    let mode = Mode::parse(args[2])?;
    if mode.write {
        return Err(Error::Os(EROFS));
    }
    let (start, len) = match this.find(args[1])? {
        Node::Directory(_) => return Err(Error::Os(EISDIR)),
        Node::File(content) => (content.as_ptr().addr() - this.bytes()?.as_ptr().addr(), content.len()),
    };
    let file = File::new(&OPS, mode)?;
    let state = mp::bytes_on_heap(size_of::<State>())?.cast::<State>();
    // SAFETY: fresh memory of this size, aligned to two words.
    unsafe { state.write(State { start, len, position: 0 }) };
    file.state.set(state.cast());
    file.owner.set(Obj::from_ptr(this));
    Ok(file.obj())
}

/// The filesystem and the state of an open file.
fn parts(file: &File) -> (&'static VfsRom, &'static mut State) {
    // SAFETY: the owner and the state of a file with these operations, which don't call each other.
    unsafe { (&*file.owner.get().as_ptr::<VfsRom>(), &mut *file.state.get().cast::<State>()) }
}

/// The content, unless the memory has become too small for it.
fn bytes(file: &File) -> Result<mp::Buffer> {
    let (this, state) = parts(file);
    let memory = this.bytes()?;
    memory.get(state.start..).and_then(|from| from.get(..state.len)).ok_or(Error::Os(EIO))
}

fn read(file: &File, buffer: &mut [u8]) -> Result<usize> {
    let content = bytes(file)?;
    let (_, state) = parts(file);
    let rest = content.get(state.position..).unwrap_or_default();
    let n = rest.len().min(buffer.len());
    buffer[..n].copy_from_slice(&rest[..n]);
    state.position += n;
    Ok(n)
}

fn seek(file: &File, offset: isize, whence: i32) -> Result<isize> {
    let (_, state) = parts(file);
    let from = match whence {
        0 => 0,
        1 => state.position,
        2 => state.len,
        _ => return Err(Error::Os(EINVAL)),
    };
    let position = from.checked_add_signed(offset).ok_or(Error::Os(EINVAL))?;
    // As stock: there is nothing behind the end.
    state.position = position.min(state.len);
    Ok(state.position as isize)
}

fn close(file: &File) -> Result<()> {
    file.owner.set(Obj::NULL);
    file.state.set(core::ptr::null_mut());
    Ok(())
}

/// The content of a file in the board's own memory. Other memory may move or go away, which a `memoryview` of a part of it would
/// not hear of.
fn content(file: &File) -> Option<mp::Buffer> {
    bytes(file).ok().filter(|content| memory::holds(content))
}
