//! Commands of `mpr` beside those of mpremote.

use std::fs;
use std::path::PathBuf;

use super::measure::{Pace, Run, in_turns, median, timed};
use super::report::{Choice, Row, Section, ms, times};
use super::tools::Tool;
use super::{Bench, ROUNDS};
use crate::run::Result;

/// The table of commands on the way.
pub struct Table<'a> {
    choice: &'a Choice,
    pub section: Section,
}

impl Table<'_> {
    /// Whether a row is to be measured.
    pub fn wants(&self, row: &str) -> bool {
        self.choice.wants(self.section.title, row)
    }

    /// Measures a row, if it is wanted. `goal` is how many times faster we want to be, at least.
    pub fn compare(
        &mut self,
        row: &str,
        rounds: usize,
        goal: Option<f64>,
        run: &dyn Fn(Tool) -> Result<Run>,
    ) -> Result {
        if !self.wants(row) {
            return Ok(());
        }
        println!("{row}");
        let rounds = self.choice.rounds(rounds);
        let works = [Tool::Mpr, Tool::Mpremote].map(|tool| Box::new(move || run(tool)) as _);
        let runs = in_turns(Pace::of(rounds), works.into())?;
        let (ours, theirs) = (median(&runs[0]), median(&runs[1]));
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        self.section.rows.push(Row {
            name: row.to_owned(),
            cells: vec![
                ms(ours),
                ms(theirs),
                times(ratio),
                goal.map_or(String::new(), |goal| format!("{goal:.0}")),
                format!("{}/{}", runs[0].len(), runs[1].len()),
            ],
            met: goal.map(|goal| ratio >= goal),
        });
        Ok(())
    }
}

impl Bench {
    /// Both tools at the same command lines.
    pub(super) fn commands(&self) -> Result<Section> {
        let mut table = Table {
            choice: &self.choice,
            section: Section {
                title: "Commands",
                text: "On an unpaced PTY. Rows with a baud rate have another board, whose line is paced to it and brings every \
                       byte 1 ms later; its receive buffer holds 1024 bytes, because mpremote's mount hangs with 256. Packages \
                       come from a server on this machine."
                    .into(),
                columns: &["work", "mpr, ms", "mpremote, ms", "times faster", "wanted", "rounds", "met"],
                rows: Vec::new(),
            },
        };
        table.compare("`mpr --version` / `mpremote version`", ROUNDS, None, &|tool| {
            let word = if tool == Tool::Mpr { "--version" } else { "version" };
            timed(self.command(tool).arg(word))
        })?;
        table.compare("`connect PORT exec 'print(1)'`", ROUNDS, Some(10.0), &|tool| {
            self.on_board(tool, &["exec", "print(1)"])
        })?;
        for kind in ["text", "random"] {
            let on_board = format!(":{kind}");
            let put = format!("`cp` 100 KB of {kind} to the board");
            table.compare(&put, ROUNDS.div_ceil(3), Some(5.0), &|tool| {
                self.on_board(tool, &["cp", "-f", kind, &on_board])
            })?;
            let get = format!("`cp` 100 KB of {kind} from the board");
            if table.wants(&get) {
                self.on_board(Tool::Mpr, &["cp", kind, &on_board])?;
            }
            table.compare(&get, ROUNDS.div_ceil(3), Some(5.0), &|tool| self.checked_get(tool, kind))?;
        }
        self.packages(&mut table)?;
        self.mounts(&mut table)?;
        Ok(table.section)
    }

    /// A copy from the board, compared with the original of the same name.
    pub(super) fn checked_get(&self, tool: Tool, name: &str) -> Result<Run> {
        let back = self.dir.join("back");
        let _ = fs::remove_file(&back);
        let run = self.on_board(tool, &["cp", "-f", &format!(":{name}"), "back"])?;
        let read = |path: PathBuf| fs::read(&path).map_err(|e| format!("error: {e}"));
        if read(back)? == read(self.dir.join(name))? {
            Ok(run)
        } else {
            Err(format!("error: {} brought another file", tool.name()))
        }
    }
}
