//! Lines that belong together, as MicroPython's own prompt judges them.

use mpr_protocol::Mode;

/// Words that begin a statement of several lines.
const COMPOUND: [&str; 8] = ["async", "class", "def", "for", "if", "try", "while", "with"];

/// Words that go on with a statement at its own indentation.
const CLAUSES: [&str; 4] = ["elif", "else", "except", "finally"];

/// Words behind which a block has no more lines.
const LAST: [&str; 5] = ["break", "continue", "pass", "raise", "return"];

/// One step of indentation.
pub const STEP: &str = "    ";

/// Where a text stands at its end.
#[derive(Debug, Default)]
struct End {
    /// Within a string of several lines.
    in_string: bool,
    /// Brackets that are open.
    depth: usize,
    /// The last line ends in a backslash.
    continued: bool,
    /// Lines that begin outside of strings and brackets.
    starts: Vec<usize>,
}

impl End {
    fn of(text: &str) -> Self {
        let mut end = End { starts: vec![0], ..End::default() };
        let bytes = text.as_bytes();
        let mut quote: Option<(u8, bool)> = None;
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let triple = bytes[at..].len() >= 3 && bytes[at..at + 3] == [byte; 3];
            end.continued = false;
            match (byte, quote) {
                (b'\\', _) => {
                    end.continued = matches!(bytes.get(at + 1), None | Some(b'\n'));
                    at += 1;
                }
                (byte, Some((open, whole))) if byte == open && (!whole || triple) => {
                    at += if whole { 2 } else { 0 };
                    quote = None;
                }
                // A string of one line ends with it, closed or not.
                (b'\n', Some((_, false))) => quote = None,
                (_, Some(_)) => {}
                (b'\'' | b'"', None) => {
                    at += if triple { 2 } else { 0 };
                    quote = Some((byte, triple));
                }
                (b'#', None) => {
                    let rest = bytes[at..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at);
                    at += rest - 1;
                }
                (b'(' | b'[' | b'{', None) => end.depth += 1,
                (b')' | b']' | b'}', None) => end.depth = end.depth.saturating_sub(1),
                _ => {}
            }
            at += 1;
            if byte == b'\n' && quote.is_none() && end.depth == 0 {
                end.starts.push(at);
            }
        }
        end.in_string = quote.is_some_and(|(_, whole)| whole);
        end
    }

    fn is_open(&self) -> bool {
        self.in_string || self.depth > 0 || self.continued
    }
}

/// Whether the prompt waits for another line. A statement of several lines ends with an empty one.
pub fn needs_more(text: &str) -> bool {
    let end = End::of(text);
    let blank = text.contains('\n') && last_line(text).trim().is_empty();
    end.is_open() || (is_compound(text) && !blank)
}

/// How the board takes the text: one statement shows its value, several are a program.
pub fn mode(text: &str) -> Mode {
    let mut decorated = false;
    let starts = End::of(text).starts.into_iter().filter(|start| {
        let line = text.get(*start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let begins = !line.trim().is_empty()
            && !line.starts_with([' ', '\t', '#'])
            && !CLAUSES.contains(&first_word(line));
        let counts = begins && !decorated;
        if begins {
            decorated = line.starts_with('@');
        }
        counts
    });
    if starts.count() > 1 { Mode::Program } else { Mode::Statement }
}

/// What the next line begins with.
pub fn indentation(text: &str) -> String {
    let end = End::of(text);
    if end.in_string {
        return String::new();
    }
    let line = last_line(text);
    let code = line.trim_start();
    let mut indentation = line[..line.len() - code.len()].to_owned();
    if end.depth == 0 && !end.continued {
        if code.split('#').next().is_some_and(|code| code.trim_end().ends_with(':')) {
            indentation.push_str(STEP);
        } else if LAST.contains(&first_word(code)) {
            indentation.truncate(indentation.len().saturating_sub(STEP.len()));
        }
    }
    indentation
}

fn is_compound(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('@') || COMPOUND.contains(&first_word(text))
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

fn last_line(text: &str) -> &str {
    text.rsplit('\n').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_that_wait_for_more() {
        for text in [
            "for i in x:",
            "if x: y",
            "def f():\n    return 1",
            "@d",
            "(1,",
            "x = [\n1,",
            "'''a",
            "\"\"\"a\n'''",
            "x = 1 + \\",
            "async def f():",
            "f('''a''', (",
        ] {
            assert!(needs_more(text), "{text}");
        }
    }

    #[test]
    fn lines_that_are_whole() {
        for text in [
            "",
            "x = 1",
            "'(' # (",
            "\"it's\"",
            "'a\\'('",
            "'open",
            ")",
            "for i in x:\n    y\n",
            "def f():\n    return 1\n    ",
            "x = [\n1]",
            "'''a\n'''",
            "format(1)",
            "1 + \\\n2",
        ] {
            assert!(!needs_more(text), "{text}");
        }
    }

    #[test]
    fn several_statements_are_a_program() {
        for text in [
            "x",
            "x; y",
            "if x:\n    y\nelse:\n    z\n",
            "@d\ndef f():\n    x\n",
            "x = '''\na\nb'''",
            "\n\nx\n",
        ] {
            assert_eq!(mode(text), Mode::Statement, "{text}");
        }
        for text in ["x\ny", "def f():\n    x\n\nf()", "import a\n\nb\n"] {
            assert_eq!(mode(text), Mode::Program, "{text}");
        }
    }

    #[test]
    fn indentation_follows() {
        for (text, next) in [
            ("for i in x:", "    "),
            ("for i in x:  # why:", "    "),
            ("for i in x:\n    if y:", "        "),
            ("for i in x:\n    y", "    "),
            ("def f():\n    return 1", ""),
            ("x = {'a':", ""),
            ("  '''a:", ""),
        ] {
            assert_eq!(indentation(text), next, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in "[a-z:'\"(){}#@\\\\ \n€]{0,40}") {
            let _ = (needs_more(&text), mode(&text), indentation(&text));
        }
    }
}
