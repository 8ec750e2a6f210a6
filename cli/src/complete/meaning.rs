//! What the values of commands and options are.

use super::paths::Want;
use crate::chain::words::PLACE_OR_FOLDER;

/// What a value names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing that could be listed.
    Nothing,
    /// One of these.
    Words(&'static [&'static str]),
    /// A command of this program.
    Command,
    /// A command that may follow `fs`.
    FileCommand,
    /// A device, as for `connect`.
    Device,
    /// A path of this machine.
    Host(Want),
    /// A path on the board, with or without its colon.
    Board(Want),
    /// A path on the board that must show its colon.
    Place(Want),
    /// The same, or a path of this machine that shows a slash.
    PlaceOrFolder,
    /// A path of this machine, or with a colon one on the board.
    Either(Want),
    /// What `mip install` installs.
    Package,
}

impl Meaning {
    /// The meaning of a value by the command that has it and the name that help gives it. `None` when this table does not
    /// know it; a test sees to it that it knows them all.
    pub fn of(command: &str, is_file_command: bool, value: &str) -> Option<Meaning> {
        let meaning = match (command, value) {
            (_, "DEVICE") => Meaning::Device,
            (_, ":PLACE" | ":DIR") => Meaning::Place(Want::Directories),
            (_, ":PATH") => Meaning::Place(Want::Any),
            (_, PLACE_OR_FOLDER) => Meaning::PlaceOrFolder,
            ("cp", "PATH") | ("sync", "SRC" | "DST") => Meaning::Either(Want::Any),
            ("ls" | "tree" | "mkdir" | "rmdir", "PATH") => Meaning::Board(Want::Directories),
            ("mount", "PATH") => Meaning::Either(Want::Directories),
            ("cd", "DIRECTORY") => Meaning::Board(Want::Directories),
            ("lls", "PATH") => Meaning::Host(Want::Any),
            ("edit", "FILE") => Meaning::Board(Want::Any),
            ("fs", "CMD") => Meaning::FileCommand,
            ("mip", "CMD") => Meaning::Words(&["install"]),
            ("mip", "PACKAGE") => Meaning::Package,
            ("mip", "DIRECTORY") => Meaning::Board(Want::Directories),
            ("romfs", "CMD") => Meaning::Words(&["query", "build", "deploy"]),
            ("romfs", "PATH") => Meaning::Host(Want::Any),
            ("romfs", "N") => Meaning::Nothing,
            ("webrepl", "WORD") => Meaning::Host(Want::Any),
            ("webrepl", "PASSWORD") => Meaning::Nothing,
            ("completions", "SHELL") => Meaning::Words(&["bash", "zsh", "fish", "powershell"]),
            ("doctor", "TOPIC") => Meaning::Words(&["fuse"]),
            ("help", "COMMAND") => Meaning::Command,
            (_, "PATH") if is_file_command => Meaning::Board(Want::Any),
            (_, "FILE") => Meaning::Host(Want::Any),
            (_, "FOLDER") => Meaning::Host(Want::Directories),
            (_, "COUNT") => Meaning::Nothing,
            (_, "CODE" | "EXPR" | "ARGS" | "MS" | "SECONDS" | "ADDRESS" | "PATTERN") => Meaning::Nothing,
            ("mount", "UID" | "GID" | "MASK") => Meaning::Nothing,
            _ => return None,
        };
        Some(meaning)
    }
}
