//! Files compressed for boards that serve them as they are.

/// The gzip form of some bytes. The same bytes always give the same: no name, no time and no system are in it.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Magic, deflate, no flags, no time, best compression, unknown system (RFC 1952).
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    out.extend(miniz_oxide::deflate::compress_to_vec(bytes, 9));
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    // The format has the length's low 32 bits.
    out.extend(&(bytes.len() as u64).to_le_bytes()[..4]);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
            let packed = gzip(&bytes);
            prop_assert_eq!(&packed, &gzip(&bytes));
            let raw = &packed[10..packed.len() - 8];
            prop_assert_eq!(miniz_oxide::inflate::decompress_to_vec(raw).unwrap(), bytes);
        }
    }
}
