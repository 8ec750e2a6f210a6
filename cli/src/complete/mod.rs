//! Completion: what may stand where the cursor is.
//!
//! The map, from the outside inwards:
//!
//! - [`complete`]: from the words before the cursor to candidates. It reads no environment and asks nobody but its
//!   [`Sources`], so a program that has a board connected calls it as well as a process that a shell starts for one TAB.
//! - `cursor`: where in a chain the cursor is, by the grammars that parse it.
//! - `meaning`: what a command's value is: a path on the board, a folder of this machine, a device.
//! - `paths`, `devices`: candidates for those.
//! - `ask`: the board, from a process that lives for one TAB. `shells`: how a shell asks, and how it is answered.
//! - `sources`: who knows names: this machine, and a board behind [`BoardNames`].

mod ask;
mod cursor;
mod devices;
mod meaning;
mod paths;
mod shells;
pub mod sources;

#[cfg(test)]
mod tests;

use clap::{Arg, Command};

use crate::chain;
use crate::commands::{self, Entry, Group, fs};
use crate::config::Config;
use cursor::Place;
use meaning::Meaning;

pub use shells::{COMMAND, Shell, answer};
pub use sources::{Board, Sources, ThisMachine};

/// The commands that there are.
#[derive(Clone, Copy)]
pub struct Vocabulary {
    /// Finds a command by its name.
    pub find: fn(&str) -> Option<&'static Entry>,
    /// Those that the command line does not have. They hide its commands of the same names.
    pub own: &'static [Entry],
}

impl Vocabulary {
    /// The command line's.
    pub const COMMAND_LINE: Vocabulary = Vocabulary { find: commands::find, own: &[] };
}

/// A word that may stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word, without quotes. It starts with what is typed already.
    pub value: String,
    /// What it is, in a few words; may be empty.
    pub about: String,
    /// What kind of thing it is.
    pub kind: Kind,
    /// Whether the word ends here, so that a space may follow: a directory goes on.
    pub ends: bool,
}

/// What a candidate names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A command, or a word in the place of one.
    Command,
    /// An option.
    Option,
    /// One of a few words.
    Value,
    /// A device.
    Device,
    /// A file or directory of this machine.
    Host,
    /// A file or directory on the board.
    Board,
}

/// The candidates for the word `current`, of which this much is typed, behind these words. Words and candidates are
/// without quotes; the program's own name is not among the words. Words that make no sense have no candidates.
pub fn complete(
    words: &[String],
    current: &str,
    vocabulary: Vocabulary,
    config: &Config,
    sources: &mut dyn Sources,
) -> Vec<Candidate> {
    let cursor = cursor::locate(words, current, vocabulary, config);
    let context = Context { vocabulary, config, board: &cursor.board };
    let mut candidates = Vec::new();
    for place in &cursor.places {
        match place {
            Place::Command => candidates.extend(command_words(current, &context, sources)),
            Place::Options(grammar) => match current.split_once('=') {
                Some((option, value)) if option.starts_with("--") => {
                    let Some(arg) = cursor::option(grammar, option) else { continue };
                    let found = values(cursor::value_of(grammar, arg), value, true, &context, sources);
                    candidates.extend(found.into_iter().map(|candidate| Candidate {
                        value: format!("{option}={}", candidate.value),
                        ..candidate
                    }));
                }
                _ => candidates.extend(options(grammar, current.starts_with("--no-"))),
            },
            Place::Value(meaning, bare) => {
                candidates.extend(values(*meaning, current, *bare, &context, sources));
            }
        }
    }
    candidates.retain(|candidate| is_usable(candidate, current));
    candidates
}

/// Candidates for a word of another program's: paths of this machine.
pub fn complete_host_path(current: &str, sources: &mut dyn Sources) -> Vec<Candidate> {
    let mut candidates = paths::host(current, "", paths::Want::Any, true, sources);
    candidates.retain(|candidate| is_usable(candidate, current));
    candidates
}

/// A name with a control character can't be typed, and would change what a terminal shows.
fn is_usable(candidate: &Candidate, current: &str) -> bool {
    candidate.value.starts_with(current) && !candidate.value.contains(char::is_control)
}

/// What candidates depend on beside the word itself.
struct Context<'a> {
    vocabulary: Vocabulary,
    config: &'a Config,
    board: &'a Board,
}

