//! bash: the script passes the line up to the cursor, and the part of its last word that bash replaces.
//!
//! bash cuts words at `:` and `=`, too (`COMP_WORDBREAKS`), and replaces only what is behind the last of those. So a candidate
//! is printed as that part, as it was typed, with the rest behind it, quoted as the place needs. The answer's first line is
//! `space` when bash is to end the word itself, because a quote is open; else spaces are in the candidates.

use super::Find;
use super::line::{Dialect, Line, split};
use crate::complete::Candidate;

pub fn reply(asked: &[String], find: Find<'_>) -> Option<String> {
    let [line, replaced] = asked else { return None };
    let line = split(line, Dialect::Bash)?;
    let candidates = find(&line.words, &line.current);
    let mut text = match candidates.as_slice() {
        [only] if only.ends && line.quote.is_some() => "space\n".to_owned(),
        _ => "\n".to_owned(),
    };
    for candidate in &candidates {
        text.push_str(replaced);
        text.push_str(&rest(candidate, &line)?);
        text.push('\n');
    }
    Some(text)
}

/// What a candidate adds to the word, quoted.
fn rest(candidate: &Candidate, line: &Line) -> Option<String> {
    let mut text = String::new();
    for letter in candidate.value.strip_prefix(&line.current)?.chars() {
        match (line.quote, letter) {
            (None, letter) => {
                if !letter.is_alphanumeric() && !"_-./:=@%+,".contains(letter) {
                    text.push('\\');
                }
                text.push(letter);
            }
            (Some('\''), '\'') => text.push_str(r"'\''"),
            // An exclamation mark in double quotes means history, and a backslash would stay.
            (Some('"'), '!') => text.push_str("\"'!'\""),
            (Some('"'), '"' | '\\' | '$' | '`') => text.extend(['\\', letter]),
            (Some(_), letter) => text.push(letter),
        }
    }
    if candidate.ends && line.quote.is_none() {
        text.push(' ');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::Shell;
    use super::super::tests::answer_to;

    #[test]
    fn candidates_go_on_from_what_bash_replaces() {
        let cases = [
            ("mpr cp :l", "l", ":lib/", "\nlib/\n"),
            ("mpr cp :", "", ":it's a $x", "\nit\\'s\\ a\\ \\$x \n"),
            ("mpr cp \":my ", ":my ", ":my \"$file", "space\n:my \\\"\\$file\n"),
            ("mpr cp ':my ", ":my ", ":my it's/", "\n:my it'\\''s/\n"),
            ("mpr cp \":wow", ":wow", ":wow!", "space\n:wow\"'!'\"\n"),
            (r"mpr cp :my\ f", r"my\ f", ":my file", "\nmy\\ file \n"),
            ("mpr cp :ü", "ü", ":ünï.py", "\nünï.py \n"),
            ("mpr --device=s", "s", "--device=sim:", "\nsim: \n"),
        ];
        for (line, replaced, value, expected) in cases {
            let (_, _, text) = answer_to(Shell::Bash, &[line, replaced], &[value]);
            assert_eq!(text.as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn several_candidates_end_nothing() {
        let (words, current, text) = answer_to(Shell::Bash, &["mpr rm '", ""], &["a b", "a c"]);
        assert_eq!((words, current.as_str()), (vec!["rm".to_owned()], ""));
        assert_eq!(text.as_deref(), Some("\na b\na c\n"));
    }
}
