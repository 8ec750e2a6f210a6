//! A board with what the work needs on it, and the folder with what is copied.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::board::Board;
use super::super::measure::{Run, timed};
use super::super::tools::{Task, Tool};
use super::super::{Bench, data};
use super::work::{SMALL_SIZE, Work};
use crate::run::{Result, succeeds};

/// The one file of the tree that changes.
const CHANGED: usize = 50;

/// A board under measurement.
pub struct Lab<'a> {
    bench: &'a Bench,
    board: Board,
    /// Which version of the file that changes each tool put last.
    patched: RefCell<HashMap<&'static str, &'static str>>,
}

impl<'a> Lab<'a> {
    /// Starts the board and makes a directory for each tool.
    pub fn open(bench: &'a Bench, fixture: &[&str]) -> Result<Lab<'a>> {
        let dir = bench.dir.join("lab");
        fs::create_dir_all(&dir).map_err(|e| format!("error: `{}`: {e}", dir.display()))?;
        let board = match fixture {
            [] => Board::start(&bench.programs.sim, &dir)?,
            words => Board::fixture(&bench.programs.sim, words)?,
        };
        let lab = Lab { bench, board, patched: RefCell::default() };
        lab.write_data()?;
        for tool in [Tool::Mpr, Tool::Mpremote, Tool::Mpytool] {
            // Where there are no directories, names begin with the tool's.
            lab.mpr(&["mkdir", &format!(":{}", tool.name())]);
        }
        Ok(lab)
    }

    fn write_data(&self) -> Result {
        let dir = &self.bench.dir;
        let text = data::python_source(data::FILE_SIZE)?;
        data::write(&dir.join("small-text"), &text[..SMALL_SIZE])?;
        let mut random = data::random(data::FILE_SIZE);
        data::write(&dir.join("small-random"), &random[..SMALL_SIZE])?;
        data::write(&dir.join("patch/a"), &random)?;
        for byte in &mut random[50_000..50_100] {
            *byte ^= 0x55;
        }
        data::write(&dir.join("patch/b"), &random)?;
        for (n, content) in text.chunks(1024).enumerate() {
            let name = format!("tree/module_{n:02}.py");
            data::write(&dir.join("a").join(&name), content)?;
            let mut other = content.to_vec();
            if n == CHANGED {
                other[500..510].copy_from_slice(b"# changed\n");
            }
            data::write(&dir.join("b").join(&name), other)?;
        }
        Ok(())
    }

    /// Prepares, and then runs what is timed.
    pub fn run(&self, work: Work, tool: Tool) -> Result<Run> {
        let own = |name: &str| self.own(tool, name);
        let tree = own("tree");
        if matches!(work, Work::Put(kind) | Work::Get(kind) if kind.starts_with("small-")) {
            // There is room for little more than one of them.
            self.must(&["exec", "import os\nfor name in os.listdir(): os.remove(name)"])?;
        }
        match work {
            Work::Put(kind) => {
                self.remove(&own(kind))?;
                self.time(tool, Task::Put { from: kind, to: &own(kind) })
            }
            Work::Get(kind) => {
                self.must(&["cp", kind, &format!(":{kind}")])?;
                let back = self.bench.dir.join("back");
                let _ = fs::remove_file(&back);
                let run = self.time(tool, Task::Get { from: kind, to: "back" })?;
                same(&back, &self.bench.dir.join(kind))?;
                Ok(run)
            }
            Work::PutTree => {
                self.mpr(&["rm", "-r", &format!(":{tree}")]);
                self.time(tool, Task::PutTree { from: "a/tree", into: tool.name() })
            }
            Work::PutTreeAgain => {
                self.must(&["sync", "a/tree", &format!(":{tree}")])?;
                self.time(tool, Task::PutTree { from: "a/tree", into: tool.name() })
            }
            Work::PutTreeChanged => {
                self.must(&["sync", "a/tree", &format!(":{tree}")])?;
                self.time(tool, Task::PutTree { from: "b/tree", into: tool.name() })
            }
            Work::Patch => self.patch(tool),
            Work::List => {
                self.must(&["exec", LIST])?;
                self.time(tool, Task::List { dir: "list" })
            }
            Work::RemoveTree => {
                self.must(&["sync", "a/tree", &format!(":{tree}")])?;
                self.time(tool, Task::Remove { dir: &tree })
            }
        }
    }

    /// Puts one version of a file where the other one is.
    fn patch(&self, tool: Tool) -> Result<Run> {
        let to = self.own(tool, "patched");
        let before = self.patched.borrow().get(tool.name()).copied();
        if before.is_none() {
            self.must(&["cp", "patch/a", &format!(":{to}")])?;
        }
        let from = if before == Some("patch/b") { "patch/a" } else { "patch/b" };
        self.patched.borrow_mut().insert(tool.name(), from);
        self.time(tool, Task::Put { from, to: &to })
    }

    /// Makes sure that what a tool did last is done.
    pub fn verify(&self, work: Work, tool: Tool) -> Result {
        let folder = |from: &str| {
            (0..100)
                .map(|n| format!("tree/module_{n:02}.py"))
                .map(|name| (format!("{from}/{name}"), self.own(tool, &name)))
                .collect()
        };
        let pairs: Vec<(String, String)> = match work {
            Work::Put(kind) => vec![(kind.to_owned(), self.own(tool, kind))],
            Work::PutTree | Work::PutTreeAgain => folder("a"),
            Work::PutTreeChanged => folder("b"),
            Work::Patch => {
                let last = self.patched.borrow().get(tool.name()).copied().unwrap_or_default();
                vec![(last.to_owned(), self.own(tool, "patched"))]
            }
            Work::RemoveTree => {
                return match self.mpr(&["ls", &format!(":{}", self.own(tool, "tree"))]) {
                    true => Err(format!("error: {} has not removed the tree", tool.name())),
                    false => Ok(()),
                };
            }
            Work::Get(_) | Work::List => return Ok(()),
        };
        let mut list = String::new();
        for (here, there) in &pairs {
            list += &format!("{}  {there}\n", self.sha256(here)?);
        }
        data::write(&self.bench.dir.join("sums"), list)?;
        self.must(&["sha256sum", "-c", "sums"])
            .map_err(|_| format!("error: {} did not put what it should: {}", tool.name(), work.name()))
    }

    fn sha256(&self, name: &str) -> Result<String> {
        let output = Command::new("sha256sum")
            .arg(name)
            .current_dir(&self.bench.dir)
            .output()
            .map_err(|error| format!("error: could not start `sha256sum`: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.split_whitespace().next().map(str::to_owned).ok_or(format!("error: `{name}` could not be read"))
    }

    /// A tool's own name for something on the board.
    fn own(&self, tool: Tool, name: &str) -> String {
        let between = if name.starts_with("small-") { '-' } else { '/' };
        format!("{}{between}{name}", tool.name())
    }

    fn time(&self, tool: Tool, task: Task<'_>) -> Result<Run> {
        let mut command = self.bench.command(tool);
        tool.tell(&mut command, &self.board.port, task);
        timed(&mut command)
    }

    fn remove(&self, path: &str) -> Result {
        self.must(&["exec", &format!("import os\ntry: os.remove('{path}')\nexcept OSError: pass")])
    }

    /// A command of `mpr` on the board, not timed.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.bench.command(Tool::Mpr);
        command.arg("connect").arg(&self.board.port).args(words).stdout(Stdio::null());
        command
    }

    /// Whether it succeeds.
    fn mpr(&self, words: &[&str]) -> bool {
        succeeds(&mut self.command(words))
    }

    fn must(&self, words: &[&str]) -> Result {
        timed(&mut self.command(words)).map(drop)
    }
}

/// Makes a directory of 200 files, unless it is there.
const LIST: &str = "import os\ntry: os.mkdir('list')\nexcept OSError: pass\nif len(os.listdir('list')) < 200:\n for i in range(200):\n  \
                    f = open('list/file_%03d.txt' % i, 'w')\n  f.write('%d' % i)\n  f.close()";

fn same(ours: &Path, theirs: &Path) -> Result {
    let read = |path: &Path| fs::read(path).map_err(|error| format!("error: `{}`: {error}", path.display()));
    match read(ours)? == read(theirs)? {
        true => Ok(()),
        false => Err(format!("error: `{}` is not what came back", theirs.display())),
    }
}
