//! Raw deflate for answers.

use miniz_oxide::deflate::compress_to_vec;

/// The best that does not take longer than a slow line needs for a block.
const LEVEL: u8 = 9;

/// Less than this is not worth the board's work.
const SMALLEST: usize = 200;

/// Compresses for a window of `1 << bits` bytes; `None` when it does not pay. Longer input than the window would refer too
/// far back.
pub(crate) fn deflate(bytes: &[u8], bits: u8) -> Option<Vec<u8>> {
    if bytes.len() < SMALLEST || bytes.len() > (1 << bits) {
        return None;
    }
    let packed = compress_to_vec(bytes, LEVEL);
    // About one byte in thirty of compressed data is escaped on the line.
    (packed.len() + packed.len() / 16 < bytes.len()).then_some(packed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shrinks_and_noise_stays() {
        let text = b"def function(self, argument):\n    return argument\n".repeat(20);
        let packed = deflate(&text, 10).unwrap();
        assert!(packed.len() < text.len() / 5);
        let mut noise = 1u32;
        let random: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .take(1000)
        .collect();
        assert_eq!(deflate(&random, 10), None);
        assert_eq!(deflate(&text[..10], 10), None);
        assert_eq!(deflate(&text, 8), None);
    }
}
