//! From the board's paths to the host's, never outside the mounted folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::call::{Code, EINVAL, EPERM, code};

/// A folder that paths stay in.
#[derive(Debug, Clone)]
pub(crate) struct Confined {
    /// Canonical.
    root: PathBuf,
    follow_links_out: bool,
}

/// Why a path has no place on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It leads out of the folder.
    Outside,
    /// The host has no such thing, or no such name.
    Code(Code),
}

impl From<Refused> for Code {
    fn from(refused: Refused) -> Code {
        match refused {
            Refused::Outside => EPERM,
            Refused::Code(code) => code,
        }
    }
}

impl Confined {
    /// Confines to a folder. `follow_links_out` trusts symbolic links in it.
    ///
    /// # Errors
    /// When there is no such folder.
    pub(crate) fn new(folder: &Path, follow_links_out: bool) -> std::io::Result<Confined> {
        let root = folder.canonicalize()?;
        if !root.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        Ok(Confined { root, follow_links_out })
    }

    /// The names on the way from the folder to what `path` means, relative to the names in `directory`.
    pub(crate) fn names(&self, directory: &[String], path: &str) -> Result<Vec<String>, Refused> {
        let mut names = if path.starts_with('/') { Vec::new() } else { directory.to_vec() };
        for name in path.split('/') {
            match name {
                "" | "." => {}
                ".." => {
                    names.pop().ok_or(Refused::Outside)?;
                }
                name if name.contains('\0') => return Err(Refused::Code(EINVAL)),
                // On Windows these would be separators, drives and streams.
                name if cfg!(windows) && name.contains(['\\', ':']) => return Err(Refused::Code(EINVAL)),
                name => names.push(name.to_owned()),
            }
        }
        Ok(names)
    }

    /// The place of a file or directory that the operation follows links to.
    pub(crate) fn followed(&self, names: &[String]) -> Result<PathBuf, Refused> {
        let path = self.unfollowed(names)?;
        if self.follow_links_out {
            return Ok(path);
        }
        match path.canonicalize() {
            Ok(real) => self.inside(real),
            // Nothing there; a link to nothing would be created where it points to.
            Err(error) if error.kind() == ErrorKind::NotFound => match path.symlink_metadata() {
                Ok(_) => Err(Refused::Outside),
                Err(_) => Ok(path),
            },
            Err(error) => Err(Refused::Code(code(&error))),
        }
    }

    /// The place of a file, directory or link itself: only the folders on the way are followed.
    pub(crate) fn unfollowed(&self, names: &[String]) -> Result<PathBuf, Refused> {
        let Some((last, way)) = names.split_last() else { return Ok(self.root.clone()) };
        let mut folder = self.root.clone();
        folder.extend(way);
        if !self.follow_links_out {
            folder = match folder.canonicalize() {
                Ok(real) => self.inside(real)?,
                Err(error) => return Err(Refused::Code(code(&error))),
            };
        }
        Ok(folder.join(last))
    }

    fn inside(&self, real: PathBuf) -> Result<PathBuf, Refused> {
        if real.starts_with(&self.root) { Ok(real) } else { Err(Refused::Outside) }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::call::ENOENT;
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        fs::create_dir_all(path.join("in/sub")).unwrap();
        fs::create_dir(path.join("in-secret")).unwrap();
        fs::write(path.join("in-secret/key"), "x").unwrap();
        fs::write(path.join("in/file"), "x").unwrap();
        symlink("../in-secret", path.join("in/out")).unwrap();
        symlink("/etc/passwd", path.join("in/absolute")).unwrap();
        symlink("sub", path.join("in/inner")).unwrap();
        symlink("../made-outside", path.join("in/dangling")).unwrap();
        symlink("loop", path.join("in/loop")).unwrap();
        dir
    }

    fn follow(confined: &Confined, directory: &[&str], path: &str) -> Result<PathBuf, Refused> {
        let directory: Vec<String> = directory.iter().map(|s| (*s).to_owned()).collect();
        confined.followed(&confined.names(&directory, path)?)
    }

    #[test]
    fn nothing_leads_out() {
        let dir = tree();
        let confined = Confined::new(&dir.path().join("in"), false).unwrap();
        for path in [
            "..",
            "../in-secret/key",
            "/../in-secret/key",
            "sub/../../in-secret",
            "out",
            "out/key",
            "absolute",
            "dangling",
            "/sub/../..",
            "inner/../../in-secret",
        ] {
            assert_eq!(follow(&confined, &[], path), Err(Refused::Outside), "{path}");
        }
        assert_eq!(follow(&confined, &["sub"], "../.."), Err(Refused::Outside));
        assert_eq!(follow(&confined, &[], "/etc/passwd"), Err(Refused::Code(ENOENT)));
        assert!(matches!(follow(&confined, &[], "loop"), Err(Refused::Code(_) | Refused::Outside)));
        assert_eq!(follow(&confined, &[], "a\0b"), Err(Refused::Code(EINVAL)));
        // A link itself may be removed.
        assert!(confined.unfollowed(&["dangling".into()]).is_ok());
        assert_eq!(confined.unfollowed(&["out".into(), "key".into()]), Err(Refused::Outside));
    }

    #[test]
    fn what_is_inside_is_found() {
        let dir = tree();
        let confined = Confined::new(&dir.path().join("in"), false).unwrap();
        let root = confined.root.clone();
        for (directory, path, place) in [
            (&[][..], "", ""),
            (&[], "/", ""),
            (&[], "./file", "file"),
            (&["sub"], "/file", "file"),
            (&["sub"], "../file", "file"),
            (&[], "sub//new\nname'\"é", "sub/new\nname'\"é"),
            (&[], "inner", "sub"),
        ] {
            assert_eq!(
                follow(&confined, directory, path),
                Ok(root.join(place).components().collect()),
                "{path}"
            );
        }
    }

    #[test]
    fn links_out_are_followed_when_trusted() {
        let dir = tree();
        let confined = Confined::new(&dir.path().join("in"), true).unwrap();
        assert!(follow(&confined, &[], "out/key").unwrap().is_file());
        assert_eq!(follow(&confined, &[], "../in-secret/key"), Err(Refused::Outside));
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let dir = tree();
        assert_eq!(Confined::new(&dir.path().join("no"), false).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(Confined::new(&dir.path().join("in/file"), false).is_err());
    }
}
