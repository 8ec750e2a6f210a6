//! The tools that are compared, and how each is told the same work.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Mpr,
    Mpremote,
    Mpytool,
}

/// Work that all of them can do. Paths on the board have no colon.
#[derive(Clone, Copy, Debug)]
pub enum Task<'a> {
    /// A file to the board, under a new name or over an old one.
    Put { from: &'a str, to: &'a str },
    /// A file from the board.
    Get { from: &'a str, to: &'a str },
    /// A folder into a directory that exists.
    PutTree { from: &'a str, into: &'a str },
    /// A directory's entries.
    List { dir: &'a str },
    /// A directory with all that it holds.
    Remove { dir: &'a str },
}

impl Tool {
    /// Its name, also that of its directory on the board.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Mpr => "mpr",
            Tool::Mpremote => "mpremote",
            Tool::Mpytool => "mpytool",
        }
    }

    /// Adds the words for a task on the board behind a port.
    pub fn tell(self, command: &mut Command, port: &Path, task: Task<'_>) {
        match self {
            Tool::Mpr | Tool::Mpremote => command.arg("connect").arg(port),
            Tool::Mpytool => command.arg("-p").arg(port),
        };
        let on_board = |path: &str| format!(":{path}");
        match (task, self) {
            (Task::Put { from, to }, _) => command.args(["cp", from, &on_board(to)]),
            (Task::Get { from, to }, _) => command.args(["cp", &on_board(from), to]),
            // For mpytool a slash says that the destination is a directory.
            (Task::PutTree { from, into }, Tool::Mpytool) => {
                command.args(["cp", from, &on_board(&format!("{into}/"))])
            }
            (Task::PutTree { from, into }, _) => command.args(["cp", "-r", from, &on_board(into)]),
            (Task::List { dir }, _) => command.args(["ls", &on_board(dir)]),
            (Task::Remove { dir }, Tool::Mpytool) => command.args(["rm", &on_board(dir)]),
            (Task::Remove { dir }, _) => command.args(["rm", "-r", &on_board(dir)]),
        };
    }
}

/// Where the programs are.
#[derive(Debug)]
pub struct Programs {
    pub mpr: PathBuf,
    pub sim: PathBuf,
    /// The folder of Python programs.
    pub python: PathBuf,
}

impl Programs {
    /// A tool's program.
    pub fn of(&self, tool: Tool) -> PathBuf {
        match tool {
            Tool::Mpr => self.mpr.clone(),
            other => self.python.join(other.name()),
        }
    }
}
