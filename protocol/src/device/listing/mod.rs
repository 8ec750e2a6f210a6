//! What is in a directory and below it, in one exchange.
//!
//! The board prints names and no more than what was asked about them as it walks, and keeps only the directories that it has
//! not been in yet. All of it takes part in a sum that comes last, so a listing that was damaged on the way is asked for
//! again.

mod code;
#[doc(hidden)]
pub mod fuzz;
mod read;

use super::{Capabilities, Device};
use crate::{Errno, Error};
use code::Ways;
use read::Fields;

/// A listing that arrives damaged is asked for so often.
const TRIES: u32 = 3;

/// The first half of a SHA-256: as sure against accidents, and half as long on a slow line.
pub type HalfDigest = [u8; 16];

/// What [`Device::listing`] asks for beyond names and which of them are directories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListingOptions {
    /// What is below the directories in it, too.
    pub below: bool,
    /// The path of the current directory.
    pub cwd: bool,
    /// Sizes of the files, and what is neither a file nor a directory.
    pub sizes: bool,
    /// The same, and times of the last change; costs the board a `stat` per file.
    pub details: bool,
    /// Sizes, and digests of the files of at most so many bytes that can be read. Boards without `hashlib.sha256` or `binascii` give none.
    pub digests_up_to: Option<u64>,
    /// Where other filesystems begin.
    pub mounts: Mounts,
}

/// How a listing treats directories that other filesystems are mounted on. It marks those that it is to stop at, and does not go
/// below them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mounts {
    /// As any directory.
    #[default]
    Enter,
    /// Stops at them. A board that lists its mounts (MicroPython 1.25 on) tells them all; on others a mount is a directory of
    /// the root whose filesystem has other sizes than the root's.
    Find,
    /// Stops at those with these absolute paths; the listed directory's path has to be absolute, too.
    At(Vec<String>),
}

/// What an entry of a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A directory that another filesystem is mounted on.
    Mount,
    /// A link, a device, or something that the board has no name for. Told from a file only where sizes are asked for.
    Other,
}

/// A file or directory in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingEntry {
    /// The path below the directory that was listed, such as `lib/a.py`. No part of it is empty, `.` or `..`.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Size in bytes, if asked for; 0 for anything but a file.
    pub size: u64,
    /// Last change in seconds since 1970, if asked for, and where the board's filesystem keeps it and its clock says from when
    /// it counts.
    pub modified: Option<u64>,
    /// The first 16 bytes of the file's SHA-256, if asked for and possible.
    pub digest: Option<HalfDigest>,
}

/// What a directory holds. Parents come before what they hold; the order is the board's otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The path of the current directory, if asked for and known to the board.
    pub cwd: Option<String>,
    /// Files and directories.
    pub entries: Vec<ListingEntry>,
    /// Directories below that the board could not list, or not to their end.
    pub unreadable: Vec<(String, Errno)>,
}

impl Listing {
    /// The same, for those who need all of it. `dir` is the directory that was listed.
    ///
    /// # Errors
    /// [`Error::Os`] when a directory in it could not be listed.
    pub fn whole(self, dir: &str) -> Result<Self, Error> {
        match self.unreadable.first() {
            None => Ok(self),
            Some((below, errno)) => {
                let dir = if dir.is_empty() { "" } else { &format!("{}/", dir.trim_end_matches('/')) };
                Err(Error::Os { errno: errno.clone(), path: format!("{dir}{below}"), op: "list" })
            }
        }
    }
}

impl Device {
    /// What is in a directory and, if wanted, below it. An empty path is the current directory.
    ///
    /// # Errors
    /// [`Error::Os`] when the directory itself can't be listed; [`Error::Unsupported`] for a directory on a board that has none.
    pub fn listing(&mut self, dir: &str, options: &ListingOptions) -> Result<Listing, Error> {
        // A board of today needs no questions first, and this costs less than they do.
        if self.capabilities.is_none() && options.digests_up_to.is_none() && options.mounts != Mounts::Find {
            match self.listing_by(dir, options, &Ways::MODERN) {
                Err(Error::Exception(_) | Error::Unsupported { .. }) => {}
                done => return done,
            }
        }
        let capabilities = self.capabilities()?.clone();
        if !capabilities.ilistdir {
            return self.flat_listing(dir, options);
        }
        let ways = Ways::of(&capabilities, self.block_size()?);
        self.listing_by(dir, options, &ways)
    }

    fn listing_by(&mut self, dir: &str, options: &ListingOptions, ways: &Ways) -> Result<Listing, Error> {
        let during = "listing";
        let fields = Fields::of(options, ways);
        let dir_in_code = match options.mounts {
            Mounts::Enter => dir.to_owned(),
            _ => self.plain_path(dir)?,
        };
        let code = code::code(&dir_in_code, options, ways);
        for _ in 0..TRIES {
            let result = self.call_flat(during, &code);
            let out = result.map_err(|error| self.os_error(error, during, "list", dir))?;
            let Some(records) = read::intact(&out, ways.crc32) else { continue };
            let read = read::read(&records, &fields);
            let mut listing =
                read.ok_or_else(|| super::fs::unexpected("the entries of a directory", &out))?;
            if !listing.unreadable.is_empty() && self.capabilities()?.platform == "webassembly" {
                for (_, errno) in &mut listing.unreadable {
                    *errno = Errno::wasi(errno.number);
                }
            }
            return match listing.unreadable.iter().find(|(path, _)| path.is_empty()) {
                Some((_, errno)) => Err(Error::Os { errno: errno.clone(), path: dir.to_owned(), op: "list" }),
                None => Ok(listing),
            };
        }
        Err(Error::Protocol { awaited: "an undamaged listing".to_owned(), got: String::new() })
    }

    /// All that a board without `os.ilistdir` has is one directory.
    fn flat_listing(&mut self, dir: &str, options: &ListingOptions) -> Result<Listing, Error> {
        let entries = self.list_files(dir)?.into_iter().map(|entry| ListingEntry {
            kind: if entry.is_dir { Kind::Directory } else { Kind::File },
            path: entry.name,
            size: entry.size,
            modified: None,
            digest: None,
        });
        let entries = entries.collect();
        let cwd = match options.cwd && self.capabilities()?.getcwd {
            true => Some(self.cwd()?),
            false => None,
        };
        Ok(Listing { cwd, entries, unreadable: Vec::new() })
    }

    /// The path without `.` and `..`, which would hide a mount point. Without those it stays as it is.
    fn plain_path(&mut self, dir: &str) -> Result<String, Error> {
        if !dir.split('/').any(|part| matches!(part, "." | "..")) {
            return Ok(dir.to_owned());
        }
        let whole = if dir.starts_with('/') { dir.to_owned() } else { format!("{}/{dir}", self.cwd()?) };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Ok(format!("/{}", parts.join("/")))
    }
}
