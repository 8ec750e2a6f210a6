//! A mounted folder and a tree of files behind a slow line; a package from an index.

use std::cell::Cell;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::board::{Board, Index};
use super::measure::in_turns;
use super::report::Comparison;
use super::{Bench, ROUNDS, compare, timed};
use crate::run::Result;

const MODULE_SIZE: usize = 50 * 1024;
const LINES_SIZE: usize = 8 * 1024;

/// A module that is there already would not be read.
const IMPORT: &str = "import sys\nsys.modules.pop('module', 0)\nimport module";
const READLINE: &str = "f = open('lines')\nwhile f.readline(): pass";

impl Bench {
    /// Whole runs: connecting and mounting are part of them.
    pub(super) fn mounts(&self) -> Result<Vec<Comparison>> {
        println!("mounts");
        let folder = self.dir.join("mounted");
        let write = |name: &str, text: String| {
            fs::write(folder.join(name), text).map_err(|e| format!("error: `{name}`: {e}"))
        };
        fs::create_dir_all(&folder).map_err(|e| format!("error: `{}`: {e}", folder.display()))?;
        write("module.py", module())?;
        write("lines", lines())?;
        let board = Board::slow(&self.sim)?;
        let mut rows = Vec::new();
        for (what, program, wanted) in [
            ("115200 baud: `mount` and import 50 KB", IMPORT, 3.0),
            ("115200 baud: `mount` and `readline` 8 KB", READLINE, 10.0),
        ] {
            let run = |tool| {
                let mut command = self.command(tool);
                command.arg("connect").arg(&board.port).args(["mount", "mounted", "exec", program]);
                timed(&mut command)
            };
            let (ours, theirs) =
                in_turns(ROUNDS.div_ceil(5), &mut || run(&self.mpr), &mut || run(&self.mpremote))?;
            rows.push(compare(what, &ours, &theirs, Some(wanted)));
        }
        rows.push(self.tree(&board)?);
        Ok(rows)
    }

    fn tree(&self, board: &Board) -> Result<Comparison> {
        println!("tree");
        let folder = self.dir.join("hundred");
        for n in 0..100 {
            let place = folder.join(format!("part_{}", n / 10));
            let made = fs::create_dir_all(&place)
                .and_then(|()| fs::write(place.join(format!("module_{n}.py")), format!("number = {n}\n")));
            made.map_err(|e| format!("error: `{}`: {e}", place.display()))?;
        }
        let run = |tool: &Path, words: &[&str]| {
            let mut command = self.command(tool);
            timed(command.arg("connect").arg(&board.port).args(words))
        };
        run(&self.mpr, &["cp", "-r", "hundred", ":hundred"])?;
        let words = ["tree", "-s", ":hundred"];
        let (ours, theirs) = in_turns(ROUNDS.div_ceil(3), &mut || run(&self.mpr, &words), &mut || {
            run(&self.mpremote, &words)
        })?;
        Ok(compare("115200 baud: `tree -s` of 100 files in 10 directories", &ours, &theirs, Some(5.0)))
    }

    /// Each time into another directory, so that nothing is there already.
    pub(super) fn packages(&self) -> Result<Comparison> {
        println!("packages");
        let index = Index::start()?;
        let count = Cell::new(0);
        let run = |tool: &Path| {
            count.set(count.get() + 1);
            let target = format!("/p{}", count.get());
            let words = ["mip", "install", "--no-mpy", "--index", &index.url, "--target", &target, "twenty"];
            self.on_board(tool, &words)
        };
        let (ours, theirs) =
            in_turns(ROUNDS.div_ceil(3), &mut || run(&self.mpr), &mut || run(&self.mpremote))?;
        Ok(compare("`mip install` of a package of 20 files", &ours, &theirs, Some(5.0)))
    }
}

/// Functions as people write them, so that a compressor finds what it would find.
fn module() -> String {
    let mut text = String::new();
    for n in 0.. {
        if text.len() >= MODULE_SIZE {
            break;
        }
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "def function_{n}(self, name, value={}):\n    # look up the {n}th name in the table\n    \
             result = self.table.get(name, value)\n    if result is None:\n        raise KeyError(name, {})\n    \
             return [result, 'text {}', value * {}]\n\n",
            n * 7 % 1000,
            n * n % 9973,
            n * 31 % 977,
            n + 3
        );
    }
    text
}

fn lines() -> String {
    let mut text: String =
        (0..).map(|n| format!("{n:05},{}\n", n * 12345 % 99991)).take(LINES_SIZE / 10).collect();
    text.truncate(LINES_SIZE);
    text
}
