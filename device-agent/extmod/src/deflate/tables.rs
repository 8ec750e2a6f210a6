//! Lengths and distances as symbols and extra bits (RFC 1951, 3.2.5).

/// The symbol that ends a block.
pub const END_OF_BLOCK: u16 = 256;
/// The symbol of the shortest length.
pub const FIRST_LENGTH: u16 = 257;
/// Length symbols.
pub const LENGTHS: usize = 29;
/// Distance symbols.
pub const DISTANCES: usize = 30;
/// The shortest match.
pub const MIN_MATCH: usize = 3;
/// The longest match.
pub const MAX_MATCH: usize = 258;

/// Extra bits of a length symbol less [`FIRST_LENGTH`].
pub const fn length_extra(symbol: usize) -> u8 {
    if symbol < 8 || symbol == 28 { 0 } else { (symbol / 4 - 1) as u8 }
}

/// Extra bits of a distance symbol.
pub const fn distance_extra(symbol: usize) -> u8 {
    if symbol < 4 { 0 } else { (symbol / 2 - 1) as u8 }
}

/// The shortest length of each symbol.
pub static LENGTH_BASE: [u16; LENGTHS] = {
    let mut bases = [0; LENGTHS];
    let (mut i, mut base) = (0, MIN_MATCH as u16);
    while i < LENGTHS - 1 {
        bases[i] = base;
        base += 1 << length_extra(i);
        i += 1;
    }
    // The last symbol is the longest match alone, which the one before could say too.
    bases[LENGTHS - 1] = MAX_MATCH as u16;
    bases
};

/// The shortest distance of each symbol.
pub static DISTANCE_BASE: [u16; DISTANCES] = {
    let mut bases = [0; DISTANCES];
    let (mut i, mut base) = (0, 1_u16);
    while i < DISTANCES {
        bases[i] = base;
        base = base.wrapping_add(1 << distance_extra(i));
        i += 1;
    }
    bases
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_those_of_the_standard() {
        assert_eq!(LENGTH_BASE[..9], [3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert_eq!(LENGTH_BASE[24..], [131, 163, 195, 227, 258]);
        assert_eq!(DISTANCE_BASE[..6], [1, 2, 3, 4, 5, 7]);
        assert_eq!(DISTANCE_BASE[27..], [12289, 16385, 24577]);
        assert_eq!((length_extra(27), length_extra(28), distance_extra(29)), (5, 0, 13));
    }
}
