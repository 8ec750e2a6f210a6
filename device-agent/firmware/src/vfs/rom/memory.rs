//! The board's memory for an image: `rom_ioctl`, and mounting it at the start.

use micropython_sys::ffi;

use super::VfsRom;
use crate::errno::{EINVAL, EIO};
use crate::hal::{self, FlashError, Rom};
use crate::mp::{self, Obj, Result};
use crate::native_fn;
use crate::vfs::table;

/// Where the image is mounted.
const MOUNT_POINT: &str = "/rom";

native_fn!(pub ROM_IOCTL, 1..=4, rom_ioctl);

/// Whether these bytes lie in the board's memory.
pub fn holds(bytes: &[u8]) -> bool {
    let Some(rom) = hal::hal().rom() else { return false };
    let memory = rom.memory();
    let start = memory.cast::<u8>().addr();
    let (first, end) = (bytes.as_ptr().addr(), bytes.as_ptr().addr() + bytes.len());
    start <= first && end <= start + memory.len()
}

/// The memory as a read-only `memoryview`.
fn view(rom: &dyn Rom) -> Result {
    let memory = rom.memory();
    let (first, len) = (memory.cast::<u8>().cast_mut(), memory.len());
    // SAFETY: the memory outlives the virtual machine; the type code without further bits allows no writing.
    mp::protect(|| unsafe { ffi::mp_obj_new_memoryview(b'B', len, first.cast()) })
}

/// Mounts the image of the board's memory, if there is one. Whether it did.
pub fn mount_rom() -> bool {
    let mount = |rom: &dyn Rom| {
        let fs = VfsRom::new(view(rom)?)?;
        let row = mp::tuple(&[Obj::from_ptr(fs), mp::str_obj(MOUNT_POINT)?])?;
        table::set_mounts(mp::list(&[row])?);
        Ok::<(), mp::Error>(())
    };
    hal::hal().rom().is_some_and(|rom| mount(rom).is_ok())
}

/// `rom_ioctl(operation, ...)`: what MicroPython 1.25 has, and (6, and 3 with an offset) 1.29. Errors are negative numbers.
///
/// - `1`: the number of partitions.
/// - `2, id`: the partition as a `memoryview`.
/// - `3, id, [offset,] len`: erases so much; gives the least number of bytes to write at once.
/// - `4, id, offset, data`: writes to what was erased.
/// - `5, id`: completes the writing.
/// - `6, id`: bytes of an erase block.
fn rom_ioctl(args: &[Obj]) -> Result {
    let answer = |n: isize| Ok(Obj::small_int(n));
    let operation = mp::int_of(args[0])?;
    if operation == 1 {
        return answer(isize::from(hal::hal().rom().is_some()));
    }
    let id = args.get(1).map_or(Ok(-1), |id| mp::int_of(*id))?;
    let (Some(rom), 0) = (hal::hal().rom(), id) else { return answer(-EINVAL as isize) };
    let result = match (operation, &args[2..]) {
        (2, []) => return view(rom),
        (3, [len]) => erase(rom, 0, mp::int_of(*len)?),
        (3, [offset, len]) => erase(rom, mp::int_of(*offset)?, mp::int_of(*len)?),
        (4, [offset, data]) => program(rom, mp::int_of(*offset)?, mp::buffer(*data)?),
        (5, []) => code(rom.sync(), 0),
        (6, []) => rom.block_size() as isize,
        _ => -EINVAL as isize,
    };
    answer(result)
}

fn code(result: core::result::Result<(), FlashError>, done: usize) -> isize {
    result.map_or(-EIO as isize, |()| done as isize)
}

/// The range, if it lies within the memory and starts at a multiple of `unit`.
fn range(rom: &dyn Rom, offset: isize, len: usize, unit: usize) -> Option<usize> {
    let offset = usize::try_from(offset).ok().filter(|offset| offset.is_multiple_of(unit))?;
    (offset.checked_add(len)? <= rom.memory().len()).then_some(offset)
}

fn erase(rom: &dyn Rom, offset: isize, len: isize) -> isize {
    let block = rom.block_size();
    let len = usize::try_from(len).ok().and_then(|len| len.checked_next_multiple_of(block));
    match len.and_then(|len| Some((range(rom, offset, len, block)?, len))) {
        Some((offset, len)) => code(rom.erase(offset, len), rom.unit()),
        None => -EINVAL as isize,
    }
}

fn program(rom: &dyn Rom, offset: isize, data: mp::Buffer) -> isize {
    let unit = rom.unit();
    match range(rom, offset, data.len(), unit) {
        // What is being written can't be read at the same time.
        Some(offset) if data.len().is_multiple_of(unit) && (data.is_empty() || !holds(&data[..1])) => {
            code(rom.program(offset, data), 0)
        }
        _ => -EINVAL as isize,
    }
}
