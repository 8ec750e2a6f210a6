//! Words that stand for several others: macros, names of devices, shortcuts.

use super::{Find, nearest};
use crate::commands;
use crate::config::{Config, Macro, Unbound};
use crate::failure::Failure;

/// A short name for a serial port, and the prefix of the port's path.
const PORTS: &[(char, &str)] = &[('a', "/dev/ttyACM"), ('u', "/dev/ttyUSB"), ('c', "COM")];

/// The highest number of a port shortcut.
const HIGHEST: u8 = b'3';

/// How many macros one command line may expand. More come only from macros that call others many times over.
const LIMIT: usize = 1000;

/// What a word at a command's place stands for, if it is no command itself: a device's name or a port's.
pub fn device(word: &str, config: &Config) -> Option<Vec<String>> {
    let connect = |device: String| vec!["connect".to_owned(), device];
    match config.devices.contains_key(word) {
        true => Some(connect(word.to_owned())),
        false => port(word).map(connect),
    }
}

/// The path for `a0` to `a3`, `u0` to `u3`, `c0` to `c3`.
fn port(word: &str) -> Option<String> {
    let [letter, digit @ b'0'..=HIGHEST] = word.as_bytes() else { return None };
    let (_, prefix) = PORTS.iter().find(|(known, _)| *known == char::from(*letter))?;
    Some(format!("{prefix}{}", char::from(*digit)))
}

/// The shortcuts for ports.
pub fn port_words() -> impl Iterator<Item = String> {
    PORTS
        .iter()
        .flat_map(|(letter, _)| (b'0'..=HIGHEST).map(move |digit| format!("{letter}{}", char::from(digit))))
}

/// The shortcuts with what they stand for, for help.
pub fn shortcuts() -> impl Iterator<Item = (String, String)> {
    PORTS.iter().map(|(letter, prefix)| {
        (format!("{letter}0..{letter}3"), format!("connect to serial port {prefix}0..{prefix}3"))
    })
}

/// What expanding the front of a command line came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Expanded {
    /// The front is no macro. Code that gives the arguments of the macros that were there their values, to run before.
    Front(Option<String>),
    /// Help for this macro is all that is wanted.
    Help(String),
}

/// The macros that the rest of a command line comes from.
///
/// A command line is used up from its front, so the words that a macro was replaced by are there as long as the line is
/// longer than what followed the macro.
pub struct Expander<'a> {
    config: &'a Config,
    find: Find,
    active: Vec<Active<'a>>,
    count: usize,
}

/// A macro that has words in the rest of the line.
struct Active<'a> {
    found: &'a Macro,
    /// How long the rest of the line was when none of its words was used.
    begin: usize,
    /// How long the rest of the line is when all of its words are used.
    end: usize,
    /// It was the first word of the macro before.
    first: bool,
}

/// Where a word is that is also the name of a macro in whose words it stands.
enum Recursion {
    None,
    /// At the front of that macro, where it means the command that the macro covers.
    Front,
    /// Behind other words.
    Behind,
}

impl<'a> Expander<'a> {
    /// For a new command line, of commands that `find` knows.
    pub fn new(config: &'a Config, find: Find) -> Self {
        Expander { config, find, active: Vec::new(), count: 0 }
    }

    /// Replaces macros at the front of the line until there is none, as mpremote does.
    ///
    /// # Errors
    /// A macro that lacks an argument, is given one too many, or calls itself.
    pub fn expand(&mut self, rest: &mut Vec<String>) -> Result<Expanded, Failure> {
        let mut values = Vec::new();
        let mut last = None;
        loop {
            self.settle(rest.len());
            let Some(found) = rest.first().and_then(|word| self.config.macros.get(word)) else { break };
            match self.recursion(&found.name, rest.len()) {
                Recursion::None => {}
                Recursion::Front if self.is_covered(&found.name) => break,
                _ => return Err(self.cycle(found)),
            }
            if rest.get(1).is_some_and(|word| word == "--help") {
                return Ok(Expanded::Help(describe(found)));
            }
            let bound = found.bind(&rest[1..]);
            let (assignments, used) = bound
                .map_err(|Unbound::Missing(name)| self.misused(found, &format!("missing argument {name}")))?;
            self.count += 1;
            if self.count > LIMIT {
                return Err(self.blame(
                    Failure::usage(format!(
                        "the macros of this command line expand to more than {LIMIT} others"
                    ))
                    .hint("`mpr config` shows what they stand for"),
                ));
            }
            values.extend(assignments);
            let first = self.active.last().is_some_and(|active| active.begin == rest.len());
            rest.drain(..=used);
            let end = rest.len();
            for active in &mut self.active {
                // Its words were this macro's arguments.
                active.end = active.end.min(end);
            }
            rest.splice(..0, found.words.iter().cloned());
            self.active.push(Active { found, begin: rest.len(), end, first });
            last = Some((found, end));
        }
        if let Some((found, end)) = last.filter(|(found, _)| !found.parameters.is_empty())
            && let Some((name, _)) = rest.get(rest.len() - end).and_then(|word| word.split_once('='))
        {
            return Err(self.misused(found, &format!("unexpected argument `{name}`")));
        }
        Ok(Expanded::Front((!values.is_empty()).then(|| values.join(";"))))
    }

