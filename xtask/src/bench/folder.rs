//! The board as a folder, beside plain folders and `mpr cp`.

use std::cell::Cell;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::board::Board;
use super::measure::{Pace, Run, Work, in_turns, median, timed};
use super::report::{Row, Section, ms};
use super::tools::Tool;
use super::{Bench, ROUNDS, data};
use crate::run::{Result, run};

/// Directories and files in each, for listings.
const DIRS: usize = 10;
const FILES: usize = 20;
/// Files of the tree for `git`, and of the one that the memory is for.
const TRACKED: usize = 100;
const MANY: usize = 1000;

/// Time each way of the link on which round trips are counted, in ms.
const FAR: &str = "20";

/// What may be served behind the line of 115200 baud: an editor's save.
const SOURCE: usize = 20 * 1024;

const LIST_ROW: &str = "`ls -lR` of 200 entries, known; a plain folder";
const COLD_ROW: &str = "`ls -lR` of 200 entries after a command on the board";
const GIT_ROW: &str = "`git status` of 100 files, known; a plain folder";
const SAVE_ROW: &str = "115200 baud: one line changed in 20 KB, saved";
const MEMORY_ROW: &str = "memory with 1,000 files listed and read";

/// A board's files in a folder; unmounted when dropped.
struct Mounted<'a> {
    bench: &'a Bench,
    board: Board,
    folder: PathBuf,
    child: Child,
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = self.bench.command(Tool::Mpr).arg("umount").arg(&self.folder).output();
        let _ = self.child.wait();
    }
}

impl Mounted<'_> {
    /// Runs `mpr` on the board, through the mount.
    fn on_board(&self, words: &[&str]) -> Result<Run> {
        timed(&mut self.bench.mpr_on(&self.board, words))
    }

    /// Makes the mount forget what it knows of files, and lets it settle.
    fn forget(&self) -> Result {
        self.on_board(&["exec", "pass"])?;
        std::thread::sleep(Duration::from_millis(500));
        Ok(())
    }

    /// Runs a program in the folder.
    fn inside(&self, words: &[&str]) -> Result<Run> {
        within(&self.folder, words)
    }
}

