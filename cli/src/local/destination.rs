//! A file on this machine that is written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Takes a file's new content. Nothing is seen of it before [`Destination::commit`]; dropping it leaves everything as
/// it was. Only what can't be replaced (a pipe, `/dev/stdout`) is written directly.
#[derive(Debug)]
pub struct Destination(Place);

#[derive(Debug)]
enum Place {
    Replace { temporary: NamedTempFile, target: PathBuf },
    Direct(File),
}

impl Destination {
    /// Prepares to write to this path. A symbolic link is followed.
    ///
    /// # Errors
    /// When the path is a directory, or nothing can be written beside it.
    pub fn create(path: &Path) -> io::Result<Self> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let existing = match fs::metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let place = match &existing {
            Some(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Some(metadata) if !metadata.is_file() => {
                Place::Direct(OpenOptions::new().write(true).open(&target)?)
            }
            existing => {
                let temporary = temporary_beside(&target)?;
                if let Some(metadata) = existing {
                    // A file that may not be written is not replaced either.
                    OpenOptions::new().write(true).open(&target)?;
                    temporary.as_file().set_permissions(metadata.permissions())?;
                }
                Place::Replace { temporary, target }
            }
        };
        Ok(Destination(place))
    }

    /// Puts the content in its place.
    ///
    /// # Errors
    /// When that is refused; the old file is whole then.
    pub fn commit(self) -> io::Result<()> {
        match self.0 {
            Place::Direct(mut file) => file.flush(),
            Place::Replace { temporary, target } => match temporary.persist(&target) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.error),
            },
        }
    }
}

/// A new file in the same folder, so that a rename can replace the target. It has the rights of any new file.
fn temporary_beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    #[cfg(unix)]
    if let Ok(Some(temporary)) = claim(folder, target.file_name().unwrap_or_default()) {
        return Ok(temporary);
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // tempfile adds the path it tried to its errors; the user knows another one.
    builder
        .prefix(&format!(".{name}."))
        .suffix(".part")
        .tempfile_in(folder)
        .map_err(|error| io::Error::from(error.kind()))
}

/// A temporary file that has always the same name and is locked, so that one that a killed process left is known and
/// replaced. `None` when another process is writing to the same target.
#[cfg(unix)]
fn claim(folder: &Path, name: &std::ffi::OsStr) -> io::Result<Option<NamedTempFile>> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    let mut own = std::ffi::OsString::from(".");
    own.push(name);
    own.push(".mpr.part");
    let path = folder.join(own);
    if fs::symlink_metadata(&path).is_ok_and(|left| left.is_file()) {
        let left = File::open(&path)?;
        if left.try_lock().is_err() {
            return Ok(None);
        }
        fs::remove_file(&path)?;
    }
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o666).open(&path)?;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    if file.try_lock().is_err() || id(fs::symlink_metadata(&path)?) != id(file.metadata()?) {
        return Ok(None);
    }
    Ok(Some(NamedTempFile::from_parts(file, tempfile::TempPath::try_from_path(path)?)))
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Place::Replace { temporary, .. } => temporary.write(bytes),
            Place::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Place::Replace { temporary, .. } => temporary.flush(),
            Place::Direct(file) => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn write(path: &Path, content: &[u8]) -> Destination {
        let mut destination = Destination::create(path).unwrap();
        destination.write_all(content).unwrap();
        destination
    }

    #[test]
    fn nothing_is_seen_before_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        drop(write(&path, b"new"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write(&path, b"new").commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn what_a_killed_process_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(folder.path().join(".a.mpr.part"), "left").unwrap();
        // Two at once don't meet.
        let (first, second) = (write(&path, b"first"), write(&path, b"second"));
        second.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        first.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn rights_and_links_survive() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o750)).unwrap();
        symlink(&path, &link).unwrap();
        write(&link, b"new").commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o750);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_new_file_has_usual_rights() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("a"), folder.path().join("b"));
        write(&ours, b"").commit().unwrap();
        fs::write(&theirs, "").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&theirs));
    }

    #[test]
    fn what_is_no_file_is_written_directly_or_refused() {
        let mut null = Destination::create(Path::new("/dev/null")).unwrap();
        null.write_all(b"x").unwrap();
        null.commit().unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Destination::create(folder.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        let missing = folder.path().join("no/file");
        assert_eq!(Destination::create(&missing).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
