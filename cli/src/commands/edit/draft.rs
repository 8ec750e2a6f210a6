//! The text while it is edited: a file of this machine under the name that it has on the board.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::failure::Failure;
use crate::hints::{MPR, shell_word};

/// A file in a folder of its own that nobody else may read. Both are gone when it is dropped.
#[derive(Debug)]
pub struct Draft {
    folder: TempDir,
    file: PathBuf,
    before: Option<Vec<u8>>,
}

/// What became of a draft.
#[derive(Debug, PartialEq, Eq)]
pub enum Edited {
    /// Nothing, or a new file was not saved.
    Unchanged,
    /// This is its content now.
    Changed(Vec<u8>),
}

impl Draft {
    /// Writes the content of a file of this name. A new file, without content, is left for the editor to make.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn new(name: &str, before: Option<Vec<u8>>) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.prefix("mpr-edit-").tempdir()?;
        let file = folder.path().join(name);
        if let Some(content) = &before {
            fs::write(&file, content)?;
        }
        Ok(Draft { folder, file, before })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The content before it was edited; none for a new file.
    pub fn before(&self) -> Option<&[u8]> {
        self.before.as_deref()
    }

    /// What the editor has made of it.
    ///
    /// # Errors
    /// When it can't be read, for instance because the editor removed it.
    pub fn after(&self) -> io::Result<Edited> {
        match fs::read(&self.file) {
            Ok(content) if self.before() == Some(&content) => Ok(Edited::Unchanged),
            Ok(content) => Ok(Edited::Changed(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.before.is_none() => {
                Ok(Edited::Unchanged)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps the file for the user, and adds to the failure where it is and how it gets to `:path` on the board.
    pub fn keep(self, path: &str, failure: Failure) -> Failure {
        let name = self.file.file_name().unwrap_or_default().to_owned();
        let file = self.folder.keep().join(name).display().to_string();
        let command = format!("{MPR} cp {} {}", shell_word(&file), shell_word(&format!(":{path}")));
        failure
            .cause(format!("the edited text is kept in `{file}`"))
            .hint(format!("`{command}` puts it on the board"))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::hints::Advice;

    #[test]
    fn only_a_change_is_one() {
        let draft = Draft::new("a b.py", Some(b"x\r\n\xff".to_vec())).unwrap();
        assert_eq!(fs::metadata(draft.folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(draft.after().unwrap(), Edited::Unchanged);
        fs::write(draft.file(), b"y").unwrap();
        assert_eq!(draft.after().unwrap(), Edited::Changed(b"y".to_vec()));
        fs::remove_file(draft.file()).unwrap();
        assert!(draft.after().is_err(), "the text is gone");
    }

    #[test]
    fn a_new_file_may_stay_away_or_be_empty() {
        let draft = Draft::new("new", None).unwrap();
        assert_eq!(draft.after().unwrap(), Edited::Unchanged);
        fs::write(draft.file(), b"").unwrap();
        assert_eq!(draft.after().unwrap(), Edited::Changed(Vec::new()));
    }

    #[test]
    fn a_kept_draft_is_named() {
        let draft = Draft::new("it's.py", Some(Vec::new())).unwrap();
        let file = draft.file().to_owned();
        let failure = draft.keep("lib/it's.py", Failure::refused("x"));
        assert!(file.is_file());
        assert_eq!(failure.causes, [format!("the edited text is kept in `{}`", file.display())]);
        let Some(Advice::Text(hint)) = failure.hint else { panic!("no hint") };
        assert!(hint.contains(r"cp '/") && hint.contains(r"':lib/it'\''s.py'"), "{hint}");
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }
}
