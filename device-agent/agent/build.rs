//! Makes what boards are sent out of `mpr_agent.py`: without comments and needless spaces, with short names, deflated.

use std::path::PathBuf;
use std::{env, fs};

use flate2::{Compress, Compression, FlushCompress};

/// Names of the module's own that are shortened, the frequent ones first; none of them stands in a string. Attributes
/// keep theirs.
const NAMES: [&str; 64] = [
    "name", "part", "integer", "out", "status", "body", "data", "sink", "size", "head", "source", "packer",
    "wbits", "first", "step", "left", "send", "kind", "answer", "total", "number", "count", "answers",
    "block", "trouble", "more", "alive", "front", "one", "write", "path", "memory", "unit", "end", "receive",
    "seen", "take", "packs", "token", "fetch", "keys", "request", "inflater", "some", "digest", "length",
    "byte", "key", "drain", "free", "fields", "frame", "rest", "look", "blocks", "store", "place", "most",
    "mark", "window", "jobs", "tick", "payload", "last",
];

fn main() {
    println!("cargo:rerun-if-changed=mpr_agent.py");
    println!("cargo:rerun-if-changed=build.rs");
    let source = fs::read_to_string("mpr_agent.py").expect("mpr_agent.py is beside build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let small = shorten(&source);
    fs::write(out.join("agent.deflate"), deflate(small.as_bytes())).expect("OUT_DIR can be written");
    fs::write(out.join("agent.py"), small).expect("OUT_DIR can be written");
}

/// Comments stand on lines of their own in this source.
fn shorten(source: &str) -> String {
    let mut out = String::new();
    for line in source.lines() {
        let code = line.trim_start();
        if code.is_empty() || code.starts_with('#') {
            continue;
        }
        out.extend(std::iter::repeat_n(' ', (line.len() - code.len()) / 4));
        for token in tokens(code) {
            let attribute = out.ends_with('.');
            let token = short(token).filter(|_| !attribute).unwrap_or_else(|| token.to_owned());
            if out.ends_with(is_name) && token.starts_with(is_name) {
                out.push(' ');
            }
            out.push_str(&token);
        }
        out.push('\n');
    }
    out
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Names and numbers, strings, and single other characters, without the spaces between them.
fn tokens(mut code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    loop {
        code = code.trim_start();
        let Some(first) = code.chars().next() else { return tokens };
        let name = code.find(|c| !is_name(c)).unwrap_or(code.len());
        let len = match code[name..].strip_prefix('"').filter(|_| matches!(&code[..name], "" | "b")) {
            Some(string) => name + 1 + string.find('"').expect("strings end on their line") + 1,
            None => name.max(first.len_utf8()),
        };
        let (token, rest) = code.split_at(len);
        tokens.push(token);
        code = rest;
    }
}

fn short(word: &str) -> Option<String> {
    let at = NAMES.iter().position(|name| *name == word)?;
    let letter = char::from(b'A' + (at % 26) as u8);
    Some(format!("{letter}{}", "_".repeat(at / 26)))
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new_with_window_bits(Compression::best(), false, 11);
    let mut out = Vec::with_capacity(bytes.len());
    compress.compress_vec(bytes, &mut out, FlushCompress::Finish).expect("memory is enough");
    out
}
