//! What of a board goes into an archive.

use std::collections::BTreeMap;

use mpr_protocol::{Error, Kind, ListingOptions, Mounts};
use serde::Serialize;

use crate::failure::Failure;
use crate::local::Filesystems;
use crate::session::Session;

/// A file or a directory, by its path in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path on the board.
    pub on_board: String,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Size in bytes when it was listed.
    pub size: u64,
    /// Last change in seconds since 1970.
    pub mtime: Option<u64>,
}

/// Something that stays out of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its path on the board with a colon.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Walk {
    /// By path in the archive: in the order of the alphabet a directory comes before what it holds.
    pub entries: BTreeMap<String, Entry>,
    /// What was left out on purpose.
    pub skipped: Vec<Left>,
    /// What could not be listed.
    pub failed: Vec<Left>,
}

impl Walk {
    /// Adds what is at an absolute path that the user named, and everything below it.
    pub fn add(
        &mut self,
        path: &str,
        filesystems: &Filesystems,
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        if path == "/" {
            return self.directory(path, filesystems, session);
        }
        let on_board = filesystems.on_board(path);
        let stat = session.device()?.stat(on_board).map_err(|error| Failure::device("backup", error))?;
        let (parent, name) = path.rsplit_once('/').unwrap_or_default();
        if stat.is_dir {
            self.insert(path, true, 0, None, filesystems);
            return self.directory(path, filesystems, session);
        }
        // Its time is in the listing of its directory.
        let parent = if parent.is_empty() && filesystems.directories { "/" } else { parent };
        let options = ListingOptions { details: true, ..ListingOptions::default() };
        let listed = session.device()?.listing(filesystems.on_board(parent), &options);
        let listed = listed.map_err(|error| Failure::device("backup", error))?;
        let found = listed.entries.into_iter().find(|found| found.path == name);
        self.insert(path, false, stat.size, found.and_then(|found| found.modified), filesystems);
        Ok(())
    }

    fn insert(&mut self, path: &str, is_dir: bool, size: u64, mtime: Option<u64>, on: &Filesystems) {
        let on_board = on.on_board(path).to_owned();
        self.entries.insert(path.trim_start_matches('/').to_owned(), Entry { on_board, is_dir, size, mtime });
    }

    fn directory(
        &mut self,
        path: &str,
        filesystems: &Filesystems,
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        let mounts = Mounts::At(filesystems.mount_points());
        let options = ListingOptions { below: true, details: true, mounts, ..ListingOptions::default() };
        let listing = match session.device()?.listing(filesystems.on_board(path), &options) {
            Ok(listing) => listing,
            Err(error) => return self.failed(path, error),
        };
        let below = |relative: &str| format!("{}/{relative}", path.trim_end_matches('/'));
        for found in listing.entries {
            let below = below(&found.path);
            let skip = |reason: &str| Left { path: format!(":{below}"), reason: reason.to_owned() };
            match found.kind {
                Kind::Other => self.skipped.push(skip("neither a file nor a directory")),
                Kind::Mount => self.skipped.push(skip("another filesystem")),
                Kind::Directory => self.insert(&below, true, 0, found.modified, filesystems),
                Kind::File => self.insert(&below, false, found.size, found.modified, filesystems),
            }
        }
        for (relative, errno) in listing.unreadable {
            let path = below(&relative);
            self.failed(&path, Error::Os { errno, path: path.clone(), op: "list" })?;
        }
        Ok(())
    }

    /// Remembers what the board refuses, and passes on what ends the link.
    pub fn failed(&mut self, path: &str, error: Error) -> Result<(), Failure> {
        let refused = matches!(
            error,
            Error::Os { .. } | Error::Exception(_) | Error::Unsupported { .. } | Error::Verify { .. }
        );
        let reason = match &error {
            Error::Os { errno, .. } => errno.to_string(),
            Error::Exception(traceback) => traceback.text.trim_end().lines().last().unwrap_or("").to_owned(),
            error => error.to_string(),
        };
        if !refused {
            return Err(Failure::device("backup", error));
        }
        self.failed.push(Left { path: format!(":{path}"), reason });
        Ok(())
    }
}
