//! Paths, of this machine and of the board.

use super::sources::{Board, Name, Sources};
use super::{Candidate, Kind};

/// Which entries of a directory are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Files and directories.
    Any,
    /// Directories only.
    Directories,
}

/// The colon that starts a path on the board.
pub fn colon() -> Candidate {
    Candidate { value: ":".into(), about: "a path on the device".into(), kind: Kind::Board, ends: false }
}

/// Paths of this machine; `front` is what stands before the path in the same word.
pub fn host(current: &str, front: &str, want: Want, bare: bool, sources: &mut dyn Sources) -> Vec<Candidate> {
    let Some(typed) = current.strip_prefix(front) else { return Vec::new() };
    let (head, tail) = split(typed);
    let mut names = sources.host(head);
    if matches!(tail, "." | "..") {
        names.push(Name { name: "..".into(), is_dir: true });
    }
    // A word of this look would be an option, the end of the command, or a path on the board.
    let guarded = |name: &str| {
        front.is_empty() && head.is_empty() && (name.starts_with(':') || (!bare && is_special(name)))
    };
    candidates(names, tail, want, Kind::Host, |name| match guarded(name) {
        true => format!("./{name}"),
        false => format!("{front}{head}{name}"),
    })
}

/// Paths on the board.
pub fn board(
    current: &str,
    want: Want,
    bare: bool,
    board: &Board,
    sources: &mut dyn Sources,
) -> Vec<Candidate> {
    let colon = if current.starts_with(':') { ":" } else { "" };
    let (head, tail) = split(&current[colon.len()..]);
    // One slash at the end is not part of the directory's name, unless it is the root's.
    let dir = match head.trim_end_matches('/') {
        "" if head.is_empty() => "",
        "" => "/",
        dir => dir,
    };
    let names = sources.board(board, dir);
    let guarded = |name: &str| {
        colon.is_empty() && head.is_empty() && (name.starts_with(':') || (!bare && is_special(name)))
    };
    candidates(names, tail, want, Kind::Board, |name| match guarded(name) {
        true => format!(":{name}"),
        false => format!("{colon}{head}{name}"),
    })
}

/// The part up to the last slash, and the rest.
fn split(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |at| at + 1))
}

/// Whether a word of this name would be read as something else.
fn is_special(name: &str) -> bool {
    name.starts_with('-') || name == crate::chain::words::END
}

fn candidates(
    names: Vec<Name>,
    tail: &str,
    want: Want,
    kind: Kind,
    word: impl Fn(&str) -> String,
) -> Vec<Candidate> {
    let hidden_too = tail.starts_with('.');
    let mut found: Vec<Candidate> = names
        .into_iter()
        .filter(|name| name.is_dir || want == Want::Any)
        .filter(|name| name.name.starts_with(tail) && (hidden_too || !name.name.starts_with('.')))
        .map(|name| {
            let slash = if name.is_dir { "/" } else { "" };
            let value = format!("{}{slash}", word(&name.name));
            Candidate { value, about: String::new(), kind, ends: !name.is_dir }
        })
        .collect();
    found.sort_by(|a, b| a.value.cmp(&b.value));
    found
}
