//! Bytes as pairs of hexadecimal digits.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Length of the text of `len` bytes.
pub fn encoded_len(len: usize, separator: Option<u8>) -> usize {
    match separator {
        Some(_) => (3 * len).saturating_sub(1),
        None => 2 * len,
    }
}

/// Writes the text of `data`; `out` has [`encoded_len`] bytes.
pub fn encode(data: &[u8], separator: Option<u8>, out: &mut [u8]) {
    let step = if separator.is_some() { 3 } else { 2 };
    for (byte, out) in data.iter().zip(out.chunks_mut(step)) {
        out[0] = DIGITS[usize::from(byte >> 4)];
        out[1] = DIGITS[usize::from(byte & 15)];
        if let (Some(separator), Some(last)) = (separator, out.get_mut(2)) {
            *last = separator;
        }
    }
}

/// Writes the bytes behind `text`, whose length is twice that of `out`. False: there is something else than digits.
pub fn decode(text: &[u8], out: &mut [u8]) -> bool {
    text.chunks_exact(2).zip(out).all(|(pair, out)| match (digit(pair[0]), digit(pair[1])) {
        (Some(high), Some(low)) => {
            *out = high << 4 | low;
            true
        }
        _ => false,
    })
}

/// The value of a hexadecimal digit.
pub fn digit(c: u8) -> Option<u8> {
    char::from(c).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn text(data: &[u8], separator: Option<u8>) -> Vec<u8> {
        let mut out = vec![0; encoded_len(data.len(), separator)];
        encode(data, separator, &mut out);
        out
    }

    #[test]
    fn separators_stand_between() {
        assert_eq!(text(b"", Some(b':')), b"");
        assert_eq!(text(b"\x00", Some(b':')), b"00");
        assert_eq!(text(b"\x00\xff\x1a", Some(b':')), b"00:ff:1a");
        assert_eq!(text(b"\x00\xff", None), b"00ff");
    }

    #[test]
    fn other_characters_are_refused() {
        for bad in [b"0g", b" 0", b"0 ", b"-1", b"+1", b"\xff0"] {
            assert!(!decode(bad, &mut [0]), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn decoding_restores(data: Vec<u8>, upper: bool) {
            let mut text = text(&data, None);
            if upper {
                text.make_ascii_uppercase();
            }
            let mut out = vec![0; data.len()];
            prop_assert!(decode(&text, &mut out));
            prop_assert_eq!(out, data);
        }
    }
}
