//! `help`: lists all commands, or explains one.

use clap::{Args, Command};

use super::{Entry, Group, Run, fs};
use crate::chain;
use crate::failure::Failure;
use crate::options::Globals;
use crate::session::Session;

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
            None => overview(),
        };
        session.printer().data(text.as_bytes()).map_err(|error| Failure::output(&error))
    }
}

fn known(word: &str) -> Result<String, String> {
    match word == fs::NAME || super::find(word).is_some() {
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
pub fn overview() -> String {
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
    section(&mut text, "Commands", &lines(super::group(Group::Commands)));
    let mut files = lines(super::group(Group::Files));
    files.push(("fs CMD".to_owned(), "the same: `fs ls` is `ls`".to_owned()));
    section(&mut text, "File commands", &files);
    section(&mut text, "Shortcuts", &chain::shortcuts().collect::<Vec<_>>());
    text.push('\n');
    text.push_str(options.trim_end());
    text.push_str(
        "\n\n`mpr COMMAND --help` explains one command. MPR_DEVICE names the device if nothing else does.\n",
    );
    text
}

fn lines<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<(String, String)> {
    entries.map(|entry| (entry.name.to_owned(), entry.about.to_owned())).collect()
}

fn section(text: &mut String, title: &str, lines: &[(String, String)]) {
    text.push_str(&format!("\n{title}:\n"));
    for (name, about) in lines {
        text.push_str(&format!("  {name:<12} {about}\n"));
    }
}
