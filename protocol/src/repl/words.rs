//! Numbers that are new each time, to know the board's answers by. They need not be secret.

/// A sequence that another seed makes another one.
#[derive(Debug)]
pub(crate) struct Words {
    state: u64,
}

impl Words {
    pub(crate) fn new(seed: u64) -> Self {
        Words { state: seed }
    }

    /// splitmix64.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
