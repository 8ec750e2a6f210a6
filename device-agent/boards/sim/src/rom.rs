//! The memory for read-only files (ROMFS), kept in a file beside the flash image.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use mpr_firmware::hal::{FlashError, Rom};

use crate::flash::BLOCK;
use crate::options::{Failure, Options};
use crate::power::Power;

/// Size of a new partition unless the user says otherwise.
const DEFAULT_SIZE: usize = 256 << 10;
/// Bytes that are programmed at once, as on many flash chips.
const UNIT: usize = 4;

/// Memory that outlives the process if the flash does.
pub struct SimRom {
    memory: &'static [AtomicU8],
    /// Where the memory is kept, and the file there, which is made by the first write.
    file: Option<Mutex<(PathBuf, Option<File>)>>,
    power: Arc<Power>,
}

/// The file of the partition that belongs to this flash image.
fn beside(flash: &Path) -> PathBuf {
    let mut name = OsString::from(flash);
    name.push(".rom");
    name.into()
}

fn open(path: &Path, create: bool) -> std::io::Result<File> {
    let file = File::options().read(true).write(true).create(create).truncate(false).open(path)?;
    file.try_lock()?;
    Ok(file)
}

impl SimRom {
    /// The partition, with what its file holds. `None`: the user wants none.
    pub fn open(options: &Options, power: Arc<Power>) -> Result<Option<Self>, Failure> {
        let asked = options.romfs.map(|size| size.0);
        if asked.is_some_and(|size| size % BLOCK != 0) {
            return Err(Failure::Other(format!("--romfs is not a multiple of {BLOCK}")));
        }
        if asked == Some(0) {
            return Ok(None);
        }
        let new = || vec![0xff; asked.unwrap_or(DEFAULT_SIZE)];
        let Some(path) = options.flash.as_deref().map(beside) else {
            return Ok(Some(Self { memory: leak(new()), file: None, power }));
        };
        let failed = |e| Failure::Other(format!("ROMFS partition `{}`: {e}", path.display()));
        let (bytes, file) = match open(&path, false) {
            Ok(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(failed)?;
                (bytes, Some(file))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => (new(), None),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return Err(Failure::FlashBusy(path)),
            Err(e) => return Err(failed(e)),
        };
        let message = match asked {
            Some(size) if size != bytes.len() => format!(
                "ROMFS partition `{}` has {} bytes, not the {size} of --romfs: leave the option out or remove the file",
                path.display(),
                bytes.len()
            ),
            _ if bytes.is_empty() || bytes.len() % BLOCK != 0 => format!(
                "`{}` is not a ROMFS partition: its size is not a multiple of {BLOCK} bytes",
                path.display()
            ),
            _ => return Ok(Some(Self { memory: leak(bytes), file: Some(Mutex::new((path, file))), power })),
        };
        Err(Failure::Other(message))
    }

    /// Changes each byte of a range by its number in the range, in memory and in the file.
    fn write(&self, at: usize, len: usize, change: impl Fn(usize, u8) -> u8) -> Result<(), FlashError> {
        let piece = self.memory.get(at..at + len).ok_or(FlashError)?;
        let last = self.power.is_last();
        let (done, _) = piece.split_at(if last { len / 2 } else { len });
        for (number, cell) in done.iter().enumerate() {
            cell.store(change(number, cell.load(Ordering::Relaxed)), Ordering::Relaxed);
        }
        let kept = self.keep(at, len);
        if last {
            self.power.cut();
        }
        kept
    }

    /// Writes a range to the file; all of the memory to a new one.
    fn keep(&self, at: usize, len: usize) -> Result<(), FlashError> {
        let Some(file) = &self.file else { return Ok(()) };
        let (path, file) = &mut *file.lock().map_err(|_| FlashError)?;
        let range = match file {
            Some(_) => at..at + len,
            None => 0..self.memory.len(),
        };
        let bytes: Vec<u8> =
            self.memory[range.clone()].iter().map(|cell| cell.load(Ordering::Relaxed)).collect();
        if file.is_none() {
            *file = Some(open(path, true).map_err(|_| FlashError)?);
        }
        let file = file.as_ref().ok_or(FlashError)?;
        file.write_all_at(&bytes, range.start as u64).map_err(|_| FlashError)
    }
}

fn leak(bytes: Vec<u8>) -> &'static [AtomicU8] {
    bytes.into_iter().map(AtomicU8::new).collect::<Vec<_>>().leak()
}

impl Rom for SimRom {
    fn memory(&self) -> *const [u8] {
        std::ptr::slice_from_raw_parts(self.memory.as_ptr().cast(), self.memory.len())
    }

    fn block_size(&self) -> usize {
        BLOCK
    }

    fn unit(&self) -> usize {
        UNIT
    }

    fn erase(&self, offset: usize, len: usize) -> Result<(), FlashError> {
        (offset..offset + len).step_by(BLOCK).try_for_each(|block| self.write(block, BLOCK, |_, _| 0xff))
    }

    fn program(&self, offset: usize, data: &[u8]) -> Result<(), FlashError> {
        // Programming clears bits and never sets one: a tool that forgets to erase is found out.
        self.write(offset, data.len(), |number, old| old & data[number])
    }

    fn sync(&self) -> Result<(), FlashError> {
        // Every write has reached the system, which keeps it when the process is killed.
        Ok(())
    }
}
