//! What Tab offers in the shell: commands, their options, paths of the board, paths of this machine.
//!
//! The board is asked by the shell's own link, and only while it waits for commands: no program is stopped for a Tab. What a
//! directory holds is remembered until the next line.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use super::commands::{at_home, find, names};
use crate::chain;
use crate::config::Config;
use crate::hints::shell_word;
use crate::line::{Candidate, Candidates};
use crate::local::board::plain;
use crate::session::Session;
use crate::watchdog::Watchdog;
use crate::words;

/// A board that has not answered by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Names in a directory; those of directories end in a slash.
type Names = Vec<String>;

/// Completes lines, and remembers what the board said.
#[derive(Debug, Default)]
pub struct Completion {
    known: HashMap<String, Names>,
}

/// What a word may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Command,
    Option,
    /// A name for a device.
    Device,
    Board,
    Here,
    /// A path of the board with a colon in front, else one of this machine.
    Either,
    Nothing,
}

/// The word that is being typed, and what it may be.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// Where it begins in the line, in bytes.
    start: usize,
    /// Its text so far, without quotes.
    word: String,
    /// The command before it.
    command: Option<String>,
    kind: Kind,
}

impl Completion {
    /// Forgets what directories hold.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// What may stand at this place of the line.
    pub fn find(&mut self, line: &str, at: usize, session: &mut Session<'_>) -> Candidates {
        let Some(place) = line.get(..at).and_then(place) else { return Candidates::default() };
        let word = place.word.as_str();
        let list = match place.kind {
            Kind::Nothing => Vec::new(),
            Kind::Command => words_from(command_words(session.config()), word),
            Kind::Device => words_from(device_names(session.config()), word),
            Kind::Option => options(place.command.as_deref().unwrap_or_default(), word),
            Kind::Here => self.paths(word, &mut |folder| Some(list_here(folder))),
            Kind::Board => self.on_board(word, session),
            Kind::Either if word.starts_with(':') => self.on_board(word, session),
            Kind::Either => self.paths(word, &mut |folder| Some(list_here(folder))),
        };
        Candidates { start: place.start, list }
    }

    fn on_board(&mut self, word: &str, session: &mut Session<'_>) -> Vec<Candidate> {
        let (colon, path) = match word.strip_prefix(':') {
            Some(path) => (":", path),
            None => ("", word),
        };
        let known = std::mem::take(&mut self.known);
        let mut asked = known;
        let list = self.paths(path, &mut |directory| {
            if !asked.contains_key(directory) {
                asked.insert(directory.to_owned(), list_on_board(directory, session)?);
            }
            asked.get(directory).cloned()
        });
        self.known = asked;
        list.into_iter()
            .map(|candidate| Candidate { text: colon.to_owned() + &candidate.text, ..candidate })
            .collect()
    }

    /// Paths that begin like this one.
    fn paths(&self, path: &str, list: &mut dyn FnMut(&str) -> Option<Names>) -> Vec<Candidate> {
        let (directory, start) =
            path.rsplit_once('/').map_or(("", path), |(_, name)| (&path[..path.len() - name.len()], name));
        let mut names = list(directory).unwrap_or_default();
        names.retain(|name| name.starts_with(start) && (!name.starts_with('.') || start.starts_with('.')));
        names.sort();
        let whole = |name: &String| {
            let end = if name.ends_with('/') { "" } else { " " };
            Candidate { shown: name.clone(), text: quoted(&format!("{directory}{name}")) + end }
        };
        names.iter().map(whole).collect()
    }
}

/// A path as it is typed. One that is quoted has its quote open while it may go on.
fn quoted(path: &str) -> String {
    let word = shell_word(path);
    match word.ends_with('\'') && path.ends_with('/') {
        true => word[..word.len() - 1].to_owned(),
        false => word,
    }
}

/// Finds the word at the end of the text.
fn place(text: &str) -> Option<Place> {
    let start = last_word(text);
    let word = match words::split(&text[start..]) {
        Ok(words) => words.into_iter().next().unwrap_or_default(),
        Err(words::Unfinished::Quote(quote)) => {
            words::split(&format!("{}{quote}", &text[start..])).ok()?.pop()?
        }
        Err(words::Unfinished::Backslash) => words::split(&text[start..text.len() - 1]).ok()?.pop()?,
    };
    if text.trim_start().starts_with('!') {
        let kind = if text[..start].trim().is_empty() { Kind::Nothing } else { Kind::Here };
        return Some(Place { start, word, command: None, kind });
    }
    let before = words::split(&text[..start]).ok()?;
    let segment = before.rsplit(|word| word == "+").next().unwrap_or_default();
    let mut segment = segment.iter().skip_while(|word| word.starts_with('-'));
    let command = segment.next().map(|word| match word.as_str() {
        "fs" => segment.next().cloned().unwrap_or_default(),
        word => word.to_owned(),
    });
    let arguments = segment.filter(|word| !word.starts_with('-')).count();
    let kind = match &command {
        _ if word.starts_with('-') => Kind::Option,
        None => Kind::Command,
        Some(command) => kind_of(command, arguments),
    };
    Some(Place { start, word, command, kind })
}

