//! The request that opens a websocket, and the answer.
//!
//! The request line is not looked at. Stock boards match the names of headers by case; the [lenient](Handshake::new) form does
//! not.

use sha1::{Digest, Sha1};

use crate::base64;

/// A request of more bytes is refused.
const MOST_BYTES: usize = 8192;
/// So much of a line is looked at.
const LINE: usize = 128;
/// A key has 24 characters; a longer one than this is refused.
const KEY: usize = 64;
/// The text that RFC 6455 appends to the key.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Bytes that [`response`] needs at most.
pub const RESPONSE_MAX: usize = 192;

/// A request as far as it has come.
#[derive(Debug)]
pub(super) struct Handshake {
    by_case: bool,
    line: [u8; LINE],
    line_len: usize,
    bytes: usize,
    key: [u8; KEY],
    key_len: usize,
    upgrade: bool,
    connection: bool,
}

/// What a whole request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Websocket,
    SomethingElse,
}

impl Handshake {
    pub fn new(by_case: bool) -> Self {
        Handshake {
            by_case,
            line: [0; LINE],
            line_len: 0,
            bytes: 0,
            key: [0; KEY],
            key_len: 0,
            upgrade: false,
            connection: false,
        }
    }

    /// The client's key.
    pub fn key(&self) -> &[u8] {
        &self.key[..self.key_len]
    }

    /// Takes a byte; says what was asked for behind the last one.
    pub fn push(&mut self, byte: u8) -> Option<Asked> {
        self.bytes += 1;
        if self.bytes > MOST_BYTES {
            return Some(Asked::SomethingElse);
        }
        if byte != b'\n' {
            if let Some(place) = self.line.get_mut(self.line_len) {
                *place = byte;
            }
            self.line_len = self.line_len.saturating_add(1);
            return None;
        }
        let len = self.line_len;
        self.line_len = 0;
        let line = self.line;
        let line = line.get(..len)?.trim_ascii_end();
        if !line.is_empty() {
            self.header(line);
            return None;
        }
        let whole = self.key_len > 0 && self.upgrade && self.connection;
        Some(if whole { Asked::Websocket } else { Asked::SomethingElse })
    }

    fn header(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { return };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        let named = |wanted: &[u8]| match self.by_case {
            true => name == wanted,
            false => name.eq_ignore_ascii_case(wanted),
        };
        if named(b"Sec-WebSocket-Key") {
            self.key_len = 0;
            if let Some(key) = self.key.get_mut(..value.len()) {
                key.copy_from_slice(value);
                self.key_len = value.len();
            }
        } else if named(b"Connection") {
            self.connection = value.windows(7).any(|word| self.same(word, b"Upgrade"));
        } else if named(b"Upgrade") {
            self.upgrade = self.same(value, b"websocket");
        }
    }

    fn same(&self, word: &[u8], wanted: &[u8]) -> bool {
        if self.by_case { word == wanted } else { word.eq_ignore_ascii_case(wanted) }
    }
}

/// Writes the answer that opens the websocket, and says how long it is. `note` is a header line of its own, with its end, or
/// empty.
///
/// # Panics
/// When `note` has more than 32 bytes.
pub fn response(key: &[u8], note: &[u8], out: &mut [u8; RESPONSE_MAX]) -> usize {
    let digest = Sha1::new().chain_update(key).chain_update(MAGIC).finalize();
    let mut accept = [0; 28];
    base64::encode(&digest, &mut accept);
    let mut len = 0;
    for part in [
        &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "[..],
        &accept,
        b"\r\n",
        note,
        b"\r\n",
    ] {
        out[len..len + part.len()].copy_from_slice(part);
        len += part.len();
    }
    len
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::*;

    fn asked(by_case: bool, text: &str) -> Option<Asked> {
        let mut handshake = Handshake::new(by_case);
        text.bytes().find_map(|byte| handshake.push(byte))
    }

    const PLAIN: &str = "GET / HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    #[test]
    fn the_answer_is_that_of_the_standard() {
        let mut out = [0; RESPONSE_MAX];
        let len = response(b"dGhlIHNhbXBsZSBub25jZQ==", b"WebREPL-Flow: pushes-back\r\n", &mut out);
        let text = core::str::from_utf8(&out[..len]).expect("text");
        assert!(text.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{text}");
        assert!(text.ends_with("pushes-back\r\n\r\n"), "{text}");
    }

    #[test]
    fn what_opens_a_websocket() {
        for by_case in [false, true] {
            assert_eq!(asked(by_case, PLAIN), Some(Asked::Websocket));
            assert_eq!(asked(by_case, "GET / HTTP/1.1\r\nHost: b\r\n\r\n"), Some(Asked::SomethingElse));
            for missing in ["Upgrade: websocket\r\n", "keep-alive, Upgrade", "Sec-WebSocket-Key"] {
                assert_eq!(asked(by_case, &PLAIN.replace(missing, "x")), Some(Asked::SomethingElse));
            }
            assert_eq!(asked(by_case, &PLAIN[..PLAIN.len() - 1]), None);
        }
        let small = PLAIN.to_ascii_lowercase();
        assert_eq!(asked(false, &small), Some(Asked::Websocket));
        assert_eq!(asked(true, &small), Some(Asked::SomethingElse));
    }

    #[test]
    fn long_lines_are_passed_over_and_endless_ones_end() {
        let long = PLAIN.replace("Host: b", &format!("Cookie: {}", "x".repeat(5000)));
        assert_eq!(asked(false, &long), Some(Asked::Websocket));
        let key = PLAIN.replace("dGhl", &"A".repeat(60));
        assert_eq!(asked(false, &key), Some(Asked::SomethingElse));
        assert_eq!(asked(false, &"x".repeat(10_000)), Some(Asked::SomethingElse));
        assert_eq!(asked(false, &"a: b\r\n".repeat(10_000)), Some(Asked::SomethingElse));
    }
}
