//! The Python tools that `mpr` is compared with, each set in an environment of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::paths;
use crate::run::{Result, run};

/// Makes `target/venv`, which tests use, from `tests/devices/requirements.txt` unless it is there.
pub fn install() -> Result {
    environment(&paths::venv(), "requirements.txt")
}

/// Makes `target/venv-bench`, which measurements use, from `tests/devices/requirements-bench.txt` unless it is there.
pub fn install_for_bench() -> Result {
    environment(&paths::bench_venv(), "requirements-bench.txt")
}

fn environment(venv: &Path, list: &str) -> Result {
    let requirements = paths::root().join("tests/devices").join(list);
    let wanted = fs::read(&requirements).map_err(|e| format!("error: {list}: {e}"))?;
    let done = venv.join("requirements.txt");
    if fs::read(&done).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    run(Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg("--requirement")
        .arg(&requirements))?;
    fs::write(&done, wanted).map_err(|e| format!("error: `{}`: {e}", done.display()))
}
