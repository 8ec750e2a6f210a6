//! Entry point of the fuzz target: any bytes as a listing from a board.

use super::Kind;
use super::read::{Fields, intact, read};

/// Reads a listing. The bits of the first byte say which fields it has; the rest gets the right sum.
///
/// # Panics
/// When something does not hold that always must.
pub fn listing(data: &[u8]) {
    let Some((&bits, text)) = data.split_first() else { return };
    let bit = |n: u8| bits >> n & 1 == 1;
    let fields = Fields {
        cwd: bit(0),
        sizes: bit(1) || bit(2) || bit(3),
        details: bit(2),
        digests: bit(3),
        below: bit(4),
    };
    let crc32 = !bit(5);
    let _ = intact(text, crc32);
    // The right sum for records that share nothing, which most that the fuzzer makes do.
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let (mut out, mut all) = (Vec::new(), Vec::new());
    for record in text.split(|byte| *byte == b'\t') {
        out.extend_from_slice(b"00");
        out.extend_from_slice(record);
        out.push(b'\t');
        all.extend_from_slice(record);
    }
    let sum = match crc32 {
        true => u64::from(crc32fast::hash(&all)),
        false => all.iter().map(|byte| u64::from(*byte)).sum::<u64>() & 0xfff_ffff,
    };
    out.extend(sum.to_string().bytes());
    let Some(records) = intact(&out, crc32) else { return };
    let Some(listing) = read(&records, &fields) else { return };
    assert!(listing.cwd.is_some() == fields.cwd);
    for (at, entry) in listing.entries.iter().enumerate() {
        let path = &*entry.path;
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path:?}");
        assert!(!path.contains('\0'), "{path:?}");
        if let Some((above, _)) = path.rsplit_once('/') {
            let is_parent =
                |entry: &super::ListingEntry| entry.kind == Kind::Directory && entry.path == above;
            assert!(fields.below && listing.entries[..at].iter().any(is_parent), "{path:?}");
        }
        assert!(entry.kind == Kind::File || entry.size == 0);
    }
}
