//! The words of a Python program.

use super::Place;
use super::strings;

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Name(String),
    /// A text literal's text. Literals beside each other are one.
    Text(String),
    /// A literal that is no plain text: `bytes`, "a formatted text".
    OtherText(&'static str),
    /// A number as it is written.
    Number(String),
    /// Any other character; `=` is only the one of an assignment.
    Op(char),
    /// An operator of several characters, such as `==` or `+=`.
    LongOp,
    /// A statement's end that is also a line's.
    Line,
    /// A statement's end within a line.
    Semicolon,
    /// No Python: what it is.
    Bad(String),
    /// The end of the program.
    End,
}

/// A token and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub place: Place,
    /// The first of a line that does not begin in the first column.
    pub indented: bool,
    /// The first behind a semicolon.
    pub continues: bool,
}

/// Splits a program whose lines end in `\n`. The last token is [`Kind::End`]; [`Kind::Bad`] is the one before, if there is one.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut scanner =
        Scanner { rest: text, place: Place { line: 1, column: 1 }, depth: 0, tokens: Vec::new() };
    while scanner.step() {}
    let end = Token { kind: Kind::End, place: scanner.place, indented: false, continues: false };
    scanner.tokens.push(end);
    scanner.tokens
}

struct Scanner<'a> {
    rest: &'a str,
    place: Place,
    /// How many brackets are open. Lines don't end within them.
    depth: usize,
    tokens: Vec<Token>,
}

impl Scanner<'_> {
    /// Takes one token or what is between two. `false` at the end.
    fn step(&mut self) -> bool {
        let place = self.place;
        let mut chars = self.rest.chars();
        let Some(c) = chars.next() else { return false };
        let next = chars.next();
        match c {
            '\n' => {
                self.skip(1);
                if self.depth == 0 {
                    self.push(Kind::Line, place);
                }
            }
            '\\' if next == Some('\n') => self.skip(2),
            c if c.is_whitespace() => self.skip(1),
            '#' => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
            '\'' | '"' => return self.string("", place),
            c if c.is_alphabetic() || c == '_' => {
                let end =
                    self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
                let word = &self.rest[..end];
                if self.rest[end..].starts_with(['\'', '"']) && strings::is_prefix(word) {
                    return self.string(word.to_owned().as_str(), place);
                }
                let kind = Kind::Name(word.to_owned());
                self.skip(end);
                self.push(kind, place);
            }
            c if c.is_ascii_digit() || (c == '.' && next.is_some_and(|c| c.is_ascii_digit())) => {
                let number = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
                let end = self.rest.find(|c| !number(c)).unwrap_or(self.rest.len());
                let kind = Kind::Number(self.rest[..end].to_owned());
                self.skip(end);
                self.push(kind, place);
            }
            ';' if self.depth == 0 => {
                self.skip(1);
                self.push(Kind::Semicolon, place);
            }
            _ => self.operator(c, next, place),
        }
        true
    }

    fn operator(&mut self, c: char, next: Option<char>, place: Place) {
        if next == Some('=') && "=!<>+-*/%&|^@:".contains(c) {
            self.skip(2);
            return self.push(Kind::LongOp, place);
        }
        match c {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.skip(c.len_utf8());
        self.push(Kind::Op(c), place);
    }

    /// Takes a string literal. `false` if it does not end: nothing behind can be understood.
    fn string(&mut self, prefix: &str, place: Place) -> bool {
        match strings::literal(&self.rest[prefix.len()..], prefix) {
            Ok((kind, used)) => {
                self.skip(prefix.len() + used);
                match (self.tokens.last_mut(), kind) {
                    // Those beside each other are one.
                    (Some(Token { kind: Kind::Text(before), .. }), Kind::Text(text)) => {
                        before.push_str(&text);
                    }
                    (Some(Token { kind: Kind::OtherText(_), .. }), Kind::Text(_)) => {}
                    (Some(last @ Token { kind: Kind::Text(_), .. }), kind @ Kind::OtherText(_)) => {
                        last.kind = kind;
                    }
                    (_, kind) => self.push(kind, place),
                }
                true
            }
            Err(what) => {
                self.skip(self.rest.len());
                self.push(Kind::Bad(what.to_owned()), place);
                false
            }
        }
    }

    /// Goes on by so many bytes.
    fn skip(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        match taken.rfind('\n') {
            None => self.place.column += taken.chars().count(),
            Some(last) => {
                self.place.line += taken.matches('\n').count();
                self.place.column = 1 + taken[last + 1..].chars().count();
            }
        }
    }

    fn push(&mut self, kind: Kind, place: Place) {
        let before = self.tokens.last().map(|token| &token.kind);
        let begins = matches!(before, None | Some(Kind::Line));
        let continues = before == Some(&Kind::Semicolon);
        self.tokens.push(Token { kind, place, indented: begins && place.column > 1, continues });
    }
}
