//! A line of text split into words, as a shell does it.

/// What a line lacks at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// This quote is open.
    Quote(char),
    /// Something behind the last backslash.
    Backslash,
}

impl std::fmt::Display for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unfinished::Quote(quote) => write!(f, "the quote {quote} is not closed"),
            Unfinished::Backslash => f.write_str("nothing follows the backslash at its end"),
        }
    }
}

/// Splits a line at its blanks. Quotes and backslashes mean what they mean to a shell; nothing is replaced (no variables,
/// no patterns).
///
/// # Errors
/// When the line ends within a quote or behind a backslash.
pub fn split(line: &str) -> Result<Vec<String>, Unfinished> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => single(&mut chars, word.get_or_insert_default())?,
            '"' => double(&mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(Unfinished::Backslash)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn single(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unfinished> {
    loop {
        match chars.next().ok_or(Unfinished::Quote('\''))? {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
}

/// Between double quotes a backslash keeps itself, except before the few characters that mean something there.
fn double(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unfinished> {
    const OPEN: Unfinished = Unfinished::Quote('"');
    loop {
        match chars.next().ok_or(OPEN)? {
            '"' => return Ok(()),
            '\\' => match chars.next().ok_or(OPEN)? {
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hints::shell_word;

    fn words(line: &str) -> Vec<String> {
        split(line).unwrap_or_else(|unfinished| panic!("{line}: {unfinished}"))
    }

    #[test]
    fn quotes_and_backslashes() {
        assert_eq!(words("  code --wait\t-n "), ["code", "--wait", "-n"]);
        assert_eq!(words(r#"a\ b 'c "d' "e 'f" g"h"'i'"#), ["a b", "c \"d", "e 'f", "ghi"]);
        assert_eq!(words(r#""a\"b\\c\d" 'a\b' \'"#), ["a\"b\\c\\d", "a\\b", "'"]);
        assert_eq!(words(r#"'' """#), ["", ""]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn a_line_may_lack_its_end() {
        assert_eq!(split("a 'b"), Err(Unfinished::Quote('\'')));
        assert_eq!(split("a \"b\\\""), Err(Unfinished::Quote('"')));
        assert_eq!(split("a\\"), Err(Unfinished::Backslash));
    }

    proptest! {
        #[test]
        fn any_text_is_split_or_refused(line: String) {
            let _ = split(&line);
        }

        #[test]
        fn quoted_words_come_back(list in proptest::collection::vec(any::<String>(), 0..5)) {
            let line = list.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(split(&line), Ok(list));
        }
    }
}
