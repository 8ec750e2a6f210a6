//! PowerShell: the script passes the line up to the cursor as the hexadecimal bytes of its UTF-8, because no version of PowerShell hands
//! every text to a program unchanged. A line of the answer is a candidate in quotes where it needs them, a tab, the candidate, a tab,
//! and what it is.

use super::Find;
use super::line::{Dialect, split};

/// Characters that mean something in a word; PowerShell takes typographic quotes for quotes.
const SPECIAL: &str = " \t'\"`$;&|(){}<>,@#\u{2018}\u{2019}\u{201a}\u{201b}\u{201c}\u{201d}\u{201e}";
const SINGLE_QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

pub fn reply(asked: &[String], find: Find<'_>) -> Option<String> {
    let [line] = asked else { return None };
    let line = split(&decode(line)?, Dialect::PowerShell)?;
    let lines = find(&line.words, &line.current).into_iter().map(|candidate| {
        // An empty tool tip is an error there.
        let about = if candidate.about.is_empty() { &candidate.value } else { &candidate.about };
        format!("{}\t{}\t{about}\n", quoted(&candidate.value), candidate.value)
    });
    Some(lines.collect())
}

/// Text of hexadecimal bytes, with or without dashes.
fn decode(text: &str) -> Option<String> {
    let digits: Vec<u8> =
        text.chars().filter(|c| *c != '-').map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

fn quoted(value: &str) -> String {
    if !value.contains(|c| SPECIAL.contains(c)) {
        return value.to_owned();
    }
    let mut text = String::from("'");
    for letter in value.chars() {
        text.extend(std::iter::repeat_n(letter, if SINGLE_QUOTES.contains(&letter) { 2 } else { 1 }));
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::super::Shell;
    use super::super::tests::answer_to;

    #[test]
    fn candidates_are_quoted_where_they_need_it() {
        let hex: Vec<String> = "mpr cp :ü".bytes().map(|byte| format!("{byte:02X}")).collect();
        let (words, current, text) = answer_to(Shell::PowerShell, &[&hex.join("-")], &[":ü.py", ":ü it's"]);
        assert_eq!((words, current.as_str()), (vec!["cp".to_owned()], ":ü"));
        assert_eq!(text.as_deref(), Some(":ü.py\t:ü.py\t:ü.py\n':ü it''s'\t:ü it's\t:ü it's\n"));
        for wrong in ["6", "6x", "ff", "ü"] {
            assert_eq!(answer_to(Shell::PowerShell, &[wrong], &["x"]).2, None, "{wrong}");
        }
    }
}
