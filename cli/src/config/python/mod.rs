//! Literals in a Python program, read without running it.
//!
//! mpremote's configuration is a program. Nearly all of them only assign literals, and those are what is read here; the rest
//! is told as [`Strange`] with its place, and reading goes on behind it.
//!
//! The module stands alone, so that the fuzz target needs nothing but this folder.

mod strings;
mod tokens;
mod values;

#[cfg(test)]
mod tests;

pub use values::Value;

use tokens::{Kind, Token};

/// A place in a file; both numbers count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// Something that is no literal, and what it is instead: "a call", "a text that does not end".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strange {
    pub place: Place,
    pub what: String,
}

/// A statement that gives a name a value, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Where it begins.
    pub place: Place,
    /// The name.
    pub name: String,
    /// The key of `name[key] = value`.
    pub key: Option<String>,
    /// The value, or what stands there instead of a literal.
    pub value: Result<Value, Strange>,
}

/// What a program assigns at its top level.
#[derive(Debug, Default)]
pub struct Program {
    /// Its assignments.
    pub assignments: Vec<Assignment>,
    /// Statements that may assign something in a way that is not followed, and text that is no Python.
    pub strange: Vec<Strange>,
}

/// Statements that define names of their own at most: `def` and `class` with all that is indented below.
const HARMLESS: [&str; 6] = ["import", "from", "def", "class", "pass", "async"];

/// Statements that have others below them.
const COMPOUND: [&str; 6] = ["if", "for", "while", "with", "try", "match"];

/// Parts of a statement whose first line was told already.
const FURTHER: [&str; 4] = ["elif", "else", "except", "finally"];

/// Reads a program. Any text is read to its end, or to a literal that does not end.
pub fn read(text: &str) -> Program {
    // As Python reads files.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let tokens = tokens::tokens(&text);
    let mut program = Program::default();
    let lines = tokens.split_inclusive(|token| matches!(token.kind, Kind::Line | Kind::Semicolon));
    let mut deep = false;
    for line in lines {
        let Some(first) = line.first() else { continue };
        // What is indented belongs to a statement that was looked at.
        deep = first.indented || (deep && line_continues(line));
        if !deep {
            statement(line, &mut program);
        }
        for token in line {
            if let Kind::Bad(what) = &token.kind {
                program.strange.push(Strange { place: token.place, what: what.clone() });
            }
        }
    }
    // A literal that does not end is told by the value that it is in, too.
    let told: Vec<Place> = program
        .assignments
        .iter()
        .flat_map(|assignment| match &assignment.value {
            Ok(value) => value.strange_places(),
            Err(strange) => vec![strange.place],
        })
        .collect();
    program.strange.retain(|strange| !told.contains(&strange.place));
    program
}

/// Whether these tokens stand behind a semicolon.
fn line_continues(line: &[Token]) -> bool {
    line.first().is_some_and(|first| first.continues)
}

/// Looks at one statement.
fn statement(line: &[Token], program: &mut Program) {
    let (first, rest) = match line {
        [] | [Token { kind: Kind::Line | Kind::Semicolon | Kind::End | Kind::Text(_), .. }, ..] => return,
        [first, rest @ ..] => (first, rest),
    };
    let strange = |what: &str| Strange { place: first.place, what: what.to_owned() };
    let Kind::Name(name) = &first.kind else {
        // An expression by itself changes nothing; a decorator belongs to what follows.
        if let Kind::Op('*' | '(' | '[') = first.kind
            && line.iter().any(|token| token.kind == Kind::Op('='))
        {
            program.strange.push(strange("an assignment to several names"));
        }
        return;
    };
    if HARMLESS.contains(&name.as_str()) || FURTHER.contains(&name.as_str()) {
        return;
    }
    let ends = |token: Option<&Token>| {
        token.is_none_or(|token| matches!(token.kind, Kind::Line | Kind::Semicolon | Kind::End))
    };
    match rest {
        [Token { kind: Kind::Op('='), .. }, value @ ..] => {
            let value = values::whole(value);
            program.assignments.push(Assignment { place: first.place, name: name.clone(), key: None, value });
        }
        [
            Token { kind: Kind::Op('['), .. },
            Token { kind: Kind::Text(key), .. },
            Token { kind: Kind::Op(']'), .. },
            Token { kind: Kind::Op('='), .. },
            value @ ..,
        ] => {
            let (key, value) = (Some(key.clone()), values::whole(value));
            program.assignments.push(Assignment { place: first.place, name: name.clone(), key, value });
        }
        _ if COMPOUND.contains(&name.as_str()) => {
            program.strange.push(strange(&format!("a statement with `{name}`")));
        }
        [next, ..] if !ends(Some(next)) => {
            program.strange.push(strange(&format!("a statement about `{name}`")));
        }
        _ => {}
    }
}
