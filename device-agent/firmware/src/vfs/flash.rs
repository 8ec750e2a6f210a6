//! `vfs.Flash(start=0, len=-1)`: the board's flash as a block device.

use core::ffi::c_void;

use micropython_sys::object::{Base, FullType, Slot, Type};
use micropython_sys::qstr::{
    MP_QSTR_Flash, MP_QSTR_ioctl, MP_QSTR_len, MP_QSTR_readblocks, MP_QSTR_start, MP_QSTR_writeblocks,
};

use crate::errno::{EINVAL, EIO, EROFS};
use crate::hal::{self, FlashError};
use crate::mp::{self, Args, Error, Native, Obj, Result};
use crate::{native_dict, native_fn, native_make_new};

/// Some erase blocks of the flash, in a row.
#[derive(Clone, Copy)]
pub struct Region {
    first: u32,
    /// Number of blocks.
    pub count: u32,
    /// Refuse to change anything.
    pub read_only: bool,
}

fn code(result: core::result::Result<(), FlashError>) -> i32 {
    result.map_or(-EIO, |()| 0)
}

impl Region {
    /// Bytes of a block.
    pub fn block_size(self) -> u32 {
        hal::hal().flash().block_size()
    }

    /// The same blocks, not to be changed.
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Whether a piece lies within a block.
    fn holds(self, block: u32, offset: u32, len: usize) -> bool {
        let end = u64::from(offset) + len as u64;
        block < self.count && end <= u64::from(self.block_size())
    }

    /// Reads a piece of a block.
    pub fn read(self, block: u32, offset: u32, buffer: &mut [u8]) -> i32 {
        if !self.holds(block, offset, buffer.len()) {
            return -EINVAL;
        }
        code(hal::hal().flash().read(self.first + block, offset, buffer))
    }

    /// Programs a piece of an erased block.
    pub fn program(self, block: u32, offset: u32, data: &[u8]) -> i32 {
        if self.read_only {
            return -EROFS;
        }
        if !self.holds(block, offset, data.len()) {
            return -EINVAL;
        }
        code(hal::hal().flash().program(self.first + block, offset, data))
    }

    /// Erases a block.
    pub fn erase(self, block: u32) -> i32 {
        if self.read_only {
            return -EROFS;
        }
        if !self.holds(block, 0, 0) {
            return -EINVAL;
        }
        code(hal::hal().flash().erase(self.first + block))
    }

    /// Returns when everything written is safe.
    pub fn sync(self) -> i32 {
        code(hal::hal().flash().sync())
    }

    /// Calls `f` with the block, the offset in it and the range of each piece of `len` bytes.
    fn pieces(
        self,
        block: isize,
        offset: isize,
        len: usize,
        f: &mut dyn FnMut(u32, u32, core::ops::Range<usize>) -> i32,
    ) -> Result<()> {
        let size = self.block_size() as usize;
        let (Ok(block), Ok(offset)) = (usize::try_from(block), usize::try_from(offset)) else {
            return Err(Error::Os(EINVAL));
        };
        let start = block.checked_mul(size).and_then(|n| n.checked_add(offset)).ok_or(Error::Os(EINVAL))?;
        let whole = size * self.count as usize;
        if start > whole || len > whole - start {
            return Err(Error::Os(EINVAL));
        }
        let mut done = 0;
        while done < len {
            let (block, offset) = ((start + done) / size, (start + done) % size);
            let n = (size - offset).min(len - done);
            match f(block as u32, offset as u32, done..done + n) {
                0 => done += n,
                code => return Err(Error::Os(-code)),
            }
        }
        Ok(())
    }
}

/// The flash, or a part of it, as a Python object.
#[repr(C)]
pub struct Flash {
    base: Base,
    /// Which blocks.
    pub region: Region,
}

// SAFETY: `Base` first; plain data otherwise.
unsafe impl Native for Flash {
    const TYPE: &'static Type = Flash::STATIC.as_type();
}

