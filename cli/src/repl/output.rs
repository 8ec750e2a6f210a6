//! What the board says, on the terminal and in the capture file.

use std::fs::File;
use std::io::Write;

use crate::failure::Failure;
use crate::printer::Printer;

/// Shows the board's bytes.
#[derive(Debug)]
pub struct Console<'a> {
    printer: &'a Printer,
    escape: bool,
    capture: Option<File>,
}

impl<'a> Console<'a> {
    /// A console that escapes what is not printable, or not, and keeps a copy, or not.
    pub fn new(printer: &'a Printer, escape: bool, capture: Option<File>) -> Self {
        Console { printer, escape, capture }
    }

    /// Shows bytes.
    ///
    /// # Errors
    /// When the terminal or the capture file takes no more.
    pub fn show(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.is_empty() {
            return Ok(());
        }
        let escaped;
        let shown = match self.escape {
            true => {
                escaped = escape(bytes);
                &escaped[..]
            }
            false => bytes,
        };
        self.printer.data(shown).map_err(|error| Failure::output(&error))?;
        self.record(shown)
    }

    /// Keeps bytes that the terminal shows by other means.
    ///
    /// # Errors
    /// When the capture file takes no more.
    pub fn record(&mut self, shown: &[u8]) -> Result<(), Failure> {
        if let Some(capture) = &mut self.capture {
            capture.write_all(shown).map_err(|error| {
                Failure::usage("repl: cannot write to the capture file")
                    .cause(crate::failure::strerror(&error))
            })?;
        }
        Ok(())
    }
}

/// Each byte that is not printable as `[xx]`. What moves the cursor stays: backspace, tab, line ends and escape.
fn escape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            8 | 9 | 10 | 13 | 27 | 32..=126 => out.push(byte),
            _ => out.extend(format!("[{byte:02x}]").into_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_mpremote() {
        assert_eq!(escape(b"a\x04\xc3\xa9\x7f\r\n\x1b[K\t"), b"a[04][c3][a9][7f]\r\n\x1b[K\t");
    }
}
