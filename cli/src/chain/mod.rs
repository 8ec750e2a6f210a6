//! A command line: several commands in a row, parsed whole before any of them runs.

mod expand;
mod nearest;
pub mod words;

#[cfg(test)]
mod tests;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, Command, FromArgMatches};

pub use expand::{expand, port_words, shortcuts};

use crate::commands::{self, Entry, Group, Run, fs};
use crate::failure::Failure;
use crate::options::{Anywhere, Globals};
use words::{END, GLOBALS, Taken, WordError};

/// Commands of mpremote, and of this tool's plan, that this version does not have.
const NOT_YET: &[&str] = &["romfs"];

/// A parsed command line.
#[derive(Debug, Default)]
pub struct Chain {
    /// Options for all of it.
    pub globals: Globals,
    /// The commands in their order.
    pub commands: Vec<Box<dyn Run>>,
}

/// What a command line asks for.
#[derive(Debug)]
pub enum Parsed {
    /// To print this text and do nothing else.
    Help(String),
    /// To run commands.
    Chain(Chain),
}

/// Parses a whole command line. Does no IO.
///
/// # Errors
/// A usage failure for the first word that makes no sense.
pub fn parse(words: &[String]) -> Result<Parsed, Failure> {
    parse_among(words, commands::find)
}

/// The same with other commands: those that `find` knows.
///
/// # Errors
/// As [`parse`].
pub fn parse_among(words: &[String], find: fn(&str) -> Option<&'static Entry>) -> Result<Parsed, Failure> {
    let mut rest = words.to_vec();
    let mut chain = Chain::default();
    while let Some(word) = rest.first().cloned() {
        if word == END || word == "--" {
            rest.remove(0);
        } else if word.starts_with('-') {
            if let Some(text) = parse_globals(&mut rest, &mut chain)? {
                return Ok(Parsed::Help(text));
            }
        } else if let Some(expansion) = expand(&word) {
            rest.splice(..1, expansion);
        } else {
            rest.remove(0);
            let (name, entry) = match word == fs::NAME {
                false => (word.clone(), find(&word).ok_or_else(|| unknown_command(&word))?),
                true => match fs::subcommand(&mut rest)? {
                    Ok(found) => found,
                    Err(help) => return Ok(Parsed::Help(help)),
                },
            };
            if let Some(text) = parse_command(&name, entry, &mut rest, &mut chain)? {
                return Ok(Parsed::Help(text));
            }
        }
    }
    Ok(Parsed::Chain(chain))
}

/// Parses options that stand where a command could. Returns text if help is all that is wanted.
fn parse_globals(rest: &mut Vec<String>, chain: &mut Chain) -> Result<Option<String>, Failure> {
    let grammar = finished(Globals::augment_args(Command::new(GLOBALS)));
    let (taken, _) = take(GLOBALS, &grammar, rest)?;
    if taken.used == 0 {
        let word = &rest[0];
        return Err(explain(GLOBALS, &grammar, WordError::UnknownOption(word.clone(), None)));
    }
    rest.drain(..taken.used);
    let matches = matches(GLOBALS, grammar, taken)?;
    let globals = Globals::from_arg_matches(&matches).map_err(|error| misfit(GLOBALS, &error))?;
    if globals.help {
        return Ok(Some(commands::help::overview()));
    }
    if globals.version {
        chain.commands.push(Box::new(commands::version::Version {}));
    }
    chain.globals.merge(globals);
    Ok(None)
}

/// Parses one command's words. Returns text if help is all that is wanted.
fn parse_command(
    name: &str,
    entry: &Entry,
    rest: &mut Vec<String>,
    chain: &mut Chain,
) -> Result<Option<String>, Failure> {
    let grammar = grammar(name, entry);
    let (taken, missing) = take(name, &grammar, rest)?;
    if taken.help {
        return Ok(Some(render_help(grammar)));
    }
    if let Some(missing) = missing {
        let failure = Failure::usage(format!("{name}: {}", (entry.missing)(&missing)));
        return Err(failure.hint(format!("`mpr {name} --help` says how it is used")));
    }
    rest.drain(..taken.used);
    let matches = matches(name, grammar, taken)?;
    let command = (entry.build)(name, &matches)?;
    let anywhere = Anywhere::from_arg_matches(&matches).map_err(|error| misfit(name, &error))?;
    chain.globals.anywhere.merge(anywhere);
    chain.commands.push(command);
    Ok(None)
}

