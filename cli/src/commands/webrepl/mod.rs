//! `webrepl`: files by WebREPL's own protocol, while a program runs on the board; and the words of `webrepl_cli.py`.
//!
//! - `words`: what the words mean.
//! - `transfer`: puts and gets, and the check afterwards.

mod transfer;
mod words;

use clap::{ArgMatches, Args, FromArgMatches};

use super::Run;
use super::repl::Repl;
use crate::failure::Failure;
use crate::hints::DeviceName;
use crate::session::Session;
use words::{Action, Words};

/// Arguments of `webrepl`.
#[derive(Debug, Args)]
pub struct WebRepl {
    /// put FILE [NAME]: a file to the device; get NAME [FILE]: one from it; ver: the version of its firmware. Or the words of
    /// webrepl_cli.py: HOST, FILE HOST:FILE, HOST:FILE FILE
    #[arg(value_name = "WORD", required = true, num_args = 1..=3)]
    words: Vec<String>,
    /// The password, for old scripts. Others on this machine can see it: --password-file is better
    #[arg(short, long, value_name = "PASSWORD")]
    password: Option<String>,
}

/// What the words ask for.
#[derive(Debug)]
struct Asked {
    words: Words,
    password: Option<String>,
}

/// Reads the words, so that a wrong one shows before anything runs.
///
/// # Errors
/// A usage failure.
pub fn build(name: &str, matches: &ArgMatches) -> Result<Box<dyn Run>, Failure> {
    let arguments =
        WebRepl::from_arg_matches(matches).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let words = Words::parse(&arguments.words)?;
    Ok(Box::new(Asked { words, password: arguments.password }))
}

impl Run for Asked {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        if let Some(password) = &self.password {
            session.use_password(password);
        }
        if let Some(host) = &self.words.host {
            session.connect(DeviceName::from(host.clone()))?;
        }
        match &self.words.action {
            Action::Put { file, name } => transfer::put(session, file, name),
            Action::Get { name, file } => transfer::get(session, name, file),
            Action::Version => transfer::version(session),
            Action::Prompt => Repl::default().run(session),
        }
    }
}
