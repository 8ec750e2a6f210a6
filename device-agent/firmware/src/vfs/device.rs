//! Block devices: the board's flash, or an object written in Python.

use core::cell::Cell;

use micropython_sys::ffi;
use micropython_sys::object::ByteArray;
use micropython_sys::qstr::{
    MP_QSTR_count, MP_QSTR_ioctl, MP_QSTR_readblocks, MP_QSTR_sync, MP_QSTR_writeblocks, Qstr,
};

use super::flash::{Flash, Region};
use crate::errno::{EINVAL, EIO, EROFS};
use crate::mp::{self, Error, Obj, Result};

/// Requests of a block device's `ioctl`.
mod request {
    pub const INIT: isize = 1;
    pub const SYNC: isize = 3;
    pub const BLOCK_COUNT: isize = 4;
    pub const BLOCK_SIZE: isize = 5;
    pub const BLOCK_ERASE: isize = 6;
}

/// A block device that knows neither `ioctl` nor its block size has this one, in bytes.
const OLD_BLOCK_SIZE: u32 = 512;

type Method = [Obj; 2];
const ABSENT: Method = [Obj::NULL; 2];

/// A block device, to be kept in an object on Python's heap: the collector finds the objects in it.
///
/// Operations give 0 or a negative error number, as filesystem code in C wants it. An exception of a device written in
/// Python is kept for [`Device::take_error`], and until it is taken every further operation fails at once: the
/// filesystem's code must not go on as if nothing had happened.
pub struct Device {
    /// The whole flash object or part of it, for the way without Python.
    native: Cell<Option<Region>>,
    readblocks: Method,
    writeblocks: Cell<Method>,
    ioctl: Method,
    count: Method,
    sync: Method,
    /// The `bytearray` that lends the caller's buffer to Python for one call.
    view: Obj,
    error: Cell<Option<Error>>,
    block_size: Cell<u32>,
    block_count: Cell<u32>,
}

impl Device {
    /// The device behind this object; asks it for its geometry.
    pub fn new(object: Obj) -> Result<Self> {
        let mut device = Self {
            native: Cell::new(None),
            readblocks: ABSENT,
            writeblocks: Cell::new(ABSENT),
            ioctl: ABSENT,
            count: ABSENT,
            sync: ABSENT,
            view: Obj::NULL,
            error: Cell::new(None),
            block_size: Cell::new(OLD_BLOCK_SIZE),
            block_count: Cell::new(0),
        };
        if core::ptr::eq(mp::type_of(object), <Flash as mp::Native>::TYPE) {
            let region = mp::native::<Flash>(object)?.region;
            device.block_size.set(region.block_size());
            device.block_count.set(region.count);
            device.native.set(Some(region));
            return Ok(device);
        }
        let method = |name| mp::load_method_maybe(object, name).map(|found| found.unwrap_or(ABSENT));
        device.readblocks = required(object, MP_QSTR_readblocks)?;
        device.writeblocks.set(method(MP_QSTR_writeblocks)?);
        device.ioctl = method(MP_QSTR_ioctl)?;
        if device.ioctl[0].is_null() {
            device.sync = method(MP_QSTR_sync)?;
            device.count = required(object, MP_QSTR_count)?;
        }
        // SAFETY: an empty array needs no memory; may raise for want of memory.
        device.view = mp::protect(|| unsafe { ffi::mp_obj_new_bytearray_by_ref(0, core::ptr::null()) })?;
        device.geometry()?;
        Ok(device)
    }

    fn geometry(&self) -> Result<()> {
        if self.ioctl[0].is_null() {
            return self.set_count(call(self.count, &[])?);
        }
        self.control(request::INIT, 1)?;
        let size = self.control(request::BLOCK_SIZE, 0)?;
        if !size.is_none() {
            let size = u32::try_from(mp::int_of(size)?).map_err(|_| Error::Os(EINVAL))?;
            self.block_size.set(size);
        }
        self.set_count(self.control(request::BLOCK_COUNT, 0)?)
    }

    fn set_count(&self, count: Obj) -> Result<()> {
        self.block_count.set(u32::try_from(mp::int_of(count)?).map_err(|_| Error::Os(EINVAL))?);
        Ok(())
    }

    /// Bytes of a block.
    pub fn block_size(&self) -> u32 {
        self.block_size.get()
    }

    /// Number of blocks.
    pub fn block_count(&self) -> u32 {
        self.block_count.get()
    }

    /// Whether an operation now would fail because Python code can't allocate during a collection.
    pub fn needs_heap(&self) -> bool {
        // SAFETY: reads a counter.
        self.native.get().is_none() && unsafe { ffi::mpr_gc_locked() }
    }

    /// Whether writing is refused.
    pub fn read_only(&self) -> bool {
        match self.native.get() {
            Some(region) => region.read_only,
            None => self.writeblocks.get()[0].is_null(),
        }
    }

    /// Refuses writing from now on.
    pub fn make_read_only(&self) {
        self.writeblocks.set(ABSENT);
        self.native.set(self.native.get().map(Region::read_only));
    }

    /// The exception that the device raised since the last call.
    pub fn take_error(&self) -> Option<Error> {
        self.error.take()
    }

