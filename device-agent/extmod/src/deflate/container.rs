//! The zlib and gzip containers around a DEFLATE stream: header, checksum, trailer.

use super::{MAX_WBITS, MIN_WBITS};
use crate::crc32;

/// What is around the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Nothing.
    Raw,
    /// 2 bytes before, Adler-32 after.
    Zlib,
    /// 10 bytes or more before, CRC-32 and length after.
    Gzip,
}

/// The data is not what it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Invalid;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    First,
    ZlibFlags { first: u8 },
    GzipFixed { at: u8 },
    ExtraLength { low: Option<u8> },
    Extra { left: u16 },
    Name,
    Comment,
    HeaderCrc { second: bool },
}

/// A header being read, a byte at a time.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    expected: Option<Format>,
    field: Field,
    flags: u8,
}

// Flags of a gzip header: which fields follow.
const HEADER_CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

impl Header {
    /// A header of this format (a raw stream has none), or of whichever the first byte tells.
    pub const fn new(expected: Option<Format>) -> Self {
        Self { expected, field: Field::First, flags: 0 }
    }

    /// Takes a byte. At the end of the header: the format and the window's size as the logarithm to the base 2.
    pub fn push(&mut self, byte: u8) -> Result<Option<(Format, u8)>, Invalid> {
        self.field = match self.field {
            Field::First => match (self.expected, byte) {
                (None | Some(Format::Gzip), 0x1f) => Field::GzipFixed { at: 1 },
                // Method 8 is DEFLATE; the upper half is the window's size.
                (None | Some(Format::Zlib), 0x08..=0x78) if byte & 15 == 8 => {
                    Field::ZlibFlags { first: byte }
                }
                _ => return Err(Invalid),
            },
            Field::ZlibFlags { first } => {
                let has_dictionary = byte & 0x20 != 0;
                if (u16::from(first) << 8 | u16::from(byte)) % 31 != 0 || has_dictionary {
                    return Err(Invalid);
                }
                return Ok(Some((Format::Zlib, (first >> 4) + 8)));
            }
            Field::GzipFixed { at } => {
                match at {
                    1 if byte != 0x8b => return Err(Invalid),
                    2 if byte != 8 => return Err(Invalid),
                    3 => self.flags = byte,
                    _ => {}
                }
                if at < 9 { Field::GzipFixed { at: at + 1 } } else { return Ok(self.next_field()) }
            }
            Field::ExtraLength { low: None } => Field::ExtraLength { low: Some(byte) },
            Field::ExtraLength { low: Some(low) } => match u16::from_le_bytes([low, byte]) {
                0 => return Ok(self.next_field()),
                left => Field::Extra { left },
            },
            Field::Extra { left: 1 } => return Ok(self.next_field()),
            Field::Extra { left } => Field::Extra { left: left - 1 },
            Field::Name | Field::Comment if byte != 0 => self.field,
            Field::HeaderCrc { second: false } => Field::HeaderCrc { second: true },
            Field::Name | Field::Comment | Field::HeaderCrc { second: true } => return Ok(self.next_field()),
        };
        Ok(None)
    }

    /// Goes to the next optional field that the flags announce.
    fn next_field(&mut self) -> Option<(Format, u8)> {
        for (flag, field) in [
            (EXTRA, Field::ExtraLength { low: None }),
            (NAME, Field::Name),
            (COMMENT, Field::Comment),
            (HEADER_CRC, Field::HeaderCrc { second: false }),
        ] {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                self.field = field;
                return None;
            }
        }
        Some((Format::Gzip, MAX_WBITS))
    }
}

/// The checksum of a container, and the number of bytes.
#[derive(Clone, Debug)]
pub struct Checksum {
    format: Format,
    adler: adler2::Adler32,
    crc: u32,
    len: u32,
}

impl Checksum {
    /// Of nothing.
    pub fn new(format: Format) -> Self {
        Self { format, adler: adler2::Adler32::new(), crc: 0, len: 0 }
    }

    /// Adds uncompressed data.
    pub fn update(&mut self, data: &[u8]) {
        self.len = self.len.wrapping_add(data.len() as u32);
        match self.format {
            Format::Raw => {}
            Format::Zlib => self.adler.write_slice(data),
            Format::Gzip => self.crc = crc32::update(self.crc, data),
        }
    }