/// Candidates for a value. `bare`: a dash or a plus in front means nothing here.
fn values(
    meaning: Meaning,
    current: &str,
    bare: bool,
    context: &Context<'_>,
    sources: &mut dyn Sources,
) -> Vec<Candidate> {
    let Context { config, board, .. } = *context;
    match meaning {
        Meaning::Nothing => Vec::new(),
        Meaning::Words(words) => words.iter().map(|word| plain(word, "", Kind::Value)).collect(),
        Meaning::Command => commands_and_macros(context).collect(),
        Meaning::FileCommand => commands::group(Group::Files).map(command).collect(),
        Meaning::Device => devices::candidates(current, config, sources),
        Meaning::Host(want) => paths::host(current, "", want, bare, sources),
        Meaning::Board(want) => paths::board(current, want, bare, board, sources),
        Meaning::Place(_) if current.is_empty() => vec![paths::colon()],
        Meaning::Place(want) => paths::board(current, want, bare, board, sources),
        Meaning::PlaceOrFolder => {
            let meaning = match current.contains('/') && !current.starts_with(':') {
                true => Meaning::Host(paths::Want::Directories),
                false => Meaning::Place(paths::Want::Directories),
            };
            values(meaning, current, bare, context, sources)
        }
        Meaning::Either(want) if current.starts_with(':') => {
            paths::board(current, want, bare, board, sources)
        }
        Meaning::Either(want) => {
            let here = paths::host(current, "", want, bare, sources);
            here.into_iter().chain(current.is_empty().then(paths::colon)).collect()
        }
        Meaning::Package => {
            let places = ["github:", "gitlab:", "codeberg:"];
            let places =
                places.iter().map(|place| Candidate { ends: false, ..plain(place, "", Kind::Value) });
            paths::host(current, "", paths::Want::Any, bare, sources).into_iter().chain(places).collect()
        }
    }
}

/// A word that ends.
fn plain(value: &str, about: &str, kind: Kind) -> Candidate {
    Candidate { value: value.to_owned(), about: about.to_owned(), kind, ends: true }
}

fn command(entry: &commands::Entry) -> Candidate {
    plain(entry.name, entry.about, Kind::Command)
}

/// All commands, without shortcuts.
fn every_command(own: &'static [Entry]) -> impl Iterator<Item = Candidate> {
    let hidden = move |entry: &&Entry| own.iter().any(|found| found.name == entry.name);
    let named = [Group::Commands, Group::Files].into_iter().flat_map(commands::group);
    let visible = own.iter().filter(|entry| entry.group != Group::Hidden);
    let all = visible.chain(named.filter(move |entry| !hidden(entry))).map(command);
    all.chain([plain(fs::NAME, fs::ABOUT, Kind::Command)])
}

/// All commands and the user's macros. A macro hides the command of its name.
fn commands_and_macros<'a>(context: &Context<'a>) -> impl Iterator<Item = Candidate> + use<'a> {
    let config = context.config;
    let all = every_command(context.vocabulary.own);
    let visible = all.filter(|command| !config.macros.contains_key(&command.value));
    visible.chain(config.macros.values().map(|found| {
        let about = found.help.as_deref().and_then(|help| help.lines().next().map(str::to_owned));
        plain(&found.name, &about.unwrap_or_else(|| found.expansion()), Kind::Command)
    }))
}

/// Words in the place of a command. A shortcut for a port is one if there is such a port.
fn command_words(current: &str, context: &Context<'_>, sources: &mut dyn Sources) -> Vec<Candidate> {
    let config = context.config;
    let mut found: Vec<Candidate> = commands_and_macros(context).collect();
    let known = |name: &str| {
        config.macros.contains_key(name) || name == fs::NAME || (context.vocabulary.find)(name).is_some()
    };
    let devices = config.devices.iter().filter(|(name, _)| !known(name));
    found.extend(
        devices.map(|(name, alias)| plain(name, &format!("connect to {}", alias.address), Kind::Command)),
    );
    let fitting: Vec<String> = chain::port_words().filter(|word| word.starts_with(current)).collect();
    if !fitting.is_empty() {
        let ports = sources.ports();
        for word in fitting {
            let path =
                chain::device(&word, config).and_then(|words| words.into_iter().nth(1)).unwrap_or_default();
            if ports.iter().any(|port| port.path == path) {
                found.push(plain(&word, &format!("connect to {path}"), Kind::Command));
            }
        }
    }
    found
}

/// The long options of a grammar; those that help hides if they are asked for by their first letters.
fn options(grammar: &Command, hidden: bool) -> Vec<Candidate> {
    let about = |arg: &Arg| arg.get_help().map(ToString::to_string).unwrap_or_default();
    let known = grammar
        .get_arguments()
        .filter(|arg| hidden || !arg.is_hide_set())
        .filter_map(|arg| arg.get_long().map(|long| plain(&format!("--{long}"), &about(arg), Kind::Option)));
    let mut options: Vec<Candidate> = known.collect();
    if !options.iter().any(|option| option.value == "--help") {
        options.push(plain("--help", "Print help", Kind::Option));
    }
    options
}
