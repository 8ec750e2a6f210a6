//! Measures `mpr` against mpremote on one simulated board and writes `docs/PERFORMANCE.md`.

mod board;
mod measure;
mod mount;
mod report;
mod tab;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::run::{Result, cargo, run};
use crate::{paths, setup};
use board::{Board, start_to_prompt};
use measure::{Run, in_turns, median, peak_kb, timed};
use report::{Comparison, Figure, Report};

const FILE_SIZE: usize = 100 * 1024;
const BIG_FILE_SIZE: usize = 1024 * 1024;

/// Rounds of the quick commands; copies take a third of them.
const ROUNDS: usize = 15;

/// Builds, measures, writes the document.
pub fn bench() -> Result {
    setup::all()?;
    setup::for_bench()?;
    run(&mut cargo(["build", "--release", "-p", "mpr", "-p", "mpr-sim"]))?;
    run(&mut cargo(["build", "-p", "mpr-tests", "--bin", "mpr-fixture"]))?;
    let dir = paths::target().join("bench");
    fs::create_dir_all(&dir).map_err(|e| format!("error: `{}`: {e}", dir.display()))?;
    let report = Bench::new(dir)?.measure()?;
    let path = paths::root().join("docs/PERFORMANCE.md");
    let text = report.markdown();
    print!("\n{text}");
    fs::write(&path, text).map_err(|e| format!("error: `{}`: {e}", path.display()))?;
    if report.is_met() { Ok(()) } else { Err("error: not every bound holds; see docs/PERFORMANCE.md".into()) }
}

struct Bench {
    dir: PathBuf,
    mpr: PathBuf,
    sim: PathBuf,
    mpremote: PathBuf,
    board: Board,
}

impl Bench {
    fn new(dir: PathBuf) -> Result<Bench> {
        let release = paths::target().join("release");
        let sim = release.join("mpr-sim");
        let write = |name: &str, bytes: Vec<u8>| {
            fs::write(dir.join(name), bytes).map_err(|e| format!("error: `{name}`: {e}"))
        };
        write("text", python_source(FILE_SIZE)?)?;
        write("random", random(FILE_SIZE))?;
        write("big", random(BIG_FILE_SIZE))?;
        Ok(Bench {
            board: Board::start(&sim, &dir)?,
            mpr: release.join("mpr"),
            mpremote: paths::bench_venv().join("bin/mpremote"),
            sim,
            dir,
        })
    }

    /// A run of a tool: its arguments follow `connect PORT`.
    fn on_board(&self, tool: &Path, args: &[&str]) -> Result<Run> {
        let mut command = self.command(tool);
        command.arg("connect").arg(&self.board.port).args(args);
        timed(&mut command)
    }

    fn command(&self, tool: &Path) -> Command {
        let mut command = Command::new(tool);
        command
            .current_dir(&self.dir)
            .env("HOME", &self.dir)
            .env("XDG_CONFIG_HOME", self.dir.join("config"))
            .env_remove("MPR_DEVICE");
        command
    }