    /// Reads a piece of a block.
    pub fn read(&self, block: u32, offset: u32, buffer: &mut [u8]) -> i32 {
        match self.native.get() {
            Some(region) => region.read(block, offset, buffer),
            None => {
                let (data, len) = (buffer.as_mut_ptr(), buffer.len());
                self.transfer(self.readblocks, data, len, block, Some(offset))
            }
        }
    }

    /// Programs a piece of an erased block.
    pub fn program(&self, block: u32, offset: u32, data: &[u8]) -> i32 {
        if self.read_only() {
            return -EROFS;
        }
        match self.native.get() {
            Some(region) => region.program(block, offset, data),
            None => {
                let (data, len) = (data.as_ptr().cast_mut(), data.len());
                self.transfer(self.writeblocks.get(), data, len, block, Some(offset))
            }
        }
    }

    /// Erases a block.
    pub fn erase(&self, block: u32) -> i32 {
        if self.read_only() {
            return -EROFS;
        }
        match self.native.get() {
            Some(region) => region.erase(block),
            None => self
                .code(|| mp::int_of(self.control(request::BLOCK_ERASE, block as isize)?).map(Obj::small_int)),
        }
    }

    /// Returns when everything written is safe.
    pub fn sync(&self) -> i32 {
        match self.native.get() {
            Some(region) => region.sync(),
            None => self.code(|| self.control(request::SYNC, 0)),
        }
    }

    /// Calls `readblocks` or `writeblocks` with a view of the memory.
    fn transfer(&self, method: Method, data: *mut u8, len: usize, block: u32, offset: Option<u32>) -> i32 {
        self.code(|| {
            let view = self.view.as_ptr::<ByteArray>();
            // SAFETY: the device's own bytearray; Python code that keeps it finds it empty after the call.
            unsafe { ((*view).items, (*view).len) = (data, len) };
            let args =
                [Obj::small_int(block as isize), self.view, Obj::small_int(offset.unwrap_or(0) as isize)];
            let result = call(method, &args[..if offset.is_some() { 3 } else { 2 }]);
            // SAFETY: as above.
            unsafe { ((*view).items, (*view).len) = (core::ptr::null_mut(), 0) };
            result
        })
    }

    fn control(&self, request: isize, argument: isize) -> Result {
        if self.ioctl[0].is_null() {
            return if request == request::SYNC && !self.sync[0].is_null() {
                call(self.sync, &[])
            } else {
                Ok(Obj::NONE)
            };
        }
        call(self.ioctl, &[Obj::small_int(request), Obj::small_int(argument)])
    }

    /// Runs Python code unless an exception is pending; keeps its exception. What it returns is none or an error number.
    fn code(&self, f: impl FnOnce() -> Result) -> i32 {
        if self.error.get().is_some() {
            return -EIO;
        }
        let checked = f().and_then(|result| match result.is_none() {
            true => Ok(0),
            false => mp::int_of(result),
        });
        match checked {
            Ok(0) => 0,
            Ok(code) if code < 0 => i32::try_from(code).unwrap_or(-EIO),
            Ok(_) => -EINVAL,
            Err(error) => {
                self.error.set(Some(error));
                -EIO
            }
        }
    }
}

/// Access by whole blocks, erased as they are written.
#[cfg(feature = "fat")]
impl Device {
    /// Reads whole blocks.
    pub fn read_blocks(&self, block: u32, buffer: &mut [u8]) -> i32 {
        match self.native.get() {
            Some(region) => {
                self.each(block, buffer.len(), &mut |block, range| region.read(block, 0, &mut buffer[range]))
            }
            None => self.transfer(self.readblocks, buffer.as_mut_ptr(), buffer.len(), block, None),
        }
    }

    /// Erases and writes whole blocks.
    pub fn write_blocks(&self, block: u32, data: &[u8]) -> i32 {
        if self.read_only() {
            return -EROFS;
        }
        match self.native.get() {
            Some(region) => self.each(block, data.len(), &mut |block, range| match region.erase(block) {
                0 => region.program(block, 0, &data[range]),
                code => code,
            }),
            None => {
                let (data, len) = (data.as_ptr().cast_mut(), data.len());
                self.transfer(self.writeblocks.get(), data, len, block, None)
            }
        }
    }

    /// Does something with each block's range of `len` bytes.
    fn each(&self, first: u32, len: usize, f: &mut dyn FnMut(u32, core::ops::Range<usize>) -> i32) -> i32 {
        let size = self.block_size() as usize;
        for i in 0..len / size {
            match f(first + i as u32, i * size..(i + 1) * size) {
                0 => {}
                code => return code,
            }
        }
        0
    }
}

fn required(object: Obj, name: Qstr) -> Result<Method> {
    let mut method = ABSENT;
    let words = method.as_mut_ptr();
    // SAFETY: two words; raises if there is no such method.
    mp::protect(|| unsafe { ffi::mp_load_method(object, name.0, words) })?;
    Ok(method)
}

fn call(method: Method, args: &[Obj]) -> Result {
    let mut words = [Obj::NULL; 5];
    words[..2].copy_from_slice(&method);
    words[2..2 + args.len()].copy_from_slice(args);
    let (n, words) = (args.len(), words.as_ptr());
    // SAFETY: a method and its arguments; the words outlive the call.
    mp::protect(|| unsafe { ffi::mp_call_method_n_kw(n, 0, words) })
}
