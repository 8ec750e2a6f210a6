//! `help`: lists all commands, or explains one.

use clap::{Args, Command};

use super::{Run, fs};
use crate::chain;
use crate::config::{Alias, Config, Macro};
use crate::failure::Failure;
use crate::manual;
use crate::options::Globals;
use crate::session::Session;

/// The command's word.
pub const NAME: &str = "help";

/// Arguments of `help`.
#[derive(Debug, Args)]
pub struct Help {
    /// Command to explain
    #[arg(value_name = "COMMAND", value_parser = known)]
    command: Option<String>,
}

impl Run for Help {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let text = match self.command.as_deref() {
            Some(name) => explain(name),
            None => overview(session.config()),
        };
        session.printer().data(text.as_bytes()).map_err(|error| Failure::output(&error))
    }
}

fn known(word: &str) -> Result<String, String> {
    match super::is_name(word) {
        true => Ok(word.to_owned()),
        false => Err(format!("`{word}` is not a command")),
    }
}

fn explain(name: &str) -> String {
    match super::find(name) {
        Some(entry) => chain::render_help(chain::grammar(name, entry)),
        None => fs::render_help(),
    }
}

/// Help for the whole program.
pub fn overview(config: &Config) -> String {
    let options = Globals::augment_args(Command::new("mpr"))
        .disable_help_flag(true)
        .help_template("{all-args}")
        .render_help()
        .to_string();
    let mut text = String::from(
        "mpr: manage MicroPython boards\n\n\
         Usage: mpr [OPTIONS] [COMMAND [ARGUMENTS]] [[+] COMMAND [ARGUMENTS]]...\n\n\
         Commands follow each other; `+` ends one that takes any number of paths. Paths on the device start\n\
         with a colon. Without a command that does something, the interactive prompt follows.\n",
    );
    for (title, lines) in manual::lists() {
        section(&mut text, title, &lines);
    }
    own_words(&mut text, config);
    text.push('\n');
    text.push_str(options.trim_end());
    text.push_str(
        "\n\n`mpr COMMAND --help` explains one command. MPR_DEVICE names the device if nothing else\n\
         does. `mpr config` shows where macros, names of devices and defaults are read from.\n",
    );
    text
}

/// Adds the user's macros and devices.
pub fn own_words(text: &mut String, config: &Config) {
    if !config.macros.is_empty() {
        section(text, "Macros", &config.macros.values().map(macro_line).collect::<Vec<_>>());
    }
    if !config.devices.is_empty() {
        section(text, "Devices", &config.devices.iter().map(device_line).collect::<Vec<_>>());
    }
}

/// A macro with its help, or with what it stands for.
fn macro_line(found: &Macro) -> (String, String) {
    (found.signature(), found.help.clone().unwrap_or_else(|| found.expansion()))
}

fn device_line((name, alias): (&String, &Alias)) -> (String, String) {
    (name.clone(), format!("connect to {}", alias.address))
}

fn section(text: &mut String, title: &str, lines: &[(String, String)]) {
    text.push_str(&format!("\n{title}:\n"));
    let width = lines.iter().map(|(name, _)| name.chars().count()).filter(|width| *width <= 24).max();
    let width = width.unwrap_or(0).max(12);
    for (name, about) in lines {
        let mut about = about.lines().map(str::trim);
        text.push_str(&format!("  {name:<width$} {}\n", about.next().unwrap_or_default()));
        for line in about {
            text.push_str(&format!("  {:width$} {line}\n", ""));
        }
    }
}
