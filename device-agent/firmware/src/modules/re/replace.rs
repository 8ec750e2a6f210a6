//! `sub`

use micropython_sys::ffi;
use mpr_extmod::regex::Unit;

use super::matching::{Match, Search, Text};
use super::pattern;
use crate::mp::{self, Obj, Result, TextBuffer};

/// `sub(re, replacement, text, count=0, flags=0)`: 0 and less mean no limit. As in stock MicroPython an empty match ends
/// the replacing.
pub fn sub(args: &[Obj]) -> Result {
    let pattern = pattern::from(args[0])?;
    let replacement = args[1];
    let text = Text::new(args[2])?;
    let mut left = args.get(3).map_or(Ok(0), |&count| mp::int_of(count))?;
    // SAFETY: a valid object.
    let callable = unsafe { ffi::mpr_is_callable(replacement) };
    let search = Search::new(pattern, text)?;
    let mut out: Option<TextBuffer> = None;
    let mut at = 0;
    while let Some(found) = search.run(at, text.bytes.len(), false)? {
        let found_match = mp::native::<Match>(found)?;
        let (start, end) = found_match.span();
        if start == end {
            break;
        }
        let out = match &mut out {
            Some(out) => out,
            None => out.insert(TextBuffer::new(text.bytes.len() + 1)?),
        };
        out.push(&text.bytes[at..start])?;
        if callable {
            let made = mp::call(replacement, &[found])?;
            out.push(mp::str_bytes(made)?)?;
        } else {
            expand(mp::str_bytes(replacement)?, found_match, out)?;
        }
        at = end;
        left -= 1;
        if left == 0 {
            break;
        }
    }
    search.free();
    let Some(mut out) = out else {
        return Ok(text.object);
    };
    out.push(&text.bytes[at..])?;
    match text.unit {
        Unit::Char => out.into_str(),
        Unit::Byte => out.into_bytes(),
    }
}

/// Appends a replacement: `\N` and `\g<N>` are groups, any other character behind a backslash is itself.
fn expand(mut replacement: &[u8], found: &Match, out: &mut TextBuffer) -> Result<()> {
    while let Some(at) = replacement.iter().position(|&c| c == b'\\') {
        out.push(&replacement[..at])?;
        replacement = &replacement[at + 1..];
        let bracket = replacement.strip_prefix(b"g<");
        replacement = bracket.unwrap_or(replacement);
        let digits = replacement.iter().take_while(|c| c.is_ascii_digit()).count();
        if digits > 0 {
            let number = replacement[..digits].iter().fold(0_usize, |number, digit| {
                number.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
            });
            replacement = &replacement[digits..];
            if bracket.is_some() {
                replacement = replacement.strip_prefix(b">").unwrap_or(replacement);
            }
            out.push(found.group_bytes(number)?)?;
        } else if let Some((c, rest)) = replacement.split_first() {
            out.push(&[*c])?;
            replacement = rest;
        }
    }
    out.push(replacement)
}
