//! What a directory holds, with times and digests: for copies of whole boards.

use super::fs::{HEAD, unexpected, values};
use super::{Device, Presence};
use crate::Error;
use crate::python::{Value, str_literal};

/// Seconds from 1970 to 2000, where most boards' clocks begin.
const TO_2000: i64 = 946_684_800;

/// Files up to so many bytes in all are hashed in one exchange.
const AT_ONCE: u64 = 256 << 10;

/// What something in a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A link, a device, or something that the board has no name for.
    Other,
}

/// Something in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name, without the directory.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Size in bytes; 0 for anything but a file.
    pub size: u64,
    /// Last change in seconds since 1970, where the board's filesystem keeps it and its clock says from when it counts.
    pub mtime: Option<u64>,
}

impl Device {
    /// What a directory holds, sorted by name. An empty path is the current directory. One exchange.
    ///
    /// # Errors
    /// As [`Device::list`].
    pub fn contents(&mut self, dir: &str) -> Result<Vec<Found>, Error> {
        let (path, within) = (str_literal(dir), str_literal(&inside(dir)));
        let code = format!(
            "{HEAD} p={path}\n \
             y=0\n \
             try:\n  \
             import time\n  \
             y=time.gmtime(0)[0]\n \
             except(ImportError,AttributeError):pass\n \
             print(y)\n \
             try:i=os.ilistdir(p)if p else os.ilistdir()\n \
             except AttributeError:\n  \
             for n in os.listdir():print((bytes(n,'utf8'),32768,os.size(n),0))\n  \
             return\n \
             for e in i:\n  \
             s,t=e[3]if len(e)>3 else 0,0\n  \
             try:\n   \
             a=os.stat({within}+e[0])\n   \
             s,t=a[6],a[8]\n  \
             except(OSError,AttributeError):pass\n  \
             print((bytes(e[0],'utf8'),e[1],s,t))\n\
             _mpr()\n"
        );
        let during = "listing";
        let result = self.call_at_length(during, &code);
        let out = result.map_err(|error| self.os_error(error, during, "list", dir))?;
        let values = values(&out)?;
        let [Value::Int(epoch), entries @ ..] = &values[..] else {
            return Err(unexpected("entries of a directory", &out));
        };
        let found = entries.iter().map(|value| found(value, *epoch));
        let mut found: Vec<Found> =
            found.collect::<Option<_>>().ok_or_else(|| unexpected("entry of a directory", &out))?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// The SHA-256 of the files at these paths with their sizes; `None` for what is no file any more.
    ///
    /// # Errors
    /// Those of [`Device::hash`].
    pub fn digests(&mut self, files: &[(&str, u64)]) -> Result<Vec<Option<[u8; 32]>>, Error> {
        let mut digests = Vec::with_capacity(files.len());
        let mut rest = files;
        while !rest.is_empty() {
            let mut sum = 0;
            let fits = |(_, size): &&(&str, u64)| {
                sum += *size;
                sum <= AT_ONCE
            };
            let count = rest.iter().take_while(fits).count();
            if count == 0 {
                // A large one alone, for as long as it takes.
                let digest = self.hash(rest[0].0, "sha256")?;
                digests.push(digest.try_into().ok());
                rest = &rest[1..];
                continue;
            }
            let paths: Vec<&str> = rest[..count].iter().map(|(path, _)| *path).collect();
            let presence = self.presence(&paths)?;
            digests.extend(presence.into_iter().map(|presence| match presence {
                Presence::File(digest) => Some(digest),
                Presence::Absent | Presence::Directory => None,
            }));
            rest = &rest[count..];
        }
        Ok(digests)
    }
}

/// What stands before the names in a directory.
fn inside(dir: &str) -> String {
    match dir {
        "" => String::new(),
        dir if dir.ends_with('/') => dir.to_owned(),
        dir => format!("{dir}/"),
    }
}

fn found(value: &Value, epoch: i64) -> Option<Found> {
    let [name, mode, size, time] = value.seq()? else { return None };
    let kind = match mode.int()? & 0xf000 {
        0x4000 => FileKind::Directory,
        // Some filesystems say nothing about files.
        0x8000 | 0 => FileKind::File,
        _ => FileKind::Other,
    };
    let size = match kind {
        FileKind::File => u64::try_from(size.int()?).unwrap_or(0),
        _ => 0,
    };
    let time = time.int()?;
    let since_1970 = match epoch {
        1970 => Some(time),
        2000 => time.checked_add(TO_2000),
        _ => None,
    };
    // A filesystem without times says 0.
    let mtime = since_1970.filter(|_| time != 0).and_then(|time| u64::try_from(time).ok());
    Some(Found { name: String::from_utf8_lossy(name.bytes()?).into_owned(), kind, size, mtime })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python;

    #[test]
    fn entries_are_read() {
        let read = |text: &str, epoch| found(&python::parse(text)?, epoch);
        let file = Found { name: "é".into(), kind: FileKind::File, size: 3, mtime: Some(946_684_805) };
        assert_eq!(read("(b'\\xc3\\xa9', 32768, 3, 5)", 2000), Some(file.clone()));
        assert_eq!(read("(b'\\xc3\\xa9', 0, 3, 946684805)", 1970), Some(file.clone()));
        assert_eq!(read("(b'\\xc3\\xa9', 32768, 3, 5)", 0), Some(Found { mtime: None, ..file.clone() }));
        assert_eq!(read("(b'\\xc3\\xa9', 32768, 3, 0)", 2000), Some(Found { mtime: None, ..file }));
        assert_eq!(
            read("(b'd', 16895, 7, 0)", 2000).map(|f| (f.kind, f.size)),
            Some((FileKind::Directory, 0))
        );
        assert_eq!(read("(b'null', 8192, 7, 0)", 2000).map(|f| f.kind), Some(FileKind::Other));
        assert_eq!(read("(b'x', 32768, 3)", 2000), None);
    }
}