/// What this command's argument of this number is.
fn kind_of(command: &str, number: usize) -> Kind {
    match (command, number) {
        ("" | "help", 0) => Kind::Command,
        ("connect", 0) => Kind::Device,
        ("cp", _) => Kind::Either,
        ("lcd" | "lls", _) | ("run" | "mount", 0) => Kind::Here,
        ("cd" | "umount", 0) | ("mount", 1) => Kind::Board,
        ("cat" | "edit" | "ls" | "mkdir" | "mv" | "rm" | "rmdir" | "touch" | "tree", _) => Kind::Board,
        (digest, _) if digest.ends_with("sum") => Kind::Board,
        _ => Kind::Nothing,
    }
}

/// Where the last word begins: behind the last blank that is not quoted.
fn last_word(text: &str) -> usize {
    let mut start = 0;
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            _ if escaped => escaped = false,
            ('\\', None | Some('"')) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            (c, None) if c.is_whitespace() => start = at + c.len_utf8(),
            _ => {}
        }
    }
    start
}

/// The commands, and the configuration's words that stand for some.
fn command_words(config: &Config) -> impl Iterator<Item = &str> {
    let known = names().map(|name| -> &str { name });
    known.chain(config.macros.keys().map(String::as_str)).chain(device_names(config))
}

fn device_names(config: &Config) -> impl Iterator<Item = &str> {
    config.devices.keys().map(String::as_str)
}

fn words_from<'a>(names: impl Iterator<Item = &'a str>, start: &str) -> Vec<Candidate> {
    let mut names: Vec<&str> = names.filter(|name| name.starts_with(start)).collect();
    names.sort_unstable();
    names.dedup();
    let candidate = |name: &str| Candidate { shown: name.to_owned(), text: format!("{} ", shell_word(name)) };
    names.into_iter().map(candidate).collect()
}

fn options(command: &str, start: &str) -> Vec<Candidate> {
    let Some(entry) = find(command) else { return Vec::new() };
    let grammar = chain::grammar(command, entry);
    let shown = grammar.get_arguments().filter(|arg| !arg.is_hide_set());
    let names: Vec<String> = shown.filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")).collect();
    words_from(names.iter().map(String::as_str), start)
}

fn list_here(folder: &str) -> Names {
    let folder = at_home(if folder.is_empty() { "." } else { folder });
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        Some(if entry.path().is_dir() { name + "/" } else { name })
    };
    entries.filter_map(name).collect()
}

/// Asks the board, if it is there and has nothing else to do.
fn list_on_board(directory: &str, session: &mut Session<'_>) -> Option<Names> {
    if !session.is_at_hand() {
        return None;
    }
    let interrupt = session.signals().flag().clone();
    let limit = Watchdog::start(PATIENCE, interrupt);
    let directory = match directory.trim_end_matches('/') {
        "" if directory.starts_with('/') => "/",
        directory => plain(directory),
    };
    let entries = session.device().ok()?.list(directory).ok();
    drop(limit);
    session.let_be();
    let name = |entry: mpr_protocol::DirEntry| match entry.is_dir {
        true => entry.name + "/",
        false => entry.name,
    };
    Some(entries?.into_iter().map(name).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(text: &str) -> (usize, String, Kind) {
        let place = place(text).unwrap();
        (place.start, place.word, place.kind)
    }

    #[test]
    fn words_have_their_kinds() {
        for (text, start, word, kind_there) in [
            ("", 0, "", Kind::Command),
            ("c", 0, "c", Kind::Command),
            ("cat ", 4, "", Kind::Board),
            ("cat a 'b c", 6, "b c", Kind::Board),
            ("cat a\\ b", 4, "a b", Kind::Board),
            ("ls + c", 5, "c", Kind::Command),
            ("cp -r :l", 6, ":l", Kind::Either),
            ("fs ", 3, "", Kind::Command),
            ("connect la", 8, "la", Kind::Device),
            ("fs cat x", 7, "x", Kind::Board),
            ("ls --j", 3, "--j", Kind::Option),
            ("run m", 4, "m", Kind::Here),
            ("lcd ~/", 4, "~/", Kind::Here),
            ("exec 'pri", 5, "pri", Kind::Nothing),
            ("!vi m", 4, "m", Kind::Here),
        ] {
            assert_eq!(kind(text), (start, word.to_owned(), kind_there), "{text}");
        }
    }

    #[test]
    fn names_are_quoted_as_far_as_they_are_known() {
        assert_eq!(quoted("lib/"), "lib/");
        assert_eq!(quoted("my lib/"), "'my lib/");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn options_are_those_of_the_command() {
        let texts: Vec<String> = options("rm", "--re").into_iter().map(|found| found.text).collect();
        assert_eq!(texts, ["--recursive "]);
        assert!(options("nonsense", "--").is_empty());
    }

    proptest! {
        #[test]
        fn any_line_has_a_place_or_none(text: String) {
            if let Some(place) = place(&text) {
                prop_assert!(text.is_char_boundary(place.start) && place.start <= text.len());
            }
        }
    }
}
