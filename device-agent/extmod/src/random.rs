//! Pseudo-random numbers: Yasmarang, a small generator by Ilya Levin (public domain). The same seed gives the same
//! numbers as in stock MicroPython. Not for secrets.

/// The generator's state.
#[derive(Clone, Debug)]
pub struct Random {
    pad: u32,
    n: u32,
    d: u32,
    dat: u8,
}

impl Random {
    /// A generator with this seed.
    pub const fn new(seed: u32) -> Self {
        Self { pad: seed, n: 69, d: 233, dat: 0 }
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.pad = self.pad.wrapping_add(u32::from(self.dat)).wrapping_add(self.d.wrapping_mul(self.n));
        self.pad = self.pad.rotate_left(3);
        self.n = self.pad | 2;
        self.d ^= self.pad.rotate_right(1);
        self.dat ^= self.pad as u8 ^ (self.d >> 8) as u8 ^ 1;
        self.pad ^ (self.d << 5) ^ (self.pad >> 18) ^ (u32::from(self.dat) << 1)
    }

    /// A number less than `limit`, each equally likely. 0 if `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 {
            return 0;
        }
        // Stock MicroPython's mask covers the limit itself; a tighter one would give other numbers.
        let mask = u64::MAX >> limit.leading_zeros();
        loop {
            let low = u64::from(self.next_u32());
            let bits = if mask > u64::from(u32::MAX) { u64::from(self.next_u32()) << 32 | low } else { low };
            if bits & mask < limit {
                return bits & mask;
            }
        }
    }

    /// A number from 0 up to, but not including, 1, in steps of 2 to the power of -52.
    pub fn float(&mut self) -> f64 {
        let high = u64::from(self.next_u32());
        let bits = (high << 32 | u64::from(self.next_u32())) & ((1 << 52) - 1);
        // With the exponent of 1.0: from 1 up to 2.
        f64::from_bits(1.0_f64.to_bits() | bits) - 1.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_numbers_of_stock_micropython() {
        let mut random = Random::new(42);
        let numbers = [2_003_356, 1_421_623_288, 2_196_272_623, 3_308_759_012];
        for number in numbers {
            assert_eq!(random.next_u32(), number);
        }
        let mut random = Random::new(1);
        for number in [4, 2, 6, 4, 5, 4, 8, 8, 5, 4] {
            assert_eq!(random.below(10), number);
        }
        let mut random = Random::new(7);
        assert_eq!(random.float(), 0.906_544_144_893_620_2);
    }

    proptest! {
        #[test]
        fn numbers_keep_below_their_limit(seed: u32, limit in 1..u64::MAX) {
            let mut random = Random::new(seed);
            for _ in 0..10 {
                prop_assert!(random.below(limit) < limit);
                prop_assert!((0.0..1.0).contains(&random.float()));
            }
            prop_assert_eq!(random.below(1), 0);
        }
    }
}
