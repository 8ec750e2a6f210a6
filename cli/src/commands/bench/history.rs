//! The runs so far, in a folder that the user names: `bench.json`, and `bench.md` for people.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::measure::{Figures, Rate};
use crate::failure::Failure;
use crate::local::Destination;

/// The version of the form of `bench.json`.
const SCHEMA: u32 = 1;

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it ended.
    pub time: String,
    /// The version of this program.
    pub mpr: String,
    /// The link, as the user named it or as it was found.
    pub device: String,
    /// What the board is: `micropython 1.23.0 on rp2`.
    pub board: String,
    /// What was measured.
    pub figures: Figures,
}

#[derive(Debug, Serialize, Deserialize)]
struct Runs {
    schema: u32,
    runs: Vec<Entry>,
}

/// A folder with the runs so far.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    runs: Vec<Entry>,
}

impl History {
    /// Reads the runs of a folder, which is made if need be.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let failure =
            |path: &Path, error: &io::Error| Failure::local("bench", &path.display().to_string(), error);
        fs::create_dir_all(folder).map_err(|error| failure(folder, &error))?;
        let path = folder.join("bench.json");
        let runs = match fs::read(&path) {
            Ok(text) => match serde_json::from_slice::<Runs>(&text) {
                Ok(Runs { schema: SCHEMA, runs }) => runs,
                Ok(Runs { schema, .. }) => return Err(foreign(&path, &format!("its schema is {schema}"))),
                Err(error) => return Err(foreign(&path, &error.to_string())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failure(&path, &error)),
        };
        Ok(History { folder: folder.to_owned(), runs })
    }

    /// The last run with the same board on the same link.
    pub fn last(&self, entry: &Entry) -> Option<&Entry> {
        self.runs.iter().rev().find(|run| run.device == entry.device && run.board == entry.board)
    }

    /// Adds a run and writes both files, each whole or not at all.
    pub fn add(mut self, entry: Entry) -> Result<(), Failure> {
        let page = page(&entry, self.last(&entry), &self.runs);
        self.runs.push(entry);
        let runs = Runs { schema: SCHEMA, runs: self.runs };
        let json = serde_json::to_string_pretty(&runs)
            .map_err(|error| Failure::usage(format!("bench: cannot write JSON: {error}")))?;
        for (name, text) in [("bench.json", json + "\n"), ("bench.md", page)] {
            let path = self.folder.join(name);
            let write = || {
                let mut file = Destination::create(&path)?;
                file.write_all(text.as_bytes())?;
                file.commit()
            };
            write().map_err(|error| Failure::local("bench", &path.display().to_string(), &error))?;
        }
        Ok(())
    }
}

fn foreign(path: &Path, why: &str) -> Failure {
    let path = path.display().to_string();
    Failure::usage(format!("bench: `{path}` is not a history of this program"))
        .cause(why)
        .hint(format!("`mv {0} {0}.old` makes room for a new one", crate::hints::shell_word(&path)))
}

/// The figures with their names and units.
pub fn rows(figures: &Figures) -> [(&'static str, String, Option<f64>); 8] {
    let rate = |name, rate: &Rate| match rate {
        Rate::Measured { bytes_per_second, .. } => {
            (name, format!("{} KB/s", short(bytes_per_second / 1000.0)), Some(*bytes_per_second))
        }
        Rate::Unknown(_) => (name, "not measurable".to_owned(), None),
    };
    let round_trip = figures.round_trip;
    [
        ("round trip", format!("{} ms", short(1000.0 * round_trip)), Some(round_trip)),
        rate("link to the board", &figures.link_to_board),
        rate("link from the board", &figures.link_from_board),
        rate("flash, writing", &figures.flash_write),
        rate("flash, reading", &figures.flash_read),
        rate("SHA-256", &figures.hash),
        rate("copy to the board", &figures.copy_to_board),
        rate("copy from the board", &figures.copy_from_board),
    ]
}

/// Three digits or so.
fn short(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// By how much a figure changed.
pub fn change(now: Option<f64>, before: Option<f64>) -> String {
    match (now, before) {
        (Some(now), Some(before)) if before > 0.0 => format!("{:+.0} %", 100.0 * (now / before - 1.0)),
        _ => String::new(),
    }
}

fn page(entry: &Entry, last: Option<&Entry>, older: &[Entry]) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut out = format!(
        "# Measurements\n\nWritten by `mpr bench --history`; figures are medians. {} on `{}`, {}, mpr {}.\n\n",
        cell(&entry.board),
        entry.device,
        entry.time,
        entry.mpr
    );
    let before = last.map_or_else(|| "last run".to_owned(), |last| format!("last run ({})", last.time));
    out += &format!("| figure | this run | {before} | change |\n|---|---:|---:|---:|\n");
    let last_rows = last.map(|last| rows(&last.figures));
    for (at, (name, text, value)) in rows(&entry.figures).into_iter().enumerate() {
        let (then, was) = match &last_rows {
            Some(rows) => (rows[at].1.as_str(), rows[at].2),
            None => ("", None),
        };
        out += &format!("| {name} | {text} | {then} | {} |\n", change(value, was));
    }
    out += "\n## All runs\n\n| time | board | device |";
    let names = rows(&entry.figures).map(|(name, ..)| name);
    names.iter().for_each(|name| out += &format!(" {name} |"));
    out += &format!("\n|---|---|---|{}\n", "---:|".repeat(names.len()));
    for run in std::iter::once(entry).chain(older.iter().rev()) {
        out += &format!("| {} | {} | {} |", run.time, cell(&run.board), cell(&run.device));
        rows(&run.figures).iter().for_each(|(_, text, _)| out += &format!(" {text} |"));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_relative() {
        assert_eq!(change(Some(110.0), Some(100.0)), "+10 %");
        assert_eq!(change(Some(50.0), Some(100.0)), "-50 %");
        assert_eq!(change(Some(1.0), None), "");
        assert_eq!(change(Some(1.0), Some(0.0)), "");
        assert_eq!(
            (short(1234.5), short(12.34), short(1.234)),
            ("1234".into(), "12.3".into(), "1.23".into())
        );
    }
}
