//! What Tab offers in the shell: what the command line's completion finds, as it is typed in a line.
//!
//! The board is asked by the shell's own link, and only while it waits for commands: no program is stopped for a Tab. What a
//! directory holds is remembered until the next line.

use std::collections::HashMap;
use std::time::Duration;

use super::commands::VOCABULARY;
use super::execute::HOST;
use crate::complete::sources::{Board, BoardNames, Name};
use crate::complete::{self, Kind, Sources, ThisMachine, complete, complete_host_path};
use crate::config::Config;
use crate::hints::shell_word;
use crate::line::{Candidate, Candidates};
use crate::local::board::plain;
use crate::session::Session;
use crate::watchdog::Watchdog;
use crate::words;

/// A board that has not answered by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Completes lines, and remembers what the board said.
#[derive(Debug, Default)]
pub struct Completion {
    known: HashMap<String, Vec<Name>>,
}

/// The word that is being typed.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// Where it begins in the line, in bytes.
    start: usize,
    /// Its text so far, without quotes.
    word: String,
    /// The words before it.
    before: Vec<String>,
    /// The line is for this machine's shell.
    is_hosts: bool,
}

impl Completion {
    /// Forgets what directories hold.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// What may stand at this place of the line.
    pub fn find(&mut self, line: &str, at: usize, session: &mut Session<'_>) -> Candidates {
        let config = session.config();
        let mut sources = ThisMachine(Asking { known: &mut self.known, session });
        line.get(..at).and_then(|text| candidates(text, config, &mut sources)).unwrap_or_default()
    }
}

/// What may stand at the end of the text.
fn candidates(text: &str, config: &Config, sources: &mut dyn Sources) -> Option<Candidates> {
    let Place { start, word, before, is_hosts } = place(text)?;
    let mut list: Vec<Candidate> = match is_hosts {
        // The first word is a program.
        true if before.is_empty() => Vec::new(),
        true => complete_host_path(&word, sources),
        false => complete(&before, &word, VOCABULARY, config, sources),
    }
    .into_iter()
    .map(typed)
    .collect();
    list.sort_by(|a, b| a.shown.cmp(&b.shown));
    list.dedup();
    Some(Candidates { start, list })
}

/// A candidate as it is listed and typed.
fn typed(candidate: complete::Candidate) -> Candidate {
    let complete::Candidate { value, kind, ends, .. } = candidate;
    let name = match kind {
        Kind::Host | Kind::Board => value.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1),
        _ => 0,
    };
    let space = if ends { " " } else { "" };
    Candidate { shown: value[name..].to_owned(), text: quoted(&value, ends) + space }
}

/// A word as it is typed. One that is quoted has its quote open while it may go on.
fn quoted(value: &str, ends: bool) -> String {
    let mut word = shell_word(value);
    if !ends && word.ends_with('\'') {
        word.pop();
    }
    word
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
    let is_hosts = text.trim_start().starts_with(HOST);
    let before = match is_hosts {
        true => text[..start].split_whitespace().map(str::to_owned).collect(),
        false => words::split(&text[..start]).ok()?,
    };
    Some(Place { start, word, before, is_hosts })
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

/// The board of the session.
struct Asking<'a, 's> {
    known: &'a mut HashMap<String, Vec<Name>>,
    session: &'a mut Session<'s>,
}

impl BoardNames for Asking<'_, '_> {
    fn names(&mut self, board: &Board, dir: &str) -> Vec<Name> {
        // A Tab connects to no other.
        if *board != Board::Default {
            return Vec::new();
        }
        if let Some(names) = self.known.get(dir) {
            return names.clone();
        }
        let Some(names) = list_on_board(dir, self.session) else { return Vec::new() };
        self.known.insert(dir.to_owned(), names.clone());
        names
    }
}

/// Asks the board, if it is there and has nothing else to do.
fn list_on_board(dir: &str, session: &mut Session<'_>) -> Option<Vec<Name>> {
    if !session.is_at_hand() {
        return None;
    }
    let interrupt = session.signals().flag().clone();
    let limit = Watchdog::start(PATIENCE, interrupt);
    let entries = session.device().ok()?.list(plain(dir)).ok();
    drop(limit);
    session.let_be();
    let name = |entry: mpr_protocol::DirEntry| Name { name: entry.name, is_dir: entry.is_dir };
    Some(entries?.into_iter().map(name).collect())
}

#[cfg(test)]
mod tests {
    use mpr_protocol::PortInfo;
    use proptest::prelude::*;

    use super::*;

    /// One file and one directory on each side.
    struct Tables;

    impl Sources for Tables {
        fn board(&mut self, _: &Board, dir: &str) -> Vec<Name> {
            let name = |name: &str, is_dir| Name { name: name.into(), is_dir };
            match dir {
                "" => vec![name("on board", false), name("my lib", true)],
                "my lib" => vec![name("it's", false)],
                _ => Vec::new(),
            }
        }

        fn host(&mut self, dir: &str) -> Vec<Name> {
            let name = |name: &str, is_dir| Name { name: name.into(), is_dir };
            match dir {
                "" => vec![name("here", false), name("src", true)],
                "~/" => vec![name("at_home", true)],
                _ => Vec::new(),
            }
        }

        fn ports(&mut self) -> Vec<PortInfo> {
            Vec::new()
        }
    }

    /// Where candidates begin, and what is typed for them.
    fn typed_at(text: &str) -> (usize, Vec<String>) {
        let found = candidates(text, &Config::default(), &mut Tables).unwrap();
        (found.start, found.list.into_iter().map(|candidate| candidate.text).collect())
    }

    #[test]
    fn words_are_completed_by_what_they_mean() {
        for (text, start, typed) in [
            ("lp", 0, &["lpwd "][..]),
            ("soft-", 0, &["soft-reset "]),
            ("pwd + lpw", 6, &["lpwd "]),
            ("cat ", 4, &["'my lib/", "'on board' "]),
            ("cat x 'on b", 6, &["'on board' "]),
            ("cat on\\ b", 4, &["'on board' "]),
            ("cat 'my lib/", 4, &[r"'my lib/it'\''s' "]),
            ("cd ", 3, &["'my lib/"]),
            ("cp -r :m", 6, &["':my lib/"]),
            ("cp h", 3, &["here "]),
            ("fs ca", 3, &["cat "]),
            ("fs cat o", 7, &["'on board' "]),
            ("connect au", 8, &["auto "]),
            ("rm --re", 3, &["--recursive "]),
            ("run h", 4, &["here "]),
            ("lls ", 4, &["here ", "src/"]),
            ("lcd ", 4, &["src/"]),
            ("lcd ~/", 4, &["'~/at_home/"]),
            ("help lp", 5, &["lpwd "]),
            ("exec 'pri", 5, &[]),
            ("shel", 0, &[]),
            ("!vi h", 4, &["here "]),
            ("!vi", 0, &[]),
            ("nonsense ", 9, &[]),
        ] {
            let typed = typed.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(typed_at(text), (start, typed), "{text}");
        }
    }

    #[test]
    fn the_last_part_of_a_path_is_listed() {
        let found = candidates("cat 'my lib/", &Config::default(), &mut Tables).unwrap();
        assert_eq!(found.list[0].shown, "it's");
    }

    proptest! {
        #[test]
        fn any_line_has_a_place_or_none(text: String) {
            if let Some(place) = place(&text) {
                prop_assert!(text.is_char_boundary(place.start) && place.start <= text.len());
            }
            let _ = candidates(&text, &Config::default(), &mut Tables);
        }
    }
}
