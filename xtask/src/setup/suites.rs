//! Tests of filesystems that others wrote, from crates.io.

use std::fs;

use crate::paths;
use crate::run::{Result, cargo, run};

/// Crates and their versions.
const SUITES: [(&str, &str); 2] = [("fsx", "0.3.2"), ("pjdfstest", "0.2.2")];

/// Installs them into `target/suites` unless they are there.
pub fn install() -> Result {
    let folder = paths::suites();
    // Cargo notes here what it has installed.
    let notes = fs::read_to_string(folder.join(".crates.toml")).unwrap_or_default();
    let missing: Vec<String> = SUITES
        .iter()
        .filter(|(name, version)| !notes.contains(&format!("\"{name} {version} ")))
        .map(|(name, version)| format!("{name}@{version}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    // What they test is slower than they are, optimized or not.
    run(cargo(["install", "--debug", "--locked", "--root"]).arg(folder).args(missing))
}
