//! Where in a chain the cursor is.
//!
//! The words before it are taken by the same grammars and the same rules as when the chain runs. The command that is
//! not complete yet decides what may follow.

use clap::{Arg, Command};

use super::Vocabulary;
use super::meaning::Meaning;
use super::paths::Want;
use super::sources::Board;
use crate::chain::{self, Expanded, Expander, words};
use crate::commands::{self, Entry, Group, fs};
use crate::config::Config;
use crate::options::Globals;

/// So often is a word replaced by others before it is taken for one that never ends.
const EXPANSIONS: usize = 100;

/// What may stand at the cursor.
#[derive(Debug)]
pub enum Place {
    /// A command.
    Command,
    /// An option of this grammar.
    Options(Box<Command>),
    /// A value; true where a dash or a plus in front means nothing.
    Value(Meaning, bool),
}

/// The cursor's place, and the board that a path there is on.
#[derive(Debug, Default)]
pub struct Cursor {
    pub places: Vec<Place>,
    pub board: Board,
}

/// What the words before the cursor said about devices.
#[derive(Debug, Default)]
struct Devices {
    connected: Option<String>,
    preferred: Option<String>,
}

impl Devices {
    /// Takes over what a command or the options in front of one say.
    fn heed(&mut self, command: &str, taken: &words::Taken) {
        let device = taken.options.iter().rev().find_map(|option| option.strip_prefix("--device="));
        if let Some(device) = device {
            self.preferred = Some(device.to_owned());
        }
        match command {
            "connect" => self.connected = taken.positional.first().cloned(),
            "disconnect" => self.connected = None,
            _ => {}
        }
    }

    fn board(self) -> Board {
        self.connected.or(self.preferred).map_or(Board::Default, Board::Named)
    }
}

/// Finds the cursor's place behind these words, in the word of which `current` is typed.
pub fn locate(words: &[String], current: &str, vocabulary: Vocabulary, config: &Config) -> Cursor {
    let mut devices = Devices::default();
    let places = walk(words.to_vec(), current, vocabulary.find, config, &mut devices).unwrap_or_default();
    Cursor { places, board: devices.board() }
}

/// `None` when a word makes no sense.
fn walk(
    mut rest: Vec<String>,
    current: &str,
    find: fn(&str) -> Option<&'static Entry>,
    config: &Config,
    devices: &mut Devices,
) -> Option<Vec<Place>> {
    let mut expander = Expander::new(config, find);
    let mut expansions = 0;
    let globals = || chain::finished(<Globals as clap::Args>::augment_args(Command::new(words::GLOBALS)));
    loop {
        let Some(word) = rest.first().cloned() else {
            return Some(match current.starts_with('-') {
                true => vec![Place::Options(Box::new(globals()))],
                false => vec![Place::Command],
            });
        };
        if word == words::END || word == "--" {
            rest.remove(0);
            continue;
        }
        if word.starts_with('-') {
            let grammar = globals();
            match step(&grammar, &rest)? {
                Step::Pending(arg) => return Some(vec![Place::Value(value_of(&grammar, &arg), true)]),
                Step::Taken(taken) if taken.used == 0 => return None,
                Step::Taken(taken) => {
                    devices.heed("", &taken);
                    rest.drain(..taken.used);
                }
            }
            continue;
        }
        // Its arguments are values of Python, which nobody can name; behind them, its words go on.
        if !matches!(expander.expand(&mut rest), Ok(Expanded::Front(_))) {
            return None;
        }
        let Some(word) = rest.first().cloned().filter(|word| word != words::END && !word.starts_with('-'))
        else {
            continue;
        };
        if !(word == fs::NAME || find(&word).is_some())
            && let Some(expansion) = chain::device(&word, config)
        {
            expansions += 1;
            if expansions > EXPANSIONS {
                return None;
            }
            rest.splice(..1, expansion);
            continue;
        }
        rest.remove(0);
        let grammar = match word == fs::NAME {
            false => chain::grammar(&word, find(&word)?),
            true => {
                let grammar = fs::word_grammar();
                match step(&grammar, &rest)? {
                    Step::Pending(arg) => return Some(vec![Place::Value(value_of(&grammar, &arg), true)]),
                    Step::Taken(taken) if taken.positional.is_empty() => {
                        return (taken.used == rest.len()).then(|| behind(grammar, &taken, current));
                    }
                    Step::Taken(_) => {}
                }
                let (name, entry) = fs::subcommand(&mut rest).ok()?.ok()?;
                chain::grammar(&name, entry)
            }
        };
        match step(&grammar, &rest)? {
            Step::Pending(arg) => return Some(vec![Place::Value(value_of(&grammar, &arg), true)]),
            Step::Taken(taken) => {
                let places = (taken.used == rest.len()).then(|| behind(grammar.clone(), &taken, current));
                // The command that is being written counts: `ls --device X :<TAB>` is about X.
                devices.heed(grammar.get_name(), &taken);
                if let Some(places) = places {
                    return Some(places);
                }
                rest.drain(..taken.used);
            }
        }
    }
}

/// How far a grammar gets with words.
enum Step {
    /// The last word is an option that wants this value.
    Pending(Box<Arg>),
    /// These are its words.
    Taken(words::Taken),
}

fn step(grammar: &Command, rest: &[String]) -> Option<Step> {
    match words::take(grammar, rest) {
        Ok(taken) => Some(Step::Taken(taken)),
        Err(words::WordError::MissingValue(name)) => {
            // At the end, not in front of a `+`.
            let (_, before) = rest.split_last()?;
            words::take(grammar, before).ok()?;
            option(grammar, &name).cloned().map(|arg| Step::Pending(Box::new(arg)))
        }
        Err(_) => None,
    }
}

/// The option of this name, `--long` or `-s`.
pub fn option<'a>(grammar: &'a Command, name: &str) -> Option<&'a Arg> {
    grammar.get_arguments().find(|arg| match name.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some_and(|short| name.strip_prefix('-') == Some(&*short.to_string())),
    })
}

/// What the value of an argument is.
pub fn value_of(grammar: &Command, arg: &Arg) -> Meaning {
    let name = arg.get_value_names().and_then(|names| names.first());
    let is_file_command = commands::find(grammar.get_name()).is_some_and(|entry| entry.group == Group::Files);
    name.and_then(|name| Meaning::of(grammar.get_name(), is_file_command, name)).unwrap_or(Meaning::Nothing)
}

/// What may follow a command's words.
fn behind(grammar: Command, taken: &words::Taken, current: &str) -> Vec<Place> {
    let over = taken.options_over;
    if over && taken.trailing.is_some() {
        // These belong to the program that the command runs.
        return Vec::new();
    }
    if !over && current.starts_with('-') {
        return vec![Place::Options(Box::new(grammar))];
    }
    let count = taken.positional.len();
    let mut places = Vec::new();
    let room = count < words::positional_capacity(&grammar);
    let fits = words::fits(&grammar, &taken.positional, current);
    if room && (fits || current.is_empty()) {
        let positionals: Vec<&Arg> = grammar.get_positionals().filter(|arg| !arg.is_last_set()).collect();
        if let Some(arg) = positionals.get(count).or(positionals.last()) {
            let meaning = match value_of(&grammar, arg) {
                // Of `mount :PATH FOLDER`.
                Meaning::PlaceOrFolder if words::is_on_board(&taken.positional) => {
                    Meaning::Host(Want::Directories)
                }
                meaning => meaning,
            };
            places.push(Place::Value(meaning, over));
        }
    }
    if count >= words::required(&grammar) && !(room && fits) {
        places.push(Place::Command);
    }
    places
}
