//! A path on either side.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use mpr_protocol::HalfDigest;

use crate::failure::Failure;
use crate::local::board;
use crate::session::Session;

/// A path on the device or on this machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// On the device, without its colon. Empty is the current directory.
    Board(String),
    /// On this machine.
    Here(PathBuf),
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Size in bytes.
    pub size: u64,
    /// Half of the SHA-256 of a file on the board, where it is known already.
    pub digest: Option<HalfDigest>,
}

impl Place {
    /// A path as written: a colon in front means the device.
    pub fn new(text: &str) -> Self {
        match text.strip_prefix(':') {
            Some(path) => Place::Board(path.to_owned()),
            None => Place::Here(PathBuf::from(text)),
        }
    }

    /// Whether a path as written can only be a directory.
    pub fn ends_in_slash(text: &str) -> bool {
        text.ends_with('/')
    }

    /// Whether it is on the device.
    pub fn is_board(&self) -> bool {
        matches!(self, Place::Board(_))
    }

    /// Without slashes at its end.
    pub fn trimmed(self) -> Self {
        match self {
            Place::Board(path) => Place::Board(board::trim(&path).to_owned()),
            Place::Here(path) => Place::Here(PathBuf::from(board::trim(&path.to_string_lossy()))),
        }
    }

    /// The last part, which a copy inside a directory is called by. Empty for `:`, `.`, `..` and the root: what such
    /// a directory holds is copied, not a directory of that name.
    pub fn basename(&self) -> String {
        let name = match self {
            Place::Board(path) => board::basename(path).to_owned(),
            Place::Here(path) => board::basename(&path.to_string_lossy()).to_owned(),
        };
        if matches!(&*name, "." | "..") { String::new() } else { name }
    }

    /// A name inside this directory; the directory itself for an empty name.
    pub fn child(&self, name: &str) -> Self {
        match self {
            _ if name.is_empty() => self.clone(),
            Place::Board(path) => Place::Board(board::join(path, name)),
            Place::Here(path) => Place::Here(path.join(name)),
        }
    }

    /// As messages of mpremote's show it: without the colon.
    pub fn bare(&self) -> String {
        match self {
            Place::Board(path) => path.clone(),
            Place::Here(path) => path.display().to_string(),
        }
    }

    /// Size of a file on this machine.
    pub fn local_size(&self) -> Option<u64> {
        match self {
            Place::Board(_) => None,
            Place::Here(path) => fs::metadata(path).ok().map(|metadata| metadata.len()),
        }
    }

    /// Looks what is there, if anything.
    pub fn look(&self, session: &mut Session<'_>) -> Result<Option<Found>, Failure> {
        match self {
            Place::Here(path) => Ok(look_here(path)),
            Place::Board(path) if path.is_empty() => Ok(Some(Found { is_dir: true, size: 0, digest: None })),
            Place::Board(path) => {
                let found = session.device()?.look(board::plain(path));
                let found = found.map_err(|error| Failure::device("cp", error))?;
                Ok(found.map(|found| Found { is_dir: found.is_dir, size: found.size, digest: None }))
            }
        }
    }
}

fn look_here(path: &Path) -> Option<Found> {
    fs::metadata(path).ok().map(|metadata| Found {
        is_dir: metadata.is_dir(),
        size: metadata.len(),
        digest: None,
    })
}

/// As a user writes it, without needless parts.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Board(path) => write!(f, ":{}", board::plain(path)),
            Place::Here(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basenames() {
        for (text, name) in [
            (":", ""),
            (":a", "a"),
            (":/a/b", "b"),
            (":/", ""),
            ("a/b", "b"),
            (".", ""),
            ("a/..", ""),
            ("/", ""),
        ] {
            assert_eq!(Place::new(text).basename(), name, "{text}");
        }
    }

    #[test]
    fn children() {
        for (text, child, shown) in [
            (":", "./x", ":x"),
            (":/", "/x", ":/x"),
            (":lib", "lib/x", ":lib/x"),
            ("d", "d/x", "d/x"),
            (".", "./x", "./x"),
        ] {
            let place = Place::new(text).trimmed().child("x");
            assert_eq!((place.bare(), place.to_string()), (child.to_owned(), shown.to_owned()));
        }
    }
}
