//! Where the programs and firmware files are. A missing one panics with the command that brings it.

use std::env;
use std::path::{Path, PathBuf};

const SETUP: &str = "cargo xtask setup";
const BUILD: &str = "cargo build -p mpr -p mpr-sim";

/// The folder of the running test's cargo profile, such as `target/debug`.
fn profile_dir() -> PathBuf {
    let test = env::current_exe().expect("the test knows its own path");
    let deps = test.parent().expect("the test binary is in a folder").to_owned();
    if deps.ends_with("deps") {
        deps.parent().expect("deps is inside a profile folder").to_owned()
    } else {
        deps
    }
}

/// Cargo's target folder.
#[must_use]
pub fn target_dir() -> PathBuf {
    profile_dir().parent().expect("a profile folder is inside the target folder").to_owned()
}

fn existing(path: PathBuf, what: &str, command: &str) -> PathBuf {
    assert!(path.exists(), "{what} is missing at `{}`: run `{command}`", path.display());
    path
}

fn from_env(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from)
}

/// The built `mpr`: `MPR_BIN`, or beside the tests.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn mpr_program() -> PathBuf {
    let path = from_env("MPR_BIN").unwrap_or_else(|| profile_dir().join("mpr"));
    existing(path, "the program `mpr`", BUILD)
}

/// The built `mpr-sim`: `MPR_SIM`, or beside the tests.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn sim_program() -> PathBuf {
    let path = from_env("MPR_SIM").unwrap_or_else(|| profile_dir().join("mpr-sim"));
    existing(path, "the simulated board `mpr-sim`", BUILD)
}

/// The stock micro:bit firmware: `MPR_MICROBIT_HEX`, or Debian's.
pub(crate) fn microbit_firmware() -> PathBuf {
    let debian = "/usr/share/firmware-microbit-micropython/firmware.hex";
    let path = from_env("MPR_MICROBIT_HEX").unwrap_or_else(|| debian.into());
    existing(path, "the micro:bit's firmware", SETUP)
}

/// The Python with the tools of `tests/devices/requirements.txt`: `MPR_PYTHON`, or in the target folder.
///
/// # Panics
/// When it has not been installed.
#[must_use]
pub fn python_program() -> PathBuf {
    let path = from_env("MPR_PYTHON").unwrap_or_else(|| target_dir().join("venv/bin/python"));
    existing(path, "Python with the reference tools", SETUP)
}

/// The npm package of MicroPython for WebAssembly: `MPR_WASM_PACKAGE`, or in the target folder.
pub(crate) fn wasm_package() -> PathBuf {
    let path = from_env("MPR_WASM_PACKAGE").unwrap_or_else(|| {
        target_dir().join("devices/node_modules/@micropython").join("micropython-webassembly-pyscript")
    });
    existing(path, "MicroPython for WebAssembly", SETUP)
}

/// The npm package that drives the browser: `MPR_BROWSER_PACKAGE`, or in the target folder.
///
/// # Panics
/// When it has not been installed.
#[must_use]
pub fn browser_package() -> PathBuf {
    let path = from_env("MPR_BROWSER_PACKAGE")
        .unwrap_or_else(|| target_dir().join("browser/node_modules/playwright-core"));
    existing(path, "playwright-core, which drives the browser,", SETUP)
}

/// A suite of filesystem tests: in the folder `MPR_SUITES`, or in the target folder.
///
/// # Panics
/// When it has not been installed.
#[must_use]
pub fn suite_program(name: &str) -> PathBuf {
    let folder = from_env("MPR_SUITES").unwrap_or_else(|| target_dir().join("suites/bin"));
    existing(folder.join(name), name, SETUP)
}

/// The script that makes a board of that package.
pub(crate) fn wasm_script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("devices/wasm/board.mjs")
}

/// A program of the system, found on `PATH`.
///
/// # Panics
/// When it has not been installed.
#[must_use]
pub fn system_program(name: &str) -> PathBuf {
    let paths = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&paths).map(|dir| dir.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("the program `{name}` is missing: run `{SETUP}`"))
}
