//! Splits a command line as its shell does, up to the cursor.

/// How a shell quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// bash.
    Bash,
    /// fish: a backslash works in single quotes, too.
    Fish,
    /// PowerShell: a backtick for a backslash, and doubled quotes in quotes.
    PowerShell,
}

/// A command line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The words behind the program's name, without quotes.
    pub words: Vec<String>,
    /// The word at the cursor, without quotes.
    pub current: String,
    /// The quote that is open at the cursor.
    pub quote: Option<char>,
}

/// Splits a line. `None` when the cursor is where no word can be completed: behind the program's name, or a lone escape.
pub fn split(line: &str, dialect: Dialect) -> Option<Line> {
    let escape = if dialect == Dialect::PowerShell { '`' } else { '\\' };
    let mut words = Vec::new();
    let mut current = String::new();
    let mut in_word = false;
    let mut quote = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match quote {
            None if letter.is_whitespace() => {
                if in_word {
                    words.push(std::mem::take(&mut current));
                }
                in_word = false;
                continue;
            }
            None if letter == escape => current.push(letters.next()?),
            None if matches!(letter, '\'' | '"') => quote = Some(letter),
            Some(open) if letter == open => {
                if dialect == Dialect::PowerShell && letters.next_if_eq(&open).is_some() {
                    current.push(open);
                } else {
                    quote = None;
                }
            }
            Some(open) if letter == escape && escapes_in(dialect, open) => {
                let next = letters.next()?;
                if !is_escaped_in(dialect, open, next) {
                    current.push(escape);
                }
                current.push(next);
            }
            _ => current.push(letter),
        }
        in_word = true;
    }
    words.push(current);
    // `VARIABLE=VALUE` or another program may stand in front.
    let own = |word: &String| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
        matches!(name, "mpr" | "mpr.exe")
    };
    let last = words.len() - 1;
    let at = words[..last].iter().position(own).or((last > 0).then_some(0))?;
    let current = words.pop()?;
    words.drain(..=at);
    Some(Line { words, current, quote })
}

/// Whether the escape works at all between these quotes.
fn escapes_in(dialect: Dialect, quote: char) -> bool {
    quote == '"' || dialect == Dialect::Fish
}

/// Whether the escape is needed for this character between these quotes; else it stands for itself.
fn is_escaped_in(dialect: Dialect, quote: char, letter: char) -> bool {
    match (dialect, quote) {
        (Dialect::PowerShell, _) => true,
        (Dialect::Fish, '\'') => matches!(letter, '\'' | '\\'),
        (Dialect::Fish, _) => matches!(letter, '"' | '\\' | '$'),
        (Dialect::Bash, _) => matches!(letter, '"' | '\\' | '$' | '`'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str], current: &str, quote: Option<char>) -> Option<Line> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Some(Line { words, current: current.to_owned(), quote })
    }

    #[test]
    fn quotes_are_those_of_the_shell() {
        let cases = [
            (
                Dialect::Bash,
                r#"mpr cp a\ b 'c d' "e\"f\g" :l"#,
                line(&["cp", "a b", "c d", r#"e"f\g"#], ":l", None),
            ),
            (Dialect::Bash, r#"mpr cp ":my f"#, line(&["cp"], ":my f", Some('"'))),
            (Dialect::Bash, r"mpr cp 'a\", line(&["cp"], r"a\", Some('\''))),
            (Dialect::Bash, r"mpr ls 'it'\''s'", line(&["ls"], "it's", None)),
            (Dialect::Fish, r"mpr ls 'it\'s' '\a", line(&["ls", "it's"], r"\a", Some('\''))),
            (
                Dialect::PowerShell,
                "mpr ls 'it''s' \"a`\"b\"\"c\" a` b",
                line(&["ls", "it's", "a\"b\"c"], "a b", None),
            ),
            (Dialect::PowerShell, r"mpr cp C:\x :", line(&["cp", r"C:\x"], ":", None)),
        ];
        for (dialect, text, expected) in cases {
            assert_eq!(split(text, dialect), expected, "{text}");
        }
    }

    #[test]
    fn the_program_is_found_and_the_cursor_must_be_behind_it() {
        assert_eq!(split("mpr ", Dialect::Bash), line(&[], "", None));
        assert_eq!(split("A=1 /usr/bin/mpr x ''", Dialect::Fish), line(&["x"], "", None));
        assert_eq!(split(r".\mpr.exe l", Dialect::PowerShell), line(&[], "l", None));
        assert_eq!(split("other x", Dialect::Bash), line(&[], "x", None));
        for text in ["", "mp", "mpr", r"mpr ls a\"] {
            assert_eq!(split(text, Dialect::Bash), None, "{text}");
        }
    }
}
