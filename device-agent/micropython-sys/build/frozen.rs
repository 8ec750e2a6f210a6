//! Frozen modules: `port/manifest.py`, compiled by the source tree's own mpy-cross.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Dirs, tools};

/// Writes `frozen_content.c`.
pub fn generate(dirs: &Dirs) -> Result<(), String> {
    let cross = mpy_cross(dirs)?;
    let output = dirs.out.join("frozen_content.c");
    // The script's own time-stamp check knows nothing of changed flags or qstrs.
    let _ = std::fs::remove_file(&output);
    let _ = std::fs::remove_dir_all(dirs.out.join("frozen_mpy"));
    let wide = tools::env("CARGO_CFG_TARGET_POINTER_WIDTH")? == "64";
    let digits = if wide { 32 } else { 16 };
    let var = |name: &str, dir: &PathBuf| format!("{name}={}", dir.display());
    let mut command = tools::python(&dirs.micropython.join("tools/makemanifest.py"));
    command
        .env("MICROPY_MPYCROSS", &cross)
        .env("MPY_TOOL", dirs.micropython.join("tools/mpy-tool.py"))
        .arg("-o")
        .arg(&output)
        .args(["-v", &var("MPY_DIR", &dirs.micropython), "-v", &var("PORT_DIR", &dirs.port)])
        .args(["-v", "MPY_LIB_DIR=", "-b"])
        .arg(&dirs.out)
        .arg(format!("--mpy-tool-flags=-mlongint-impl=mpz -mmpz-dig-size={digits}"));
    if !wide {
        command.arg("--mpy-cross-flags=-msmall-int-bits=31");
    }
    tools::run("makemanifest.py", command.arg(dirs.port.join("manifest.py")))?;
    start_small(&output)
}

/// The first table of names on the heap has room for twice what this pool says. However many names are frozen, it has to be a
/// small one.
fn start_small(output: &Path) -> Result<(), String> {
    const MARK: &str = ", // allocated entries";
    const ENTRIES: usize = 4;
    let failed = |error: std::io::Error| format!("{}: {error}", output.display());
    let text = std::fs::read_to_string(output).map_err(failed)?;
    let line = text.lines().find(|line| line.ends_with(MARK)).ok_or("no pool of frozen names")?;
    let said: usize =
        line.trim().trim_end_matches(MARK).parse().map_err(|_| "a strange pool of frozen names")?;
    let text = text.replacen(line, &format!("    {}{MARK}", said.min(ENTRIES)), 1);
    std::fs::write(output, text).map_err(failed)
}

/// Builds the cross compiler once per target folder; it is a host program.
fn mpy_cross(dirs: &Dirs) -> Result<PathBuf, String> {
    let build = dirs.out.join("mpy-cross");
    let program = build.join("mpy-cross");
    if !program.is_file() {
        let jobs = std::env::var("NUM_JOBS").unwrap_or_else(|_| "2".into());
        let mut make = Command::new("make");
        // The target's compiler settings must not leak into a program for this machine.
        for name in ["CFLAGS", "CROSS_COMPILE", "MAKEFLAGS", "MFLAGS", "CARGO_MAKEFLAGS", "TARGET"] {
            make.env_remove(name);
        }
        make.env("MICROPY_GIT_TAG", "v1.23.0")
            .args(["-C", &dirs.micropython.join("mpy-cross").to_string_lossy()])
            .arg(format!("BUILD={}", build.display()))
            .arg("CWARN=")
            .arg(format!("-j{jobs}"));
        tools::run("building mpy-cross", &mut make)?;
    }
    Ok(program)
}
