//! What of a file's new content its old content has already, in blocks that the board tells sums of.
//!
//! A CRC-32 only proposes a block: the SHA-256 of the whole decides, and if it is wrong everything is sent.

use std::collections::HashMap;
use std::ops::Range;

use super::Device;
use crate::Error;
use crate::agent::request;

/// A smaller file is sent as fast as it is compared, in bytes.
pub(super) const SMALLEST: u64 = 8 << 10;

/// Files of these sizes are compared, in bytes: larger ones would have to be held in memory.
pub(super) const SIZES: Range<u64> = SMALLEST..1 << 20;

/// Blocks of a file, about.
const BLOCKS: usize = 128;

/// Places tried where no block is expected.
const SEARCH: usize = 64 << 10;

/// A part of the new content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It stands in the old content there.
    Old { len: usize, at: u32 },
    /// It is new.
    New { len: usize },
}

/// The parts of a file's new content, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    /// With the place where each begins.
    parts: Vec<(usize, Part)>,
}

impl Device {
    /// Compares new content with the file on the board; `None` if nothing of it is there.
    pub(super) fn patch(&mut self, path: &str, content: &[u8]) -> Result<Option<Patch>, Error> {
        let block = (content.len() / BLOCKS).next_power_of_two().clamp(256, 4096);
        let answer = self.ask("comparing a file", &|id| request::blocks(id, path, block as u32))?;
        let Ok(sums) = answer else { return Ok(None) };
        let sums: Vec<u32> =
            sums.chunks_exact(4).map(|sum| u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]])).collect();
        Ok(Patch::new(&sums, block, content))
    }
}

impl Patch {
    fn new(sums: &[u32], block: usize, content: &[u8]) -> Option<Patch> {
        // Of equal blocks one is enough; the last one may be shorter than the others.
        let known: HashMap<u32, usize> = sums.iter().enumerate().map(|(at, sum)| (*sum, at)).collect();
        let mut parts: Vec<(usize, Part)> = Vec::new();
        let (mut at, mut new, mut search) = (0, 0, SEARCH);
        while at < content.len() {
            let window = &content[at..content.len().min(at + block)];
            let found = known
                .get(&crc32fast::hash(window))
                .filter(|found| window.len() == block || **found + 1 == sums.len());
            if let Some(found) = found {
                if new < at {
                    parts.push((new, Part::New { len: at - new }));
                }
                match parts.last_mut() {
                    Some((_, Part::Old { len, at })) if *at as usize + *len == found * block => {
                        *len += window.len();
                    }
                    _ => parts.push((at, Part::Old { len: window.len(), at: (found * block) as u32 })),
                }
                at += window.len();
                new = at;
            } else if search > 0 && window.len() == block {
                search -= 1;
                at += 1;
            } else {
                at += window.len().min(block - at % block);
            }
        }
        if new < content.len() {
            parts.push((new, Part::New { len: content.len() - new }));
        }
        let helps = parts.iter().any(|(_, part)| matches!(part, Part::Old { .. }));
        helps.then_some(Patch { parts })
    }

    /// Cuts a chunk of the content, which begins at `start`, into pieces: where the old content has it, or what is new.
    pub(super) fn pieces<'a>(&self, start: usize, chunk: &'a [u8]) -> Vec<(Option<u32>, &'a [u8])> {
        let mut pieces = Vec::new();
        let end = start + chunk.len();
        for (from, part) in &self.parts {
            let (len, old) = match part {
                Part::Old { len, at } => (*len, Some(*at)),
                Part::New { len } => (*len, None),
            };
            let (first, last) = ((*from).max(start), (from + len).min(end));
            if first < last {
                // Within the part, so it fits as the part's own place does.
                pieces.push((old.map(|at| at + (first - from) as u32), &chunk[first - start..last - start]));
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sums(old: &[u8], block: usize) -> Vec<u32> {
        old.chunks(block).map(crc32fast::hash).collect()
    }

    /// What a board makes of the pieces, and how many bytes were new.
    fn apply(patch: &Patch, old: &[u8], new: &[u8], chunk: usize) -> (Vec<u8>, usize) {
        let (mut made, mut sent) = (Vec::new(), 0);
        for (n, part) in new.chunks(chunk).enumerate() {
            for (place, piece) in patch.pieces(n * chunk, part) {
                match place {
                    Some(at) => made.extend_from_slice(&old[at as usize..at as usize + piece.len()]),
                    None => {
                        made.extend_from_slice(piece);
                        sent += piece.len();
                    }
                }
            }
        }
        (made, sent)
    }

    fn content(len: usize, seed: u32) -> Vec<u8> {
        (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 13) as u8).collect()
    }

    #[test]
    fn a_change_and_an_insertion_cost_little() {
        let old = content(20_000, 1);
        let mut new = old.clone();
        new[5000..5100].fill(7);
        let patch = Patch::new(&sums(&old, 256), 256, &new).expect("most is old");
        let (made, sent) = apply(&patch, &old, &new, 1 << 14);
        assert_eq!(made, new);
        assert!(sent <= 512, "{sent}");
        new.splice(9000..9000, *b"inserted");
        let patch = Patch::new(&sums(&old, 256), 256, &new).expect("most is old");
        let (made, sent) = apply(&patch, &old, &new, 1 << 14);
        assert_eq!(made, new);
        assert!(sent <= 1024, "{sent}");
        assert_eq!(Patch::new(&sums(&old, 256), 256, &[7; 9000]), None);
    }

    proptest! {
        #[test]
        fn the_parts_are_the_content(
            old in proptest::collection::vec(0u8..4, 0..2000), new in proptest::collection::vec(0u8..4, 0..2000),
            shared in any::<prop::sample::Index>(), chunk in 1usize..700,
        ) {
            let mut new = new;
            new.extend_from_slice(&old[shared.index(old.len() + 1)..]);
            if let Some(patch) = Patch::new(&sums(&old, 64), 64, &new) {
                prop_assert_eq!(apply(&patch, &old, &new, chunk).0, new);
            }
        }
    }
}
