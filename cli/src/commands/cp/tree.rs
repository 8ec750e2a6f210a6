//! Copies of whole directories: which files, into which directories.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use mpr_protocol::{Kind, ListingOptions};

use super::place::{Found, Place};
use super::transfer::Job;
use crate::failure::Failure;
use crate::failures::Failures;
use crate::hints::{MPR, shell_word};
use crate::local::ignore::is_below;
use crate::local::walk::{Everything, walk};
use crate::local::{Filesystems, board};
use crate::session::Session;

/// The content of a directory: paths relative to it, parents before children.
#[derive(Debug, Default)]
struct Content {
    directories: Vec<String>,
    files: Vec<(String, Place, u64)>,
}

impl Content {
    /// Leaves out what is below this path, and itself.
    fn leave(&mut self, path: &str) {
        self.directories.retain(|other| other != path && !is_below(other, path));
        self.files.retain(|(other, ..)| other != path && !is_below(other, path));
    }
}

/// Plans the copy of the directory `from`: into `to` if that exists, else as `to`. Makes the directories.
pub fn plan(
    from: &Place,
    to: &Place,
    to_exists: bool,
    failures: &mut Failures,
    session: &mut Session<'_>,
) -> Result<Vec<Job>, Failure> {
    let mut content = match from {
        Place::Board(path) => walk_board(path, failures, session)?,
        Place::Here(path) => walk_here(path, failures)?,
    };
    let root = if to_exists { to.child(&from.basename()) } else { to.clone() };
    let existing = match &root {
        Place::Board(root) => {
            leave_twins(root, &mut content, failures, session)?;
            make_on_board(root, &mut content, failures, session)?
        }
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
fn walk_board(path: &str, failures: &mut Failures, session: &mut Session<'_>) -> Result<Content, Failure> {
    let options = ListingOptions { below: true, sizes: true, ..ListingOptions::default() };
    let listing = session.device()?.listing(board::plain(path), &options);
    let listing = listing.map_err(|error| Failure::device("cp", error))?;
    let root = Place::Board(path.to_owned());
    let mut content = Content::default();
    for entry in listing.entries {
        match entry.kind {
            Kind::Directory | Kind::Mount => content.directories.push(entry.path),
            Kind::File => {
                let from = root.child(&entry.path);
                content.files.push((entry.path, from, entry.size));
            }
            Kind::Other => {
                let shown = root.child(&entry.path).to_string();
                let failure = Failure::refused(format!("cp: `{shown}` is neither a file nor a directory"));
                failures.keep(failure.hint(format!("`{MPR} sync` leaves out what is neither")))?;
            }
        }
    }
    for (below, errno) in listing.unreadable {
        let shown = root.child(&below).to_string();
        failures.keep(Failure::unlisted("cp", &shown, &errno))?;
    }
    Ok(content)
}

/// All that is below a folder.
fn walk_here(path: &Path, failures: &mut Failures) -> Result<Content, Failure> {
    let found = walk(path, &mut Everything);
    for problem in &found.problems {
        match problem.relative.is_empty() {
            true => return Err(problem.failure("cp")),
            false => failures.keep(problem.failure("cp"))?,
        }
    }
    let files = found.files.into_iter().map(|(relative, path, size)| (relative, Place::Here(path), size));
    Ok(Content { directories: found.directories, files: files.collect() })
}

/// Leaves out names that differ from others in case only, where the board's filesystem takes both for the same: the second would
/// replace the first.
fn leave_twins(
    root: &str,
    content: &mut Content,
    failures: &mut Failures,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let names = content.directories.iter().chain(content.files.iter().map(|(relative, ..)| relative));
    let mut by_fold: BTreeMap<String, &String> = BTreeMap::new();
    let mut twins = Vec::new();
    let mut names: Vec<&String> = names.collect();
    names.sort();
    for name in names {
        if by_fold.insert(name.to_lowercase(), name).is_some() {
            twins.push(name.clone());
        }
    }
    if twins.is_empty() {
        return Ok(());
    }
    let filesystems = Filesystems::ask(session.device()?).map_err(|error| Failure::device("cp", error))?;
    if !filesystems.of(&board::absolute(&filesystems.cwd, root)).is_some_and(|point| point.fat) {
        return Ok(());
    }
    for twin in twins {
        content.leave(&twin);
        let path = board::join(root, &twin);
        let failure = Failure::refused(format!(
            "cp: `:{}` differs from another name in case only, which the device's filesystem does not keep apart",
            board::plain(&path)
        ));
        failures.keep(failure.hint("rename one of them"))?;
    }
    Ok(())
}

/// Makes the directories on the board, and tells which files are there already, with the digests of those of the same size
/// where the board tells them at once. What can't be made is left out, with what is below it.
fn make_on_board(
    root: &str,
    content: &mut Content,
    failures: &mut Failures,
    session: &mut Session<'_>,
) -> Result<HashMap<String, Found>, Failure> {
    let failure = |error| Failure::device("cp", error);
    let root = Place::Board(root.to_owned());
    let mut wanted: Vec<(String, String, Option<u64>)> = Vec::new();
    let directories = std::iter::once("").chain(content.directories.iter().map(String::as_str));
    let files = content.files.iter().map(|(relative, _, size)| (relative.as_str(), Some(*size)));
    for (relative, size) in directories.map(|relative| (relative, None)).chain(files) {
        let Place::Board(path) = root.child(relative) else { continue };
        wanted.push((relative.to_owned(), board::plain(&path).to_owned(), size));
    }
    let work = content.files.iter().map(|(_, _, size)| *size).sum();
    let device = session.device()?;
    let paths: Vec<(&str, Option<u64>)> =
        wanted.iter().map(|(_, path, size)| (path.as_str(), *size)).collect();
    let there = device.look_all(&paths, work).map_err(failure)?;
    let mut known = HashMap::new();
    let mut missing: Vec<(&str, &str)> = Vec::new();
    let mut lacking: Vec<(&str, Failure)> = Vec::new();
    for ((relative, path, size), there) in wanted.iter().zip(there) {
        let below_a_lacking = || lacking.iter().any(|(lacking, _)| is_below(relative, lacking));
        match there {
            Some(there) if size.is_some() || there.is_dir => {
                let found = Found { is_dir: there.is_dir, size: there.size, digest: there.digest };
                known.insert(relative.clone(), found);
            }
            Some(_) => {
                let failure = Failure::refused(format!("cp: `:{path}` is a file where a directory must be"));
                let word = shell_word(&format!(":{path}"));
                lacking.push((relative, failure.hint(format!("`{MPR} rm {word}` removes the file"))));
            }
            None if size.is_none() && !below_a_lacking() => missing.push((relative, path)),
            None => {}
        }
    }
    let paths: Vec<&str> = missing.iter().map(|(_, path)| *path).collect();
    let made = device.make_directories(&paths, work).map_err(failure)?;
    for ((relative, _), made) in missing.iter().zip(made) {
        if let Err(error) = made
            && !lacking.iter().any(|(lacking, _)| is_below(relative, lacking))
        {
            lacking.push((relative, failure(error)));
        }
    }
    for (relative, failure) in lacking {
        if relative.is_empty() {
            return Err(failure);
        }
        failures.keep(failure)?;
        content.leave(relative);
    }
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
