//! Parsing JSON, a byte at a time and without recursion: depth is limited by memory only.
//!
//! As in stock MicroPython, commas and colons are taken for white space, keys may be any scalar, and `\x` is `x`.

use micropython_sys::ffi;

use mpr_extmod::hex;

use crate::mp::{self, Buffer, Error, Obj, Result, Stream, TextBuffer};

/// Where the text comes from.
pub enum Source {
    /// Bytes in memory.
    Memory(Buffer),
    /// A stream, read one byte at a time.
    Stream(Stream),
}

fn syntax_error() -> Error {
    Error::value("syntax error in JSON")
}

/// The container being filled, and those around it.
struct Open {
    /// A `list`, a `dict`, or null outside of any container.
    container: Obj,
    /// In a `dict`: the key whose value comes next, or null.
    key: Obj,
    /// Outer containers as nested pairs `(container, pairs)`, or null: on Python's heap, where the collector sees them.
    outer: Obj,
}

struct Parser {
    source: Source,
    /// The byte to look at, or `None` at the end.
    byte: Option<u8>,
    text: TextBuffer,
}

/// Parses one value up to the end of the source.
pub fn parse(source: Source) -> Result {
    let mut parser = Parser { source, byte: None, text: TextBuffer::new(32)? };
    let mut open = Open { container: Obj::NULL, key: Obj::NULL, outer: Obj::NULL };
    parser.advance()?;
    loop {
        let byte = parser.skip_separators()?.ok_or(syntax_error())?;
        let done = match byte {
            b'[' => {
                parser.advance()?;
                open.enter(mp::list(&[])?)?;
                None
            }
            b'{' => {
                parser.advance()?;
                open.enter(mp::dict(0)?)?;
                None
            }
            b']' | b'}' => {
                parser.advance()?;
                open.leave(byte == b'}')?
            }
            _ => {
                let value = parser.scalar(byte)?;
                open.add(value)?
            }
        };
        if let Some(value) = done {
            return match parser.skip_space()? {
                None => {
                    parser.text.free();
                    Ok(value)
                }
                Some(_) => Err(syntax_error()),
            };
        }
    }
}

impl Open {
    /// Adds a value. A value outside of any container is the result.
    fn add(&mut self, value: Obj) -> Result<Option<Obj>> {
        if self.container.is_null() {
            return Ok(Some(value));
        }
        if !self.is_dict() {
            mp::list_append(self.container, value)?;
        } else if self.key.is_null() {
            self.key = value;
        } else {
            mp::dict_store(self.container, self.key, value)?;
            self.key = Obj::NULL;
        }
        Ok(None)
    }

    fn is_dict(&self) -> bool {
        core::ptr::eq(mp::type_of(self.container), &raw const ffi::mp_type_dict)
    }

    /// Adds a container and goes on inside of it.
    fn enter(&mut self, container: Obj) -> Result<()> {
        if !self.container.is_null() {
            if self.is_dict() && self.key.is_null() {
                return Err(syntax_error());
            }
            self.add(container)?;
            self.outer = mp::tuple(&[self.container, self.outer])?;
        }
        self.container = container;
        Ok(())
    }

    /// Ends the container. The outermost one is the result.
    fn leave(&mut self, dict: bool) -> Result<Option<Obj>> {
        if self.container.is_null() || self.is_dict() != dict || !self.key.is_null() {
            return Err(syntax_error());
        }
        if self.outer.is_null() {
            return Ok(Some(self.container));
        }
        let [container, outer] = mp::array_of(self.outer)?;
        self.container = container;
        self.outer = outer;
        Ok(None)
    }
}

impl Parser {
    fn advance(&mut self) -> Result<()> {
        self.byte = match &mut self.source {
            Source::Memory(data) => data.split_first().map(|(&byte, rest)| {
                *data = rest;
                byte
            }),
            Source::Stream(stream) => stream.read_byte()?,
        };
        Ok(())
    }

    fn skip(&mut self, unwanted: &[u8]) -> Result<Option<u8>> {
        while self.byte.is_some_and(|byte| unwanted.contains(&byte)) {
            self.advance()?;
        }
        Ok(self.byte)
    }

    fn skip_space(&mut self) -> Result<Option<u8>> {
        self.skip(b" \t\r\n")
    }

    fn skip_separators(&mut self) -> Result<Option<u8>> {
        self.skip(b" \t\r\n,:")
    }

    fn scalar(&mut self, first: u8) -> Result {
        match first {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b'n' => self.word(b"null", Obj::NONE),
            b't' => self.word(b"true", Obj::TRUE),
            b'f' => self.word(b"false", Obj::FALSE),
            _ => Err(syntax_error()),
        }
    }

    fn word(&mut self, word: &[u8], value: Obj) -> Result {
        for &expected in word {
            if self.byte != Some(expected) {
                return Err(syntax_error());
            }
            self.advance()?;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result {
        self.text.clear();
        let mut float = false;
        while let Some(byte @ (b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) = self.byte {
            float |= matches!(byte, b'.' | b'e' | b'E');
            self.text.push(&[byte])?;
            self.advance()?;
        }
        let (text, len) = (self.text.as_bytes().as_ptr(), self.text.as_bytes().len());
        let null = core::ptr::null_mut();
        // SAFETY: valid text; both raise ValueError if it is no number.
        let parsed = mp::protect(|| unsafe {
            if float {
                ffi::mp_parse_num_decimal(text, len, false, false, null)
            } else {
                ffi::mp_parse_num_integer(text, len, 10, null)
            }
        });
        match parsed {
            // SAFETY: a static of the core.
            Err(Error::Exception(e)) if mp::is_a(e, unsafe { &ffi::mp_type_ValueError }) => {
                Err(syntax_error())
            }
            result => result,
        }
    }

    fn string(&mut self) -> Result {
        self.text.clear();
        loop {
            self.advance()?;
            match self.byte.ok_or(syntax_error())? {
                b'"' => break,
                b'\\' => {
                    self.advance()?;
                    self.escape()?;
                }
                byte => self.text.push(&[byte])?,
            }
        }
        self.advance()?;
        mp::str_of_bytes(self.text.as_bytes())
    }

    /// What follows a backslash; stops at its last byte.
    fn escape(&mut self) -> Result<()> {
        let byte = match self.byte.ok_or(syntax_error())? {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode_escape(),
            other => other,
        };
        self.text.push(&[byte])
    }

    /// Four digits. A high surrogate and the low one after it are one character; a lone one stays what it is, encoded
    /// like any other character of three bytes.
    fn unicode_escape(&mut self) -> Result<()> {
        let mut code = 0;
        for _ in 0..4 {
            self.advance()?;
            let digit = self.byte.and_then(hex::digit).ok_or(syntax_error())?;
            code = code << 4 | u32::from(digit);
        }
        if let Some(c) = char::from_u32(code) {
            return self.text.push_char(c);
        }
        if (0xdc00..0xe000).contains(&code)
            && let &[.., 0xed, b @ 0xa0..=0xaf, c] = self.text.as_bytes()
        {
            let high = u32::from(b & 0x0f) << 6 | u32::from(c & 0x3f);
            if let Some(c) = char::from_u32(0x1_0000 + (high << 10) + (code - 0xdc00)) {
                self.text.truncate(self.text.as_bytes().len() - 3);
                return self.text.push_char(c);
            }
        }
        self.text.push(&[0xed, 0x80 | (code >> 6 & 0x3f) as u8, 0x80 | (code & 0x3f) as u8])
    }
}
