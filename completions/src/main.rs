//! Writes the files, and removes manual pages of commands that are no more.

use std::fs;
use std::process::ExitCode;

use mpr_completions::{files, folder};

fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), String> {
    let man = folder().join("man");
    // Only what this program has written is in it.
    let _ = fs::remove_dir_all(&man);
    fs::create_dir_all(&man).map_err(|error| format!("`{}`: {error}", man.display()))?;
    for file in files() {
        let path = folder().join(&file.path);
        fs::write(&path, file.text).map_err(|error| format!("`{}`: {error}", path.display()))?;
    }
    Ok(())
}
