//! Builds MicroPython's C virtual machine as a static library.
//!
//! The source is a pinned download, never part of this repository (see `build/source.rs`). What the port decides (its
//! configuration headers, native modules, interned strings and frozen modules) is read from `../firmware/port`.

#[path = "build/compile.rs"]
mod compile;
#[path = "build/frozen.rs"]
mod frozen;
#[path = "build/generate.rs"]
mod generate;
#[path = "build/port.rs"]
mod port;
#[path = "build/source.rs"]
mod source;
#[path = "build/tools.rs"]
mod tools;

use std::path::PathBuf;

/// Folders that every step works with.
pub struct Dirs {
    /// MicroPython's source tree: `py/`, `shared/`, `tools/`, `mpy-cross/`.
    pub micropython: PathBuf,
    /// The port's configuration: `device-agent/firmware/port`.
    pub port: PathBuf,
    /// C files of this crate.
    pub glue: PathBuf,
    /// Generated files; `genhdr/` below it holds headers.
    pub out: PathBuf,
}

fn main() {
    if let Err(message) = run() {
        eprintln!("error: {message}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let here = PathBuf::from(tools::env("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(tools::env("OUT_DIR")?);
    let dirs = Dirs {
        micropython: source::locate(&out)?,
        port: here.join("../firmware/port").canonicalize().map_err(|e| format!("firmware/port: {e}"))?,
        glue: here.join("c"),
        out,
    };
    for watched in ["build.rs", "build", "c", "../firmware/port", "../agent/mpr_agent.py"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    std::fs::create_dir_all(dirs.out.join("genhdr")).map_err(|e| format!("genhdr: {e}"))?;

    let definitions = port::Definitions::read(&dirs.port)?;
    let compiler = compile::Compiler::new(&dirs)?;
    generate::headers(&dirs, &compiler, &definitions)?;
    frozen::generate(&dirs)?;
    let ids = generate::qstr_ids(&dirs, &compiler)?;
    generate::rust_consts(&dirs, &ids)?;
    compiler.library(&dirs)
}
