//! `romfs`: read-only files that a device reads where they lie.
//!
//! - `query`: what the device's partitions hold.
//! - `build`: makes an image of a folder; `tree` reads the folder.
//! - `deploy`: writes an image to a partition.

mod build;
mod deploy;
mod query;
mod tree;

use clap::{ArgMatches, Args, FromArgMatches};

use super::Run;
use crate::chain;
use crate::failure::Failure;

/// What `romfs` does.
const COMMANDS: [&str; 3] = ["query", "build", "deploy"];

/// Arguments of `romfs`.
#[derive(Debug, Args)]
pub struct Romfs {
    /// query: show the partitions; build: make an image of a folder; deploy: write an image (.romfs, .img) or a folder to a
    /// partition
    #[arg(value_name = "CMD")]
    command: String,
    /// Folder, or for deploy an image
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// Number of the partition
    #[arg(short, long, value_name = "N", default_value_t = 0)]
    partition: u32,
    /// Image to write (default: the folder's name and .romfs)
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    /// Compile modules (.py) with mpy-cross, which must be there (default: if it is there)
    #[arg(short, long, overrides_with = "no_mpy")]
    mpy: bool,
    /// Leave modules as they are
    #[arg(long, overrides_with = "mpy")]
    no_mpy: bool,
}

/// Whether modules are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compile {
    /// They are, or the command fails.
    Always,
    /// They are if the compiler is there.
    IfPossible,
    /// They stay as they are.
    Never,
}

impl Romfs {
    fn compile(&self) -> Compile {
        match (self.mpy, self.no_mpy) {
            (_, true) => Compile::Never,
            (true, _) => Compile::Always,
            _ => Compile::IfPossible,
        }
    }
}

/// Reads the words of `romfs`, so that a wrong one shows before anything runs.
///
/// # Errors
/// A usage failure.
pub fn build(name: &str, matches: &ArgMatches) -> Result<Box<dyn Run>, Failure> {
    let words =
        Romfs::from_arg_matches(matches).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let compile = words.compile();
    let missing = |command: &str| {
        Failure::usage(format!("romfs {command}: source path not given"))
            .hint(format!("`mpr romfs {command} FOLDER` takes the files of a folder"))
    };
    match (words.command.as_str(), words.path) {
        ("query", None) => Ok(Box::new(query::Query {})),
        ("query", Some(path)) => Err(Failure::usage(format!("romfs query: unexpected word `{path}`"))
            .hint("a `+` ends the command: `mpr romfs query + ls`")),
        ("build", Some(path)) => Ok(Box::new(build::Build { path, output: words.output, compile })),
        ("deploy", Some(path)) => Ok(Box::new(deploy::Deploy { path, partition: words.partition, compile })),
        (command @ ("build" | "deploy"), None) => Err(missing(command)),
        (command, _) => {
            let failure = Failure::usage(format!("romfs: '{command}' is not a command"));
            Err(match chain::nearest_of(command, COMMANDS) {
                Some(near) => failure.hint(format!("did you mean `mpr romfs {near}`?")),
                None => failure.hint("`mpr romfs --help` lists its commands"),
            })
        }
    }
}

/// A failure with the words that mpremote has for it.
fn refused(text: impl std::fmt::Display) -> Failure {
    Failure::refused(format!("romfs: {text}"))
}
