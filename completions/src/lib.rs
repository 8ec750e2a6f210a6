//! The files that a package of `mpr` installs beside it: completion scripts and manual pages.
//!
//! All of them come from what `mpr` itself knows, so they are written by a program (`cargo xtask completions`) and kept in this
//! folder; a test fails when they differ from what would be written.

mod page;

use std::path::PathBuf;

use mpr_cli::{Shell, manual};

/// A file of this folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path in the folder, such as `man/mpr-cp.1`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// All files.
pub fn files() -> Vec<File> {
    let scripts = Shell::ALL
        .into_iter()
        .map(|shell| File { path: shell.file_name().to_owned(), text: shell.script().to_owned() });
    let commands = manual::commands();
    let overview = manual::overview();
    let mut files: Vec<File> = scripts.collect();
    files.push(man(&overview.name, page::overview(&overview, &manual::lists())));
    files.extend(commands.iter().map(|page| man(&page.name, page::command(page))));
    files
}

fn man(name: &str, text: String) -> File {
    File { path: format!("man/{name}.1"), text }
}

/// The folder that holds the files: this package's.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
