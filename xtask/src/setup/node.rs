//! npm packages whose versions and hashes are in the folders of `tests/devices`: the WebAssembly board, and what drives a browser.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::paths;
use crate::run::{Result, run};

/// Installs the packages into `target/devices` and `target/browser` unless they are there.
pub fn install() -> Result {
    packages("wasm", &paths::devices())?;
    packages("browser", &paths::browser())
}

/// Those of a folder of `tests/devices`.
fn packages(folder: &str, target: &Path) -> Result {
    let source = paths::root().join("tests/devices").join(folder);
    let lock = "package-lock.json";
    let wanted = fs::read(source.join(lock)).map_err(|e| format!("error: `{lock}`: {e}"))?;
    // npm writes this copy of the lock last.
    let installed = target.join("node_modules/.package-lock.json");
    if fs::read(target.join(lock)).is_ok_and(|have| have == wanted) && installed.exists() {
        return Ok(());
    }
    fs::create_dir_all(target).map_err(|e| format!("error: `{}`: {e}", target.display()))?;
    for file in ["package.json", lock] {
        fs::copy(source.join(file), target.join(file))
            .map_err(|e| format!("error: could not copy `{file}`: {e}"))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    run(npm.current_dir(target))
}
