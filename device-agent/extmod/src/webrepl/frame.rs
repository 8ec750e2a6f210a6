//! Frames of a websocket.

/// A text, for the console.
pub const TEXT: u8 = 1;
/// Bytes, for the file protocol.
pub const BINARY: u8 = 2;
/// The other side ends the connection.
pub const CLOSE: u8 = 8;
/// The other side wants to be answered.
pub const PING: u8 = 9;
/// The answer.
pub const PONG: u8 = 10;

const CONTINUATION: u8 = 0;
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;
const RESERVED: u8 = 0x70;

/// Longer control frames are none.
pub const MOST_CONTROL: usize = 125;

/// Bytes of a header that [`header`] writes at most.
pub const HEADER_MAX: usize = 4;

/// Writes the header of an unmasked frame that is all of its message, and says how long it is. Longer payloads than 65535
/// bytes go into several frames.
pub fn header(opcode: u8, len: u16, out: &mut [u8; HEADER_MAX]) -> usize {
    out[0] = FINAL | opcode;
    match u8::try_from(len) {
        Ok(short) if short < 126 => {
            out[1] = short;
            2
        }
        _ => {
            out[1] = 126;
            out[2..4].copy_from_slice(&len.to_be_bytes());
            4
        }
    }
}

/// What breaks the rules; the connection must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

/// The frames that a client sends, one after the other.
#[derive(Debug)]
pub struct Reader {
    head: [u8; 8],
    head_len: usize,
    head_size: usize,
    opcode: u8,
    /// What the next continuation goes on with; 0 is nothing.
    continued: u8,
    mask: [u8; 4],
    at: usize,
    left: u16,
}

impl Default for Reader {
    fn default() -> Self {
        Reader {
            head: [0; 8],
            head_len: 0,
            head_size: 2,
            opcode: 0,
            continued: 0,
            mask: [0; 4],
            at: 0,
            left: 0,
        }
    }
}

/// A piece of a frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What kind of frame it is; continuations have the kind of the frame that they go on with.
    pub opcode: u8,
    /// The bytes, without the mask.
    pub bytes: &'a [u8],
    /// The frame ends here.
    pub ends: bool,
}

