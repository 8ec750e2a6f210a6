//! The same command lines by `mpr` and by mpremote, on boards of the same kind with the same files beside them: exit code,
//! standard output, what the error means, and all files on the board and on this machine afterwards.
//!
//! `lines/*.txt` are the lines; where the tools differ, what each of them does stands below the line, under the name that
//! `docs/MPREMOTE.md` gives the difference. After a change on purpose, `MPR_RECORD=1` writes the files anew (with `?` for
//! a difference that has no name yet).

mod lines;
mod meaning;
mod pair;

use std::collections::BTreeSet;

use lines::{Line, Sheet};
use mpr_tests::Kind;
use pair::Pair;

/// The sheets and the kind of board for each.
const SHEETS: [(&str, Kind); 13] = [
    ("board", Kind::SimPty),
    ("boards-microbit", Kind::Microbit),
    ("boards-wasm", Kind::Wasm),
    ("connect", Kind::SimPty),
    ("cp", Kind::SimPty),
    ("cp-tree", Kind::SimPty),
    ("files", Kind::SimPty),
    ("mip", Kind::SimPty),
    ("mount", Kind::SimPty),
    ("programs", Kind::SimPty),
    ("rm", Kind::SimPty),
    ("tree", Kind::SimPty),
    ("words", Kind::SimPty),
];

/// Runs a sheet's lines one after the other by both tools.
fn compare(name: &str) {
    let (_, kind) = SHEETS.into_iter().find(|(sheet, _)| *sheet == name).expect("the sheet is listed");
    let mut sheet = Sheet::read(name);
    let record = std::env::var_os("MPR_RECORD").is_some();
    let mut pair = Pair::new(kind);
    let mut wrong = Vec::new();
    for line in &mut sheet.lines {
        let (found, files_differ) = pair.run(line);
        if found != line.results {
            let shown =
                |results: &[String]| results.iter().map(|text| format!("    {text}\n")).collect::<String>();
            wrong.push(format!(
                "$ {}\n  found:\n{}  expected:\n{}",
                line.text,
                shown(&found),
                shown(&line.results)
            ));
            if record {
                line.record(found);
            }
        }
        if files_differ {
            // What follows starts from the same files again.
            pair = Pair::new(kind);
        }
    }
    if record {
        sheet.write();
    } else {
        assert!(
            wrong.is_empty(),
            "{} lines of `{name}` differ otherwise:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

macro_rules! sheets {
    ($($test:ident $name:literal),+ $(,)?) => {
        $(#[test]
        fn $test() {
            compare($name);
        })+

        #[test]
        fn every_sheet_is_compared() {
            assert_eq!(SHEETS.map(|(name, _)| name), [$($name),+]);
        }
    };
}

sheets! {
    the_boards_functions "board",
    on_a_microbit "boards-microbit",
    on_webassembly "boards-wasm",
    connections "connect",
    copies "cp",
    copies_of_folders "cp-tree",
    file_commands "files",
    packages "mip",
    mounted_folders "mount",
    programs "programs",
    removals "rm",
    trees "tree",
    wrong_words "words",
}

fn all_lines() -> Vec<Line> {
    SHEETS.into_iter().flat_map(|(name, _)| Sheet::read(name).lines).collect()
}

#[test]
fn every_difference_has_its_reason_in_the_document() {
    let used: BTreeSet<String> = all_lines().into_iter().filter_map(|line| line.difference).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/MPREMOTE.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let (_, table) = text.split_once("\n## Differences by name\n").expect("the table of differences");
    let rows = table.lines().filter_map(|row| row.strip_prefix("| `")?.split_once("` | "));
    let mut explained = BTreeSet::new();
    for (name, reason) in rows {
        assert!(reason.trim_end_matches(['|', ' ']).len() > 10, "`{name}` has a reason");
        assert!(explained.insert(name.to_owned()), "`{name}` is there twice");
    }
    assert_eq!(used, explained, "left: in the lines; right: in the document");
}

#[test]
fn there_are_enough_different_lines() {
    let lines: BTreeSet<String> = all_lines().into_iter().map(|line| line.text).collect();
    assert!(lines.len() >= 200, "{}", lines.len());
}
