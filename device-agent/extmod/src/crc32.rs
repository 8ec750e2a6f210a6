//! CRC-32 as in zlib, gzip and Ethernet.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

/// 1 KB of table: a byte at a time.
static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// The checksum of what `start` is the checksum of, followed by `data`. Nothing has 0.
pub fn update(start: u32, data: &[u8]) -> u32 {
    // The crate takes an initial value as it stands in the catalogue, bits reversed.
    let mut digest = CRC.digest_with_initial(start.reverse_bits() ^ u32::MAX);
    digest.update(data);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(update(0, b""), 0);
        assert_eq!(update(0, b"123456789"), 0xcbf4_3926);
        assert_eq!(update(0, b"hello"), 907_060_870);
    }

    proptest! {
        #[test]
        fn goes_on_from_any_point(data: Vec<u8>, at: usize) {
            let (first, rest) = data.split_at(at % (data.len() + 1));
            prop_assert_eq!(update(update(0, first), rest), update(0, &data));
        }
    }
}
