//! A mounted folder behind a slow line.

use std::fmt::Write;
use std::fs;

use super::board::Board;
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
        let board = Board::slow(&self.sim, &self.dir)?;
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
        Ok(rows)
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
