//! Which words of a command line belong to a command.
//!
//! The rules are mpremote's: a command takes its options and as many positional words as it can, the next word starts
//! the next command, and `+` ends a command early. Options may also follow the positional words, where mpremote would
//! take them for a command of their own and fail.

use clap::{Arg, Command};

/// The word that ends a command's arguments.
pub const END: &str = "+";

/// Options that stand where a command could, and are not taken for a wrong option of the command before.
const BETWEEN: [&str; 3] = ["--verbose", "--version", "-v"];

/// The words of one command, in an order that leaves clap no doubt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// How many words of the input were used.
    pub used: usize,
    /// Options by their long names, with `=VALUE` where they have one.
    pub options: Vec<String>,
    /// Positional words.
    pub positional: Vec<String>,
    /// Whether `--` was among them: what follows is no option.
    pub options_over: bool,
    /// Words after `--`, where the command hands them on.
    pub trailing: Option<Vec<String>>,
    /// Whether help was asked for.
    pub help: bool,
}

/// What is wrong with a command's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordError {
    /// An option that the command does not have, and the nearest one that it has.
    UnknownOption(String, Option<String>),
    /// The start of a long option fits several.
    Ambiguous(String, Vec<String>),
    /// An option without its value.
    MissingValue(String),
    /// A flag with a value.
    UnexpectedValue(String),
}

/// Takes the words that belong to the command with this grammar from the front of `words`.
///
/// # Errors
/// See [`WordError`]; missing positional words are not looked for here.
pub fn take(grammar: &Command, words: &[String]) -> Result<Taken, WordError> {
    let capacity = positional_capacity(grammar);
    let hands_on = grammar.get_positionals().any(Arg::is_last_set);
    let mut taken = Taken { trailing: hands_on.then(Vec::new), ..Taken::default() };
    while let Some(word) = words.get(taken.used) {
        let rest = &words[taken.used + 1..];
        if word == END {
            break;
        } else if taken.options_over && taken.positional.len() < capacity {
            taken.positional.push(word.clone());
        } else if taken.options_over {
            break;
        } else if word == "--" && hands_on {
            let trailing: Vec<String> = rest.iter().take_while(|word| *word != END).cloned().collect();
            taken.used += 1 + trailing.len();
            taken.trailing = Some(trailing);
            taken.options_over = true;
            break;
        } else if word == "--" {
            if taken.positional.len() >= capacity {
                break;
            }
            taken.options_over = true;
        } else if word.starts_with('-') && word.len() > 1 {
            match take_option(grammar, word, rest, &mut taken)? {
                Some(used) => taken.used += used,
                // As in mpremote, a number or a text with spaces is no option, whatever it starts with.
                None if taken.positional.len() < capacity && (is_number(word) || word.contains(' ')) => {
                    taken.positional.push(word.clone());
                }
                // These may stand between commands.
                None if BETWEEN.contains(&&**word) && taken.positional.len() >= required(grammar) => break,
                None if capacity == 0 && grammar.get_name() == GLOBALS => break,
                None => return Err(WordError::UnknownOption(word.clone(), nearest_option(grammar, word))),
            }
        } else if taken.positional.len() < capacity && fits(grammar, &taken.positional, word) {
            taken.positional.push(word.clone());
        } else {
            break;
        }
        taken.used += 1;
    }
    Ok(taken)
}

/// The name of the grammar of global options, which stand in front of a command and have none of their own words.
pub const GLOBALS: &str = "mpr";

impl Taken {
    /// The words as clap's parser wants them.
    pub fn into_words(self) -> Vec<String> {
        let mut words = self.options;
        match self.trailing {
            None => {
                words.push("--".to_owned());
                words.extend(self.positional);
            }
            Some(trailing) => {
                words.extend(self.positional);
                words.push("--".to_owned());
                words.extend(trailing);
            }
        }
        words
    }
}

/// How many positional words a command takes.
pub fn positional_capacity(grammar: &Command) -> usize {
    grammar
        .get_positionals()
        .filter(|arg| !arg.is_last_set())
        .map(|arg| arg.get_num_args().map_or(1, |range| range.max_values()))
        .fold(0, usize::saturating_add)
}