/// Runs a program in a folder.
fn within(folder: &Path, words: &[&str]) -> Result<Run> {
    timed(Command::new(words[0]).args(&words[1..]).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null"))
}

/// How a row is judged.
enum Goal {
    /// So long at most.
    AtMost(Duration),
    /// So much longer than the other at most.
    Beyond(Duration),
    /// So many times the other at most.
    Times(f64),
}

impl Bench {
    /// What programs see of a mounted board.
    pub(super) fn folder(&self) -> Result<Section> {
        let mut section = Section {
            title: "The board as a folder",
            text: format!(
                "`mpr mount : FOLDER` on an unpaced PTY, or on the line of 115200 baud that brings every byte 1 ms later. Copies out are of files of which \
                 the mount knows only names; copies in are of new files. They are compared with `mpr cp` on a board that is not mounted. Round trips are counted over \
                 `ws://` with {FAR} ms each way: what the listing takes beyond a known one, by the time of a round trip."
            ),
            columns: &["work", "folder", "beside", "ratio", "wanted", "rounds", "met"],
            rows: Vec::new(),
        };
        let wants = |row: &str| self.choice.wants(section.title, row);
        let mut rows = Vec::new();
        if wants(LIST_ROW) {
            rows.push(self.known_listing()?);
        }
        if wants(COLD_ROW) {
            rows.push(self.cold_listing()?);
        }
        if wants(GIT_ROW) {
            rows.push(self.git_status()?);
        }
        for (link, kind) in [("", "text"), ("", "random"), ("115200 baud: ", "text")] {
            let wanted =
                ["cat", "cp"].map(|program| copy_row(link, program, kind)).map(|row| (wants(&row), row));
            if wanted.iter().any(|(wants, _)| *wants) {
                rows.extend(self.copies_by_folder(link, kind, wanted)?);
            }
        }
        if wants(SAVE_ROW) {
            rows.push(self.save()?);
        }
        if wants(MEMORY_ROW) {
            rows.push(self.mount_memory()?);
        }
        section.rows = rows;
        Ok(section)
    }

    fn fresh_board(&self, link: &str) -> Result<Board> {
        match link {
            "" => {
                let dir = self.dir.join("other");
                fs::create_dir_all(&dir).map_err(|error| format!("error: `{}`: {error}", dir.display()))?;
                Board::start(&self.programs.sim, &dir)
            }
            _ => Board::fixture(&self.programs.sim, &["slow-board", "1", "1024"]),
        }
    }

    fn mounted(&self, board: Board) -> Result<Mounted<'_>> {
        let folder = self.dir.join("folder");
        let mut command = self.mpr_on(&board, &["mount", "--cache-ttl", "3600", ":"]);
        let mut child = command
            .arg(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("error: could not start `mpr`: {error}"))?;
        let mut said = String::new();
        let stdout = child.stdout.take().expect("a piped child has pipes");
        let read = BufReader::new(stdout).read_line(&mut said);
        match read {
            Ok(1..) => Ok(Mounted { bench: self, board, folder, child }),
            _ => Err("error: the board is not mounted; `mpr doctor fuse` may say why".into()),
        }
    }

    /// A tree on a board, and beside it on this machine.
    fn tree(&self, board: &Board, name: &str, dirs: usize, files: usize) -> Result<PathBuf> {
        let local = self.dir.join(name);
        let _ = fs::remove_dir_all(&local);
        for n in 0..dirs * files {
            let path = local.join(format!("part_{}/module_{n}.py", n / files));
            data::write(&path, format!("number = {n}\n"))?;
        }
        timed(&mut self.mpr_on(board, &["cp", "-r", name, ":"]))?;
        Ok(local)
    }

    fn known_listing(&self) -> Result<Row> {
        println!("{LIST_ROW}");
        let board = self.fresh_board("")?;
        let plain = self.tree(&board, "listed", DIRS, FILES)?;
        let mounted = self.mounted(board)?;
        let words = ["ls", "-lR", "."];
        let theirs = || within(&plain, &words);
        let folder = mounted.folder.join("listed");
        self.beside(
            LIST_ROW,
            Goal::Beyond(Duration::from_millis(5)),
            ROUNDS,
            [Box::new(|| within(&folder, &words)), Box::new(theirs)],
        )
    }

    fn cold_listing(&self) -> Result<Row> {
        println!("{COLD_ROW}");
        let board = Board::fixture(&self.programs.sim, &["webrepl", FAR])?;
        self.tree(&board, "listed", DIRS, FILES)?;
        let mounted = self.mounted(board)?;
        let words = ["ls", "-lR", "listed"];
        let cold = || {
            mounted.forget()?;
            mounted.inside(&words)
        };
        let works: Vec<Work<'_>> = vec![Box::new(cold), Box::new(|| mounted.inside(&words))];
        let runs = in_turns(Pace::of(self.choice.rounds(ROUNDS.div_ceil(3))), works)?;
        let beyond = median(&runs[0]).saturating_sub(median(&runs[1]));
        let round_trip = 2.0 * FAR.parse::<f64>().expect("it is a number");
        let trips = beyond.as_secs_f64() * 1e3 / round_trip;
        Ok(alone(COLD_ROW, (trips, 2.0), "round trips", runs[0].len()))
    }

    fn git_status(&self) -> Result<Row> {
        println!("{GIT_ROW}");
        let board = self.fresh_board("")?;
        let plain = self.tree(&board, "tracked", 10, TRACKED / 10)?;
        let mounted = self.mounted(board)?;
        let folder = mounted.folder.join("tracked");
        for folder in [&plain, &folder] {
            run(Command::new("git").args(["init", "-q"]).current_dir(folder))?;
            run(Command::new("git").args(["add", "."]).current_dir(folder))?;
        }
        let words = ["git", "status", "--short"];
        self.beside(
            GIT_ROW,
            Goal::AtMost(Duration::from_millis(50)),
            ROUNDS,
            [Box::new(|| within(&folder, &words)), Box::new(|| within(&plain, &words))],
        )
    }

    /// Copies out and in, as far as they are wanted.
    fn copies_by_folder(&self, link: &str, kind: &str, wanted: [(bool, String); 2]) -> Result<Vec<Row>> {
        let other = match link {
            // The board of the other tables.
            "" => &self.board,
            _ => &self.fresh_board(link)?,
        };
        let board = self.fresh_board(link)?;
        for board in [&board, other] {
            timed(&mut self.mpr_on(board, &["cp", kind, &format!(":{kind}")]))?;
        }
        let mounted = self.mounted(board)?;
        let [(wants_out, out_row), (wants_in, in_row)] = wanted;
        let mut rows = Vec::new();
        if wants_out {
            println!("{out_row}");
            let back = self.dir.join("back");
            let is_same = |run| match fs::read(self.dir.join(kind)).ok() == fs::read(&back).ok() {
                true => Ok(run),
                false => Err(format!("error: `{}` is not what was copied", back.display())),
            };
            let ours = || {
                mounted.forget()?;
                mounted.inside(&["cp", kind, &back.to_string_lossy()]).and_then(is_same)
            };
            let theirs = || {
                timed(&mut self.mpr_on(other, &["cp", "-f", &format!(":{kind}"), "back"])).and_then(is_same)
            };
            rows.push(self.beside(
                &out_row,
                Goal::Times(1.1),
                ROUNDS.div_ceil(3),
                [Box::new(ours), Box::new(theirs)],
            )?);
        }
        if wants_in {
            println!("{in_row}");
            let count = Cell::new(0);
            let from = self.dir.join(kind);
            let ours = || {
                count.set(count.get() + 1);
                let run = mounted.inside(&["cp", &from.to_string_lossy(), &format!("in_{}", count.get())])?;
                mounted.inside(&["rm", &format!("in_{}", count.get())])?;
                Ok(run)
            };
            let theirs = || {
                let run = timed(&mut self.mpr_on(other, &["cp", "-f", kind, ":in"]))?;
                timed(&mut self.mpr_on(other, &["rm", ":in"]))?;
                Ok(run)
            };
            rows.push(self.beside(
                &in_row,
                Goal::Times(1.1),
                ROUNDS.div_ceil(3),
                [Box::new(ours), Box::new(theirs)],
            )?);
        }
        Ok(rows)
    }

    fn save(&self) -> Result<Row> {
        println!("{SAVE_ROW}");
        let mounted = self.mounted(self.fresh_board("slow")?)?;
        let source = data::module(SOURCE);
        let count = Cell::new(0);
        let saved = self.dir.join("saved.py");
        let ours = || {
            count.set(count.get() + 1);
            let changed = source.replacen("function_30", &format!("function_{}", 1000 + count.get()), 1);
            data::write(&saved, changed)?;
            mounted.inside(&["cp", &saved.to_string_lossy(), "saved.py"])
        };
        let runs = in_turns(Pace::of(self.choice.rounds(ROUNDS.div_ceil(3))), vec![Box::new(ours)])?;
        Ok(alone(SAVE_ROW, (median(&runs[0]).as_secs_f64() * 1e3, 600.0), "ms", runs[0].len()))
    }

    fn mount_memory(&self) -> Result<Row> {
        println!("{MEMORY_ROW}");
        let board = self.fresh_board("")?;
        self.tree(&board, "many", MANY / 50, 50)?;
        let mounted = self.mounted(board)?;
        mounted.inside(&["sh", "-c", "ls -lR many && cat many/*/*"])?;
        let path = format!("/proc/{}/status", mounted.child.id());
        let status = fs::read_to_string(&path).map_err(|error| format!("error: `{path}`: {error}"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = peak.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        let mb = kb.ok_or_else(|| format!("error: `{path}` tells no peak memory"))? / 1024.0;
        Ok(alone(MEMORY_ROW, (mb, 20.0), "MB", 1))
    }

    fn beside(&self, row: &str, goal: Goal, rounds: usize, works: [Work<'_>; 2]) -> Result<Row> {
        let runs = in_turns(Pace::of(self.choice.rounds(rounds)), works.into())?;
        let (ours, theirs) = (median(&runs[0]), median(&runs[1]));
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        let (wanted, met) = match goal {
            Goal::AtMost(most) => (format!("at most {} ms", most.as_millis()), ours <= most),
            Goal::Beyond(most) => (format!("at most {} ms more", most.as_millis()), ours <= theirs + most),
            Goal::Times(most) => (format!("at most {most} times"), ratio <= most),
        };
        Ok(Row {
            name: row.to_owned(),
            cells: vec![
                format!("{} ms", ms(ours)),
                format!("{} ms", ms(theirs)),
                format!("{ratio:.2}"),
                wanted,
                format!("{}/{}", runs[0].len(), runs[1].len()),
            ],
            met: Some(met),
        })
    }
}

fn copy_row(link: &str, program: &str, kind: &str) -> String {
    match program {
        "cat" => format!("{link}100 KB of {kind} out, by `cp`; `mpr cp`"),
        _ => format!("{link}100 KB of {kind} in, by `cp`; `mpr cp`"),
    }
}

/// A value beside which there is none, and what it may be at most.
fn alone(row: &str, (value, most): (f64, f64), unit: &str, rounds: usize) -> Row {
    let empty = String::new;
    Row {
        name: row.to_owned(),
        cells: vec![
            format!("{value:.1} {unit}"),
            empty(),
            empty(),
            format!("at most {most} {unit}"),
            rounds.to_string(),
        ],
        met: Some(value <= most),
    }
}
