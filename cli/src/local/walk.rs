//! What is in a folder of this machine and below it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::hints::shell_word;

/// What a walk found. Paths are relative to the folder, with slashes, parents before what they hold.
#[derive(Debug, Default)]
pub struct Walk {
    /// Folders.
    pub directories: Vec<String>,
    /// Files: the path, where it is, and its size in bytes.
    pub files: Vec<(String, PathBuf, u64)>,
    /// Symbolic links, if they are not followed.
    pub links: Vec<String>,
    /// What could not be looked at, or can't be copied. What is below it is unknown.
    pub problems: Vec<Problem>,
}

/// Something in a folder that can't be copied.
#[derive(Debug)]
pub struct Problem {
    /// The path below the folder; empty for the folder itself.
    pub relative: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong.
    pub trouble: Trouble,
}

/// Why it can't be copied.
#[derive(Debug)]
pub enum Trouble {
    /// The operating system refused.
    Io(io::Error),
    /// It is of the wrong kind, in words that follow its name.
    Unfit(&'static str),
}

/// Decides what a walk takes.
pub trait Filter {
    /// Called with each folder, and its path relative to the first one, before its entries are looked at.
    ///
    /// # Errors
    /// When the folder can't be judged; it is a problem then.
    fn enter(&mut self, _folder: &Path, _relative: &str) -> io::Result<()> {
        Ok(())
    }

    /// Whether this entry is taken. Nothing is looked at below a folder that is not.
    fn takes(&mut self, _relative: &str, _is_dir: bool) -> bool {
        true
    }

    /// Whether links lead to what they name.
    fn follows_links(&self) -> bool {
        true
    }
}

/// Takes everything.
#[derive(Debug)]
pub struct Everything;

impl Filter for Everything {}

/// Walks a folder. Links to folders are followed, unless the filter says otherwise; one that leads back to a folder above is
/// a problem. Problems end nothing.
pub fn walk(root: &Path, filter: &mut dyn Filter) -> Walk {
    let mut walk = Walk::default();
    folder(root, "", &mut Vec::new(), filter, &mut walk);
    walk
}

fn folder(path: &Path, relative: &str, above: &mut Vec<PathBuf>, filter: &mut dyn Filter, walk: &mut Walk) {
    let problem = |trouble| Problem { relative: relative.to_owned(), path: path.to_owned(), trouble };
    let opened = fs::canonicalize(path).and_then(|real| {
        filter.enter(path, relative)?;
        Ok((real, fs::read_dir(path)?))
    });
    let (real, entries) = match opened {
        Ok(opened) => opened,
        Err(error) => return walk.problems.push(problem(Trouble::Io(error))),
    };
    if above.contains(&real) {
        return walk.problems.push(problem(Trouble::Unfit("leads back to a folder above it")));
    }
    above.push(real);
    for entry in entries {
        match entry {
            Ok(entry) => take(&entry, relative, above, filter, walk),
            Err(error) => walk.problems.push(problem(Trouble::Io(error))),
        }
    }
    above.pop();
}

fn take(
    entry: &fs::DirEntry,
    folder_relative: &str,
    above: &mut Vec<PathBuf>,
    filter: &mut dyn Filter,
    walk: &mut Walk,
) {
    let path = entry.path();
    let name = entry.file_name();
    let relative = match folder_relative {
        "" => name.to_string_lossy().into_owned(),
        folder => format!("{folder}/{}", name.to_string_lossy()),
    };
    let metadata = match filter.follows_links() {
        true => fs::metadata(&path),
        false => entry.metadata(),
    };
    let is_dir = metadata.as_ref().is_ok_and(fs::Metadata::is_dir);
    if !filter.takes(&relative, is_dir) {
        return;
    }
    let trouble = match metadata {
        _ if name.to_str().is_none() => Trouble::Unfit("has a name that is not valid UTF-8"),
        Err(error) => Trouble::Io(error),
        Ok(metadata) if metadata.is_dir() => {
            // A folder that leads back is no entry of its own.
            let at = walk.directories.len();
            let known = walk.problems.len();
            folder(&path, &relative, above, filter, walk);
            let failed = walk.problems[known..].iter().any(|problem| problem.relative == relative);
            if !failed {
                walk.directories.insert(at, relative);
            }
            return;
        }
        Ok(metadata) if metadata.is_file() => {
            return walk.files.push((relative, path, metadata.len()));
        }
        Ok(metadata) if metadata.is_symlink() => return walk.links.push(relative),
        // A pipe in a folder would be waited on for ever.
        Ok(_) => Trouble::Unfit("is neither a file nor a folder"),
    };
    walk.problems.push(Problem { relative, path, trouble });
}

impl Problem {
    /// As the end of a command.
    pub fn failure(&self, command: &str) -> Failure {
        match &self.trouble {
            Trouble::Io(error) => Failure::local(command, &self.path.display().to_string(), error),
            Trouble::Unfit(what) => {
                let word = shell_word(&self.path.display().to_string());
                Failure::usage(format!("{command}: `{}` {what}", self.path.display()))
                    .hint(format!("`ls -ld {word}` shows what it is"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_is_walked_parents_first() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        fs::write(folder.path().join("a/b/x"), "12").unwrap();
        let walk = walk(folder.path(), &mut Everything);
        let mut directories = walk.directories.clone();
        directories.sort();
        assert_eq!(directories, ["a", "a/b", "empty"]);
        let at = |path: &str| walk.directories.iter().position(|directory| directory == path);
        assert!(at("a") < at("a/b"));
        assert_eq!(walk.files, [("a/b/x".to_owned(), folder.path().join("a/b/x"), 2)]);
        assert!(walk.problems.is_empty());
    }

    #[test]
    fn what_can_not_be_copied_is_told_and_the_rest_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("z"), "1").unwrap();
        symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        symlink("nowhere", folder.path().join("broken")).unwrap();
        let walk = walk(folder.path(), &mut Everything);
        let mut problems: Vec<&str> = walk.problems.iter().map(|problem| &*problem.relative).collect();
        problems.sort_unstable();
        assert_eq!(problems, ["a/loop", "broken"]);
        assert_eq!((walk.directories, walk.files.len()), (vec!["a".to_owned()], 1));
        let looped = walk.problems.iter().find(|problem| problem.relative == "a/loop").unwrap();
        assert!(looped.failure("cp").message.contains("a/loop` leads back"), "{looped:?}");
    }
}
