//! Who knows the names.

use std::path::PathBuf;

use mpr_protocol::{PortInfo, list_ports};

/// Which board a path is on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Board {
    /// The one that commands use when the command line names none.
    #[default]
    Default,
    /// The one that the command line names, in the user's words.
    Named(String),
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its name.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
}

/// What knows the names of a board's files.
pub trait BoardNames {
    /// The entries of a directory, in any order; an empty path is the current directory. Nothing if there is no such
    /// directory, no such board, or the board can't be asked now.
    fn names(&mut self, board: &Board, dir: &str) -> Vec<Name>;
}

/// What completion asks.
pub trait Sources {
    /// As [`BoardNames::names`].
    fn board(&mut self, board: &Board, dir: &str) -> Vec<Name>;

    /// The entries of a directory of this machine; an empty path is the current directory. The path is as it was typed and
    /// may end with a slash.
    fn host(&mut self, dir: &str) -> Vec<Name>;

    /// The serial ports.
    fn ports(&mut self) -> Vec<PortInfo>;
}

/// This machine, and boards as `B` asks them.
#[derive(Debug)]
pub struct ThisMachine<B>(pub B);

impl<B: BoardNames> Sources for ThisMachine<B> {
    fn board(&mut self, board: &Board, dir: &str) -> Vec<Name> {
        self.0.names(board, dir)
    }

    fn host(&mut self, dir: &str) -> Vec<Name> {
        let dir = match dir.strip_prefix("~/") {
            _ if dir.is_empty() => PathBuf::from("."),
            // The shell puts the home folder there when the line is run.
            Some(rest) => match std::env::home_dir() {
                Some(home) => home.join(rest),
                None => return Vec::new(),
            },
            None => PathBuf::from(dir),
        };
        let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
        entries
            .flatten()
            .filter_map(|entry| {
                // Behind a symbolic link, too.
                let is_dir = entry.path().is_dir();
                entry.file_name().into_string().ok().map(|name| Name { name, is_dir })
            })
            .collect()
    }

    fn ports(&mut self) -> Vec<PortInfo> {
        list_ports().unwrap_or_default()
    }
}
