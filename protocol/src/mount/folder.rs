//! A folder of the host as the board sees it.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::call::{Call, Code, EINVAL, ENOTDIR, EPERM, EROFS, Reply, code, none};
use super::confine::{Confined, Refused};
use super::files::{Files, Mode};
use crate::python::str_literal;

/// Seconds from 1970 to 2000, where the clock of most boards begins.
pub(crate) const EPOCH_2000: u64 = 946_684_800;

const DIRECTORY: u32 = 0x4000;
const FILE: u32 = 0x8000;

/// How a folder is shown to the board.
#[derive(Debug, Clone, Default)]
pub struct FolderOptions {
    /// The board may not change anything.
    pub read_only: bool,
    /// Symbolic links are followed wherever they lead.
    pub unsafe_links: bool,
}

/// Told each path that the board asks for and that leads out of the folder.
pub struct Denied(pub Box<dyn FnMut(&str) + Send>);

impl std::fmt::Debug for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Denied")
    }
}

/// What sizes and times of answers depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The most bytes that one answer carries.
    pub block: usize,
    /// Seconds from 1970 to the beginning of the board's clock.
    pub epoch: u64,
}

/// A mounted folder.
#[derive(Debug)]
pub struct Folder {
    confined: Confined,
    read_only: bool,
    /// The board mounted it so.
    board_read_only: bool,
    /// The board's current directory in it.
    directory: Vec<String>,
    /// A directory that is handed over in several answers.
    listing: Vec<String>,
    denied: Denied,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn open(path: &Path, options: &FolderOptions, denied: Denied) -> std::io::Result<Folder> {
        Ok(Folder {
            confined: Confined::new(path, options.unsafe_links)?,
            read_only: options.read_only,
            board_read_only: false,
            directory: Vec::new(),
            listing: Vec::new(),
            denied,
        })
    }

    /// Begins anew, for a board that was restarted.
    pub(crate) fn restart(&mut self) {
        self.directory.clear();
        self.listing.clear();
        self.board_read_only = false;
    }

    /// Does what the board asks.
    pub(crate) fn call(&mut self, call: &Call, files: &mut Files, limits: Limits) -> Result<Reply, Code> {
        match call.name.as_str() {
            "mount" => {
                self.board_read_only = call.number(0).is_ok_and(|flag| flag != 0);
                Ok(none())
            }
            "umount" => Ok(none()),
            "open" => self.open_file(call, files, limits),
            "stat" => self.stat(call.path(0)?, limits),
            "statvfs" => self.statvfs(call.path(0)?),
            "ilistdir" => self.list(call, limits),
            "chdir" => {
                let names = self.names(call.path(0)?)?;
                let place = self.followed(&names, call.path(0)?)?;
                if !fs::metadata(place).map_err(|error| code(&error))?.is_dir() {
                    return Err(ENOTDIR);
                }
                self.directory = names;
                Ok(none())
            }
            "getcwd" => Ok(Reply::Value(str_literal(&format!("/{}", self.directory.join("/"))))),
            "mkdir" => self.change(call.path(0)?, |place| fs::create_dir(place)),
            "rmdir" => self.change(call.path(0)?, |place| fs::remove_dir(place)),
            "remove" => self.change(call.path(0)?, |place| fs::remove_file(place)),
            "rename" => self.rename(call.path(0)?, call.path(1)?),
            // The board's os asks only for the above.
            _ => Err(EINVAL),
        }
    }

    fn names(&mut self, path: &str) -> Result<Vec<String>, Code> {
        let names = self.confined.names(&self.directory, path);
        self.noted(names, path)
    }

    fn followed(&mut self, names: &[String], path: &str) -> Result<PathBuf, Code> {
        let place = self.confined.followed(names);
        self.noted(place, path)
    }

    fn noted<T>(&mut self, result: Result<T, Refused>, path: &str) -> Result<T, Code> {
        result.map_err(|refused| {
            if refused == Refused::Outside {
                (self.denied.0)(path);
            }
            refused.into()
        })
    }

    /// The place of what an operation changes or removes; links are not followed.
    fn changeable(&mut self, path: &str) -> Result<PathBuf, Code> {
        let names = self.names(path)?;
        let place = self.confined.unfollowed(&names);
        let place = self.noted(place, path)?;
        if self.is_read_only() {
            return Err(EROFS);
        }
        if names.is_empty() {
            return Err(EPERM);
        }
        Ok(place)
    }

    fn is_read_only(&self) -> bool {
        self.read_only || self.board_read_only
    }

