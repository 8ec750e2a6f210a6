//! Literal values.

use super::tokens::{Kind, Token};
use super::{Place, Strange};

/// Literals nested deeper than this are not read.
const DEEPEST: usize = 32;

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A number as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list, a tuple or a set.
    Sequence(Vec<Value>),
    /// A dictionary.
    Dict(Vec<Pair>),
}

/// One entry of a dictionary.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Where the key begins.
    pub place: Place,
    /// The key, if it is a text.
    pub key: Option<String>,
    /// The value, or what stands there instead of a literal. With [`Pair::key`] missing, it is always the latter.
    pub value: Result<Value, Strange>,
}

impl Value {
    /// Where it has parts that are no literals.
    pub fn strange_places(&self) -> Vec<Place> {
        match self {
            Value::Dict(pairs) => pairs
                .iter()
                .flat_map(|pair| match &pair.value {
                    Ok(value) => value.strange_places(),
                    Err(strange) => vec![strange.place],
                })
                .collect(),
            Value::Sequence(items) => items.iter().flat_map(Value::strange_places).collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads the literal that these tokens are, to the end of the statement.
pub fn whole(tokens: &[Token]) -> Result<Value, Strange> {
    let mut parser = Parser { tokens, at: 0 };
    let value = parser.item(0)?;
    match parser.kind() {
        Kind::Line | Kind::Semicolon | Kind::End => Ok(value),
        // `a = 1,`
        _ => Err(parser.strange("an expression")),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn kind(&self) -> &Kind {
        self.tokens.get(self.at).map_or(&Kind::End, |token| &token.kind)
    }

    fn place(&self) -> Place {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        token.map_or(Place { line: 1, column: 1 }, |token| token.place)
    }

    fn strange(&self, what: &str) -> Strange {
        let what = match self.kind() {
            Kind::Bad(bad) => bad.clone(),
            Kind::End => "a value that does not end".to_owned(),
            _ => what.to_owned(),
        };
        Strange { place: self.place(), what }
    }

    fn eat(&mut self, op: char) -> bool {
        let found = *self.kind() == Kind::Op(op);
        self.at += usize::from(found);
        found
    }

    /// A value with nothing behind it that would make it another one.
    fn item(&mut self, depth: usize) -> Result<Value, Strange> {
        let begin = self.place();
        let value = self.value(depth)?;
        let what = match self.kind() {
            Kind::Op(',' | ')' | ']' | '}' | ':' | '=') | Kind::Line | Kind::Semicolon => return Ok(value),
            Kind::End if depth == 0 => return Ok(value),
            Kind::Bad(_) | Kind::End => return Err(self.strange("")),
            Kind::Op('(') => "a call",
            Kind::Name(name) if name == "if" => "a condition",
            _ => "an expression",
        };
        Err(Strange { place: begin, what: what.to_owned() })
    }

    fn value(&mut self, depth: usize) -> Result<Value, Strange> {
        if depth > DEEPEST {
            return Err(self.strange("a value that is nested too deep"));
        }
        let value = match self.kind().clone() {
            Kind::Text(text) => Value::Text(text),
            Kind::Number(number) => Value::Number(number),
            Kind::OtherText(what) => return Err(self.strange(what)),
            Kind::Name(name) => match name.as_str() {
                "None" => Value::None,
                "True" => Value::Bool(true),
                "False" => Value::Bool(false),
                "lambda" => return Err(self.strange("a function")),
                _ => return Err(self.name(&name)),
            },
            Kind::Op('-' | '+') => {
                self.at += 1;
                return match self.kind().clone() {
                    Kind::Number(number) => {
                        self.at += 1;
                        Ok(Value::Number(format!("-{number}")))
                    }
                    _ => Err(self.strange("an expression")),
                };
            }
            Kind::Op('(') => return self.sequence(')', depth),
            Kind::Op('[') => return self.sequence(']', depth),
            Kind::Op('{') => return self.braces(depth),
            _ => return Err(self.strange("something that is no value")),
        };
        self.at += 1;
        Ok(value)
    }

    /// What a name is the start of.
    fn name(&self, name: &str) -> Strange {
        let next = self.tokens.get(self.at + 1).map(|token| &token.kind);
        match next {
            Some(Kind::Op('(')) => self.strange(&format!("a call of `{name}`")),
            Some(Kind::Op('.')) => self.strange("an expression"),
            _ => self.strange(&format!("the name `{name}`")),
        }
    }

    /// Steps into brackets.
    fn open(&mut self) -> Result<(), Strange> {
        let mut depth = 0_usize;
        for token in &self.tokens[self.at..] {
            match &token.kind {
                Kind::Op('(' | '[' | '{') => depth += 1,
                Kind::Op(')' | ']' | '}') => depth -= 1,
                Kind::Name(name) if name == "for" && depth == 1 => {
                    return Err(self.strange("a comprehension"));
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        self.at += 1;
        Ok(())
    }

    /// A list or a tuple, or a value in parentheses.
    fn sequence(&mut self, end: char, depth: usize) -> Result<Value, Strange> {
        self.open()?;
        let mut items = Vec::new();
        let mut comma = false;
        while !self.eat(end) {
            items.push(self.item(depth + 1)?);
            comma |= *self.kind() == Kind::Op(',');
            if !self.eat(',') && *self.kind() != Kind::Op(end) {
                return Err(self.strange("something that is no value"));
            }
        }
        match items.pop() {
            Some(only) if end == ')' && items.is_empty() && !comma => Ok(only),
            last => {
                items.extend(last);
                Ok(Value::Sequence(items))
            }
        }
    }

    /// A dictionary. An entry that is no literal is kept as what it is, and the next one is read.
    fn braces(&mut self, depth: usize) -> Result<Value, Strange> {
        self.open()?;
        let mut pairs = Vec::new();
        while !self.eat('}') {
            let (begin, place) = (self.at, self.place());
            let (key, value) = match self.entry(depth) {
                Ok((key, value)) => (Some(key), Ok(value)),
                Err((key, strange)) => {
                    self.at = begin;
                    self.skip_entry();
                    (key, Err(strange))
                }
            };
            pairs.push(Pair { place, key, value });
            if !self.eat(',') && *self.kind() != Kind::Op('}') {
                // The program ends here, and the last entry says so.
                break;
            }
        }
        Ok(Value::Dict(pairs))
    }

    /// One entry. A failure has the key as far as it was understood.
    fn entry(&mut self, depth: usize) -> Result<(String, Value), (Option<String>, Strange)> {
        let key = match self.kind().clone() {
            Kind::Text(text) => text,
            Kind::Op('*') => return Err((None, self.strange("another dictionary's entries"))),
            _ => {
                let strange = match self.value(depth + 1) {
                    Ok(_) => self.strange("a key that is no text"),
                    Err(strange) => strange,
                };
                return Err((None, strange));
            }
        };
        self.at += 1;
        match self.kind() {
            Kind::Op(':') => self.at += 1,
            Kind::Op(',' | '}') => return Err((None, self.strange("a set"))),
            _ => return Err((None, self.strange("a key that is no text"))),
        }
        match self.item(depth + 1) {
            Ok(_) if !matches!(self.kind(), Kind::Op(',' | '}')) => {
                Err((Some(key), self.strange("something that is no value")))
            }
            Ok(value) => Ok((key, value)),
            Err(strange) => Err((Some(key), strange)),
        }
    }

    /// Goes to the end of an entry.
    fn skip_entry(&mut self) {
        let mut depth = 0_usize;
        // Commas may follow a function's parameters, up to its colon.
        let mut functions = 0_usize;
        loop {
            match self.kind() {
                Kind::End | Kind::Line => return,
                Kind::Op('}') if depth == 0 => return,
                Kind::Op(',') if depth == 0 && functions == 0 => return,
                Kind::Name(name) if name == "lambda" && depth == 0 => functions += 1,
                Kind::Op(':') if depth == 0 => functions = functions.saturating_sub(1),
                Kind::Op('(' | '[' | '{') => depth += 1,
                Kind::Op(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }
}
