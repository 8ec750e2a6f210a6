//! What a text is made of.

/// The unit that one `.` matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Characters in UTF-8, for `str`.
    Char,
    /// Bytes, for `bytes`.
    Byte,
}

/// Where bytes that are not UTF-8 are in the code space, as units of their own.
const STRAY: u32 = 0x11_0000;

impl Unit {
    /// The unit at `at`, which is less than the length, and its length in bytes.
    pub fn at(self, text: &[u8], at: usize) -> (u32, usize) {
        let first = text[at];
        if self == Unit::Byte || first < 0x80 {
            return (u32::from(first), 1);
        }
        let (len, bits) = match first {
            0xc0..0xe0 => (2, first & 0x1f),
            0xe0..0xf0 => (3, first & 0x0f),
            0xf0..0xf8 => (4, first & 0x07),
            _ => return (STRAY + u32::from(first), 1),
        };
        let mut code = u32::from(bits);
        for i in 1..len {
            match text.get(at + i) {
                Some(&byte) if byte & 0xc0 == 0x80 => code = code << 6 | u32::from(byte & 0x3f),
                _ => return (STRAY + u32::from(first), 1),
            }
        }
        (code, len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_strays() {
        let text = "a\u{e9}\u{20ac}\u{1f600}".as_bytes();
        for (at, unit) in [(0, (0x61, 1)), (1, (0xe9, 2)), (3, (0x20ac, 3)), (6, (0x1f600, 4))] {
            assert_eq!(Unit::Char.at(text, at), unit);
            assert_eq!(Unit::Byte.at(text, at), (u32::from(text[at]), 1));
        }
        for stray in [&b"\xe9"[..], b"\xe9a", b"\x80", b"\xff", b"\xf0\x9f\x98"] {
            assert_eq!(Unit::Char.at(stray, 0), (STRAY + u32::from(stray[0]), 1));
        }
    }
}
