//! Canonical Huffman codes, decoded bit by bit: tables of 2 bytes a symbol.

/// Longest code in bits.
pub const MAX_BITS: usize = 15;

/// A code of up to `N` symbols.
#[derive(Clone)]
pub struct Huffman<const N: usize> {
    /// How many codes there are of each length.
    pub counts: [u16; MAX_BITS + 1],
    /// The symbols in the order of their codes.
    pub symbols: [u16; N],
}

impl<const N: usize> Huffman<N> {
    /// A code without symbols.
    pub const fn new() -> Self {
        Self { counts: [0; MAX_BITS + 1], symbols: [0; N] }
    }

    /// Makes the code whose symbols have these lengths (0: not used); at most `N` of them.
    ///
    /// False if the lengths are no code: more than fit, or, with `complete`, fewer. Without it, as for the literals and
    /// distances, no symbol at all and a single one of 1 bit are codes too.
    pub fn build(&mut self, lengths: &[u8], complete: bool) -> bool {
        self.counts = [0; MAX_BITS + 1];
        for &length in lengths {
            self.counts[usize::from(length)] += 1;
        }
        self.counts[0] = 0;
        let mut left = 1_i32;
        for &count in &self.counts[1..] {
            left = (left << 1) - i32::from(count);
            if left < 0 {
                return false;
            }
        }
        let used: u16 = self.counts.iter().sum();
        let single = !complete && (used == 0 || used == 1 && self.counts[1] == 1);
        if left > 0 && !single {
            return false;
        }
        let mut starts = [0_u16; MAX_BITS + 2];
        for length in 1..=MAX_BITS {
            starts[length + 1] = starts[length] + self.counts[length];
        }
        for (symbol, &length) in lengths.iter().enumerate() {
            if length != 0 {
                let start = &mut starts[usize::from(length)];
                self.symbols[usize::from(*start)] = symbol as u16;
                *start += 1;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_must_fill_the_space() {
        let mut code = Huffman::<4>::new();
        assert!(code.build(&[1, 2, 3, 3], true));
        assert_eq!(code.symbols, [0, 1, 2, 3]);
        assert!(code.build(&[2, 1, 0, 2], true));
        assert_eq!(code.symbols[..3], [1, 0, 3]);
        assert!(!code.build(&[1, 1, 1], false), "too many");
        assert!(!code.build(&[1, 2], false), "too few");
        assert!(!code.build(&[2], false), "a single code has one bit");
        assert!(code.build(&[0, 1], false));
        assert!(!code.build(&[0, 1], true));
        assert!(code.build(&[0, 0], false));
        assert!(!code.build(&[0, 0], true));
    }
}
