//! The flash memory: a copy in memory, written through to an image file if there is one.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

use mpr_firmware::hal::{Flash, FlashError};

use crate::options::{Failure, Options};
use crate::power::Power;

/// Bytes of an erase block, as on common NOR flash chips.
pub const BLOCK: usize = 4096;
/// Size of a new flash unless the user says otherwise.
const DEFAULT_SIZE: usize = 2 << 20;
/// The fewest blocks that a filesystem works with.
const MIN_BLOCKS: usize = 4;

/// Flash that outlives the process if it has a file: every write is handed to the system before it returns.
pub struct SimFlash {
    memory: Mutex<Vec<u8>>,
    file: Option<File>,
    power: Arc<Power>,
    id: [u8; 8],
}

impl SimFlash {
    /// Opens or makes the image, and locks it against other processes.
    pub fn open(options: &Options, power: Arc<Power>) -> Result<Self, Failure> {
        let asked = options.flash_size.map(|size| size.0);
        if asked.is_some_and(|size| size % BLOCK != 0 || size / BLOCK < MIN_BLOCKS) {
            return Err(Failure::Other(format!("--flash-size is not a multiple of {BLOCK}")));
        }
        let Some(path) = &options.flash else {
            let memory = Mutex::new(vec![0xff; asked.unwrap_or(DEFAULT_SIZE)]);
            return Ok(Self { memory, file: None, power, id: *b"mpr-sim0" });
        };

        let failed = |e| Failure::Other(format!("flash image `{}`: {e}", path.display()));
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        file.try_lock().map_err(|e| match e {
            std::fs::TryLockError::WouldBlock => Failure::FlashBusy(path.clone()),
            std::fs::TryLockError::Error(e) => failed(e),
        })?;
        let mut memory = Vec::new();
        file.read_to_end(&mut memory).map_err(failed)?;
        if memory.is_empty() {
            memory = vec![0xff; asked.unwrap_or(DEFAULT_SIZE)];
            file.write_all_at(&memory, 0).map_err(failed)?;
        }
        if asked.is_some_and(|size| size != memory.len()) {
            let message = format!(
                "flash image `{}` has {} bytes, not the {} of --flash-size: leave the option out or name another file",
                path.display(),
                memory.len(),
                asked.unwrap_or_default()
            );
            return Err(Failure::Other(message));
        }
        if memory.len() % BLOCK != 0 || memory.len() / BLOCK < MIN_BLOCKS {
            let message = format!(
                "`{}` is not a flash image: its size is not a multiple of {BLOCK} bytes",
                path.display()
            );
            return Err(Failure::Other(message));
        }
        let id = identifier(path.canonicalize().map_err(failed)?.as_os_str().as_encoded_bytes());
        Ok(Self { memory: Mutex::new(memory), file: Some(file), power, id })
    }

    /// Stays the same for the same image file.
    pub fn id(&self) -> [u8; 8] {
        self.id
    }

    /// Changes `len` bytes at `at`, in memory and in the file.
    fn write(&self, at: usize, len: usize, change: impl FnOnce(&mut [u8])) -> Result<(), FlashError> {
        let mut memory = self.memory.lock().map_err(|_| FlashError)?;
        let piece = memory.get_mut(at..at + len).ok_or(FlashError)?;
        let cut = self.power.is_last();
        if cut {
            let mut whole = piece.to_vec();
            change(&mut whole);
            piece[..len / 2].copy_from_slice(&whole[..len / 2]);
        } else {
            change(piece);
        }
        if let Some(file) = &self.file {
            file.write_all_at(piece, at as u64).map_err(|_| FlashError)?;
        }
        if cut {
            self.power.cut();
        }
        Ok(())
    }
}

/// FNV-1a: a short stable hash.
fn identifier(name: &[u8]) -> [u8; 8] {
    let hash = name
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    hash.to_be_bytes()
}

fn position(block: u32, offset: u32) -> usize {
    block as usize * BLOCK + offset as usize
}

impl Flash for SimFlash {
    fn block_size(&self) -> u32 {
        BLOCK as u32
    }

    fn block_count(&self) -> u32 {
        self.memory.lock().map_or(0, |memory| (memory.len() / BLOCK) as u32)
    }

    fn read(&self, block: u32, offset: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        let memory = self.memory.lock().map_err(|_| FlashError)?;
        let at = position(block, offset);
        buffer.copy_from_slice(memory.get(at..at + buffer.len()).ok_or(FlashError)?);
        Ok(())
    }

    fn program(&self, block: u32, offset: u32, data: &[u8]) -> Result<(), FlashError> {
        // Programming clears bits and never sets one: a filesystem that forgets to erase is found out.
        self.write(position(block, offset), data.len(), |piece| {
            for (cell, byte) in piece.iter_mut().zip(data) {
                *cell &= byte;
            }
        })
    }

    fn erase(&self, block: u32) -> Result<(), FlashError> {
        self.write(position(block, 0), BLOCK, |piece| piece.fill(0xff))
    }

    fn sync(&self) -> Result<(), FlashError> {
        // Every write has reached the system, which keeps it when the process is killed.
        Ok(())
    }
}
