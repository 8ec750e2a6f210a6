//! Frames to the board.
//!
//! A head of 8 bytes, all of them 0x80 or more:
//!
//! | byte | meaning (the lower 7 bits) |
//! |---|---|
//! | 0 | number, counted modulo 128 |
//! | 1, 2 | length of the payload: 7 bits, then 6; bit 6 of the second: the payload is deflated |
//! | 3 to 7 | CRC-32 of bytes 0 to 2 and of the payload: 7 bits each, lowest first; bit 6 of the last: blocks are small |
//!
//! then a key for each block of 224 (small: 56) bytes of payload, then the payload. The [`SILENT`] bytes never occur. In a block with the
//! key 0 there are none; in another one each is replaced by itself XOR the key, which is a byte that the block does not hold.

use alloc::vec::Vec;

/// The bytes that never go to the board, because they have a meaning at a prompt: Ctrl-B leaves the raw REPL, Ctrl-C interrupts, Ctrl-D
/// runs code or resets, and a carriage return runs a line of the friendly REPL.
pub const SILENT: [u8; 4] = [0x02, 0x03, 0x04, 0x0d];

/// Bytes of a frame's head.
pub const HEAD: usize = 8;

/// Bytes of payload that share a key: for nearly every content one is free.
pub const BLOCK: usize = 224;

/// The same for content without a free key in some larger block. So few bytes leave one free whatever they are: each rules out four of the
/// 245 that neither are nor make a silent byte.
const SMALL_BLOCK: usize = 56;

/// The largest payload of a frame; a board may ask for less.
pub const MAX_PAYLOAD: usize = (1 << 13) - 1;

/// Numbers of frames begin anew after so many.
pub const FRAME_NUMBERS: u8 = 128;

/// In the last byte of the head: blocks are small.
const SMALL: u8 = 0x40;

/// The most bytes on the wire that a frame with a payload of so many has.
#[must_use]
pub const fn longest_wire_len(payload: usize) -> usize {
    HEAD + payload.div_ceil(SMALL_BLOCK) + payload
}

/// The bytes on the wire of a frame that begins with this head; `None` if it is none.
#[must_use]
pub fn wire_len(head: &[u8; HEAD]) -> Option<usize> {
    let (len, block) = measures(head);
    head.iter().all(|byte| *byte >= 0x80).then(|| HEAD + len.div_ceil(block) + len)
}

/// Length of the payload, and of a block.
fn measures(head: &[u8; HEAD]) -> (usize, usize) {
    let len = usize::from(head[1] & 0x7f) | usize::from(head[2] & 0x3f) << 7;
    (len, if head[7] & SMALL == 0 { BLOCK } else { SMALL_BLOCK })
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
    let last = out.len() - 1;
    let keys = out.len();
    let mut size = BLOCK;
    if !push_keys(payload, size, out) {
        out.truncate(keys);
        out[last] |= SMALL;
        size = SMALL_BLOCK;
        let has_keys = push_keys(payload, size, out);
        debug_assert!(has_keys, "a small block has a free key");
    }
    for (at, block) in payload.chunks(size).enumerate() {
        let key = out[keys + at];
        out.extend(block.iter().map(|byte| if SILENT.contains(byte) { byte ^ key } else { *byte }));
    }
}

/// Appends the key of each block of this size; false if one has none.
fn push_keys(payload: &[u8], size: usize, out: &mut Vec<u8>) -> bool {
    payload.chunks(size).all(|block| free_key(block).map(|key| out.push(key)).is_some())
}

fn free_key(block: &[u8]) -> Option<u8> {
    let mut held = [false; 256];
    block.iter().for_each(|byte| held[usize::from(*byte)] = true);
    if !SILENT.iter().any(|silent| held[usize::from(*silent)]) {
        return Some(0);
    }
    let is_free = |key: &u8| {
        let stands_in = |silent: &u8| !held[usize::from(silent ^ key)] && !SILENT.contains(&(silent ^ key));
        !SILENT.contains(key) && SILENT.iter().all(stands_in)
    };
    (1..=255).find(is_free)
}

