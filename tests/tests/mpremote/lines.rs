//! The sheets of lines.
//!
//! ```text
//! $ ls missing
//! $ sleep -1 eval 1
//!   differs: sleep-below-zero
//!   mpremote: exit 1
//!   mpr: exit 2
//! ```
//!
//! A line is split into words as a shell does, with `'` and `"`; `\n` in double quotes is a line end. `{board}`, `{web}` and
//! `{index}` are addresses. A line with `$$` does not begin with `connect ADDRESS`. `out: any` below a line: what it prints is
//! not compared.

use std::fs;
use std::path::PathBuf;

/// A command line and what is known of it.
#[derive(Debug, Clone)]
pub struct Line {
    /// The words as the sheet has them.
    pub text: String,
    /// Without `connect ADDRESS` before them.
    pub bare: bool,
    /// Standard output is not compared.
    pub any_output: bool,
    /// The difference's name in the document.
    pub difference: Option<String>,
    /// What each tool does where they differ.
    pub results: Vec<String>,
    /// Lines of the sheet before it that say something to people.
    comments: Vec<String>,
}

/// A file of lines that run one after the other.
pub struct Sheet {
    path: PathBuf,
    pub lines: Vec<Line>,
}

impl Sheet {
    pub fn read(name: &str) -> Sheet {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mpremote/lines");
        let path = PathBuf::from(folder).join(format!("{name}.txt"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
        let mut lines: Vec<Line> = Vec::new();
        let mut comments = Vec::new();
        for row in text.lines() {
            if let Some(words) = row.strip_prefix('$') {
                let bare = words.starts_with('$');
                lines.push(Line {
                    text: words.trim_start_matches('$').trim().to_owned(),
                    bare,
                    any_output: false,
                    difference: None,
                    results: Vec::new(),
                    comments: std::mem::take(&mut comments),
                });
            } else if let Some(fact) = row.strip_prefix("  ") {
                let line = lines.last_mut().expect("a line before its results");
                match fact.split_once(": ") {
                    Some(("out", "any")) => line.any_output = true,
                    Some(("differs", name)) => line.difference = Some(name.to_owned()),
                    _ => line.results.push(fact.to_owned()),
                }
            } else {
                comments.push(row.to_owned());
            }
        }
        Sheet { path, lines }
    }

    pub fn write(&self) {
        let mut text = String::new();
        let mut row = |row: &str| {
            text += row;
            text.push('\n');
        };
        for line in &self.lines {
            line.comments.iter().for_each(|comment| row(comment));
            row(&format!("{} {}", if line.bare { "$$" } else { "$" }, line.text));
            if line.any_output {
                row("  out: any");
            }
            if let Some(name) = &line.difference {
                row(&format!("  differs: {name}"));
            }
            line.results.iter().for_each(|result| row(&format!("  {result}")));
        }
        fs::write(&self.path, text).expect("the sheet can be written");
    }
}

impl Line {
    /// Takes what was found for what is right.
    pub fn record(&mut self, found: Vec<String>) {
        self.difference = match (found.is_empty(), self.difference.take()) {
            (true, _) => None,
            (false, name) => Some(name.unwrap_or_else(|| "?".to_owned())),
        };
        self.results = found;
    }

    /// The words, with these places filled in.
    pub fn words(&self, places: &[(&str, &str)]) -> Vec<String> {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut quote = None;
        let mut chars = self.text.chars();
        while let Some(c) = chars.next() {
            match (c, quote) {
                ('"' | '\'', None) => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (c, Some(open)) if c == open => quote = None,
                ('\\', Some('"')) => match chars.next() {
                    Some('n') => word.get_or_insert_default().push('\n'),
                    Some(other) => word.get_or_insert_default().extend(['\\', other]),
                    None => panic!("an end after a backslash: {}", self.text),
                },
                (' ', None) => words.extend(word.take()),
                (c, _) => word.get_or_insert_default().push(c),
            }
        }
        assert!(quote.is_none(), "an open quote: {}", self.text);
        words.extend(word);
        let fill = |word: String| places.iter().fold(word, |word, (name, value)| word.replace(name, value));
        words.into_iter().map(fill).collect()
    }
}
