//! Copies of whole directories: which files, into which directories.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mpr_protocol::{DirEntry, TreeEntry};

use super::place::{Found, Place};
use super::transfer::Job;
use crate::failure::Failure;
use crate::hints::{MPR, shell_word};
use crate::local::board;
use crate::session::Session;

/// The content of a directory: paths relative to it, parents before children.
#[derive(Debug, Default)]
struct Content {
    directories: Vec<Vec<String>>,
    files: Vec<(Vec<String>, Place, u64)>,
}

/// Plans the copy of the directory `from`: into `to` if that exists, else as `to`. Makes the directories.
pub fn plan(
    from: &Place,
    to: &Place,
    to_exists: bool,
    session: &mut Session<'_>,
) -> Result<Vec<Job>, Failure> {
    let mut content = Content::default();
    match from {
        Place::Board(path) => walk_board(path, &mut Vec::new(), &mut content, session)?,
        Place::Here(path) => walk_here(path, &mut Vec::new(), &mut Vec::new(), &mut content)?,
    }
    let root = if to_exists { to.child(&from.basename()) } else { to.clone() };
    let existing = match &root {
        Place::Board(root) => make_on_board(root, &content.directories, session)?,
        Place::Here(root) => make_here(root, &content.directories)?,
    };
    content.files.sort();
    let jobs = content.files.into_iter().map(|(relative, from, size)| {
        let found = existing.get(&relative).copied();
        Job { from, to: below(&root, &relative), size: Some(size), existing: found }
    });
    Ok(jobs.collect())
}

/// A path below a directory.
fn below(root: &Place, relative: &[String]) -> Place {
    relative.iter().fold(root.clone(), |place, name| place.child(name))
}

fn walk_board(
    path: &str,
    relative: &mut Vec<String>,
    content: &mut Content,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let tree = session.device()?.tree(board::plain(path)).map_err(|error| Failure::device("cp", error))?;
    take_tree(tree.entries, path, relative, content);
    Ok(())
}

fn take_tree(entries: Vec<TreeEntry>, path: &str, relative: &mut Vec<String>, content: &mut Content) {
    for TreeEntry { entry, below } in entries {
        let Place::Board(full) = Place::Board(path.to_owned()).child(&entry.name) else { continue };
        relative.push(entry.name);
        if entry.is_dir {
            content.directories.push(relative.clone());
            take_tree(below, &full, relative, content);
        } else {
            content.files.push((relative.clone(), Place::Board(full), entry.size));
        }
        relative.pop();
    }
}

/// Walks a folder. Links to folders are followed, as mpremote does; one that leads back to a folder above ends here.
fn walk_here(
    path: &Path,
    above: &mut Vec<PathBuf>,
    relative: &mut Vec<String>,
    content: &mut Content,
) -> Result<(), Failure> {
    let failure = |path: &Path, error: &io::Error| Failure::local("cp", &path.display().to_string(), error);
    let real = fs::canonicalize(path).map_err(|error| failure(path, &error))?;
    if above.contains(&real) {
        return Err(unfit(path, "leads back to a folder above it"));
    }
    above.push(real);
    let entries = fs::read_dir(path).map_err(|error| failure(path, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| failure(path, &error))?;
        let full = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            return Err(unfit(&full, "has a name that is not valid UTF-8"));
        };
        let metadata = fs::metadata(&full).map_err(|error| failure(&full, &error))?;
        relative.push(name);
        if metadata.is_dir() {
            content.directories.push(relative.clone());
            walk_here(&full, above, relative, content)?;
        } else if metadata.is_file() {
            content.files.push((relative.clone(), Place::Here(full), metadata.len()));
        } else {
            // A pipe in a folder would be waited on for ever.
            return Err(unfit(&full, "is neither a file nor a folder"));
        }
        relative.pop();
    }
    above.pop();
    Ok(())
}

/// Something in a folder that can't be copied.
fn unfit(path: &Path, problem: &str) -> Failure {
    let word = shell_word(&path.display().to_string());
    Failure::usage(format!("cp: `{}` {problem}", path.display()))
        .hint(format!("`ls -ld {word}` shows what it is"))
}

/// Makes the directories on the board, and tells which files are there already. One exchange for a directory that
/// exists, one for a new one: nothing is asked about what is below a new one.
fn make_on_board(
    root: &str,
    directories: &[Vec<String>],
    session: &mut Session<'_>,
) -> Result<HashMap<Vec<String>, Found>, Failure> {
    let mut known = HashMap::new();
    let root_place = Place::Board(root.to_owned());
    let found = root_place.look(session)?;
    let all = std::iter::once(Vec::new()).chain(directories.iter().cloned());
    for relative in all {
        let Place::Board(path) = below(&root_place, &relative) else { continue };
        let found = if relative.is_empty() { found } else { known.get(&relative).copied() };
        match found {
            Some(Found { is_dir: true, .. }) => {
                let entries = session
                    .device()?
                    .list(board::plain(&path))
                    .map_err(|error| Failure::device("cp", error))?;
                for DirEntry { name, is_dir, size } in entries {
                    let mut below = relative.clone();
                    below.push(name);
                    known.insert(below, Found { is_dir, size });
                }
            }
            Some(_) => {
                let failure = Failure::refused(format!("cp: `:{path}` is a file where a directory must be"));
                let word = shell_word(&format!(":{path}"));
                return Err(failure.hint(format!("`{MPR} rm {word}` removes the file")));
            }
            None => {
                session.device()?.mkdir(board::plain(&path)).map_err(|error| Failure::device("cp", error))?;
            }
        }
    }
    Ok(known)
}

fn make_here(root: &Path, directories: &[Vec<String>]) -> Result<HashMap<Vec<String>, Found>, Failure> {
    let all = std::iter::once(&[][..]).chain(directories.iter().map(Vec::as_slice));
    for relative in all {
        let path = relative.iter().fold(root.to_owned(), |path, name| path.join(name));
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
            Err(error) => return Err(Failure::local("cp", &path.display().to_string(), &error)),
        }
    }
    Ok(HashMap::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_parents_first() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        fs::write(folder.path().join("a/b/x"), "12").unwrap();
        let mut content = Content::default();
        walk_here(folder.path(), &mut Vec::new(), &mut Vec::new(), &mut content).unwrap();
        let mut directories = content.directories.clone();
        directories.sort();
        assert_eq!(directories, [vec!["a"], vec!["a", "b"], vec!["empty"]]);
        let at = |path: &[&str]| content.directories.iter().position(|d| d == path);
        assert!(at(&["a"]) < at(&["a", "b"]));
        assert_eq!(content.files.len(), 1);
        assert_eq!(
            (&content.files[0].0[..], content.files[0].2),
            (&["a", "b", "x"].map(String::from)[..], 2)
        );
    }

    #[test]
    fn a_link_to_a_folder_above_does_not_loop() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        let failure =
            walk_here(folder.path(), &mut Vec::new(), &mut Vec::new(), &mut Content::default()).unwrap_err();
        assert!(failure.message.contains("a/loop` leads back"), "{}", failure.message);
    }
}
