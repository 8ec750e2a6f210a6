//! A board, a folder of files beside it, and what the end-to-end suites do with both.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::board::{Board, BoardOptions, Kind};
use crate::mpr::Mpr;

/// A board and a folder on the host, which is `mpr`'s current one.
#[derive(Debug)]
pub struct Desk {
    /// The board.
    pub board: Board,
    dir: TempDir,
}

impl Desk {
    /// A new board of this kind and an empty folder.
    #[must_use]
    pub fn new(kind: Kind) -> Desk {
        Desk::with(kind, BoardOptions::default())
    }

    /// A new board with options and an empty folder.
    #[must_use]
    pub fn with(kind: Kind, options: BoardOptions) -> Desk {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        Desk { board: Board::with(kind, options), dir }
    }

    /// `mpr connect ADDRESS` in the folder.
    #[must_use]
    pub fn mpr(&self) -> Mpr {
        self.board.mpr().dir(self.dir.path())
    }

    /// Runs `mpr connect ADDRESS WORDS`, which must succeed; its stdout, as [`Outcome::text`](crate::Outcome::text).
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, words: &[&str]) -> String {
        self.mpr().args(words).ok().text()
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file in the folder, and the folders above it.
    ///
    /// # Panics
    /// When it can't be written.
    pub fn write(&self, name: &str, content: &[u8]) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
    }

    /// Reads a file in the folder.
    ///
    /// # Panics
    /// When it can't be read.
    #[must_use]
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir.path().join(name)).unwrap_or_else(|error| panic!("`{name}`: {error}"))
    }

    /// A file's content on the board.
    ///
    /// # Panics
    /// When it can't be read.
    #[must_use]
    pub fn on_board(&self, name: &str) -> Vec<u8> {
        self.mpr().args(["cat", &format!(":{name}")]).ok().stdout
    }

    /// The names in a directory of the board, sorted, but for the WebAssembly board's own folders.
    ///
    /// # Panics
    /// When it can't be listed.
    #[must_use]
    pub fn names(&self, dir: &str) -> Vec<String> {
        let listing = self.run(&["ls", &format!(":{dir}")]);
        let lines = listing.lines().skip(1).map(|line| line.get(13..).unwrap_or(line).to_owned());
        let own = ["dev/", "home/", "proc/", "tmp/"];
        let mut names: Vec<String> = lines.filter(|name| !own.contains(&name.as_str())).collect();
        names.sort();
        names
    }
}

/// Python source that deflates well.
#[must_use]
pub fn python_source(size: usize) -> Vec<u8> {
    let line = |i: usize| {
        format!("def function_{i}(value, other=None):\n    return value * {i} + len(other or ())\n\n")
    };
    (0..).flat_map(|i| line(i).into_bytes()).take(size).collect()
}

/// Bytes of every value, always the same, which don't deflate and have no period that a window or a block could hide behind.
#[must_use]
pub fn all_bytes(size: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    // The first 256 have each value once.
    let mut bytes: Vec<u8> = (0..=255).collect();
    random.shuffle(&mut bytes);
    bytes.extend(std::iter::repeat_with(|| random.u8(..)).take(size));
    bytes.truncate(size);
    bytes
}

/// One test per board, so that they run side by side and fail apart: `on!(module, kind, [functions])`, where the
/// functions take a [`Kind`].
#[macro_export]
macro_rules! on {
    ($module:ident, $kind:expr, [$($name:ident),+ $(,)?]) => {
        mod $module {
            $(#[test]
            fn $name() {
                super::$name($kind);
            })+
        }
    };
}
