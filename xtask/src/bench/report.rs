//! `docs/PERFORMANCE.md`: an introduction, and sections of one table each. A run of some rows leaves the others as they are.

use std::fmt::Write;
use std::time::Duration;

/// Which rows are measured, and how often.
#[derive(Debug, Default)]
pub struct Choice {
    /// Only rows whose section and name contain this.
    pub only: Option<String>,
    /// No more rounds than this.
    pub rounds: Option<usize>,
}

impl Choice {
    /// Whether this row is to be measured.
    pub fn wants(&self, section: &str, row: &str) -> bool {
        let name = format!("{section}: {row}").to_lowercase();
        self.only.as_ref().is_none_or(|only| name.contains(&only.to_lowercase()))
    }

    /// Rounds, if a full run has so many.
    pub fn rounds(&self, full: usize) -> usize {
        self.rounds.map_or(full, |rounds| rounds.clamp(1, full))
    }
}

/// A section with its table.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What must be known to read the table.
    pub text: String,
    /// The names of the columns; the first one's cells name rows. All others hold numbers, but for the last, `met`.
    pub columns: &'static [&'static str],
    /// What was measured now.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The other cells.
    pub cells: Vec<String>,
    /// Whether its goal is met, if it has one.
    pub met: Option<bool>,
}

impl Row {
    fn line(&self) -> String {
        let met = match self.met {
            None => "",
            Some(true) => "yes",
            Some(false) => "**no**",
        };
        format!("| {} | {} | {met} |", self.name, self.cells.join(" | "))
    }
}

/// Milliseconds, as they are shown.
pub fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

/// How many times faster, as it is shown.
pub fn times(ratio: f64) -> String {
    format!("{ratio:.1}")
}

const INTRODUCTION: &str = "\
# Performance

Written by `cargo xtask bench`; run it again rather than believe absolute times, which are those of one machine. `cargo xtask bench
--only PATTERN` measures the rows whose section and name contain the pattern (`--only 'Line of 115200 baud, 5 ms: put'`), and leaves the others as
they are; `--rounds N` measures less often.

`mpr` is compared with mpremote 1.29.0 and mpytool 2.6.0, in turns, on the same board in the same run. Times are medians of whole commands,
connecting included. The column `rounds` says of how many: after one to warm up; commands over 5 s less often and without it, those over 15 s once.

The board is `mpr-sim` (release build), if nothing else is said. mpremote sleeps 10 ms whenever no byte waits, but takes a
faster way for ports whose name begins with `/dev/pts`; all tools open the PTY through a symbolic link with another
name, so that mpremote works as it does on a serial port. Files are 100 KB (102400 bytes); `text` is Python source (CPython's
`argparse.py`), `random` does not compress. Whatever is copied is compared with the original.
";

/// The whole document: the old one with what was measured now in its place. Sections that are no longer measured go away.
pub fn merge(old: &str, sections: &[Section], is_whole: bool) -> String {
    let mut text = INTRODUCTION.to_owned();
    for section in sections {
        let before = if is_whole { Vec::new() } else { old_rows(old, section) };
        let rows = merged(&before, &section.rows);
        if rows.is_empty() {
            continue;
        }
        let columns = section.columns;
        let line = "writing to a String succeeds";
        writeln!(text, "\n## {}\n\n{}", section.title, section.text.trim_end()).expect(line);
        writeln!(text, "\n| {} |", columns.join(" | ")).expect(line);
        let numbers = "---:|".repeat(columns.len().saturating_sub(2));
        writeln!(text, "|---|{numbers}---|").expect(line);
        for row in rows {
            writeln!(text, "{row}").expect(line);
        }
    }
    text
}

/// The lines of a section's table as they stand, if it has the same columns.
fn old_rows<'a>(old: &'a str, section: &Section) -> Vec<&'a str> {
    let heading = format!("## {}", section.title);
    let header = format!("| {} |", section.columns.join(" | "));
    let lines = old.lines().skip_while(|line| *line != heading).skip(1);
    let table = lines.take_while(|line| !line.starts_with("## ")).skip_while(|line| *line != header);
    table.skip(2).take_while(|line| line.starts_with('|')).collect()
}

/// New rows in the place of old ones of the same name, or behind them.
fn merged(before: &[&str], rows: &[Row]) -> Vec<String> {
    let is_of = |line: &str, row: &Row| line.starts_with(&format!("| {} |", row.name));
    let mut lines: Vec<String> = before
        .iter()
        .map(|line| match rows.iter().find(|row| is_of(line, row)) {
            Some(row) => row.line(),
            None => (*line).to_owned(),
        })
        .collect();
    let new = rows.iter().filter(|row| !before.iter().any(|line| is_of(line, row)));
    lines.extend(new.map(Row::line));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(rows: &[(&str, &str, Option<bool>)]) -> Section {
        let rows = rows.iter().map(|(name, value, met)| Row {
            name: (*name).to_owned(),
            cells: vec![(*value).to_owned()],
            met: *met,
        });
        Section {
            title: "Line",
            text: "About it.".into(),
            columns: &["work", "mpr", "met"],
            rows: rows.collect(),
        }
    }

    #[test]
    fn a_part_replaces_its_rows_only() {
        let first = section(&[("put", "1", Some(true)), ("put more", "2", None)]);
        let other = Section { title: "Other", ..section(&[("put", "7", None)]) };
        let text = merge("", &[first, other.clone()], true);
        let part = section(&[("put", "3", Some(false)), ("get", "4", None)]);
        let nothing = Section { rows: Vec::new(), ..other };
        let text = merge(&text, &[part.clone(), nothing.clone()], false);
        let (_, tables) = text.split_once("## Line").expect("the section is there");
        assert_eq!(
            tables,
            "\n\nAbout it.\n\n| work | mpr | met |\n|---|---:|---|\n| put | 3 | **no** |\n| put more | 2 |  |\n| get | 4 |  |\n\
             \n## Other\n\nAbout it.\n\n| work | mpr | met |\n|---|---:|---|\n| put | 7 |  |\n"
        );
        let text = merge(&text, &[part, nothing], true);
        assert!(!text.contains("put more") && !text.contains("## Other"), "{text}");
    }

    #[test]
    fn a_pattern_chooses_rows_by_section_and_name() {
        let choice = Choice { only: Some("line: PUT".into()), rounds: Some(3) };
        assert!(choice.wants("Line", "put 100 KB") && !choice.wants("Line", "get 100 KB"));
        assert_eq!((choice.rounds(15), choice.rounds(2), Choice::default().rounds(15)), (3, 2, 15));
    }
}