/// Whether a word may follow these positional ones. A path on the board that may be left out must show its colon, or it would
/// swallow the next command; a folder of this machine in its place must show a slash, unless one of the two has to follow.
pub fn fits(grammar: &Command, before: &[String], word: &str) -> bool {
    let shown = |arg: &Arg| arg.get_value_names().map_or("", |names| names[0].as_str()).to_owned();
    // The last one may take several words.
    let place = grammar.get_positionals().nth(before.len()).or_else(|| grammar.get_positionals().last());
    match place.filter(|arg| !arg.is_required_set()).map(shown) {
        Some(name) if name == PLACE_OR_FOLDER => {
            word.starts_with(':') || word.contains('/') && before.is_empty() || is_on_board(before)
        }
        Some(name) if name.starts_with(':') => word.starts_with(':'),
        _ => true,
    }
}

/// How help names a place on the board or, where something of the board's is in front of it, a folder of this machine.
pub const PLACE_OR_FOLDER: &str = ":PLACE|FOLDER";

/// Whether the word before is a path on the board.
pub fn is_on_board(before: &[String]) -> bool {
    before.last().is_some_and(|word| word.starts_with(':'))
}

/// How many positional words a command must have.
pub fn required(grammar: &Command) -> usize {
    grammar.get_positionals().filter(|arg| arg.is_required_set()).count()
}

/// Takes an option. Returns how many words it used beyond its own, or `None` when the command has no such option.
fn take_option(
    grammar: &Command,
    word: &str,
    rest: &[String],
    taken: &mut Taken,
) -> Result<Option<usize>, WordError> {
    match word.strip_prefix("--") {
        Some(long) => take_long(grammar, long, rest, taken),
        None => take_short(grammar, word, rest, taken),
    }
}

fn take_long(
    grammar: &Command,
    long: &str,
    rest: &[String],
    taken: &mut Taken,
) -> Result<Option<usize>, WordError> {
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (long, None),
    };
    let names = || grammar.get_arguments().filter_map(Arg::get_long);
    let fitting: Vec<&str> = match names().find(|known| *known == name) {
        Some(exact) => vec![exact],
        None if name == "help" => {
            taken.help = true;
            return Ok(Some(0));
        }
        None => names().filter(|known| !name.is_empty() && known.starts_with(name)).collect(),
    };
    let [name] = fitting.as_slice() else {
        return match fitting.as_slice() {
            [] => Ok(None),
            several => Err(WordError::Ambiguous(
                format!("--{name}"),
                several.iter().map(|name| format!("--{name}")).collect(),
            )),
        };
    };
    let arg = grammar.get_arguments().find(|arg| arg.get_long() == Some(name));
    let wants_value = arg.is_some_and(|arg| arg.get_action().takes_values());
    match (wants_value, value) {
        (true, Some(value)) => taken.options.push(format!("--{name}={value}")),
        (true, None) => {
            let value = next_value(&format!("--{name}"), rest)?;
            taken.options.push(format!("--{name}={value}"));
            return Ok(Some(1));
        }
        (false, Some(_)) => return Err(WordError::UnexpectedValue(format!("--{name}"))),
        (false, None) => taken.options.push(format!("--{name}")),
    }
    Ok(Some(0))
}

/// Takes a word of short options, such as `-rf` or `-dsim:`.
fn take_short(
    grammar: &Command,
    word: &str,
    rest: &[String],
    taken: &mut Taken,
) -> Result<Option<usize>, WordError> {
    let mut options = Vec::new();
    for (at, letter) in word.char_indices().skip(1) {
        let known = grammar.get_arguments().find(|arg| arg.get_short() == Some(letter));
        // Every short option has a long name, too.
        let Some((arg, long)) = known.and_then(|arg| Some((arg, arg.get_long()?))) else {
            if letter == 'h' {
                taken.help = true;
                continue;
            }
            return Ok(None);
        };
        if arg.get_action().takes_values() {
            let attached = &word[at + letter.len_utf8()..];
            let (value, used) = match attached.strip_prefix('=').unwrap_or(attached) {
                "" => (next_value(&format!("-{letter}"), rest)?, 1),
                value => (value.to_owned(), 0),
            };
            options.push(format!("--{long}={value}"));
            taken.options.append(&mut options);
            return Ok(Some(used));
        }
        options.push(format!("--{long}"));
    }
    taken.options.append(&mut options);
    Ok(Some(0))
}

fn next_value(option: &str, rest: &[String]) -> Result<String, WordError> {
    match rest.first() {
        Some(value) if value != END => Ok(value.clone()),
        _ => Err(WordError::MissingValue(option.to_owned())),
    }
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

fn nearest_option(grammar: &Command, word: &str) -> Option<String> {
    let name = word.split('=').next().unwrap_or(word);
    let known = grammar.get_arguments().filter_map(|arg| arg.get_long().map(|long| format!("--{long}")));
    super::nearest::nearest(name, known)
}
