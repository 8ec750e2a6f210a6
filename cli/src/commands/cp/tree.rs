//! Copies of whole directories: which files, into which directories.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use mpr_protocol::{Kind, ListingOptions};

use super::place::{Found, Place};
use super::transfer::Job;
use crate::failure::Failure;
use crate::hints::{MPR, shell_word};
use crate::local::board;
use crate::local::walk::{Everything, walk};
use crate::session::Session;

/// The content of a directory: paths relative to it, parents before children.
#[derive(Debug, Default)]
struct Content {
    directories: Vec<String>,
    files: Vec<(String, Place, u64)>,
}

/// Plans the copy of the directory `from`: into `to` if that exists, else as `to`. Makes the directories.
pub fn plan(
    from: &Place,
    to: &Place,
    to_exists: bool,
    session: &mut Session<'_>,
) -> Result<Vec<Job>, Failure> {
    let mut content = match from {
        Place::Board(path) => walk_board(path, session)?,
        Place::Here(path) => walk_here(path)?,
    };
    let root = if to_exists { to.child(&from.basename()) } else { to.clone() };
    let existing = match &root {
        Place::Board(root) => make_on_board(root, &content, session)?,
        Place::Here(root) => make_here(root, &content.directories)?,
    };
    content.files.sort();
    let jobs = content.files.into_iter().map(|(relative, from, size)| {
        let found = existing.get(&relative).copied();
        Job { from, to: root.child(&relative), size: Some(size), existing: found }
    });
    Ok(jobs.collect())
}

/// All that is below a directory of the board.
fn walk_board(path: &str, session: &mut Session<'_>) -> Result<Content, Failure> {
    let options = ListingOptions { below: true, sizes: true, ..ListingOptions::default() };
    let plain = board::plain(path);
    let listing = session.device()?.listing(plain, &options).and_then(|listing| listing.whole(plain));
    let listing = listing.map_err(|error| Failure::device("cp", error))?;
    let root = Place::Board(path.to_owned());
    let mut content = Content::default();
    for entry in listing.entries {
        match entry.kind {
            Kind::Directory | Kind::Mount => content.directories.push(entry.path),
            Kind::File | Kind::Other => {
                let from = root.child(&entry.path);
                content.files.push((entry.path, from, entry.size));
            }
        }
    }
    Ok(content)
}

/// All that is below a folder; the first thing that can't be copied ends it.
fn walk_here(path: &Path) -> Result<Content, Failure> {
    let found = walk(path, &mut Everything);
    if let Some(problem) = found.problems.first() {
        return Err(problem.failure("cp"));
    }
    let files = found.files.into_iter().map(|(relative, path, size)| (relative, Place::Here(path), size));
    Ok(Content { directories: found.directories, files: files.collect() })
}

/// Makes the directories on the board, and tells which files are there already, with the digests of those of the same size
/// where the board tells them at once.
fn make_on_board(
    root: &str,
    content: &Content,
    session: &mut Session<'_>,
) -> Result<HashMap<String, Found>, Failure> {
    let failure = |error| Failure::device("cp", error);
    let root = Place::Board(root.to_owned());
    let mut wanted: Vec<(&str, String, Option<u64>)> = Vec::new();
    let directories = std::iter::once("").chain(content.directories.iter().map(String::as_str));
    let files = content.files.iter().map(|(relative, _, size)| (relative.as_str(), Some(*size)));
    for (relative, size) in directories.map(|relative| (relative, None)).chain(files) {
        let Place::Board(path) = root.child(relative) else { continue };
        wanted.push((relative, board::plain(&path).to_owned(), size));
    }
    let work = content.files.iter().map(|(_, _, size)| *size).sum();
    let device = session.device()?;
    let paths: Vec<(&str, Option<u64>)> =
        wanted.iter().map(|(_, path, size)| (path.as_str(), *size)).collect();
    let there = device.look_all(&paths, work).map_err(failure)?;
    let mut known = HashMap::new();
    let mut missing = Vec::new();
    for ((relative, path, size), there) in wanted.iter().zip(there) {
        match there {
            Some(there) if size.is_some() || there.is_dir => {
                let found = Found { is_dir: there.is_dir, size: there.size, digest: there.digest };
                known.insert((*relative).to_owned(), found);
            }
            Some(_) => {
                let failure = Failure::refused(format!("cp: `:{path}` is a file where a directory must be"));
                let word = shell_word(&format!(":{path}"));
                return Err(failure.hint(format!("`{MPR} rm {word}` removes the file")));
            }
            None if size.is_none() => missing.push(path.as_str()),
            None => {}
        }
    }
    device.make_directories(&missing, work).map_err(failure)?;
    Ok(known)
}

fn make_here(root: &Path, directories: &[String]) -> Result<HashMap<String, Found>, Failure> {
    for relative in std::iter::once("").chain(directories.iter().map(String::as_str)) {
        let path = if relative.is_empty() { root.to_owned() } else { root.join(relative) };
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            Err(error) => return Err(Failure::local("cp", &path.display().to_string(), &error)),
        }
    }
    Ok(HashMap::new())
}
