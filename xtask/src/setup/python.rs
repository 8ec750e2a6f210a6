//! The Python tools that `mpr` is compared with, at the versions of `tests/devices/requirements.txt`.

use std::fs;
use std::process::Command;

use crate::paths;
use crate::run::{Result, run};

/// Makes `target/venv` unless it is there.
pub fn install() -> Result {
    let requirements = paths::root().join("tests/devices/requirements.txt");
    let wanted = fs::read(&requirements).map_err(|e| format!("error: requirements.txt: {e}"))?;
    let venv = paths::venv();
    let done = venv.join("requirements.txt");
    if fs::read(&done).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    run(Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .arg("--requirement")
        .arg(&requirements))?;
    fs::write(&done, wanted).map_err(|e| format!("error: `{}`: {e}", done.display()))
}
