//! The bytes of the mount protocol; see the [module's text](super) for the exchange.

/// Starts an answer. Whatever came before it is dropped by the board.
pub(crate) const START: u8 = 0x1e;
/// Ends an answer.
pub(crate) const END: u8 = 0x1f;
/// The next byte was changed by [`FLIP`].
pub(crate) const ESCAPE: u8 = 0x1d;
/// What is added (without carry) to a byte after [`ESCAPE`].
const FLIP: u8 = 0x20;

/// After the token: a request with its length, body and check.
pub(crate) const REQUEST: u8 = b'R';
/// After the token: another window of an answer was taken.
pub(crate) const ACK: u8 = b'A';
/// After the token: the call is over, whatever came of it.
pub(crate) const OVER: u8 = b'E';

/// The payload is raw deflate.
pub(crate) const DEFLATED: u8 = 1;
/// The payload is a Python expression.
pub(crate) const VALUE: u8 = 2;
/// The payload's value is the number of an `OSError`.
pub(crate) const FAILED: u8 = 4;

/// The smallest request: a sequence number, `()` and a line end.
pub(crate) const SHORTEST_REQUEST: usize = 4;

/// What begins everything that the board says to the host: five bytes, new for each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token([u8; 5]);

impl Token {
    /// A token made of these random bits.
    pub fn new(random: u64) -> Self {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
        let digit = |at: u32| DIGITS[(random >> (6 * at)) as usize % 64];
        // Starts with a control character, so that no text printed by `repr` holds it.
        Token([0x10, digit(0), digit(1), digit(2), digit(3)])
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 5] {
        &self.0
    }

    /// The token inside a Python string literal.
    pub(crate) fn in_python(&self) -> String {
        self.0
            .iter()
            .map(|b| if *b < 0x20 { format!("\\x{b:02x}") } else { char::from(*b).to_string() })
            .collect()
    }
}

/// Whether a byte would mean something to a prompt: stray answers must not run as code, interrupt or reset.
fn is_special(byte: u8) -> bool {
    matches!(byte, 1..=5 | b'\r' | ESCAPE | START | END)
}

/// An answer as it goes over the line.
pub(crate) fn answer(sequence: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[sequence, flags]);
    crc.update(payload);
    let check = crc.finalize().to_le_bytes();
    let mut out = Vec::with_capacity(payload.len() + payload.len() / 16 + 12);
    out.push(START);
    for &byte in [sequence, flags].iter().chain(payload).chain(&check) {
        if is_special(byte) {
            out.extend([ESCAPE, byte ^ FLIP]);
        } else {
            out.push(byte);
        }
    }
    out.push(END);
    out
}

/// A request as the board sends it. Bodies of more than 64 KB are cut.
pub(crate) fn request(token: Token, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let body = &body[..usize::from(length)];
    let mut out = token.bytes().to_vec();
    out.push(REQUEST);
    out.extend(length.to_le_bytes());
    out.extend_from_slice(body);
    out.extend(crc32fast::hash(body).to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the board's hook does with an answer.
    pub(crate) fn read(line: &[u8]) -> Option<(u8, u8, Vec<u8>)> {
        let (mut body, mut flip) = (Vec::new(), 0);
        for &byte in line {
            match byte {
                START => body.clear(),
                ESCAPE => flip = FLIP,
                END if crc32fast::hash(&body) != 0x2144_df1c => return None,
                END => return Some((body[0], body[1], body[2..body.len() - 4].to_vec())),
                byte => {
                    body.push(byte ^ flip);
                    flip = 0;
                }
            }
        }
        None
    }

    proptest! {
        #[test]
        fn answers_come_back_and_hold_nothing_that_a_prompt_obeys(
            sequence: u8, flags: u8, payload: Vec<u8>, stray in "[a-z\\r\\x01\\x04]{0,9}",
        ) {
            let line = answer(sequence, flags, &payload);
            prop_assert!(line.iter().all(|b| !matches!(b, 1..=5 | b'\r')));
            let with_stray = [stray.as_bytes(), &line].concat();
            prop_assert_eq!(read(&with_stray), Some((sequence, flags, payload)));
        }

        #[test]
        fn changed_answers_are_noticed(payload: Vec<u8>, at: prop::sample::Index, change in 1u8..) {
            let mut line = answer(7, 0, &payload);
            let at = at.index(line.len());
            line[at] ^= change;
            let got = read(&line);
            prop_assert!(got.is_none() || got == Some((7, 0, payload)), "{:?}", got);
        }
    }

    #[test]
    fn tokens_differ_and_are_one_literal() {
        assert_ne!(Token::new(1), Token::new(2));
        assert_eq!(Token::new(0).in_python(), "\\x10AAAA");
        assert_eq!(Token::new(u64::MAX).bytes(), b"\x10----");
    }
}
