//! The short hashes of the index.

use std::fmt;

use sha2::{Digest, Sha256};

/// Fewer digits prove nothing.
const FEWEST: usize = 8;

/// The first hexadecimal digits of a SHA-256, as the index names its files: 8 of them today, all 64 at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HashPrefix(String);

impl HashPrefix {
    /// Reads 8 to 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (FEWEST..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| HashPrefix(text.to_ascii_lowercase()))
    }

    /// The digits, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a digest starts like this.
    pub fn matches(&self, digest: &[u8]) -> bool {
        hex(digest).starts_with(&self.0)
    }

    /// As many digits of the SHA-256 of this content.
    pub(super) fn digits_of(&self, content: &[u8]) -> String {
        let mut digits = hex(&sha256(content));
        digits.truncate(self.0.len());
        digits
    }
}

impl fmt::Display for HashPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of some bytes.
pub(super) fn sha256(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_8_to_64_digits() {
        for text in ["0123abcd", &"a".repeat(64), "ABCDEF0123"] {
            assert!(HashPrefix::parse(text).is_some(), "{text}");
        }
        for text in ["", "0123abc", "0123abcg", &"a".repeat(65), "é123abcd", "../../ab"] {
            assert_eq!(HashPrefix::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_digest_is_compared_by_its_start() {
        // SHA-256 of nothing.
        let digest = sha256(b"");
        assert!(HashPrefix::parse("E3B0C442").unwrap().matches(&digest));
        assert!(!HashPrefix::parse("e3b0c443").unwrap().matches(&digest));
        assert!(!HashPrefix::parse("e3b0c442").unwrap().matches(&digest[..3]));
        assert_eq!(HashPrefix::parse("00000000").unwrap().digits_of(b""), "e3b0c442");
    }
}