/// A command's grammar, with the options that are understood everywhere.
pub fn grammar(name: &str, entry: &Entry) -> Command {
    let mut grammar = (entry.grammar)(Command::new(entry.name).bin_name(format!("mpr {name}")));
    if entry.group == Group::Files {
        grammar = fs::hide_options(grammar, entry.options);
    }
    // Last, since a struct of arguments brings its own description along.
    finished(Anywhere::augment_args(grammar).about(entry.about))
}

/// A grammar that is ready to be looked at.
pub fn finished(grammar: Command) -> Command {
    let mut grammar = grammar.disable_help_flag(true).no_binary_name(true);
    grammar.build();
    grammar
}

/// Help for one command.
pub fn render_help(mut grammar: Command) -> String {
    grammar.render_help().to_string()
}

/// Takes a command's words, and names the first positional word that is missing.
pub fn take(name: &str, grammar: &Command, words: &[String]) -> Result<(Taken, Option<String>), Failure> {
    let taken = words::take(grammar, words).map_err(|error| explain(name, grammar, error))?;
    let missing = grammar
        .get_positionals()
        .filter(|arg| arg.is_required_set())
        .nth(taken.positional.len())
        .map(|arg| arg.get_value_names().and_then(|names| names.first()).map_or(arg.get_id().as_str(), |n| n))
        .map(str::to_owned);
    Ok((taken, missing))
}

fn matches(name: &str, grammar: Command, taken: Taken) -> Result<clap::ArgMatches, Failure> {
    grammar.try_get_matches_from(taken.into_words()).map_err(|error| misfit(name, &error))
}

/// A word that is no command.
fn unknown_command(word: &str) -> Failure {
    if NOT_YET.contains(&word) {
        return Failure::usage(format!("`{word}` is not in this version of mpr yet"))
            .hint("`mpr help` lists the commands that are");
    }
    let failure = Failure::usage(format!("`{word}` is not a command"));
    if word.ends_with(".py") {
        return failure.hint(format!("`mpr run {}` runs a program", crate::hints::shell_word(word)));
    }
    match nearest::nearest(word, commands::names()) {
        Some(name) => failure.hint(format!("did you mean `mpr {name}`?")),
        None => failure.hint("`mpr help` lists all commands"),
    }
}

/// A word at a place where only certain words can be.
pub fn nearest_of(word: &str, known: impl IntoIterator<Item = &'static str>) -> Option<String> {
    nearest::nearest(word, known)
}

fn explain(name: &str, grammar: &Command, error: WordError) -> Failure {
    let prefix = if name == GLOBALS { String::new() } else { format!("{name}: ") };
    let help = match name {
        GLOBALS => "`mpr --help` lists the options".to_owned(),
        name => format!("`mpr {name} --help` lists the options"),
    };
    let failure = |text: String| Failure::usage(format!("{prefix}{text}"));
    match error {
        WordError::UnknownOption(word, Some(near)) => {
            failure(format!("unknown option `{word}`")).hint(format!("did you mean `{near}`?"))
        }
        WordError::UnknownOption(word, None) => {
            let failure = failure(format!("unknown option `{word}`"));
            match grammar.get_positionals().next() {
                Some(arg) if arg.get_num_args().is_some() && name != GLOBALS => {
                    failure.hint(format!("{help}; words after `--` are no options"))
                }
                _ => failure.hint(help),
            }
        }
        WordError::Ambiguous(word, several) => {
            let several: Vec<String> = several.iter().map(|name| format!("`{name}`")).collect();
            failure(format!("`{word}` could be {}", several.join(" or "))).hint(help)
        }
        WordError::MissingValue(option) => failure(format!("`{option}` wants a value after it")).hint(help),
        WordError::UnexpectedValue(option) => failure(format!("`{option}` takes no value")).hint(help),
    }
}

/// A word that clap refuses: a value of the wrong kind.
fn misfit(name: &str, error: &clap::Error) -> Failure {
    let option = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(arg)) => arg.split(' ').next().filter(|arg| arg.starts_with('-')),
        _ => None,
    };
    let reason = match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => {
            error.render().to_string().lines().next().unwrap_or("").trim_start_matches("error: ").to_owned()
        }
    };
    let object = option.unwrap_or(name);
    let help = if name == GLOBALS { "mpr --help".to_owned() } else { format!("mpr {name} --help") };
    Failure::usage(format!("{object}: {reason}")).hint(format!("`{help}` says what it may be"))
}
