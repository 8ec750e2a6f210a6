//! A shell on a terminal, and a board with files whose names are hard.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use mpr_tests::{Board, Kind, Terminal, mpr_program, sim_program};
use tempfile::TempDir;

/// A board, a folder of this machine, and a shell in it.
pub struct Scene {
    pub terminal: Terminal,
    pub board: Board,
}

/// What a file of this name holds, so that a completed and executed line proves itself.
pub fn content(name: &str) -> String {
    format!("this is {name}.")
}

/// Files of the board. No name has the start of another.
pub const ON_BOARD: [&str; 6] =
    ["lib/blink.py", "my file.py", "it's.py", "größe.py", "-dash.py", "$home \"x\"!.py"];

/// Files of this machine.
const HERE: [&str; 2] = ["local file.py", "folder/inner.py"];

impl Scene {
    /// Starts a shell that knows completion; `rc` is what it reads first.
    pub fn start(program: &str, args: &[&str], rc: &str) -> Scene {
        let board = Board::start(Kind::Sim);
        let (here, source) = (folder(&HERE), folder(&ON_BOARD));
        for name in ON_BOARD {
            let name = name.split('/').next().expect("a split text has a part");
            board.mpr().dir(source.path()).args(["cp", "-r", &format!("./{name}"), &format!(":{name}")]).ok();
        }
        fs::write(here.path().join("rc"), rc).expect("a file can be written");
        let command = shell(program, args, here.path(), board.address());
        let terminal = Terminal::start(command, Arc::new(here));
        let mut scene = Scene { terminal, board };
        scene.terminal.expect("ready> ");
        scene
    }

    /// Types the start of a line, presses TAB, and expects the line to go on so.
    pub fn tab(&mut self, typed: &str, goes_on: &str) {
        self.terminal.send(typed);
        self.terminal.expect(typed);
        self.terminal.send("\t");
        self.terminal.expect(goes_on);
    }

    /// Presses Enter, and expects this in what the command prints.
    pub fn enter(&mut self, printed: &str) {
        self.terminal.send("\r");
        self.terminal.expect(printed);
        self.terminal.expect("ready> ");
    }

    /// Empties the line: to its start, delete to its end, Enter.
    pub fn cancel(&mut self) {
        self.terminal.send("\x01\x0b\r");
        self.terminal.expect("ready> ");
    }
}

/// A folder with files of these names.
fn folder(names: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder can be made");
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, content(name)).expect("a file can be written");
    }
    folder
}

fn shell(program: &str, args: &[&str], home: &Path, device: &str) -> Command {
    let tool = mpr_program();
    let folder = tool.parent().expect("a program is in a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("ZDOTDIR", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("TERM", "xterm")
        .env("LANG", "C.UTF-8")
        .env("COLUMNS", "200")
        .env("MPR_SIM", sim_program())
        .env("MPR_DEVICE", device)
        // No test passes or fails by how long the board took.
        .env("MPR_COMPLETE_WAIT", "60")
        .current_dir(home);
    fs::create_dir_all(home.join("config")).expect("a folder can be made");
    command
}
