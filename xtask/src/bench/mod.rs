//! Measures `mpr` against other tools on the same boards and writes `docs/PERFORMANCE.md`.
//!
//! - `commands`, `mount`: commands of both `mpr` and mpremote; `figures`, `tab`: values with a bound.
//! - `transfers`: files and trees through several links, by `mpr`, mpremote and mpytool; `webrepl`: files and figures over WebREPL;
//!   `folder`: the mounted board.
//! - `tools`: the programs; `board`: the boards; `data`: what is copied; `measure`: runs and medians; `report`: the document.

mod board;
mod commands;
mod data;
mod figures;
mod folder;
mod measure;
mod mount;
mod report;
mod tab;
mod tools;
mod transfers;
mod webrepl;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::run::{Result, cargo, run};
use crate::{paths, setup};
use board::Board;
use commands::Table;
use data::FILE_SIZE;
use measure::{Run, timed};
use report::Choice;
use tools::{Programs, Tool};

/// Rounds of the quick commands; copies take a third of them.
const ROUNDS: usize = 15;

/// What boards of the test harness take by WebREPL.
const PASSWORD: &str = "secret";

const USAGE: &str = "usage: cargo xtask bench [--only PATTERN] [--rounds N]";

/// Builds, measures, writes the document.
pub fn bench(words: &[&str]) -> Result {
    let choice = choice(words)?;
    setup::all()?;
    setup::for_bench()?;
    run(&mut cargo(["build", "--release", "-p", "mpr", "-p", "mpr-sim"]))?;
    run(&mut cargo(["build", "-p", "mpr-tests", "--bin", "mpr-fixture"]))?;
    let dir = paths::target().join("bench");
    fs::create_dir_all(&dir).map_err(|e| format!("error: `{}`: {e}", dir.display()))?;
    let is_whole = choice.only.is_none();
    let bench = Bench::new(dir, choice)?;
    let mut sections = vec![bench.commands()?, bench.figures()?];
    sections.extend(bench.transfers()?);
    sections.push(bench.webrepl()?);
    sections.push(bench.folder()?);
    let rows = || sections.iter().flat_map(|section| &section.rows);
    if rows().next().is_none() {
        return Err(
            "error: no row's section and name contain the pattern; docs/PERFORMANCE.md has them".into()
        );
    }
    let path = paths::root().join("docs/PERFORMANCE.md");
    let old = fs::read_to_string(&path).unwrap_or_default();
    let text = report::merge(&old, &sections, is_whole);
    print!("\n{text}");
    fs::write(&path, text).map_err(|e| format!("error: `{}`: {e}", path.display()))?;
    let failed = rows().filter(|row| row.met == Some(false)).count();
    match failed {
        0 => Ok(()),
        failed => Err(format!("error: {failed} rows do not reach their goal; see docs/PERFORMANCE.md")),
    }
}

fn choice(words: &[&str]) -> Result<Choice> {
    let mut choice = Choice::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match (*word, words.next()) {
            ("--only", Some(pattern)) => choice.only = Some((*pattern).to_owned()),
            ("--rounds", Some(number)) => match number.parse() {
                Ok(1..) => choice.rounds = number.parse().ok(),
                _ => return Err(format!("error: `{number}` is no number of rounds")),
            },
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(choice)
}

struct Bench {
    choice: Choice,
    dir: PathBuf,
    programs: Programs,
    board: Board,
}

impl Bench {
    fn new(dir: PathBuf, choice: Choice) -> Result<Bench> {
        let release = paths::target().join("release");
        let sim = release.join("mpr-sim");
        data::write(&dir.join("text"), data::python_source(FILE_SIZE)?)?;
        data::write(&dir.join("random"), data::random(FILE_SIZE))?;
        data::write(&dir.join("big"), data::random(1024 * 1024))?;
        Ok(Bench {
            choice,
            board: Board::start(&sim, &dir)?,
            programs: Programs { mpr: release.join("mpr"), sim, python: paths::bench_venv().join("bin") },
            dir,
        })
    }

    /// A run of a tool that has mpremote's words: its arguments follow `connect PORT`.
    fn on_board(&self, tool: Tool, args: &[&str]) -> Result<Run> {
        let mut command = self.command(tool);
        command.arg("connect").arg(&self.board.port).args(args);
        timed(&mut command)
    }

    /// `mpr` on another board, also one that is reached by WebREPL.
    fn mpr_on(&self, board: &Board, words: &[&str]) -> Command {
        let mut command = self.command(Tool::Mpr);
        command.arg("connect").arg(&board.port).args(words).env("MPR_WEBREPL_PASSWORD", PASSWORD);
        command
    }

    fn command(&self, tool: Tool) -> Command {
        let mut command = Command::new(self.programs.of(tool));
        command
            .current_dir(&self.dir)
            .env("HOME", &self.dir)
            .env("XDG_CONFIG_HOME", self.dir.join("config"))
            .env("MPR_SIM", &self.programs.sim)
            .env_remove("MPR_DEVICE");
        command
    }
}

#[cfg(test)]
mod tests {
    use super::choice;

    #[test]
    fn words() {
        let chosen = choice(&["--rounds", "2", "--only", "ls"]).expect("they make sense");
        assert_eq!((chosen.only.as_deref(), chosen.rounds), (Some("ls"), Some(2)));
        for wrong in [&["--rounds", "0"][..], &["--rounds"], &["--only"], &["more"]] {
            assert!(choice(wrong).is_err(), "{wrong:?}");
        }
    }
}
