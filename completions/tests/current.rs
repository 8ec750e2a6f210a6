//! The files in this folder are those that would be written now, and `man` shows them without a complaint.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use mpr_completions::{files, folder};

#[test]
fn files_are_current() {
    for file in files() {
        let kept = fs::read_to_string(folder().join(&file.path)).unwrap_or_default();
        assert!(kept == file.text, "completions/{} is out of date: run `cargo xtask completions`", file.path);
    }
}

#[test]
fn there_are_no_pages_of_commands_that_are_no_more() {
    let written: BTreeSet<String> = files().into_iter().map(|file| file.path).collect();
    for entry in fs::read_dir(folder().join("man")).expect("the manual is there") {
        let name = entry.expect("an entry can be read").file_name().into_string().expect("names are text");
        assert!(written.contains(&format!("man/{name}")), "completions/man/{name} is of no command");
    }
}

#[test]
fn pages_have_no_mistakes() {
    let pages: Vec<_> = files().into_iter().filter(|file| file.path.starts_with("man/")).collect();
    assert!(pages.len() > 20, "{}", pages.len());
    for page in pages {
        let path = folder().join(&page.path);
        let mandoc = Command::new("mandoc").args(["-Tlint", "-Wwarning"]).arg(&path).output();
        let mandoc = mandoc.expect("`mandoc` is there: `cargo xtask setup` installs it");
        let said = String::from_utf8_lossy(&mandoc.stdout) + String::from_utf8_lossy(&mandoc.stderr);
        assert!(mandoc.status.success() && said.is_empty(), "{said}");
        let groff = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(&path).output();
        let groff = groff.expect("`groff` is there: `cargo xtask setup` installs it");
        assert!(
            groff.status.success() && groff.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&groff.stderr)
        );
    }
}

#[test]
fn a_page_says_what_help_says() {
    let shown = Command::new("mandoc").args(["-Tutf8"]).arg(folder().join("man/mpr-cp.1")).output();
    let shown = shown.expect("`mandoc` is there: `cargo xtask setup` installs it");
    // Bold is a letter, a backspace and the letter again.
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    let mut plain = String::new();
    for letter in text.chars() {
        if letter == '\u{8}' {
            plain.pop();
        } else {
            plain.push(letter);
        }
    }
    for expected in ["mpr-cp - copy files to, from and on the device", "mpr cp", "--recursive", "--timeout"] {
        assert!(plain.contains(expected), "no {expected:?} in:\n{plain}");
    }
}
