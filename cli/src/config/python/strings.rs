//! String literals.

use super::tokens::Kind;

/// Whether a word in front of a quote belongs to the literal.
pub fn is_prefix(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "r" | "u" | "b" | "br" | "rb" | "f" | "fr" | "rf" | "t" | "tr" | "rt"
    )
}

/// Reads the literal that begins with the quote at the front of `text`. Returns it and how many bytes it takes.
///
/// # Errors
/// When it has no end.
pub fn literal(text: &str, prefix: &str) -> Result<(Kind, usize), &'static str> {
    const ENDLESS: &str = "a text that does not end";
    let prefix = prefix.to_ascii_lowercase();
    let raw = prefix.contains('r');
    let quote = if text.starts_with('"') { '"' } else { '\'' };
    let triple = [quote; 3].iter().collect::<String>();
    let (end, long) = match text.starts_with(&triple) {
        true => (triple.as_str(), true),
        false => (&text[..1], false),
    };
    let mut at = end.len();
    let begin = at;
    let body = loop {
        let rest = text.get(at..).ok_or(ENDLESS)?;
        if rest.starts_with(end) {
            break &text[begin..at];
        }
        let mut chars = rest.chars();
        at += match chars.next().ok_or(ENDLESS)? {
            // The character behind it does not end the literal, in raw ones either.
            '\\' => 1 + chars.next().ok_or(ENDLESS)?.len_utf8(),
            '\n' if !long => return Err(ENDLESS),
            c => c.len_utf8(),
        };
    };
    let kind = if prefix.contains('b') {
        Kind::OtherText("a `bytes` literal")
    } else if prefix.contains(['f', 't']) {
        Kind::OtherText("a formatted text")
    } else if raw {
        Kind::Text(body.to_owned())
    } else {
        match unescape(body) {
            Some(text) => Kind::Text(text),
            None => Kind::OtherText("a text with an unusual escape"),
        }
    };
    Ok((kind, at + end.len()))
}

/// Replaces backslashes and what follows them. `None` for an escape that names no character, or one by its Unicode name.
fn unescape(body: &str) -> Option<String> {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let c = escape.chars().next()?;
        let mut used = c.len_utf8();
        match c {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(c),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\x0b'),
            '0'..='7' => {
                used = escape.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                out.push(char::from_u32(u32::from_str_radix(&escape[..used], 8).ok()?)?);
            }
            'x' | 'u' | 'U' => {
                let digits = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code =
                    escape.get(1..=digits).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()))?;
                out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                used += digits;
            }
            'N' => return None,
            // Python keeps the backslash of what is no escape.
            c => out.extend(['\\', c]),
        }
        rest = &escape[used..];
    }
    out.push_str(rest);
    Some(out)
}
