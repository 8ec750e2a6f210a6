//! What comes from the board.
//!
//! - A byte of 0x80 or more acknowledges: its lower 7 bits count, modulo 128, the units that the board has read.
//! - 0x01, a length as u16 little-endian, so many bytes, and the CRC-32 of all these, little-endian, are an answer: its kind,
//!   the number of the request, and what belongs to it.
//! - Anything else is text: the agent has ended.

use alloc::vec::Vec;

/// The first byte of an answer.
const START: u8 = 1;

/// No answer is longer.
const LONGEST: usize = 9000;

/// Something that came from the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The count of units read so far, modulo 128.
    Acknowledged(u8),
    /// A frame: kind, number of the request, and more.
    Frame(Vec<u8>),
    /// A byte that belongs to nothing.
    Text(u8),
    /// Something that began as an answer is none.
    Damaged,
}

/// Reads what comes from the board, in any pieces.
#[derive(Debug, Default)]
pub struct Answers {
    held: Vec<u8>,
    /// So many bytes that come next belong to a damaged answer: its content is no acknowledgement and no text.
    damaged: usize,
}

impl Answers {
    /// Nothing has come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next answer, if it has come whole.
    pub fn next_answer(&mut self) -> Option<Answer> {
        match *self.held.first()? {
            START => {}
            byte => {
                self.held.remove(0);
                if self.damaged > 0 {
                    self.damaged -= 1;
                    return Some(Answer::Damaged);
                }
                return Some(if byte >= 0x80 {
                    Answer::Acknowledged(byte & 0x7f)
                } else {
                    Answer::Text(byte)
                });
            }
        }
        let (Some(low), Some(high)) = (self.held.get(1), self.held.get(2)) else { return None };
        let end = 3 + usize::from(u16::from_le_bytes([*low, *high]));
        if !(5..=LONGEST).contains(&end) {
            return self.damaged();
        }
        let told = self.held.get(end..end + 4)?;
        if *told != crc32fast::hash(&self.held[..end]).to_le_bytes() {
            self.damaged = self.damaged.max(end + 4);
            return self.damaged();
        }
        let frame = self.held[3..end].to_vec();
        self.held.drain(..end + 4);
        self.damaged = 0;
        Some(Answer::Frame(frame))
    }

    fn damaged(&mut self) -> Option<Answer> {
        // What follows may hold another answer.
        self.held.remove(0);
        self.damaged = self.damaged.saturating_sub(1);
        Some(Answer::Damaged)
    }

    /// Whether an answer has begun to come.
    #[must_use]
    pub fn is_within_one(&self) -> bool {
        !self.held.is_empty()
    }

    /// No more bytes come: what began as an answer is none.
    pub fn give_up(&mut self) -> bool {
        self.damaged = 0;
        !self.held.is_empty() && self.damaged().is_some()
    }
}

/// Appends an answer to `out`, as the board makes it.
pub fn encode_answer(frame: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.push(START);
    out.extend_from_slice(&(frame.len() as u16).to_le_bytes());
    out.extend_from_slice(frame);
    out.extend_from_slice(&crc32fast::hash(&out[start..]).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn all(answers: &mut Answers) -> Vec<Answer> {
        core::iter::from_fn(|| answers.next_answer()).collect()
    }

    #[test]
    fn answers_are_told_apart() {
        let mut wire = vec![0x85];
        encode_answer(b"D\x01x", &mut wire);
        wire.extend(b"\x04");
        let expected = vec![Answer::Acknowledged(5), Answer::Frame(b"D\x01x".to_vec()), Answer::Text(4)];
        let mut answers = Answers::new();
        answers.push(&wire);
        assert_eq!(all(&mut answers), expected);
        let mut one_by_one = Answers::new();
        let mut got = Vec::new();
        for byte in wire {
            one_by_one.push(&[byte]);
            got.extend(all(&mut one_by_one));
        }
        assert_eq!(got, expected);
    }

    #[test]
    fn an_answer_behind_a_damaged_one_is_found() {
        let mut wire = Vec::new();
        encode_answer(b"Sx", &mut wire);
        wire[3] ^= 1;
        encode_answer(b"Sy", &mut wire);
        let mut answers = Answers::new();
        answers.push(&wire);
        assert_eq!(all(&mut answers).last(), Some(&Answer::Frame(b"Sy".to_vec())));
    }

    /// A file's content in a damaged answer looks like the end of the agent, and like acknowledgements.
    #[test]
    fn content_of_a_damaged_answer_is_nothing() {
        let mut wire = Vec::new();
        encode_answer(b"D\x02\x00\x04\x04>\x85\x86", &mut wire);
        wire[3] ^= 1;
        wire.extend(b"\x87\x04");
        let mut answers = Answers::new();
        answers.push(&wire);
        let mut got = all(&mut answers);
        got.retain(|answer| *answer != Answer::Damaged);
        assert_eq!(got, [Answer::Acknowledged(7), Answer::Text(4)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let mut answers = Answers::new();
            answers.push(&bytes);
            loop {
                let _ = all(&mut answers);
                if !answers.give_up() { break; }
            }
            prop_assert!(answers.held.is_empty());
        }
    }
}
