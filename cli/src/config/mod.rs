//! What the user has written down for every command line: macros, names of devices, defaults.
//!
//! - `choice`: which files, and where they are. `native`: `config.toml`. `mpremote`: its `config.py`, read and never run, with
//!   the reader of literals in `python`.
//! - `macros`: words that stand for several others.

mod choice;
mod macros;
mod mpremote;
mod native;
mod python;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

pub use choice::{Choice, File, Role};
pub use macros::{Macro, Unbound};

use crate::failure::{Failure, strerror};
use crate::hints::DeviceName;
use crate::session::Target;

/// A place in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file's path, as it is shown.
    pub file: Rc<str>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, line {}, column {}", self.file, self.line, self.column)
    }
}

/// A password, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In the configuration itself.
    Here(mpr_protocol::transport::Password),
    /// In this file.
    File(std::path::PathBuf),
}

/// A device with a name of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// What it stands for.
    pub address: mpr_protocol::Address,
    /// Its WebREPL password, or the file that holds it.
    pub password: Option<Secret>,
    /// Where it is defined.
    pub origin: Origin,
}

/// A configuration. The default is that of a user who has none.
#[derive(Debug, Default)]
pub struct Config {
    /// By their names.
    pub macros: BTreeMap<String, Macro>,
    /// By their names.
    pub devices: BTreeMap<String, Alias>,
    /// The device that is used when nothing on the command line or in the environment names one.
    pub device: Option<Target>,
    /// Whether the first command that needs the raw REPL restarts the interpreter before.
    pub auto_soft_reset: bool,
    /// The files that were looked for.
    pub files: Vec<File>,
    /// What was not understood and left out, as it is told.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file that the user has named is missing, when one cannot be read, and when `config.toml` is wrong.
    pub fn load(choice: &Choice) -> Result<Config, Failure> {
        let mut config = Config { files: choice.files(), ..Config::default() };
        let mut reads_mpremote = true;
        for at in 0..config.files.len() {
            let File { path, role, named, .. } = config.files[at].clone();
            if role == Role::Mpremote && !reads_mpremote {
                continue;
            }
            let shown = path.display().to_string();
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if !named && is_missing(&error) => continue,
                Err(error) if role == Role::Mpremote && !named => {
                    config.warnings.push(format!("`{shown}`: {}", strerror(&error)));
                    continue;
                }
                Err(error) => return Err(unreadable(&shown, &error)),
            };
            config.files[at].found = true;
            match role {
                Role::Native => reads_mpremote = native::read(&bytes, &shown, &mut config)?,
                Role::Mpremote => mpremote::read(&bytes, &shown, &mut config),
            }
        }
        Ok(config)
    }

    /// The device that a command line or a file means; `None` for the list of ports.
    pub fn named(&self, target: &Target) -> Option<DeviceName> {
        match target {
            Target::List => None,
            Target::Board(address) => Some(DeviceName::from(address.clone())),
            Target::Name(name) => Some(match self.devices.get(name) {
                Some(alias) => DeviceName { address: alias.address.clone(), alias: Some(name.clone()) },
                None => DeviceName::from(mpr_protocol::Address::Serial(name.clone())),
            }),
        }
    }

    /// Says that something was left out.
    fn warn(&mut self, origin: &Origin, what: &str) {
        self.warnings.push(format!("{origin}: {what}"));
    }
}

/// Nobody has written anything down.
fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

fn unreadable(shown: &str, error: &std::io::Error) -> Failure {
    Failure::usage(format!("configuration: `{shown}`: {}", strerror(error))).hint(WITHOUT)
}

/// What always helps against a configuration.
const WITHOUT: &str = "`mpr --no-config COMMAND` runs without any configuration";
