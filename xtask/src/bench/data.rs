//! What is copied: always the same bytes.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::Result;

/// Files of this size are called 100 KB.
pub const FILE_SIZE: usize = 100 * 1024;

/// Writes a file, with the folders above it.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    written.map_err(|error| format!("error: `{}`: {error}", path.display()))
}

/// Python source of this size, from the standard library.
pub fn python_source(size: usize) -> Result<Vec<u8>> {
    let output = Command::new("python3")
        .args(["-c", "import argparse; print(open(argparse.__file__).read())"])
        .output()
        .map_err(|error| format!("error: could not start `python3`: {error}"))?;
    if output.stdout.is_empty() {
        return Err("error: Python's `argparse` could not be read".into());
    }
    Ok(output.stdout.iter().copied().cycle().take(size).collect())
}

/// Bytes that don't compress: xorshift64, always the same.
pub fn random(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..size).map(|_| next()).collect()
}

/// Functions as people write them, so that a compressor finds what it would find.
pub fn module(size: usize) -> String {
    let mut text = String::new();
    for n in 0.. {
        if text.len() >= size {
            break;
        }
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "def function_{n}(self, name, value={}):\n    # look up the {n}th name in the table\n    \
             result = self.table.get(name, value)\n    if result is None:\n        raise KeyError(name, {})\n    \
             return [result, 'text {}', value * {}]\n\n",
            n * 7 % 1000,
            n * n % 9973,
            n * 31 % 977,
            n + 3
        );
    }
    text
}

pub fn lines(size: usize) -> String {
    let mut text: String = (0..).map(|n| format!("{n:05},{}\n", n * 12345 % 99991)).take(size / 10).collect();
    text.truncate(size);
    text
}