    /// Says which macro a failure comes from, if it comes from one.
    pub fn blame(&self, failure: Failure) -> Failure {
        self.active.iter().rev().fold(failure, |failure, active| {
            let Macro { name, origin, .. } = active.found;
            failure.cause(format!("in the macro `{name}`: {origin}"))
        })
    }

    /// Forgets the macros whose words are used up when the rest of the line is this long.
    fn settle(&mut self, length: usize) {
        while self.active.last().is_some_and(|active| length <= active.end) {
            self.active.pop();
        }
    }

    fn recursion(&self, name: &str, length: usize) -> Recursion {
        let mut front = self.active.last().is_some_and(|active| active.begin == length);
        for active in self.active.iter().rev() {
            if active.found.name == name {
                return if front { Recursion::Front } else { Recursion::Behind };
            }
            front &= active.first;
        }
        Recursion::None
    }

    /// Whether the word means something without the macro.
    fn is_covered(&self, word: &str) -> bool {
        word == commands::fs::NAME || (self.find)(word).is_some() || device(word, self.config).is_some()
    }

    fn cycle(&self, found: &Macro) -> Failure {
        let from = self.active.iter().position(|active| active.found.name == found.name).unwrap_or(0);
        let names: Vec<&str> = self.active[from..].iter().map(|active| active.found.name.as_str()).collect();
        let path = format!("{} -> {}", names.join(" -> "), found.name);
        Failure::usage(format!("the macro `{}` calls itself: {path}", found.name))
            .cause(found.origin.to_string())
            .hint(format!("`mpr {} --help` shows what it stands for", found.name))
    }

    fn misused(&self, found: &Macro, what: &str) -> Failure {
        let failure = Failure::usage(format!("command `{}`: {what}", found.name))
            .cause(format!("signature is: {}", found.signature()))
            .hint(format!("`mpr {} --help` shows what it stands for", found.name));
        self.blame(failure)
    }

    /// The macro or device most like this word, or the command.
    pub fn nearest(&self, word: &str) -> Option<String> {
        let mut known: Vec<&str> = commands::names().collect();
        known.extend(self.config.macros.keys().chain(self.config.devices.keys()).map(String::as_str));
        nearest::nearest(word, known)
    }
}

/// Help for a macro.
pub fn describe(found: &Macro) -> String {
    let Macro { help, origin, .. } = found;
    let mut text = String::new();
    if let Some(help) = help {
        text.push_str(help);
        text.push_str("\n\n");
    }
    text.push_str(&format!("Usage: mpr {}\n\n", found.signature()));
    text.push_str(&format!("A macro for: {}\nIt is defined in {origin}.\n", found.expansion()));
    if !found.parameters.is_empty() {
        text.push_str(
            "Its arguments are given one by one or as NAME=VALUE, and are names in the code that it runs.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_shortcuts() {
        for (word, path) in [("a0", "/dev/ttyACM0"), ("u3", "/dev/ttyUSB3"), ("c1", "COM1")] {
            assert_eq!(device(word, &Config::default()), Some(vec!["connect".to_owned(), path.to_owned()]));
        }
        for word in ["a4", "b0", "a", "a00", "ls"] {
            assert_eq!(device(word, &Config::default()), None, "{word}");
        }
    }
}