impl Reader {
    /// Takes bytes up to the end of a frame at most: says how many, and what they are. Masks are taken off in place. `most` says
    /// for a kind of frame how many bytes of its payload may be taken now, at least one.
    ///
    /// # Errors
    /// [`Invalid`] for frames of more than 65535 bytes (as stock boards, which have no room for such numbers), control frames of
    /// more than 125 bytes, unknown kinds, and continuations of nothing.
    pub fn take<'a>(
        &mut self,
        input: &'a mut [u8],
        most: impl FnOnce(u8) -> usize,
    ) -> Result<(usize, Option<Piece<'a>>), Invalid> {
        let mut used = 0;
        while self.head_len < self.head_size {
            let Some(&byte) = input.get(used) else { return Ok((used, None)) };
            used += 1;
            self.head[self.head_len] = byte;
            self.head_len += 1;
            match self.head_len {
                2 => self.measure()?,
                n if n == self.head_size => self.begin()?,
                _ => {}
            }
        }
        let n = (input.len() - used).min(usize::from(self.left)).min(most(self.opcode));
        if n == 0 && self.left > 0 {
            return Ok((used, None));
        }
        let bytes = &mut input[used..used + n];
        for byte in bytes.iter_mut() {
            *byte ^= self.mask[self.at % 4];
            self.at += 1;
        }
        self.left -= n as u16;
        let ends = self.left == 0;
        if ends {
            (self.head_len, self.head_size) = (0, 2);
        }
        Ok((used + n, Some(Piece { opcode: self.opcode, bytes, ends })))
    }

    /// Behind the first two bytes: how long the header is.
    fn measure(&mut self) -> Result<(), Invalid> {
        let [first, second, ..] = self.head;
        let control = first & 8 != 0;
        let long = match second & !MASKED {
            127 => return Err(Invalid),
            126 if control => return Err(Invalid),
            126 => 2,
            _ => 0,
        };
        if first & RESERVED != 0 || control && first & FINAL == 0 {
            return Err(Invalid);
        }
        self.head_size = 2 + long + if second & MASKED != 0 { 4 } else { 0 };
        if self.head_size == 2 { self.begin() } else { Ok(()) }
    }

    /// Behind the header.
    fn begin(&mut self) -> Result<(), Invalid> {
        let [first, second, ..] = self.head;
        let long = second & !MASKED == 126;
        self.left = match long {
            true => u16::from_be_bytes([self.head[2], self.head[3]]),
            false => u16::from(second & !MASKED),
        };
        let at = if long { 4 } else { 2 };
        self.mask = match second & MASKED {
            0 => [0; 4],
            _ => [self.head[at], self.head[at + 1], self.head[at + 2], self.head[at + 3]],
        };
        self.at = 0;
        self.opcode = match first & 0xf {
            CONTINUATION if self.continued != 0 => self.continued,
            opcode @ (TEXT | BINARY) => opcode,
            opcode @ (CLOSE | PING | PONG) => {
                self.opcode = opcode;
                return Ok(());
            }
            _ => return Err(Invalid),
        };
        self.continued = if first & FINAL == 0 { self.opcode } else { 0 };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec;
    use std::vec::Vec;

    use super::*;

    /// All pieces of an input that comes in parts of this size, frames put together.
    fn frames(input: &[u8], size: usize) -> Result<Vec<(u8, Vec<u8>)>, Invalid> {
        let (mut reader, mut all, mut open) = (Reader::default(), Vec::new(), Vec::new());
        for part in input.chunks(size) {
            let (mut part, mut at) = (part.to_vec(), 0);
            while at < part.len() {
                let (used, piece) = reader.take(&mut part[at..], |_| usize::MAX)?;
                at += used;
                if let Some(piece) = piece {
                    open.extend_from_slice(piece.bytes);
                    if piece.ends {
                        all.push((piece.opcode, std::mem::take(&mut open)));
                    }
                }
            }
        }
        Ok(all)
    }

    #[test]
    fn frames_however_they_are_split() {
        // The masked "Hello" and its two fragments are the standard's own examples.
        let mut input = vec![0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        input.extend([0x01, 0x03, b'H', b'e', b'l', 0x80, 0x02, b'l', b'o']);
        input.extend([0x82, 0x00, 0x82, 126, 1, 0]);
        input.extend([7; 256]);
        input.extend([0x89, 0x01, b'p', 0x88, 0x00]);
        let expected = vec![
            (TEXT, b"Hello".to_vec()),
            (TEXT, b"Hel".to_vec()),
            (TEXT, b"lo".to_vec()),
            (BINARY, vec![]),
            (BINARY, vec![7; 256]),
            (PING, b"p".to_vec()),
            (CLOSE, vec![]),
        ];
        for size in [1, 2, 3, 7, 1000] {
            assert_eq!(frames(&input, size).expect("valid"), expected, "{size}");
        }
    }

    #[test]
    fn what_breaks_the_rules_ends_it() {
        for bad in [
            &[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 1][..],
            &[0x89, 126, 0, 1, 0],
            &[0x09, 0],
            &[0x80, 0],
            &[0x83, 0],
            &[0xc1, 0],
        ] {
            assert_eq!(frames(bad, 1), Err(Invalid), "{bad:?}");
            assert_eq!(frames(bad, 100), Err(Invalid), "{bad:?}");
        }
    }

    #[test]
    fn headers_say_the_length() {
        let mut out = [0; HEADER_MAX];
        assert_eq!((header(TEXT, 125, &mut out), out), (2, [0x81, 125, 0, 0]));
        assert_eq!((header(BINARY, 126, &mut out), out), (4, [0x82, 126, 0, 126]));
        assert_eq!((header(TEXT, 65535, &mut out), out), (4, [0x81, 126, 255, 255]));
    }
}
