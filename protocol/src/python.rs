//! Python literals.

use std::fmt::Write as _;

/// A Python string literal in single quotes that means exactly this text on every board: ASCII, without raw control
/// characters.
pub fn str_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            ' '..='~' => out.push(c),
            // Writing to a String can't fail.
            '\0'..='\u{ff}' => write!(out, "\\x{:02x}", c as u32).unwrap_or_default(),
            '\u{100}'..='\u{ffff}' => write!(out, "\\u{:04x}", c as u32).unwrap_or_default(),
            _ => write!(out, "\\U{:08x}", c as u32).unwrap_or_default(),
        }
    }
    out.push('\'');
    out
}

/// A Python bytes literal in single quotes: ASCII, without raw control characters.
pub fn bytes_literal(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push_str("b'");
    for &b in bytes {
        match b {
            b'\\' => out.push_str("\\\\"),
            b'\'' => out.push_str("\\'"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b' '..=b'~' => out.push(char::from(b)),
            _ => write!(out, "\\x{b:02x}").unwrap_or_default(),
        }
    }
    out.push('\'');
    out
}

/// Appends a bytes literal that is as short as the board's reader allows: most bytes stand for themselves. Escaped are the
/// bytes that the raw REPL takes for commands (0x01 to 0x05), carriage returns (the reader changes them), backslashes,
/// and quotes where they could end the literal.
pub(crate) fn dense_bytes_literal(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len() + bytes.len() / 16 + 8);
    out.extend_from_slice(b"b'''");
    for (i, &b) in bytes.iter().enumerate() {
        match b {
            1..=5 => out.extend([b'\\', b'x', b'0', b'0' + b]),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\'' if bytes.get(i + 1).is_none_or(|next| *next == b'\'') => out.extend_from_slice(b"\\'"),
            _ => out.push(b),
        }
    }
    out.extend_from_slice(b"'''");
}

/// A value as Python prints it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `None`.
    None,
    /// `True` and `False` are 1 and 0; a float loses its fraction.
    Int(i64),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A tuple or a list.
    Seq(Vec<Value>),
}

impl Value {
    pub(crate) fn int(&self) -> Option<i64> {
        if let Value::Int(n) = self { Some(*n) } else { None }
    }

    pub(crate) fn seq(&self) -> Option<&[Value]> {
        if let Value::Seq(items) = self { Some(items) } else { None }
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        if let Value::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(crate) fn str(&self) -> Option<&str> {
        if let Value::Str(text) = self { Some(text) } else { None }
    }
}

/// Reads one value; `None` when the text is not exactly one.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim() };
    let value = reader.value(0)?;
    reader.rest.is_empty().then_some(value)
}

/// Nothing that a board is asked for nests deeper.
const DEEPEST: usize = 16;

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        if self.eat("None") {
            return Some(Value::None);
        } else if self.eat("True") {
            return Some(Value::Int(1));
        } else if self.eat("False") {
            return Some(Value::Int(0));
        } else if self.eat("(") {
            return self.items(")", depth);
        } else if self.eat("[") {
            return self.items("]", depth);
        }
        let is_bytes = self.eat("b");
        if let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            self.rest = &self.rest[1..];
            return self.quoted(quote, is_bytes);
        }
        if is_bytes { None } else { self.number() }
    }

    fn items(&mut self, end: &str, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.eat(end) {
                return Some(Value::Seq(items));
            }
            items.push(self.value(depth + 1)?);
            self.rest = self.rest.trim_start();
            if !self.eat(",") && !self.rest.starts_with(end) {
                return None;
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let end = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e'))
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let value = digits.parse().ok().or_else(|| digits.parse::<f64>().ok().map(|f| f as i64))?;
        Some(Value::Int(value))
    }

    fn quoted(&mut self, quote: char, is_bytes: bool) -> Option<Value> {
        let (mut text, mut bytes) = (String::new(), Vec::new());
        let mut chars = self.rest.chars();
        loop {
            let c = match chars.next()? {
                c if c == quote => break,
                '\\' => match chars.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'x' => hex(&mut chars, 2)?,
                    'u' => hex(&mut chars, 4)?,
                    'U' => hex(&mut chars, 8)?,
                    c @ ('\\' | '\'' | '"') => c,
                    _ => return None,
                },
                c => c,
            };
            match u8::try_from(c as u32) {
                Ok(byte) if is_bytes => bytes.push(byte),
                _ if is_bytes => return None,
                _ => text.push(c),
            }
        }
        self.rest = chars.as_str();
        Some(if is_bytes { Value::Bytes(bytes) } else { Value::Str(text) })
    }
}

fn hex(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let text: String = chars.by_ref().take(digits).collect();
    (text.len() == digits).then(|| u32::from_str_radix(&text, 16).ok().and_then(char::from_u32)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_values_are_read() {
        assert_eq!(
            parse("(b'a\\xc3\\'', 16384, 0, [None, True, -5], ())"),
            Some(Value::Seq(vec![
                Value::Bytes(b"a\xc3'".to_vec()),
                Value::Int(16384),
                Value::Int(0),
                Value::Seq(vec![Value::None, Value::Int(1), Value::Int(-5)]),
                Value::Seq(vec![]),
            ]))
        );
        assert_eq!(parse("\"it's \\u20ac\""), Some(Value::Str("it's €".into())));
        assert_eq!(parse("12.5"), Some(Value::Int(12)));
        for wrong in ["", "(1", "'a", "1 2", "b", "x", "(1 2)", "'\\x4'", "b'€'"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse(&"(".repeat(1000)), None);
    }

    #[test]
    fn dense_literals_hold_no_command() {
        let mut out = Vec::new();
        dense_bytes_literal(b"a'b''\r\\\n\x03\x04\xff'", &mut out);
        assert_eq!(out, b"b'''a'b\\''\\r\\\\\n\\x03\\x04\xff\\''''");
    }

    #[test]
    fn names_survive() {
        assert_eq!(str_literal("it's a\\b \"q\"\n"), r#"'it\'s a\\b "q"\n'"#);
        assert_eq!(str_literal("é€😀\0"), r"'\xe9\u20ac\U0001f600\x00'");
        assert_eq!(bytes_literal(b"a'\\\r\n\x03\xff"), r"b'a\'\\\r\n\x03\xff'");
    }
}
