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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive() {
        assert_eq!(str_literal("it's a\\b \"q\"\n"), r#"'it\'s a\\b "q"\n'"#);
        assert_eq!(str_literal("é€😀\0"), r"'\xe9\u20ac\U0001f600\x00'");
        assert_eq!(bytes_literal(b"a'\\\r\n\x03\xff"), r"b'a\'\\\r\n\x03\xff'");
    }
}