    fn change(
        &mut self,
        path: &str,
        operation: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> Result<Reply, Code> {
        let place = self.changeable(path)?;
        operation(&place).map(|()| none()).map_err(|error| code(&error))
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<Reply, Code> {
        let (from, to) = (self.changeable(from)?, self.changeable(to)?);
        fs::rename(from, to).map(|()| none()).map_err(|error| code(&error))
    }

    /// The file's number and its first bytes.
    fn open_file(&mut self, call: &Call, files: &mut Files, limits: Limits) -> Result<Reply, Code> {
        let (path, mode) = (call.path(0)?, Mode::parse(call.path(1)?)?);
        let names = self.names(path)?;
        let place = self.followed(&names, path)?;
        if mode.write && self.is_read_only() {
            return Err(EROFS);
        }
        let number = files.open(&place, mode)?;
        // The number and the content together are one block.
        let first = files.read(number.into(), 0, limits.block - 1).unwrap_or_default();
        Ok(Reply::Data([&[number], &first[..]].concat()))
    }

    fn stat(&mut self, path: &str, limits: Limits) -> Result<Reply, Code> {
        let names = self.names(path)?;
        let place = self.followed(&names, path)?;
        let data = fs::metadata(place).map_err(|error| code(&error))?;
        let (kind, size) = kind_and_size(&data);
        let seconds = |time: std::io::Result<std::time::SystemTime>| {
            let since_1970 = time.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            since_1970.map_or(0, |time| time.as_secs().saturating_sub(limits.epoch))
        };
        let changed = seconds(data.modified());
        let accessed = seconds(data.accessed());
        Ok(Reply::Value(format!("({kind},0,0,0,0,0,{size},{accessed},{changed},{changed})")))
    }

    fn statvfs(&mut self, path: &str) -> Result<Reply, Code> {
        let names = self.names(path)?;
        let place = self.followed(&names, path)?;
        let [block, blocks, free, available] = space(&place)?;
        let flag = u8::from(self.is_read_only());
        Ok(Reply::Value(format!("({block},{block},{blocks},{free},{available},0,0,0,{flag},255)")))
    }

    /// Entries from a number on, as many as fit, and whether there are more.
    fn list(&mut self, call: &Call, limits: Limits) -> Result<Reply, Code> {
        let from = call.number(1).unwrap_or(0) as usize;
        if from == 0 {
            let names = self.names(call.path(0)?)?;
            let place = self.followed(&names, call.path(0)?)?;
            self.listing = entries(&place, call.wants_bytes()).map_err(|error| code(&error))?;
        }
        let mut text = "[".to_owned();
        let mut taken = 0;
        for entry in self.listing.iter().skip(from) {
            // One at least, or the board would never come to the end.
            if taken > 0 && text.len() + entry.len() + 3 > limits.block {
                break;
            }
            text += entry;
            text += ",";
            taken += 1;
        }
        let more = u8::from(from + taken < self.listing.len());
        Ok(Reply::Value(format!("{text}{more}]")))
    }
}

fn kind_and_size(data: &Metadata) -> (u32, u64) {
    if data.is_dir() { (DIRECTORY, 0) } else { (FILE, data.len()) }
}

/// The entries of a directory in the order of their names, as Python tuples. Names that are not UTF-8 can't be told to the
/// board and are left out.
fn entries(place: &Path, as_bytes: bool) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // A link counts as what it leads to; one to nothing, as a file.
        let data = fs::metadata(entry.path()).or_else(|_| entry.metadata());
        let (kind, size) = data.map_or((FILE, 0), |data| kind_and_size(&data));
        found.push((name, kind, size));
    }
    found.sort();
    let literal = |name: &str| match as_bytes {
        true => crate::python::bytes_literal(name.as_bytes()),
        false => str_literal(name),
    };
    Ok(found.iter().map(|(name, kind, size)| format!("({},{kind},0,{size})", literal(name))).collect())
}

/// Block size in bytes, blocks, free blocks, blocks free for everybody.
#[cfg(unix)]
fn space(place: &Path) -> Result<[u64; 4], Code> {
    let data = nix::sys::statvfs::statvfs(place).map_err(|error| code(&error.into()))?;
    // The types differ between systems.
    #[allow(clippy::useless_conversion, reason = "needed where they are 32 bits wide")]
    let numbers = [
        data.fragment_size().into(),
        data.blocks().into(),
        data.blocks_free().into(),
        data.blocks_available().into(),
    ];
    Ok(numbers)
}

#[cfg(not(unix))]
fn space(place: &Path) -> Result<[u64; 4], Code> {
    fs::metadata(place).map_err(|error| code(&error))?;
    Ok([4096, 0, 0, 0])
}