/// Reads the frame that `wire` is, whole and nothing else.
///
/// # Errors
/// [`Malformed`]: something was lost, added or changed.
pub fn decode(wire: &[u8]) -> Result<Frame, Malformed> {
    let (head, rest) = wire.split_first_chunk::<HEAD>().ok_or(Malformed)?;
    if wire_len(head) != Some(wire.len()) {
        return Err(Malformed);
    }
    let (len, size) = measures(head);
    // A flag that changes nothing is never set.
    if size == SMALL_BLOCK && len <= SMALL_BLOCK {
        return Err(Malformed);
    }
    let (keys, stood_in) = rest.split_at(rest.len() - len);
    let mut payload = stood_in.to_vec();
    for (block, key) in payload.chunks_mut(size).zip(keys).filter(|(_, key)| **key != 0) {
        for byte in block {
            if SILENT.contains(&(*byte ^ key)) {
                *byte ^= key;
            }
        }
    }
    let told = head[3..].iter().rev().fold(0u64, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
    if told & !(u64::from(SMALL) << 28) != u64::from(sum(&head[..3], &payload)) {
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

    fn is_silent(wire: &[u8]) -> bool {
        !wire.iter().any(|byte| SILENT.contains(byte))
    }

    /// Bytes by a seed, as what does not deflate looks.
    fn noise(len: usize, seed: u32) -> Vec<u8> {
        let step = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        core::iter::successors(Some(seed), step).map(|x| (x >> 24) as u8).take(len).collect()
    }

    #[test]
    fn what_means_something_at_a_prompt_never_stands_in_a_frame() {
        let all_but_one = (0..=255).filter(|byte| *byte != 0x55).collect();
        let cycle: Vec<u8> = (0..=255).cycle().take(2000).collect();
        let silent: Vec<u8> = SILENT.into_iter().cycle().take(1000).collect();
        let mixed: Vec<u8> = (0..2000usize).map(|i| ((i * i / 3) ^ (i >> 3)) as u8).collect();
        for payload in
            [vec![], vec![3], vec![4; 600], all_but_one, cycle, silent, mixed, noise(MAX_PAYLOAD, 1)]
        {
            for number in [0, 2, 3, 4, 13, 127] {
                let wire = wire(number, true, &payload);
                assert!(is_silent(&wire));
                assert!(wire.len() <= longest_wire_len(payload.len()));
                assert_eq!(decode(&wire), Ok(Frame { number, deflated: true, payload: payload.clone() }));
            }
        }
    }

    /// Heads and keys together; the rest of a percent is for the line to waste.
    #[test]
    fn noise_costs_less_than_a_hundredth() {
        let payload = 9 * BLOCK;
        let wires = (0..200).map(|seed| wire(0, false, &noise(payload, seed * 977)).len());
        let cost = wires.sum::<usize>() - 200 * payload;
        assert!(cost * 111 < 200 * payload, "{cost}");
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(
            number in 0u8..128, deflated: bool,
            payload in prop_oneof![
                proptest::collection::vec(0u8..16, 0..1000),
                proptest::collection::vec(any::<u8>(), 0..3000),
                proptest::collection::vec(prop::sample::select(SILENT.to_vec()), 0..400),
            ],
        ) {
            let wire = wire(number, deflated, &payload);
            prop_assert!(is_silent(&wire));
            prop_assert!(wire.len() <= longest_wire_len(payload.len()));
            prop_assert_eq!(wire_len(wire.first_chunk().expect("a head")), Some(wire.len()));
            prop_assert_eq!(decode(&wire), Ok(Frame { number, deflated, payload }));
        }

        /// The worst content for a small block: what rules out most keys.
        #[test]
        fn a_small_block_has_a_key(block in proptest::collection::vec(any::<u8>(), SMALL_BLOCK)) {
            prop_assert!(free_key(&block).is_some());
        }

        #[test]
        fn damage_is_noticed_or_changes_nothing(payload in proptest::collection::vec(any::<u8>(), 0..700), at: prop::sample::Index, to: u8, lost: bool) {
            let mut wire = wire(5, false, &payload);
            let at = at.index(wire.len());
            prop_assume!(lost || wire[at] != to);
            if lost {
                wire.remove(at);
            } else {
                wire[at] = to;
            }
            // A key that no byte of its block is replaced by may be any.
            let same = Frame { number: 5, deflated: false, payload };
            prop_assert!(decode(&wire).is_ok_and(|frame| frame == same) || decode(&wire).is_err());
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
