//! A command line: several commands in a row, parsed whole before any of them runs.

mod expand;
mod line;
pub mod nearest;
pub mod words;

#[cfg(test)]
mod macro_tests;
#[cfg(test)]
mod tests;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, Command, FromArgMatches};

pub use expand::{Expanded, Expander};
pub use expand::{device, port_words, shortcuts};
use line::Line;

use crate::commands::{self, Entry, Group, Run, fs};
use crate::config::{Choice, Config};
use crate::failure::Failure;
use crate::options::{Anywhere, Globals};
use words::{END, GLOBALS, Taken, WordError};

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

/// Which configuration a command line wants. Only options in front of the first command can say that.
///
/// # Errors
/// A usage failure for these options.
pub fn choice(words: &[String]) -> Result<Choice, Failure> {
    let grammar = finished(Globals::augment_args(Command::new(GLOBALS)));
    let (taken, _) = take(GLOBALS, &grammar, words)?;
    let matches = matches(GLOBALS, grammar, taken)?;
    let globals = Globals::from_arg_matches(&matches).map_err(|error| misfit(GLOBALS, &error))?;
    Ok(Choice::new(globals.config.as_deref(), globals.no_config))
}

/// Parses a whole command line. Does no IO.
///
/// # Errors
/// A usage failure for the first word that makes no sense.
pub fn parse(words: &[String], config: &Config) -> Result<Parsed, Failure> {
    parse_among(words, config, commands::find)
}

/// Finds a command by its word.
pub type Find = fn(&str) -> Option<&'static Entry>;

/// The same with other commands: those that `find` knows.
///
/// # Errors
/// As [`parse`].
pub fn parse_among(words: &[String], config: &Config, find: Find) -> Result<Parsed, Failure> {
    let mut rest = words.to_vec();
    let mut line = Line::new(config, find);
    let mut nothing_yet = true;
    while let Some(word) = rest.first() {
        if word == END || word == "--" {
            rest.remove(0);
            continue;
        }
        let leads = std::mem::take(&mut nothing_yet) && word.starts_with('-');
        let values = match word.starts_with('-') {
            true => None,
            false => match line.expander.expand(&mut rest)? {
                Expanded::Front(values) => values,
                Expanded::Help(text) => return Ok(Parsed::Help(text)),
            },
        };
        let set = values.map(|code| line.command("exec", &mut vec!["--".to_owned(), code]));
        let parsed = match set.unwrap_or(Ok(None)) {
            Ok(None) => line.next(&mut rest, leads),
            done => done,
        };
        if let Some(text) = parsed.map_err(|failure| line.expander.blame(failure))? {
            return Ok(Parsed::Help(text));
        }
    }
    Ok(Parsed::Chain(line.chain))
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
    let mut grammar = grammar.disable_help_flag(true).no_binary_name(true).args_override_self(true);
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
fn unknown_command(word: &str, expander: &Expander<'_>) -> Failure {
    let failure = Failure::usage(format!("`{word}` is not a command"));
    if word.ends_with(".py") {
        return failure.hint(format!("`mpr run {}` runs a program", crate::hints::shell_word(word)));
    }
    match expander.nearest(word) {
        // Such a one can follow `umount` and `mount :`.
        _ if std::path::Path::new(word).is_dir() => failure.hint(format!(
            "a folder shows its slash, or it would be a command: {}",
            crate::hints::shell_word(&format!("./{word}"))
        )),
        Some(name) => failure.hint(format!("did you mean `mpr {name}`?")),
        None => failure.hint("`mpr help` lists all commands"),
    }
}

/// Where the options about the configuration stand.
const CONFIG_FIRST: &str =
    "they are for the whole line, and read first: `mpr --config FILE COMMAND`, `mpr --no-config COMMAND`";

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
        WordError::UnknownOption(word, _) if is_config(&word) => {
            failure(format!("unknown option `{word}`")).hint(CONFIG_FIRST)
        }
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

/// Whether an option is one of those about the configuration.
fn is_config(word: &str) -> bool {
    matches!(word.split('=').next(), Some("--config" | "--no-config"))
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
