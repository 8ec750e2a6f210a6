//! One command after the other, from the front of a line.

use clap::{Args, Command, FromArgMatches};

use super::expand::{self, Expander};
use super::words::{END, GLOBALS, WordError};
use super::{
    CONFIG_FIRST, Chain, Find, explain, finished, grammar, matches, misfit, render_help, take,
    unknown_command,
};
use crate::commands::{self, fs};
use crate::config::Config;
use crate::failure::Failure;
use crate::options::{Anywhere, Globals};

/// A line that is being parsed. Its methods take words from the front of the rest, and return text if help is all that is
/// wanted.
pub struct Line<'a> {
    /// What has been parsed.
    pub chain: Chain,
    /// The macros in the rest.
    pub expander: Expander<'a>,
    config: &'a Config,
    find: Find,
}

impl<'a> Line<'a> {
    /// A line of the commands that `find` knows.
    pub fn new(config: &'a Config, find: Find) -> Self {
        Line { chain: Chain::default(), expander: Expander::new(config, find), config, find }
    }

    /// Takes what is at the front, which is no macro. `leads`: it is the line's front, too.
    pub fn next(&mut self, rest: &mut Vec<String>, leads: bool) -> Result<Option<String>, Failure> {
        match rest.first().cloned() {
            None => Ok(None),
            Some(word) if word == END || word == "--" => Ok(None),
            Some(word) if word.starts_with('-') => self.globals(rest, leads),
            Some(word) if word == fs::NAME => {
                rest.remove(0);
                match fs::subcommand(rest)? {
                    Ok((name, _)) => self.command(&name, rest),
                    Err(help) => Ok(Some(help)),
                }
            }
            Some(word) if (self.find)(&word).is_some() => {
                rest.remove(0);
                self.command(&word, rest)
            }
            Some(word) => match expand::device(&word, self.config) {
                Some(expansion) => {
                    rest.splice(..1, expansion);
                    Ok(None)
                }
                None => Err(unknown_command(&word, &self.expander)),
            },
        }
    }

    /// Takes options that stand where a command could.
    fn globals(&mut self, rest: &mut Vec<String>, leads: bool) -> Result<Option<String>, Failure> {
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
            return Ok(Some(commands::help::overview(self.config)));
        }
        if !leads && (globals.config.is_some() || globals.no_config) {
            let option = if globals.no_config { "--no-config" } else { "--config" };
            let failure = Failure::usage(format!("`{option}` stands behind the first command"));
            return Err(failure.hint(CONFIG_FIRST));
        }
        if globals.version {
            self.chain.commands.push(Box::new(commands::version::Version {}));
        }
        self.chain.globals.merge(globals);
        Ok(None)
    }

    /// Takes the words of one command, behind its name.
    pub fn command(&mut self, name: &str, rest: &mut Vec<String>) -> Result<Option<String>, Failure> {
        let entry = (self.find)(name).ok_or_else(|| unknown_command(name, &self.expander))?;
        let grammar = grammar(name, entry);
        let (taken, missing) = take(name, &grammar, rest)?;
        if taken.help {
            return Ok(Some(render_help(grammar)));
        }
        if let Some(missing) = missing {
            let failure = Failure::usage(format!("{name}: {}", (entry.missing)(&missing)));
            return Err(failure.hint(format!("`mpr {name} --help` says how it is used")));
        }
        if name == commands::help::NAME
            && let Some(found) = taken.positional.first().and_then(|word| self.config.macros.get(word))
        {
            return Ok(Some(expand::describe(found)));
        }
        rest.drain(..taken.used);
        let matches = matches(name, grammar, taken)?;
        let command = (entry.build)(name, &matches)?;
        let anywhere = Anywhere::from_arg_matches(&matches).map_err(|error| misfit(name, &error))?;
        self.chain.globals.anywhere.merge(anywhere);
        self.chain.commands.push(command);
        Ok(None)
    }
}
