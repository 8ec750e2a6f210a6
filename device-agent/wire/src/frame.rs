//! Frames to the board.
//!
//! A head of 8 bytes, all of them 0x80 or more:
//!
//! | byte | meaning (the lower 7 bits) |
//! |---|---|
//! | 0 | number, counted modulo 128 |
//! | 1, 2 | length of the payload: 7 bits, then 6; bit 6 of the second: the payload is deflated |
//! | 3 to 7 | CRC-32 of bytes 0 to 2 and of the payload: 7 bits each, lowest first |
//!
//! then a link for each block of 252 bytes of payload, then the payload. In the payload the bytes 0x03 are replaced: a link
//! leads to the first one of its block, the byte that stands there leads to the next. A link is 0 at the end of the chain, else
//! the distance, of which 3 and what is above are one more; the first is counted from the place before the block.

use alloc::vec::Vec;

/// The byte that never goes to the board: the raw REPL's interrupt.
const INTERRUPT: u8 = 3;

/// Bytes of a frame's head.
pub const HEAD: usize = 8;

/// Bytes of payload that share a link.
pub const BLOCK: usize = 252;

/// The largest payload of a frame; a board may ask for less.
pub const MAX_PAYLOAD: usize = (1 << 13) - 1;

/// Numbers of frames begin anew after so many.
pub const FRAME_NUMBERS: u8 = 128;

/// The bytes on the wire of a frame with a payload of so many.
#[must_use]
pub const fn wire_len(payload: usize) -> usize {
    HEAD + payload.div_ceil(BLOCK) + payload
}

/// A frame that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its number, below [`FRAME_NUMBERS`].
    pub number: u8,
    /// Whether the payload is deflated.
    pub deflated: bool,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// The bytes are no frame, or not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Appends a frame to `out`. Of `number` the lowest 7 bits count.
///
/// # Panics
/// When the payload is longer than [`MAX_PAYLOAD`].
pub fn encode(number: u8, deflated: bool, payload: &[u8], out: &mut Vec<u8>) {
    assert!(payload.len() <= MAX_PAYLOAD, "a frame holds {MAX_PAYLOAD} bytes at most");
    let flag = if deflated { 0x40 } else { 0 };
    let front = [0x80 | number, 0x80 | low7(payload.len()), 0x80 | flag | low7(payload.len() >> 7)];
    out.extend_from_slice(&front);
    let sum = sum(&front, payload);
    out.extend((0..5).map(|i| 0x80 | low7((sum >> (7 * i)) as usize)));
    out.extend(payload.chunks(BLOCK).map(|block| link(block.iter().position(|b| *b == INTERRUPT))));
    for block in payload.chunks(BLOCK) {
        let chained = block.iter().enumerate().map(|(at, byte)| match *byte {
            INTERRUPT => link(block[at + 1..].iter().position(|b| *b == INTERRUPT)),
            byte => byte,
        });
        out.extend(chained);
    }
}

/// Reads the frame that `wire` is, whole and nothing else.
///
/// # Errors
/// [`Malformed`]: something was lost, added or changed.
pub fn decode(wire: &[u8]) -> Result<Frame, Malformed> {
    let (head, rest) = wire.split_at_checked(HEAD).ok_or(Malformed)?;
    if head.iter().any(|byte| *byte < 0x80) {
        return Err(Malformed);
    }
    let len = usize::from(head[1] & 0x7f) | usize::from(head[2] & 0x3f) << 7;
    let (links, chained) = rest.split_at_checked(len.div_ceil(BLOCK)).ok_or(Malformed)?;
    if chained.len() != len {
        return Err(Malformed);
    }
    let mut payload = chained.to_vec();
    for (block, first) in payload.chunks_mut(BLOCK).zip(links) {
        // One more than the place of the last byte that was put right.
        let (mut next, mut step) = (0, *first);
        while step != 0 {
            next += usize::from(step) - usize::from(step > INTERRUPT);
            let place = block.get_mut(next - 1).ok_or(Malformed)?;
            step = core::mem::replace(place, INTERRUPT);
        }
    }
    let told = head[3..].iter().rev().fold(0u64, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
    if told != u64::from(sum(&head[..3], &payload)) {
        return Err(Malformed);
    }
    Ok(Frame { number: head[0] & 0x7f, deflated: head[2] & 0x40 != 0, payload })
}

fn low7(n: usize) -> u8 {
    (n & 0x7f) as u8
}

fn sum(front: &[u8], payload: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(front);
    hash.update(payload);
    hash.finalize()
}

/// The link to the byte that so many others stand before.
fn link(before: Option<usize>) -> u8 {
    match before {
        None => 0,
        // A block is shorter than what a byte can count.
        Some(before) if before + 1 < usize::from(INTERRUPT) => (before + 1) as u8,
        Some(before) => (before + 2) as u8,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn wire(number: u8, deflated: bool, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(number, deflated, payload, &mut out);
        out
    }

    #[test]
    fn the_interrupt_never_stands_in_a_frame() {
        for payload in
            [vec![], vec![3], vec![3; 600], vec![0, 0, 3, 3, 0, 0, 3], (0..=255).cycle().take(2000).collect()]
        {
            for number in [0, 3, 127] {
                let wire = wire(number, true, &payload);
                assert!(!wire.contains(&3));
                assert_eq!(wire.len(), wire_len(payload.len()));
                assert_eq!(decode(&wire), Ok(Frame { number, deflated: true, payload: payload.clone() }));
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(number in 0u8..128, deflated: bool, payload in proptest::collection::vec(0u8..6, 0..1000)) {
            let wire = wire(number, deflated, &payload);
            prop_assert!(!wire.contains(&3));
            prop_assert_eq!(decode(&wire), Ok(Frame { number, deflated, payload }));
        }

        #[test]
        fn damage_is_noticed(payload in proptest::collection::vec(any::<u8>(), 0..300), at: prop::sample::Index, to: u8, lost: bool) {
            let mut wire = wire(5, false, &payload);
            let at = at.index(wire.len());
            prop_assume!(lost || wire[at] != to);
            if lost {
                wire.remove(at);
            } else {
                wire[at] = to;
            }
            prop_assert_eq!(decode(&wire), Err(Malformed));
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut wire: Vec<u8>, top: bool) {
            if top {
                wire.iter_mut().take(HEAD).for_each(|byte| *byte |= 0x80);
            }
            let _ = decode(&wire);
        }
    }
}
