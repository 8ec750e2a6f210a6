//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// The workspace's root.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("this package is inside the workspace").to_owned()
}

/// Cargo's target folder: this program runs from `TARGET/PROFILE/xtask`.
pub fn target() -> PathBuf {
    let program = env::current_exe().expect("a program knows its own path");
    let profile = program.parent().expect("a program is in a folder");
    profile.parent().expect("a profile folder is in the target folder").to_owned()
}

/// Node packages that are boards in tests.
pub fn devices() -> PathBuf {
    target().join("devices")
}

/// Node packages that drive a browser in tests.
pub fn browser() -> PathBuf {
    target().join("browser")
}

/// Suites of filesystem tests, with a folder `bin`.
pub fn suites() -> PathBuf {
    target().join("suites")
}

/// Python packages: the tool whose results tests compare with those of `mpr`.
pub fn venv() -> PathBuf {
    target().join("venv")
}

/// Python packages: the tool whose times are measured beside those of `mpr`.
pub fn bench_venv() -> PathBuf {
    target().join("venv-bench")
}

/// A program found on `PATH`.
pub fn program(name: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths).map(|dir| dir.join(name)).find(|path| path.is_file())
}
