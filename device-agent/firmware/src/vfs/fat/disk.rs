//! A block device as the stream of bytes that the FAT code wants.

use core::cell::Cell;
use std::io::{self, Error, Read, Seek, SeekFrom, Write};

use crate::errno::{EINVAL, EIO};
use crate::mp::{self, Result};
use crate::vfs::device::Device;

/// A block device with one block cached. Belongs to an object on Python's heap.
pub struct Blocks {
    /// The device.
    pub device: Device,
    /// A block of Python's heap of the size of a device's block.
    buffer: *mut u8,
    cached: Cell<Option<u32>>,
    dirty: Cell<bool>,
    /// Reads that the operation may still make.
    budget: Cell<u64>,
}

impl Blocks {
    /// Nothing is cached.
    pub fn new(device: Device) -> Result<Self> {
        let buffer = mp::bytes_on_heap(device.block_size() as usize)?;
        Ok(Self { device, buffer, cached: Cell::new(None), dirty: Cell::new(false), budget: Cell::new(0) })
    }

    fn size(&self) -> usize {
        self.device.block_size() as usize
    }

    /// Starts an operation. It may read several times as much as the disk has: on a damaged disk a chain may lead to itself, and
    /// following it would never end.
    pub fn begin(&self) {
        self.budget.set(4 * u64::from(self.device.block_count()) + 1024);
    }

    fn spend(&self) -> io::Result<()> {
        let left = self.budget.get().checked_sub(1).ok_or(Error::from_raw_os_error(EIO))?;
        self.budget.set(left);
        Ok(())
    }

    /// Bytes of the cached block.
    ///
    /// # Safety
    /// There must be no other reference to them.
    #[expect(clippy::mut_from_ref)] // The memory is not the structure's.
    unsafe fn buffer(&self) -> &mut [u8] {
        // SAFETY: the buffer has this size; alone, says the contract.
        unsafe { core::slice::from_raw_parts_mut(self.buffer, self.size()) }
    }

    /// Writes the cached block to the device.
    pub fn write_back(&self) -> io::Result<()> {
        if let (Some(block), true) = (self.cached.get(), self.dirty.get()) {
            // SAFETY: nothing else looks at the buffer during the call.
            check(self.device.write_blocks(block, unsafe { self.buffer() }))?;
            self.dirty.set(false);
        }
        Ok(())
    }

    /// Forgets the cached block, written back or not.
    pub fn forget(&self) {
        self.cached.set(None);
        self.dirty.set(false);
    }

    /// Makes the cache hold this block.
    fn load(&self, block: u32) -> io::Result<()> {
        if self.cached.get() == Some(block) {
            return Ok(());
        }
        self.spend()?;
        self.write_back()?;
        self.cached.set(None);
        // SAFETY: as above.
        check(self.device.read_blocks(block, unsafe { self.buffer() }))?;
        self.cached.set(Some(block));
        Ok(())
    }

    /// Whether the cached block is among the blocks of these bytes.
    fn caches(&self, block: u32, len: usize) -> bool {
        let blocks = (len / self.size()) as u32;
        self.cached.get().is_some_and(|cached| (block..block + blocks).contains(&cached))
    }
}

/// The stream. What is written stays in the cached block until another one is wanted, or until [`Write::flush`]; whole blocks
/// pass through without a copy.
pub struct Disk {
    blocks: &'static Blocks,
    position: u64,
}

impl Disk {
    /// A stream over the blocks, which must stay where they are.
    pub fn new(blocks: &'static Blocks) -> Self {
        Self { blocks, position: 0 }
    }

    fn size(&self) -> u64 {
        u64::from(self.blocks.device.block_count()) * u64::from(self.blocks.device.block_size())
    }

    /// The block at the position, the offset in it, and how many of `len` bytes are in it.
    fn place(&self, len: usize) -> io::Result<(u32, usize, usize)> {
        let size = self.blocks.size();
        if self.position >= self.size() {
            return Err(Error::from_raw_os_error(EIO));
        }
        let offset = (self.position % size as u64) as usize;
        Ok(((self.position / size as u64) as u32, offset, len.min(size - offset)))
    }

    /// Bytes of whole blocks at the start of `len` bytes, from `block` on.
    fn whole(&self, block: u32, len: usize) -> usize {
        let size = self.blocks.size();
        (len / size).min((self.blocks.device.block_count() - block) as usize) * size
    }
}

fn check(code: i32) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(Error::from_raw_os_error(-code)) }
}

impl Read for Disk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (block, offset, n) = self.place(buffer.len())?;
        let whole = self.whole(block, buffer.len());
        let n = if offset == 0 && whole > 0 {
            if self.blocks.caches(block, whole) {
                self.blocks.write_back()?;
            }
            self.blocks.spend()?;
            check(self.blocks.device.read_blocks(block, &mut buffer[..whole]))?;
            whole
        } else {
            self.blocks.load(block)?;
            // SAFETY: nothing else looks at the buffer meanwhile.
            let cached = unsafe { self.blocks.buffer() };
            buffer[..n].copy_from_slice(&cached[offset..offset + n]);
            n
        };
        self.position += n as u64;
        Ok(n)
    }
}

impl Write for Disk {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let (block, offset, n) = self.place(data.len())?;
        let whole = self.whole(block, data.len());
        let n = if offset == 0 && whole > 0 {
            if self.blocks.caches(block, whole) {
                self.blocks.forget();
            }
            check(self.blocks.device.write_blocks(block, &data[..whole]))?;
            whole
        } else {
            self.blocks.load(block)?;
            // SAFETY: as above.
            let cached = unsafe { self.blocks.buffer() };
            cached[offset..offset + n].copy_from_slice(&data[..n]);
            self.blocks.dirty.set(true);
            n
        };
        self.position += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.blocks.write_back()
    }
}

impl Seek for Disk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(n) => Some(n),
            SeekFrom::Current(n) => self.position.checked_add_signed(n),
            SeekFrom::End(n) => self.size().checked_add_signed(n),
        };
        self.position = position.ok_or(Error::from_raw_os_error(EINVAL))?;
        Ok(self.position)
    }
}
