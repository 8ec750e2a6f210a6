//! What the board shall have: the files of a folder, and what is made of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::gzip::gzip;
use super::here::Here;
use super::plan::{Kind, Side};
use crate::failure::Failure;
use crate::local::ignore::Pattern;
use crate::local::walk::{Problem, Trouble};

/// Files for the board.
#[derive(Debug)]
pub struct Wanted {
    /// What shall be there.
    pub side: Side,
    /// Where the content of each file is.
    pub files: BTreeMap<String, PathBuf>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
    /// Files that would hide others from the board's `import`.
    pub shadowed: BTreeSet<String>,
    /// What could not be made, and of what.
    pub failures: Vec<(String, Failure)>,
    /// Paths on the board that stay as they are, since nobody knows what they should be.
    pub unknown: Vec<String>,
    /// Holds what was made.
    made: Option<TempDir>,
    /// How many files were made.
    count: usize,
}

impl Wanted {
    /// The files of a folder, as they are.
    pub fn new(here: Here) -> Self {
        Wanted {
            side: here.side,
            files: here.files,
            problems: here.problems,
            shadowed: BTreeSet::new(),
            failures: Vec::new(),
            unknown: Vec::new(),
            made: None,
            count: 0,
        }
    }

    /// Adds `NAME.gz` for each file that matches one of the patterns, unless there is such a file.
    pub fn add_gzip(&mut self, patterns: &[String]) -> Result<(), Failure> {
        let patterns: Vec<Pattern> = patterns.iter().filter_map(|text| Pattern::parse(text)).collect();
        let matching: Vec<(String, PathBuf)> = self
            .files
            .iter()
            .filter(|(path, _)| patterns.iter().any(|pattern| pattern.matches(path, false)))
            .filter(|(path, _)| !path.ends_with(".gz"))
            .map(|(path, place)| (path.clone(), place.clone()))
            .collect();
        for (path, place) in matching {
            let packed = format!("{path}.gz");
            if self.side.contains_key(&packed) {
                continue;
            }
            match fs::read(&place) {
                Ok(content) => self.make(packed, &gzip(&content))?,
                // What is on the board stays as it is.
                Err(error) => {
                    self.problems.push(Problem {
                        relative: packed,
                        path: place,
                        trouble: Trouble::Io(error),
                    });
                }
            }
        }
        Ok(())
    }

    /// Takes a file out that another one stands for; the board shall not have it either.
    pub fn replace(&mut self, path: &str) {
        self.side.remove(path);
        self.files.remove(path);
        self.shadowed.insert(path.to_owned());
    }

    /// Takes a file out that can't be brought; what the board has at these paths stays.
    pub fn give_up(&mut self, path: &str, keep: &[&str], failure: Failure) {
        self.side.remove(path);
        let place = self.files.remove(path);
        self.unknown.extend(keep.iter().map(|path| (*path).to_owned()));
        let shown = place.map_or(path.to_owned(), |place| place.display().to_string());
        self.failures.push((shown, failure));
    }

    /// Adds a file of this content.
    pub fn make(&mut self, path: String, content: &[u8]) -> Result<(), Failure> {
        let failure = |error| Failure::local("sync", "temporary folder", &error);
        let folder = match self.made.take() {
            Some(folder) => folder,
            None => tempfile::tempdir().map_err(failure)?,
        };
        let place = folder.path().join(self.count.to_string());
        self.count += 1;
        self.made = Some(folder);
        fs::write(&place, content).map_err(failure)?;
        self.side.insert(path.clone(), Kind::File(content.len() as u64));
        self.files.insert(path, place);
        Ok(())
    }
}
