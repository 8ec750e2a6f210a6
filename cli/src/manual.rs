//! What a manual is made of: the grammars and the lists that help is made of.

use clap::{Args, Command};

use crate::chain;
use crate::commands::{self, Group, fs};
use crate::options::Globals;

/// A page of the manual.
#[derive(Debug, Clone)]
pub struct Page {
    /// The page's name: `mpr`, or `mpr-COMMAND`.
    pub name: String,
    /// What it is about, in a few words.
    pub about: String,
    /// The options and arguments that it explains.
    pub grammar: Command,
}

/// A list of the overview: a title, then words and what they are.
pub type List = (&'static str, Vec<(String, String)>);

/// The overview, whose grammar has the options for every command.
pub fn overview() -> Page {
    let grammar = chain::finished(Globals::augment_args(Command::new("mpr").bin_name("mpr")));
    Page { name: "mpr".into(), about: "manage MicroPython boards".into(), grammar }
}

/// The pages of the commands that help lists, in the order of the alphabet.
pub fn commands() -> Vec<Page> {
    let groups = [Group::Commands, Group::Files];
    let mut pages: Vec<Page> = groups
        .into_iter()
        .flat_map(commands::group)
        .map(|entry| page(entry.name, entry.about, chain::grammar(entry.name, entry)))
        .collect();
    pages.push(page(fs::NAME, fs::ABOUT, fs::help_grammar()));
    pages.sort_by(|a, b| a.name.cmp(&b.name));
    pages
}

fn page(name: &str, about: &str, grammar: Command) -> Page {
    Page { name: format!("mpr-{name}"), about: about.to_owned(), grammar }
}

/// What the overview lists.
pub fn lists() -> Vec<List> {
    let words =
        |group| commands::group(group).map(|entry| (entry.name.to_owned(), entry.about.to_owned())).collect();
    let mut files: Vec<(String, String)> = words(Group::Files);
    files.push(("fs CMD".into(), "the same: `fs ls` is `ls`".into()));
    vec![
        ("Commands", words(Group::Commands)),
        ("File commands", files),
        ("Shortcuts", chain::shortcuts().collect()),
    ]
}