    fn measure(&self) -> Result<Report> {
        let mut comparisons = vec![self.version()?, self.exec()?];
        let mut memory = 0;
        for kind in ["text", "random"] {
            let (rows, peak) = self.copies(kind)?;
            comparisons.extend(rows);
            memory = memory.max(peak);
        }
        comparisons.push(self.packages()?);
        comparisons.extend(self.mounts()?);
        let version_ms = comparisons[0].ours.as_secs_f64() * 1e3;
        let [tab_on_board, tab_on_sim] = self.tabs()?;
        let figures = vec![
            figure("`mpr --version`", version_ms, "ms", 5.0),
            figure("peak memory of `mpr`, 100 KB copies", memory as f64 / 1024.0, "MB", 12.0),
            figure("peak memory of `mpr`, 1 MB copies", self.big_copies()?, "MB", 12.0),
            figure("`mpr`, stripped", self.size()?, "MB", 8.0),
            figure("`mpr-sim` to its prompt, new flash", self.start(true)?, "ms", 50.0),
            figure("`mpr-sim` to its prompt, old flash", self.start(false)?, "ms", 50.0),
            tab_on_board,
            tab_on_sim,
        ];
        Ok(Report {
            comparisons,
            figures,
            rounds: ROUNDS,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    fn version(&self) -> Result<Comparison> {
        println!("version");
        let (ours, theirs) =
            in_turns(ROUNDS, &mut || timed(self.command(&self.mpr).arg("--version")), &mut || {
                timed(self.command(&self.mpremote).arg("version"))
            })?;
        Ok(compare("`mpr --version` / `mpremote version`", &ours, &theirs, None))
    }

    fn exec(&self) -> Result<Comparison> {
        println!("exec");
        let code = ["exec", "print(1)"];
        let (ours, theirs) = in_turns(ROUNDS, &mut || self.on_board(&self.mpr, &code), &mut || {
            self.on_board(&self.mpremote, &code)
        })?;
        Ok(compare("`connect PORT exec 'print(1)'`", &ours, &theirs, Some(10.0)))
    }

    /// Copies of one file both ways, and the peak memory of `mpr`.
    fn copies(&self, kind: &'static str) -> Result<(Vec<Comparison>, u64)> {
        println!("copies of {kind}");
        let (put_name, get_name) = match kind {
            "text" => ("`cp` 100 KB of text to the board", "`cp` 100 KB of text from the board"),
            _ => ("`cp` 100 KB of random to the board", "`cp` 100 KB of random from the board"),
        };
        let on_board = format!(":{kind}");
        let put = ["cp", "-f", kind, &on_board];
        let get = ["cp", "-f", &on_board, "back"];
        let puts = in_turns(ROUNDS.div_ceil(3), &mut || self.on_board(&self.mpr, &put), &mut || {
            self.on_board(&self.mpremote, &put)
        })?;
        let gets =
            in_turns(ROUNDS.div_ceil(3), &mut || self.checked_get(&self.mpr, &get, kind), &mut || {
                self.checked_get(&self.mpremote, &get, kind)
            })?;
        let rows = vec![
            compare(put_name, &puts.0, &puts.1, Some(5.0)),
            compare(get_name, &gets.0, &gets.1, Some(5.0)),
        ];
        Ok((rows, peak_kb(&puts.0).max(peak_kb(&gets.0))))
    }

    /// A copy from the board, compared with the original.
    fn checked_get(&self, tool: &Path, args: &[&str], original: &str) -> Result<Run> {
        let back = self.dir.join("back");
        let _ = fs::remove_file(&back);
        let run = self.on_board(tool, args)?;
        let read = |path: PathBuf| fs::read(&path).map_err(|e| format!("error: {e}"));
        if read(back)? == read(self.dir.join(original))? {
            Ok(run)
        } else {
            Err(format!("error: `{}` brought another file", tool.display()))
        }
    }

    /// Peak memory in MB of copying 1 MB there and back.
    fn big_copies(&self) -> Result<f64> {
        println!("copies of 1 MB");
        let put = self.on_board(&self.mpr, &["cp", "-f", "big", ":big"])?;
        let get = self.checked_get(&self.mpr, &["cp", "-f", ":big", "back"], "big")?;
        Ok(peak_kb(&[put, get]) as f64 / 1024.0)
    }

    fn size(&self) -> Result<f64> {
        let meta = fs::metadata(&self.mpr).map_err(|e| format!("error: `mpr`: {e}"))?;
        Ok(meta.len() as f64 / (1024.0 * 1024.0))
    }

    fn start(&self, new_flash: bool) -> Result<f64> {
        println!("start of the simulated board");
        let flash = self.dir.join("start.img");
        let mut times = Vec::new();
        for _ in 0..=ROUNDS {
            if new_flash {
                let _ = fs::remove_file(&flash);
            }
            times.push(start_to_prompt(&self.sim, &flash)?);
        }
        // The first warms up.
        let mut times: Vec<Duration> = times.split_off(1);
        times.sort();
        Ok(times[times.len() / 2].as_secs_f64() * 1e3)
    }
}

fn compare(what: &'static str, ours: &[Run], theirs: &[Run], wanted: Option<f64>) -> Comparison {
    Comparison { what, ours: median(ours), theirs: median(theirs), wanted }
}

fn figure(what: &'static str, value: f64, unit: &'static str, at_most: f64) -> Figure {
    Figure { what, value, unit, at_most }
}

/// Python source of this size, from the standard library.
fn python_source(size: usize) -> Result<Vec<u8>> {
    let output = Command::new("python3")
        .args(["-c", "import argparse; print(open(argparse.__file__).read())"])
        .output()
        .map_err(|error| format!("error: could not start `python3`: {error}"))?;
    if output.stdout.is_empty() {
        return Err("error: Python's `argparse` could not be read".into());
    }
    Ok(output.stdout.iter().copied().cycle().take(size).collect())
}

/// Bytes that don't compress: xorshift64, always the same.
fn random(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..size).map(|_| next()).collect()
}