    /// The trailer: 0, 4 or 8 bytes.
    fn trailer(&self) -> ([u8; 8], usize) {
        let mut bytes = [0; 8];
        let len = match self.format {
            Format::Raw => 0,
            Format::Zlib => {
                bytes[..4].copy_from_slice(&self.adler.checksum().to_be_bytes());
                4
            }
            Format::Gzip => {
                bytes[..4].copy_from_slice(&self.crc.to_le_bytes());
                bytes[4..].copy_from_slice(&self.len.to_le_bytes());
                8
            }
        };
        (bytes, len)
    }
}

/// A trailer being read, a byte at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trailer {
    at: u8,
}

impl Trailer {
    /// Whether nothing of the trailer is missing.
    pub fn is_done(self, sum: &Checksum) -> bool {
        usize::from(self.at) >= sum.trailer().1
    }

    /// Takes a byte, which must be the checksum's.
    pub fn push(&mut self, sum: &Checksum, byte: u8) -> Result<(), Invalid> {
        let (expected, len) = sum.trailer();
        match expected[..len].get(usize::from(self.at)) {
            Some(&expected) if expected == byte => {
                self.at += 1;
                Ok(())
            }
            _ => Err(Invalid),
        }
    }
}

/// The header of a compressed stream. `wbits` is the window's size as the logarithm to the base 2.
pub fn write_header(format: Format, wbits: u8) -> ([u8; 10], usize) {
    // The last two: a fast algorithm, on Unix.
    let mut bytes = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3];
    match format {
        Format::Raw => (bytes, 0),
        Format::Zlib => {
            // Some decompressors refuse 8.
            let wbits = wbits.clamp(9, MAX_WBITS);
            debug_assert!(wbits >= MIN_WBITS);
            bytes[0] = (wbits - 8) << 4 | 8;
            // "Default algorithm", and what makes the two bytes a multiple of 31.
            let flags = 0x80;
            bytes[1] = flags + (31 - (u16::from(bytes[0]) << 8 | flags as u16) % 31) as u8;
            (bytes, 2)
        }
        Format::Gzip => (bytes, 10),
    }
}

/// The trailer of a compressed stream.
pub fn write_trailer(sum: &Checksum) -> ([u8; 8], usize) {
    sum.trailer()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(expected: Option<Format>, bytes: &[u8]) -> Result<Option<(Format, u8)>, Invalid> {
        let mut header = Header::new(expected);
        for (i, &byte) in bytes.iter().enumerate() {
            if let Some(found) = header.push(byte)? {
                assert_eq!(i, bytes.len() - 1, "the header ended early");
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    #[test]
    fn zlib_headers() {
        assert_eq!(header(None, b"\x78\x9c"), Ok(Some((Format::Zlib, 15))));
        assert_eq!(header(None, b"\x08\x1d"), Ok(Some((Format::Zlib, 8))));
        for bad in [b"\x78\x9d", b"\x88\x1c", b"\x79\x9c", b"\x00\x00", b"\x78\xbb"] {
            assert_eq!(header(None, bad), Err(Invalid), "{bad:?}");
        }
        assert_eq!(header(Some(Format::Gzip), b"\x78"), Err(Invalid));
        for wbits in 5..=15 {
            let (bytes, len) = write_header(Format::Zlib, wbits);
            assert_eq!(header(None, &bytes[..len]), Ok(Some((Format::Zlib, wbits.max(9)))));
        }
        assert_eq!(write_header(Format::Zlib, 15).0[..2], [0x78, 0x9c]);
    }

    #[test]
    fn gzip_headers() {
        let found = Ok(Some((Format::Gzip, 15)));
        let (bytes, len) = write_header(Format::Gzip, 8);
        assert_eq!(header(Some(Format::Gzip), &bytes[..len]), found);
        for (flags, rest) in [
            (4, &b"\x00\x00"[..]),
            (4, b"\x02\x00ab"),
            (8, b"name\x00"),
            (16, b"\x00"),
            (2, b"ab"),
            (30, b"\x01\x00xname\x00comment\x00ab"),
        ] {
            let mut all = [0; 40];
            all[..10].copy_from_slice(&bytes);
            all[3] = flags;
            all[10..10 + rest.len()].copy_from_slice(rest);
            assert_eq!(header(None, &all[..10 + rest.len()]), found, "{flags}");
            assert_eq!(header(None, &all[..9 + rest.len()]), Ok(None), "{flags}");
        }
        assert_eq!(header(None, b"\x1f\x8c"), Err(Invalid));
        assert_eq!(header(None, b"\x1f\x8b\x07"), Err(Invalid));
        assert_eq!(header(Some(Format::Zlib), b"\x1f"), Err(Invalid));
        assert_eq!(header(Some(Format::Raw), b"\x1f"), Err(Invalid));
    }
}
