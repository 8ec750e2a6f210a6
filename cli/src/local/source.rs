//! A file that is read while others may write to it.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

/// A regular file being read. When its last byte is handed out, it must still have the size and the time of change
/// that it had in the beginning; else reading fails, so that the copy that is being made is thrown away.
#[derive(Debug)]
pub struct Source {
    file: File,
    len: u64,
    modified: Option<SystemTime>,
    read: u64,
}

/// The error inside the `io::Error` of a file that changed.
#[derive(Debug)]
struct Changed;

impl std::fmt::Display for Changed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file changed while it was read")
    }
}

impl std::error::Error for Changed {}

/// Whether reading failed because the file changed.
pub fn has_changed(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Changed>())
}

impl Source {
    /// Opens a regular file.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Source { file, len: metadata.len(), modified: modified(&metadata), read: 0 })
    }

    /// Size in bytes when it was opened.
    pub fn len(&self) -> u64 {
        self.len
    }

    fn check(&self) -> io::Result<()> {
        let now = self.file.metadata()?;
        match now.len() == self.len && modified(&now) == self.modified {
            true => Ok(()),
            false => Err(io::Error::other(Changed)),
        }
    }
}

/// Not every filesystem keeps it.
fn modified(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buf)?;
        self.read += n as u64;
        // A reader that knows the length does not ask again for the end: look before the last byte goes out.
        if n == 0 || self.read >= self.len {
            self.check()?;
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    #[test]
    fn a_quiet_file_is_read_to_its_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![7; 100_000]).unwrap();
        let mut content = Vec::new();
        Source::open(file.path()).unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, vec![7; 100_000]);
    }

    #[test]
    fn a_file_that_changes_is_noticed_before_its_last_byte() {
        for change in ["grow", "shrink", "touch"] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), [7; 1000]).unwrap();
            let mut source = Source::open(file.path()).unwrap();
            let mut buf = [0; 500];
            source.read_exact(&mut buf).unwrap();
            let mut writer = OpenOptions::new().append(true).open(file.path()).unwrap();
            match change {
                "grow" => writer.write_all(b"more").unwrap(),
                "shrink" => writer.set_len(500).unwrap(),
                _ => writer.set_modified(SystemTime::UNIX_EPOCH).unwrap(),
            }
            let error = source.read(&mut buf).expect_err(change);
            assert!(has_changed(&error), "{change}: {error}");
        }
    }

    #[test]
    fn an_empty_file_is_fine() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(Source::open(file.path()).unwrap().read(&mut [0; 8]).unwrap(), 0);
    }
}
