//! One deflate stream for a whole session, cut at any byte.
//!
//! The board inflates a frame's bytes as soon as it has them, so it must know how much they yield. An inflater here that
//! is given the same bytes tells.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Space for output in one step.
const STEP: usize = 8 << 10;

pub(super) struct Deflater {
    compress: Compress,
    inflate: Decompress,
    /// Deflated bytes that are in no frame yet.
    out: Vec<u8>,
    scratch: Vec<u8>,
    /// Content went in since the last flush.
    dirty: bool,
}

impl Deflater {
    /// For a board that inflates with a window of 2 to the power of `wbits` bytes, 9 to 15.
    pub(super) fn new(wbits: u8) -> Self {
        Deflater {
            compress: Compress::new_with_window_bits(Compression::best(), false, wbits),
            inflate: Decompress::new_with_window_bits(false, 15),
            out: Vec::new(),
            scratch: vec![0; STEP],
            dirty: false,
        }
    }

    pub(super) fn push(&mut self, mut content: &[u8]) {
        self.dirty |= !content.is_empty();
        while !content.is_empty() {
            content = &content[self.step(content, FlushCompress::None)..];
        }
    }

    /// Makes all content that went in come out.
    pub(super) fn flush(&mut self) {
        if std::mem::take(&mut self.dirty) {
            // Complete when there was space for more.
            while {
                let before = self.compress.total_out();
                self.step(&[], FlushCompress::Sync);
                self.compress.total_out() - before == STEP as u64
            } {}
        }
    }

    /// Returns how much it took.
    fn step(&mut self, content: &[u8], flush: FlushCompress) -> usize {
        let (before_in, before_out) = (self.compress.total_in(), self.compress.total_out());
        // Neither a full buffer nor an empty input is an error; memory is allocated up front.
        let _ = self.compress.compress(content, &mut self.scratch, flush);
        let n = (self.compress.total_out() - before_out) as usize;
        self.out.extend_from_slice(&self.scratch[..n]);
        (self.compress.total_in() - before_in) as usize
    }

    /// Deflated bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.out.len()
    }

    /// Takes at most so many bytes, and tells how much content they yield.
    pub(super) fn take(&mut self, most: usize) -> (Vec<u8>, u64) {
        let rest = self.out.split_off(most.min(self.out.len()));
        let taken = std::mem::replace(&mut self.out, rest);
        let before = self.inflate.total_out();
        let mut input = &taken[..];
        loop {
            let (start_in, start_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, &mut self.scratch, FlushDecompress::None);
            let used = (self.inflate.total_in() - start_in) as usize;
            input = &input[used..];
            let stuck = used == 0 && self.inflate.total_out() == start_out;
            if stuck || matches!(status, Ok(Status::StreamEnd) | Err(_)) {
                return (taken, self.inflate.total_out() - before);
            }
        }
    }
}

impl std::fmt::Debug for Deflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deflater").field("waiting", &self.out.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Inflates frame by frame as a board does: no more input than the frame, no more output than announced.
    fn board(deflater: &mut Deflater, frame: usize) -> Vec<u8> {
        let mut inflate = Decompress::new_with_window_bits(false, 15);
        let (mut content, mut held) = (Vec::new(), Vec::new());
        while deflater.waiting() > 0 {
            let (bytes, yields) = deflater.take(frame);
            held.extend_from_slice(&bytes);
            let mut out = vec![0; yields as usize];
            let mut filled = 0;
            while filled < out.len() {
                let before = (inflate.total_in(), inflate.total_out());
                inflate.decompress(&held, &mut out[filled..], FlushDecompress::None).expect("deflated data");
                held.drain(..(inflate.total_in() - before.0) as usize);
                let n = (inflate.total_out() - before.1) as usize;
                assert!(n > 0, "announced more than the bytes yield");
                filled += n;
            }
            content.extend(out);
        }
        content
    }

    proptest! {
        #[test]
        fn frames_yield_what_was_announced(
            parts in proptest::collection::vec((any::<u8>(), 0usize..3000, any::<bool>()), 1..8),
            frame in 1usize..300,
        ) {
            let mut deflater = Deflater::new(9);
            let mut content = Vec::new();
            for (seed, len, mixed) in parts {
                let part: Vec<u8> = (0..len).map(|i| if mixed { (i * i) as u8 ^ seed } else { seed }).collect();
                deflater.push(&part);
                content.extend(part);
            }
            deflater.flush();
            prop_assert_eq!(board(&mut deflater, frame), content);
        }
    }
}
