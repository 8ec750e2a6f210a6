//! The board's side: `hook.py`, shortened and filled in.

use super::host::Parameters;
use super::wire::Token;

const SOURCE: &str = include_str!("hook.py");

/// The class's name on the board.
pub(crate) const CLASS: &str = "_mpr_fs";

/// The attribute that holds a mount's number, negated.
pub(crate) const HANDLE: &str = "key";

/// Names in the source and on the board. Those are names that every MicroPython has in its flash, so that they take no heap.
const NAMES: &[(&str, &str)] = &[
    ("self", "id"),
    ("method", "sep"),
    ("call", "bin"),
    ("arg", "min"),
    ("arg2", "max"),
    ("rest", "hex"),
    ("handle", HANDLE),
    ("got", "end"),
    ("offset", "start"),
    ("dirty", "stop"),
    ("kind", "map"),
    ("block", "oct"),
    ("at", "abs"),
    ("place", "pow"),
    ("ask", "index"),
    ("request", "args"),
    ("number", "count"),
    ("data", "chr"),
    ("flip", "hash"),
    ("patience", "pow"),
    ("inflate", "set"),
    ("File", "file"),
];

/// The source for a board.
pub(crate) fn source(token: Token, parameters: Parameters) -> String {
    let token = token.in_python();
    let inflate =
        if parameters.inflate_bits.is_some() { "from deflate import DeflateIO as set" } else { "set=0" };
    let bits = parameters.inflate_bits.unwrap_or_default().to_string();
    let (block, window) = (parameters.write_block.to_string(), parameters.window.to_string());
    let words: &[(&str, &str)] = &[
        ("INFLATE", inflate),
        ("TOKENR", &format!("{token}R")),
        ("TOKENA", &format!("{token}A")),
        ("TOKENE", &format!("{token}E")),
        ("WRITE_BLOCK", &block),
        ("WINDOW", &window),
        ("BITS", &bits),
    ];
    shorten(SOURCE, &|word| {
        let found = words.iter().chain(NAMES).find(|(name, _)| *name == word);
        found.map(|(_, short)| *short)
    })
}

/// Strips comments (each on a line of its own), replaces words, and leaves out spaces that mean nothing.
fn shorten<'a>(source: &str, replacement: &dyn Fn(&str) -> Option<&'a str>) -> String {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for line in source.lines() {
        let code = line.trim_start();
        if code.is_empty() || code.starts_with('#') {
            continue;
        }
        let mut short = String::with_capacity(code.len());
        shorten_line(code, replacement, &mut short);
        let depth = (line.len() - code.len()) / 4;
        match lines.last_mut() {
            Some((last, before)) if *last == depth && is_simple(before) && is_simple(&short) => {
                before.push(';');
                before.push_str(&short);
            }
            _ => lines.push((depth, short)),
        }
    }
    // A block of one line goes behind its head. The board keeps the number of every line.
    let mut out = String::with_capacity(source.len());
    for (at, (depth, line)) in lines.iter().enumerate() {
        let depth_of = |at: usize| lines.get(at).map_or(0, |(depth, _)| *depth);
        let is_whole_block =
            at > 0 && depth_of(at - 1) < *depth && depth_of(at + 1) < *depth && is_simple(line);
        if is_whole_block {
            out.pop();
        } else {
            out.push_str(&" ".repeat(*depth));
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Whether a line is no head of a block.
fn is_simple(line: &str) -> bool {
    !line.ends_with(':')
}

fn shorten_line<'a>(code: &str, replacement: &dyn Fn(&str) -> Option<&'a str>, out: &mut String) {
    let mut quoted = false;
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let word_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        if word_end > 0 {
            let (word, after) = rest.split_at(word_end);
            // Names in strings are the board's own; words in capitals are filled in everywhere.
            let fill = replacement(word).filter(|_| !quoted || word.starts_with("TOKEN"));
            out.push_str(fill.unwrap_or(word));
            rest = after;
            continue;
        }
        rest = &rest[first.len_utf8()..];
        quoted ^= first == '\'';
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        if first == ' ' && !quoted && !(is_word(out.chars().last()) && is_word(rest.chars().next())) {
            continue;
        }
        out.push(first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_shortened() {
        let parameters =
            Parameters { block: 1024, write_block: 512, window: 128, inflate_bits: Some(10), epoch: 0 };
        let source = source(Token::new(0), parameters);
        for text in [
            "def _mpr_fs():\n global _mpr_fs;from io import BytesIO,StringIO,IOBase;from",
            ";from deflate import DeflateIO as set;",
            "  def __getattr__(id,sep):\n   def bin(min=-1,max=0,*hex):\n",
            "if type(min)!=bytearray:min=id.BytesIO(min).getvalue()\n",
            "'\\x10AAAAR'",
            "if abs%128==128-1:",
            "if 0<=min-id.start<=oct.seek(0,2):",
            "if sep in'seektell':return pow\n",
        ] {
            assert!(source.contains(text), "{text:?} is not in:\n{source}");
        }
        assert!(!source.contains('#') && !source.contains("self") && !source.contains("TOKEN"));
        assert!(source.len() < 3500, "{} bytes", source.len());
    }
}