impl Flash {
    /// The type, for module tables.
    pub const STATIC: &'static FullType<2> = &FLASH;
}

native_make_new!(make_new, make);
native_fn!(READBLOCKS, 3..=4, readblocks);
native_fn!(WRITEBLOCKS, 3..=4, writeblocks);
native_fn!(IOCTL, 3..=3, ioctl);

native_dict!(LOCALS, {
    MP_QSTR_readblocks: Obj::from_static(&READBLOCKS),
    MP_QSTR_writeblocks: Obj::from_static(&WRITEBLOCKS),
    MP_QSTR_ioctl: Obj::from_static(&IOCTL),
});

static FLASH: FullType<2> = FullType::new(
    MP_QSTR_Flash,
    0,
    [(Slot::MakeNew, make_new as *const c_void), (Slot::LocalsDict, (&raw const LOCALS).cast())],
);

/// `Flash(start=0, len=-1)`: bytes, both multiples of the block size; a negative `len` means up to the end.
fn make(args: Args<'_>) -> Result {
    let [start, len] = args.take([MP_QSTR_start, MP_QSTR_len])?;
    let flash = hal::hal().flash();
    let (size, blocks) = (flash.block_size() as isize, flash.block_count() as isize);
    let start = start.map_or(Ok(0), mp::int_of)?.max(0);
    let len = match len.map_or(Ok(-1), mp::int_of)? {
        n if n < 0 => size * blocks - start,
        n => n,
    };
    if start % size != 0 || len % size != 0 || start / size > blocks || len / size > blocks - start / size {
        return Err(Error::Os(EINVAL));
    }
    let region = Region { first: (start / size) as u32, count: (len / size) as u32, read_only: false };
    mp::alloc(Flash { base: mp::base::<Flash>(), region }).map(|flash| Obj::from_ptr(flash))
}

/// `readblocks(block, buffer[, offset])`
fn readblocks(args: &[Obj]) -> Result {
    let region = mp::native::<Flash>(args[0])?.region;
    let (block, offset) = (mp::int_of(args[1])?, args.get(3).map_or(Ok(0), |o| mp::int_of(*o))?);
    // SAFETY: nothing else looks at the bytes during the call.
    let buffer = unsafe { mp::buffer_mut(args[2]) }?;
    let len = buffer.len();
    region.pieces(block, offset, len, &mut |block, at, range| region.read(block, at, &mut buffer[range]))?;
    Ok(Obj::NONE)
}

/// `writeblocks(block, data[, offset])`: whole blocks are erased first; with an offset the caller has erased them.
fn writeblocks(args: &[Obj]) -> Result {
    let region = mp::native::<Flash>(args[0])?.region;
    let (block, offset) = (mp::int_of(args[1])?, args.get(3).map_or(Ok(0), |o| mp::int_of(*o))?);
    let data = mp::buffer(args[2])?;
    let erase = args.len() == 3;
    if erase && data.len() % region.block_size() as usize != 0 {
        return Err(Error::Os(EINVAL));
    }
    region.pieces(block, offset, data.len(), &mut |block, at, range| match if erase {
        region.erase(block)
    } else {
        0
    } {
        0 => region.program(block, at, &data[range]),
        code => code,
    })?;
    Ok(Obj::NONE)
}

/// `ioctl(request, argument)`
fn ioctl(args: &[Obj]) -> Result {
    let region = mp::native::<Flash>(args[0])?.region;
    let number = |n: i32| Ok(Obj::small_int(n as isize));
    match mp::int_of(args[1])? {
        1 | 2 => number(0),
        3 => number(region.sync()),
        4 => mp::long(region.count.into()),
        5 => mp::long(region.block_size().into()),
        6 => match u32::try_from(mp::int_of(args[2])?) {
            Ok(block) => number(region.erase(block)),
            Err(_) => number(-EINVAL),
        },
        _ => Ok(Obj::NONE),
    }
}
