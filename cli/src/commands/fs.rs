//! `fs CMD`: the file commands by their long name, and what they have in common.

use clap::{Arg, ArgAction, Args, Command};
use mpr_protocol::{Device, Error};
use serde::Serialize;

use super::{Entry, Group};
use crate::chain;
use crate::failure::Failure;
use crate::options::Anywhere;
use crate::session::Session;

/// The word that stands before a file command, if it wants.
pub const NAME: &str = "fs";

/// What `fs` does.
pub const ABOUT: &str = "run a file command on the device";

/// Options of every file command. Those that mean nothing to a command are understood all the same, as in mpremote.
#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Print the operation before its result (the default, except for cat)
    #[arg(short, long, overrides_with = "no_verbose")]
    verbose: bool,
    /// Print the result only
    #[arg(long, overrides_with = "verbose")]
    no_verbose: bool,
    /// Take directories with all that they hold
    #[arg(short, long, overrides_with = "no_recursive")]
    pub recursive: bool,
    #[arg(long, overrides_with = "recursive", hide = true)]
    no_recursive: bool,
    /// Copy files that are the same already, too
    #[arg(short, long, overrides_with = "no_force")]
    pub force: bool,
    #[arg(long, overrides_with = "force", hide = true)]
    no_force: bool,
    /// Show sizes in bytes
    #[arg(short, long, overrides_with = "human")]
    pub size: bool,
    /// Show sizes for people
    #[arg(short = 'h', long, overrides_with = "size")]
    pub human: bool,
}

impl Options {
    /// Whether the operation is printed before its result.
    pub fn headline(&self) -> bool {
        !self.no_verbose
    }

    /// Whether `--verbose` was asked for by name.
    pub fn verbose(&self) -> bool {
        self.verbose
    }
}

/// Hides the family's options that mean nothing to a command.
pub fn hide_options(grammar: Command, shown: &[&str]) -> Command {
    ["recursive", "force", "size", "human"]
        .into_iter()
        .filter(|name| !shown.contains(name))
        .fold(grammar, |grammar, name| grammar.mut_arg(name, |arg| arg.hide(true)))
}

/// Finds the command after `fs`, and puts the options before it behind it. Gives help instead if that was asked for.
///
/// # Errors
/// When the word is no file command, or there is none.
pub fn subcommand(rest: &mut Vec<String>) -> Result<Result<(String, &'static Entry), String>, Failure> {
    let (taken, missing) = chain::take(NAME, &word_grammar(), rest)?;
    if taken.help {
        return Ok(Err(render_help()));
    }
    let Some(name) = taken.positional.first().cloned() else {
        let missing = missing.unwrap_or_default();
        return Err(Failure::usage(format!("fs: missing argument {missing}"))
            .hint("`mpr fs --help` lists the file commands"));
    };
    let entry =
        super::find(&name).filter(|entry| entry.group == Group::Files).ok_or_else(|| unknown(&name))?;
    rest.splice(..taken.used, taken.options);
    Ok(Ok((name, entry)))
}

/// The grammar up to the command's word.
pub fn word_grammar() -> Command {
    chain::finished(grammar(&[]))
}

/// The grammar up to the command's word, and what may follow it.
fn grammar(more: &[Arg]) -> Command {
    let names: Vec<&str> = super::group(Group::Files).map(|entry| entry.name).collect();
    let command =
        Arg::new("command").value_name("CMD").required(true).help(format!("One of {}", names.join(", ")));
    let grammar = Command::new(NAME).bin_name("mpr fs").arg(command).args(more);
    Anywhere::augment_args(Options::augment_args(grammar)).about(ABOUT)
}

/// Help for `fs`.
pub fn render_help() -> String {
    chain::render_help(help_grammar())
}

/// The grammar with what may follow the command's word.
pub fn help_grammar() -> Command {
    let paths =
        Arg::new("paths").value_name("PATH").action(ArgAction::Append).num_args(0..).help("As CMD wants");
    chain::finished(grammar(&[paths]))
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::usage(format!("fs: `{name}` is not a file command"));
    match chain::nearest_of(name, super::group(Group::Files).map(|entry| entry.name)) {
        Some(near) => failure.hint(format!("did you mean `mpr fs {near}`?")),
        None => failure.hint("`mpr fs --help` lists them"),
    }
}

/// A path on the board without the colon that may mark it.
pub fn board_path(path: &str) -> &str {
    path.strip_prefix(':').unwrap_or(path)
}

/// The paths on the board, or the current directory when there is none.
pub fn paths_or_current(paths: &[String]) -> Vec<&str> {
    match paths {
        [] => vec![""],
        paths => paths.iter().map(|path| board_path(path)).collect(),
    }
}

/// An operation on one path, as JSON.
#[derive(Debug, Serialize)]
pub struct PathDone<'a> {
    /// The board's path with its colon.
    path: &'a str,
}

/// Does one operation per path: prints `NAME :PATH`, does it, and reports it.
pub fn each_path(
    name: &str,
    options: &Options,
    paths: &[String],
    session: &mut Session<'_>,
    operation: fn(&mut Device, &str) -> Result<(), Error>,
) -> Result<(), Failure> {
    let printer = session.printer();
    for path in paths.iter().map(|path| board_path(path)) {
        let shown = format!(":{path}");
        if options.headline() {
            printer.headline(&format!("{name} {shown}"))?;
        }
        operation(session.device()?, path).map_err(|error| Failure::device_at(name, path, error))?;
        printer.json(name, &PathDone { path: &shown })?;
    }
    Ok(())
}
