//! The file protocol on the board's files.
//!
//! A file that is put goes to `NAME.1.part`, which takes its name at the end, so that a cut leaves the old file whole. The number is
//! another one for each put that is under way, so clients that put the same file don't meet: the last to end wins. With quirks a
//! file goes to its name at once, and nobody hears of a failure.

use core::cell::Cell;
use core::ffi::CStr;

use micropython_sys::ffi;
use mpr_extmod::webrepl::file::{BLOCK, Operation, Request, reply};

use super::Global;
use super::connection::Connection;
use crate::errno;
use crate::hal::hal;
use crate::mp::{self, Args, Error, Keywords, Obj, Result};
use crate::vfs;
use crate::wait;

/// What each piece of a file costs with quirks, in microseconds.
const STEP_US: u64 = 20_000;

/// Puts that may be under way at once.
const PUTS: u32 = 9;

/// The numbers of the puts that are under way, a bit for each.
static TAKEN: Global<Cell<u32>> = Global(Cell::new(0));

/// Forgets the puts of the last life.
pub(super) fn reset() {
    TAKEN.0.set(0);
}

/// The file that is put or got.
pub struct Transfer {
    /// The open file, or null.
    file: Cell<Obj>,
    /// Its names: while it is written, and afterwards.
    part: Cell<Obj>,
    name: Cell<Obj>,
    /// The number of the put, from 1; 0 is none.
    number: Cell<u32>,
    /// The first error, as the client is told.
    failed: Cell<i32>,
}

impl Default for Transfer {
    fn default() -> Self {
        Transfer {
            file: Cell::new(Obj::NULL),
            part: Cell::new(Obj::NULL),
            name: Cell::new(Obj::NULL),
            number: Cell::new(0),
            failed: Cell::new(0),
        }
    }
}

/// The number that a client is told.
fn number(error: Error) -> i32 {
    error.errno().filter(|n| *n > 0).unwrap_or(errno::EIO)
}

fn open(name: Obj, mode: &str) -> Result {
    let mode = mp::str_obj(mode)?;
    vfs::open(Args { positional: &[name, mode], keywords: Keywords::Pairs(&[]) })
}

fn is_directory(name: Obj) -> bool {
    /// `st_mode` of a directory.
    const S_IFDIR: isize = 0x4000;
    matches!(vfs::import_kind(name), Ok(Some(mode)) if mode & S_IFDIR != 0)
}

fn remove(name: Obj) -> Result<()> {
    mp::call(Obj::from_static(&vfs::REMOVE), &[name]).map(drop)
}

/// Gives a file the name of another. FAT does not replace files.
fn replace(part: Obj, name: Obj) -> Result<()> {
    let rename = || mp::call(Obj::from_static(&vfs::RENAME), &[part, name]).map(drop);
    match rename() {
        Err(error) if error.errno() == Some(errno::EEXIST) => {
            remove(name)?;
            rename()
        }
        result => result,
    }
}

impl Transfer {
    /// Takes the lowest number that no other put has.
    fn take_number(&self) -> Result<u8> {
        let taken = TAKEN.0.get();
        let free = taken.trailing_ones();
        if free >= PUTS {
            return Err(Error::Os(errno::EBUSY));
        }
        TAKEN.0.set(taken | 1 << free);
        self.number.set(free + 1);
        Ok(b'1' + free as u8)
    }

    fn give_number_back(&self) {
        if let Some(bit) = self.number.replace(0).checked_sub(1) {
            TAKEN.0.set(TAKEN.0.get() & !(1 << bit));
        }
    }

    /// Opens a file to be put under this name.
    fn put(&self, name: &[u8], stock: bool) -> Result<()> {
        let name_object = mp::str_of_bytes(name)?;
        if !stock && is_directory(name_object) {
            return Err(Error::Os(errno::EISDIR));
        }
        let part = if stock {
            name_object
        } else {
            let mut text = mp::TextBuffer::new(name.len() + 8)?;
            text.push(name)?;
            text.push(&[b'.', self.take_number()?])?;
            text.push(b".part")?;
            text.into_str()?
        };
        self.file.set(open(part, "wb")?);
        self.part.set(part);
        self.name.set(name_object);
        Ok(())
    }

