//! Base64 with the usual alphabet. Decoding skips every character outside of it, as Python does.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Length of the text of `len` bytes.
pub fn encoded_len(len: usize) -> usize {
    len.div_ceil(3) * 4
}

/// Writes the text of `data`; `out` has [`encoded_len`] bytes.
pub fn encode(data: &[u8], out: &mut [u8]) {
    for (bytes, out) in data.chunks(3).zip(out.chunks_exact_mut(4)) {
        let byte = |i: usize| u32::from(bytes.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (i, out) in out.iter_mut().enumerate() {
            *out = if i <= bytes.len() { ALPHABET[(bits >> (18 - 6 * i)) as usize & 63] } else { b'=' };
        }
    }
}

/// Number of bytes behind `text`, or `None` if the last group is incomplete.
pub fn decoded_len(text: &[u8]) -> Option<usize> {
    let mut len = 0;
    scan(text, |_| len += 1).then_some(len)
}

/// Writes the bytes behind `text`; `out` has [`decoded_len`] bytes.
pub fn decode(text: &[u8], out: &mut [u8]) {
    let mut out = out.iter_mut();
    scan(text, |byte| {
        if let Some(out) = out.next() {
            *out = byte;
        }
    });
}

/// Calls `put` with every byte. False: the last group is incomplete.
fn scan(text: &[u8], mut put: impl FnMut(u8)) -> bool {
    let (mut bits, mut in_group, mut pads) = (0_u32, 0, 0);
    for &c in text {
        if c == b'=' {
            if in_group >= 2 {
                pads += 1;
                if in_group + pads >= 4 {
                    // A padded group ends the data, whatever follows.
                    return true;
                }
            }
        } else if let Some(value) = value(c) {
            pads = 0;
            bits = bits << 6 | u32::from(value);
            in_group = (in_group + 1) % 4;
            // After 2, 3 and 4 characters there are 4, 2 and 0 bits left over.
            match in_group {
                1 => {}
                2 => put((bits >> 4) as u8),
                3 => put((bits >> 2) as u8),
                _ => put(bits as u8),
            }
        }
    }
    in_group == 0
}

fn value(c: u8) -> Option<u8> {
    Some(match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn text(data: &[u8]) -> Vec<u8> {
        let mut out = vec![0; encoded_len(data.len())];
        encode(data, &mut out);
        out
    }

    fn bytes(text: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; decoded_len(text)?];
        decode(text, &mut out);
        Some(out)
    }

    #[test]
    fn known_texts() {
        for (data, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(text(data.as_bytes()), encoded.as_bytes());
            assert_eq!(bytes(encoded.as_bytes()).as_deref(), Some(data.as_bytes()));
        }
        assert_eq!(text(b"\xfb\xff"), b"+/8=");
    }

    #[test]
    fn sloppy_texts() {
        for (encoded, data) in [
            ("Zg==Zg==", Some("f")),
            ("Z!g@==", Some("f")),
            ("Zg=!=", Some("f")),
            ("====", Some("")),
            ("Zm9v==", Some("foo")),
            ("Zm9vZg=", None),
            ("Zg", None),
            ("Z", None),
            ("Z===", None),
            ("Zm=v", None),
            ("Zm9vA", None),
        ] {
            assert_eq!(bytes(encoded.as_bytes()).as_deref(), data.map(str::as_bytes), "{encoded}");
        }
    }

    proptest! {
        #[test]
        fn decoding_restores(data: Vec<u8>) {
            prop_assert_eq!(bytes(&text(&data)), Some(data));
        }
    }
}
