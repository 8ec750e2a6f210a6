//! A mounted folder and a tree of files behind a slow line; a package from an index.

use std::cell::Cell;

use super::board::{Board, Index};
use super::tools::Tool;
use super::{Bench, ROUNDS, Table, data, timed};
use crate::run::Result;

/// A module that is there already would not be read.
const IMPORT: &str = "import sys\nsys.modules.pop('module', 0)\nimport module";
const READLINE: &str = "f = open('lines')\nwhile f.readline(): pass";

const IMPORT_ROW: &str = "115200 baud: `mount` and import 50 KB";
const READLINE_ROW: &str = "115200 baud: `mount` and `readline` 8 KB";
const TREE_ROW: &str = "115200 baud: `tree -s` of 100 files in 10 directories";

impl Bench {
    /// Whole runs: connecting and mounting are part of them.
    pub(super) fn mounts(&self, table: &mut Table<'_>) -> Result {
        if ![IMPORT_ROW, READLINE_ROW, TREE_ROW].iter().any(|row| table.wants(row)) {
            return Ok(());
        }
        let folder = self.dir.join("mounted");
        data::write(&folder.join("module.py"), data::module(50 * 1024))?;
        data::write(&folder.join("lines"), data::lines(8 * 1024))?;
        // mpremote's mount hangs with a receive buffer of 256 bytes.
        let board = Board::fixture(&self.programs.sim, &["slow-board", "1", "1024"])?;
        let run = |tool: Tool, words: &[&str]| {
            let mut command = self.command(tool);
            timed(command.arg("connect").arg(&board.port).args(words))
        };
        for (row, program, wanted) in [(IMPORT_ROW, IMPORT, 3.0), (READLINE_ROW, READLINE, 10.0)] {
            let words = ["mount", "mounted", "exec", program];
            table.compare(row, ROUNDS.div_ceil(5), Some(wanted), &|tool| run(tool, &words))?;
        }
        if table.wants(TREE_ROW) {
            for n in 0..100 {
                let path = self.dir.join(format!("hundred/part_{}/module_{n}.py", n / 10));
                data::write(&path, format!("number = {n}\n"))?;
            }
            run(Tool::Mpr, &["cp", "-r", "hundred", ":hundred"])?;
            let words = ["tree", "-s", ":hundred"];
            table.compare(TREE_ROW, ROUNDS.div_ceil(3), Some(5.0), &|tool| run(tool, &words))?;
        }
        Ok(())
    }

    /// Each time into another directory, so that nothing is there already.
    pub(super) fn packages(&self, table: &mut Table<'_>) -> Result {
        let row = "`mip install` of a package of 20 files";
        if !table.wants(row) {
            return Ok(());
        }
        let index = Index::start()?;
        let count = Cell::new(0);
        table.compare(row, ROUNDS.div_ceil(3), Some(5.0), &|tool| {
            count.set(count.get() + 1);
            let target = format!("/p{}", count.get());
            let words = ["mip", "install", "--no-mpy", "--index", &index.url, "--target", &target, "twenty"];
            self.on_board(tool, &words)
        })
    }
}