    fn write(&self, bytes: &[u8]) {
        let file = self.file.get();
        if file.is_null() || self.failed.get() != 0 {
            return;
        }
        if let Err(error) = mp::stream_writable(file).and_then(|file| file.write_all(bytes)) {
            self.failed.set(number(error));
        }
    }

    fn shut(&self) -> Result<()> {
        match self.file.replace(Obj::NULL) {
            file if file.is_null() => Ok(()),
            file => mp::stream_any(file).and_then(mp::Stream::close),
        }
    }

    /// Closes the file that was put, and gives it its name; says what came of it.
    fn finish(&self) -> i32 {
        let (part, name) = (self.part.replace(Obj::NULL), self.name.replace(Obj::NULL));
        let mut failed = self.failed.replace(0);
        let named = !part.is_null() && part != name;
        if let Err(error) = self.shut()
            && failed == 0
        {
            failed = number(error);
        }
        if failed == 0
            && named
            && let Err(error) = replace(part, name)
        {
            failed = number(error);
        }
        if failed != 0 && named {
            let _ = remove(part);
        }
        self.give_number_back();
        failed
    }

    /// The connection has ended.
    pub fn abandon(&self) {
        let half = !self.part.get().is_null();
        if half && self.failed.get() == 0 {
            self.failed.set(errno::EIO);
        }
        if half {
            self.finish();
        } else {
            let _ = self.shut();
        }
    }
}

impl Connection {
    /// A request of the file protocol.
    pub(super) fn begin(&self, request: &Request) {
        self.transfer.abandon();
        match request.operation {
            Operation::Version => self.reply(&version()),
            Operation::Put(size) => {
                let opened = self.transfer.put(request.name(), self.is_stock());
                if let Err(error) = opened {
                    self.transfer.give_number_back();
                    if self.is_stock() {
                        return self.close();
                    }
                    self.transfer.failed.set(number(error));
                }
                self.reply(&reply(self.transfer.failed.get() as u16));
                if size == 0 {
                    self.end_put();
                }
            }
            Operation::Get => match mp::str_of_bytes(request.name()).and_then(|name| open(name, "rb")) {
                Ok(file) => {
                    self.transfer.file.set(file);
                    self.reply(&reply(0));
                }
                Err(_) if self.is_stock() => self.close(),
                Err(error) => {
                    self.end_get();
                    self.reply(&reply(number(error) as u16));
                }
            },
        }
    }

    /// Bytes of the file that is put.
    pub(super) fn data(&self, bytes: &[u8], left: u32) {
        self.transfer.write(bytes);
        self.step();
        if left == 0 {
            self.end_put();
        }
    }

    fn end_put(&self) {
        let failed = self.transfer.finish();
        self.reply(&reply(if self.is_stock() { 0 } else { failed as u16 }));
    }

    /// The client waits for the next block.
    pub(super) fn block(&self) {
        let mut out = [0; 2 + BLOCK];
        let file = self.transfer.file.get();
        let got = mp::stream_readable(file).and_then(|file| file.read(&mut out[2..]));
        self.step();
        let count = match got {
            Ok(count) => count,
            Err(error) => {
                self.transfer.failed.set(number(error));
                if self.is_stock() {
                    return;
                }
                0
            }
        };
        out[..2].copy_from_slice(&(count as u16).to_le_bytes());
        self.reply(&out[..2 + count]);
        if count == 0 {
            self.end_get();
            let _ = self.transfer.shut();
            self.reply(&reply(self.transfer.failed.replace(0) as u16));
        }
    }

    /// Takes its time as a stock board does, without running anything else.
    fn step(&self) {
        if !self.is_stock() {
            return;
        }
        let end = hal().ticks_us() + STEP_US;
        while hal().ticks_us() < end {
            hal().wait(Some(wait::ms_until(end)));
        }
    }
}

/// The three numbers of MicroPython's version.
fn version() -> [u8; 3] {
    // SAFETY: the function gives a static C string for this number.
    let text = unsafe { CStr::from_ptr(ffi::mpr_version(1)) };
    let mut numbers = [0_u8; 3];
    let mut at = 0;
    for &byte in text.to_bytes() {
        match (byte, numbers.get_mut(at)) {
            (b'0'..=b'9', Some(number)) => *number = number.wrapping_mul(10).wrapping_add(byte - b'0'),
            (b'.', _) => at += 1,
            _ => break,
        }
    }
    numbers
}
