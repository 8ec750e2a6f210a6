//! What Tab offers at the board's prompt: names that the board knows.

use std::time::Duration;

use super::block::STEP;
use crate::line::{Candidate, Candidates};
use crate::session::Session;
use crate::watchdog::Watchdog;

/// A board that has not answered by then is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Words of the language, which the board does not list.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// What may stand at this place of the line.
pub fn find(line: &str, at: usize, session: &mut Session<'_>) -> Candidates {
    let Some(before) = line.get(..at) else { return Candidates::default() };
    let start_of_line = before.rfind('\n').map_or(0, |end| end + 1);
    if before[start_of_line..].trim().is_empty() {
        return Candidates {
            start: at,
            list: vec![Candidate { shown: STEP.to_owned(), text: STEP.to_owned() }],
        };
    }
    let Some((path, start)) = dotted(&before[start_of_line..]) else { return Candidates::default() };
    let mut names = ask(&path, start, session);
    if path.is_empty() {
        names.extend(KEYWORDS.iter().filter(|word| word.starts_with(start)).map(|word| (*word).to_owned()));
    }
    names.sort();
    names.dedup();
    let list = names.into_iter().map(|name| Candidate { shown: name.clone(), text: name }).collect();
    Candidates { start: at - start.len(), list }
}

/// The names before the last dot, and the start of the one behind it.
fn dotted(text: &str) -> Option<(Vec<&str>, &str)> {
    let whole = text.trim_start_matches(char::is_whitespace);
    let begin = whole
        .rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
        .map_or(0, |at| at + whole[at..].chars().next().map_or(1, char::len_utf8));
    let mut parts: Vec<&str> = whole[begin..].split('.').collect();
    let start = parts.pop()?;
    let is_name = |part: &&str| part.starts_with(|c: char| c.is_alphabetic() || c == '_');
    // Behind a call or a literal nothing is known without running it.
    let fits = parts.iter().all(is_name) && (start.is_empty() || is_name(&start));
    (fits && !(parts.is_empty() && start.is_empty())).then_some((parts, start))
}

fn ask(path: &[&str], start: &str, session: &mut Session<'_>) -> Vec<String> {
    if !session.is_at_hand() {
        return Vec::new();
    }
    let limit = Watchdog::start(PATIENCE, session.signals().flag().clone());
    let names = session.device().ok().and_then(|device| device.names(path, start).ok());
    drop(limit);
    session.let_be();
    names.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_dots() {
        assert_eq!(dotted("x = sys.im"), Some((vec!["sys"], "im")));
        assert_eq!(dotted("print(a.b.c"), Some((vec!["a", "b"], "c")));
        assert_eq!(dotted("ma"), Some((vec![], "ma")));
        assert_eq!(dotted("sys."), Some((vec!["sys"], "")));
        for text in ["f().x", "[1].a", "1.a", "a..b", "x ", "'a'.up"] {
            assert_eq!(dotted(text), None, "{text}");
        }
    }
}
