//! Making archives.

use std::io::{self, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::SCOPE;

/// The largest number that a numeric field of 12 bytes holds in octal digits.
const LARGEST_TIME: u64 = 0o77_777_777_777;

/// Writes an archive to anything that takes bytes. Nothing but the files decides what it writes. One that is dropped without
/// [`Writer::finish`] has no end, and is not taken for a whole one.
pub struct Writer<W: Write>(Builder<Sink<W>>);

enum Sink<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
    /// Takes everything, and keeps nothing.
    Closed,
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Plain(to) => to.write(bytes),
            Sink::Gzip(to) => to.write(bytes),
            Sink::Closed => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Plain(to) => to.flush(),
            Sink::Gzip(to) => to.flush(),
            Sink::Closed => Ok(()),
        }
    }
}

impl<W: Write> Drop for Writer<W> {
    fn drop(&mut self) {
        // The builder would write the mark of a whole archive.
        *self.0.get_mut() = Sink::Closed;
    }
}

impl<W: Write> Writer<W> {
    /// An archive with nothing in it so far, compressed if wanted.
    pub fn new(to: W, gzip: bool) -> Self {
        Writer(Builder::new(match gzip {
            true => Sink::Gzip(Box::new(GzEncoder::new(to, Compression::default()))),
            false => Sink::Plain(to),
        }))
    }

    /// Says that the archive is of these paths only, not of everything below its top directory.
    ///
    /// # Errors
    /// Those of writing.
    pub fn scope(&mut self, paths: &[String]) -> io::Result<()> {
        let paths = serde_json::to_string(paths).map_err(io::Error::other)?;
        let record = record("comment", &format!("{SCOPE}{paths}"));
        let mut header = header(EntryType::XGlobalHeader, record.len() as u64, None);
        self.0.append_data(&mut header, "pax_global_header", record.as_bytes())
    }

    /// Adds a directory. `mtime` is in seconds since 1970.
    ///
    /// # Errors
    /// Those of writing, and names that no archive may have.
    pub fn directory(&mut self, path: &str, mtime: Option<u64>) -> io::Result<()> {
        let mut header = header(EntryType::Directory, 0, mtime);
        self.0.append_data(&mut header, Path::new(&format!("{path}/")), io::empty())
    }

    /// Adds a file of this size. `mtime` is in seconds since 1970.
    ///
    /// # Errors
    /// Those of reading and writing, names that no archive may have, and a content of another size.
    pub fn file(&mut self, path: &str, size: u64, mtime: Option<u64>, from: &mut dyn Read) -> io::Result<()> {
        let mut header = header(EntryType::Regular, size, mtime);
        let mut counted = Counted { from: from.take(size), count: 0 };
        self.0.append_data(&mut header, Path::new(path), &mut counted)?;
        match counted.count == size {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Writes the end of the archive.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(mut self) -> io::Result<W> {
        self.0.finish()?;
        match std::mem::replace(self.0.get_mut(), Sink::Closed) {
            Sink::Plain(to) => Ok(to),
            Sink::Gzip(to) => to.finish(),
            Sink::Closed => Err(io::Error::other("the archive has ended")),
        }
    }
}

struct Counted<R> {
    from: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buf)?;
        self.count += n as u64;
        Ok(n)
    }
}

fn header(kind: EntryType, size: u64, mtime: Option<u64>) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o644 });
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(mtime.unwrap_or(0).min(LARGEST_TIME));
    header
}

/// A record of a pax header, which begins with its own length.
fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len() + 1;
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}")
}
