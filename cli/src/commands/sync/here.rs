//! The side on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mpr_protocol::HalfDigest;
use sha2::{Digest, Sha256};

use super::plan::{Kind, Side};
use crate::local::ignore::Ignore;
use crate::local::walk::{Filter, Problem, walk};

/// A folder: what is in it, and where.
#[derive(Debug, Default)]
pub struct Here {
    /// What is there.
    pub side: Side,
    /// Where the content of each file is.
    pub files: BTreeMap<String, PathBuf>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}

/// Leaves out what is ignored.
struct Sifted<'a> {
    ignore: &'a mut Ignore,
    follows_links: bool,
    left: Vec<(String, bool)>,
}

impl Filter for Sifted<'_> {
    fn enter(&mut self, folder: &Path, relative: &str) -> io::Result<()> {
        self.ignore.enter(folder, relative)
    }

    fn takes(&mut self, relative: &str, is_dir: bool) -> bool {
        let ignored = self.ignore.ignores_itself(relative, is_dir);
        if ignored {
            self.left.push((relative.to_owned(), is_dir));
        }
        !ignored
    }

    fn follows_links(&self) -> bool {
        self.follows_links
    }
}

impl Here {
    /// Looks at the folder that files come from. Links are followed; what is ignored is not there.
    pub fn source(root: &Path, ignore: &mut Ignore) -> Self {
        Here::look(root, ignore, true).0
    }

    /// Looks at the folder that files go to. Links are links; of what is ignored, the first of each branch is there.
    pub fn destination(root: &Path, ignore: &mut Ignore) -> Self {
        let (mut here, left) = Here::look(root, ignore, false);
        for (path, is_dir) in left {
            here.side.insert(path, if is_dir { Kind::Directory } else { Kind::File(0) });
        }
        here
    }

    fn look(root: &Path, ignore: &mut Ignore, follows_links: bool) -> (Self, Vec<(String, bool)>) {
        let mut filter = Sifted { ignore, follows_links, left: Vec::new() };
        let found = walk(root, &mut filter);
        let mut here = Here { problems: found.problems, ..Here::default() };
        here.side.extend(found.directories.into_iter().map(|path| (path, Kind::Directory)));
        here.side.extend(found.links.into_iter().map(|path| (path, Kind::Link)));
        for (path, place, size) in found.files {
            here.side.insert(path.clone(), Kind::File(size));
            here.files.insert(path, place);
        }
        (here, filter.left)
    }
}

/// The first half of a file's SHA-256.
pub fn half_digest(path: &Path) -> io::Result<HalfDigest> {
    let mut file = fs::File::open(path)?;
    let mut hash = Hashing(Sha256::new());
    io::copy(&mut file, &mut hash)?;
    Ok(half(&hash.0.finalize()))
}

/// The first half of a digest.
pub fn half(digest: &[u8]) -> HalfDigest {
    let mut half = HalfDigest::default();
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    half
}

struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
