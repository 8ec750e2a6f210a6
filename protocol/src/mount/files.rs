//! The files that the board has open.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::call::{Code, EBADF, EINVAL, EISDIR, EMFILE, code};

/// The number that the board gives a file that it has closed.
const CLOSED: i64 = 255;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    read: bool,
    pub(crate) write: bool,
    append: bool,
    create: bool,
    truncate: bool,
    exclusive: bool,
    text: bool,
}

impl Mode {
    /// Reads a mode as Python writes it.
    pub(crate) fn parse(text: &str) -> Result<Mode, Code> {
        let mut kinds = text.chars().filter(|c| "rwax".contains(*c));
        let kind = kinds.next().ok_or(EINVAL)?;
        if kinds.next().is_some() || text.chars().any(|c| !"rwax+bt".contains(c)) {
            return Err(EINVAL);
        }
        let update = text.contains('+');
        Ok(Mode {
            read: kind == 'r' || update,
            write: kind != 'r' || update,
            append: kind == 'a',
            create: kind != 'r',
            truncate: kind == 'w',
            exclusive: kind == 'x',
            text: !text.contains('b'),
        })
    }
}

#[derive(Debug)]
struct Open {
    file: File,
    mode: Mode,
}

/// Open files by number.
#[derive(Debug, Default)]
pub(crate) struct Files {
    open: BTreeMap<u8, Open>,
    last: u8,
}

impl Files {
    /// Opens a file; gives its number, odd when it may be written.
    pub(crate) fn open(&mut self, path: &Path, mode: Mode) -> Result<u8, Code> {
        // Before it is opened: opening a named pipe would hang, reading a device may never end.
        match path.metadata() {
            Ok(data) if data.is_dir() => return Err(EISDIR),
            Ok(data) if !data.is_file() => return Err(EINVAL),
            _ => {}
        }
        let number = self.free_number(mode.write)?;
        let mut options = OpenOptions::new();
        options.read(mode.read).write(mode.write && !mode.append).append(mode.append);
        if mode.exclusive {
            options.create_new(true);
        } else {
            options.create(mode.create).truncate(mode.truncate);
        }
        let file = options.open(path).map_err(|error| code(&error))?;
        self.open.insert(number, Open { file, mode });
        self.last = number;
        Ok(number)
    }

    /// A number that has not been used for as long as possible: the board may hold a closed file.
    fn free_number(&self, odd: bool) -> Result<u8, Code> {
        let later = (1..=254u8).map(|step| (u16::from(self.last) + u16::from(step)) % 255);
        let mut numbers = later.filter_map(|n| u8::try_from(n).ok()).filter(|n| *n > 0);
        numbers.find(|n| (n % 2 == 1) == odd && !self.open.contains_key(n)).ok_or(EMFILE)
    }

    fn get(&mut self, number: i64) -> Result<&mut Open, Code> {
        u8::try_from(number).ok().and_then(|number| self.open.get_mut(&number)).ok_or(EBADF)
    }

    /// Up to `limit` bytes from a place. Of a text, whole characters.
    pub(crate) fn read(&mut self, number: i64, from: u64, limit: usize) -> Result<Vec<u8>, Code> {
        let Open { file, mode } = self.get(number)?;
        if !mode.read {
            return Err(EBADF);
        }
        let read = |file: &mut File| {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(from))?;
            file.take(limit as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let mut bytes = read(file).map_err(|error: std::io::Error| code(&error))?;
        if mode.text && bytes.len() == limit {
            bytes.truncate(whole_characters(&bytes));
        }
        Ok(bytes)
    }

    /// Writes at a place, or at the end of a file opened for that; gives the place behind.
    pub(crate) fn write(&mut self, number: i64, at: u64, data: &[u8]) -> Result<u64, Code> {
        let Open { file, mode } = self.get(number)?;
        if !mode.write {
            return Err(EBADF);
        }
        let write = |file: &mut File| {
            if !mode.append {
                file.seek(SeekFrom::Start(at))?;
            }
            file.write_all(data)?;
            file.stream_position()
        };
        write(file).map_err(|error| code(&error))
    }

    /// A file's size in bytes.
    pub(crate) fn size(&mut self, number: i64) -> Result<u64, Code> {
        let data = self.get(number)?.file.metadata();
        data.map(|data| data.len()).map_err(|error| code(&error))
    }

    /// Closes a file.
    pub(crate) fn close(&mut self, number: i64) -> Result<(), Code> {
        if number == CLOSED {
            return Ok(());
        }
        let number = u8::try_from(number).map_err(|_| EBADF)?;
        self.open.remove(&number).map(|_| ()).ok_or(EBADF)
    }

    /// Closes all files.
    pub(crate) fn close_all(&mut self) {
        self.open.clear();
    }
}

/// The length without a UTF-8 character that is cut at the end. What is not UTF-8 stays as it is.
fn whole_characters(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        let needed = match bytes[at] {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xff => 4,
            0x80..=0xbf => continue,
            _ => break,
        };
        return if needed > back && at > 0 { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_pythons() {
        for good in ["r", "rb", "w", "wt", "a+", "r+b", "rb+", "xb", "x+"] {
            assert!(Mode::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "b", "rw", "rU", "+", "r\0"] {
            assert_eq!(Mode::parse(bad), Err(EINVAL), "{bad}");
        }
    }

    #[test]
    fn numbers_come_back_late() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let mut files = Files::default();
        let (write, read) = (Mode::parse("w").unwrap(), Mode::parse("r").unwrap());
        let first = files.open(&path, write).unwrap();
        assert_eq!(first % 2, 1);
        files.close(first.into()).unwrap();
        assert_eq!(files.close(first.into()), Err(EBADF));
        assert_ne!(files.open(&path, write), Ok(first));
        let mut seen = Vec::new();
        while let Ok(number) = files.open(&path, read) {
            assert!(number % 2 == 0 && number > 0 && !seen.contains(&number));
            seen.push(number);
        }
        assert_eq!(seen.len(), 127);
        assert_eq!(files.open(&path, read), Err(EMFILE));
    }

    #[test]
    fn characters_stay_whole() {
        assert_eq!(whole_characters("aé".as_bytes()), 3);
        assert_eq!(whole_characters(&"aé".as_bytes()[..2]), 1);
        assert_eq!(whole_characters(&"a😀".as_bytes()[..4]), 1);
        assert_eq!(whole_characters(&"a€".as_bytes()[..3]), 1);
        assert_eq!(whole_characters(b"\x80\x80\x80\x80"), 4);
        assert_eq!(whole_characters(b"\xe2"), 1);
        assert_eq!(whole_characters(b""), 0);
    }

    #[test]
    fn appending_ignores_the_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        let mut files = Files::default();
        let number = files.open(&path, Mode::parse("a+").unwrap()).unwrap().into();
        assert_eq!(files.write(number, 0, b"678"), Ok(8));
        assert_eq!(files.read(number, 1, 100), Ok(b"2345678".to_vec()));
        assert_eq!(files.size(number), Ok(8));
    }
}
