//! Digests of many files, for copies of whole boards.

use super::{Device, Presence};
use crate::Error;

/// Files up to so many bytes in all are hashed in one exchange.
const AT_ONCE: u64 = 256 << 10;

impl Device {
    /// The SHA-256 of the files at these paths with their sizes; `None` for what is no file any more.
    ///
    /// # Errors
    /// Those of [`Device::hash`].
    pub fn digests(&mut self, files: &[(&str, u64)]) -> Result<Vec<Option<[u8; 32]>>, Error> {
        let mut digests = Vec::with_capacity(files.len());
        let mut rest = files;
        while !rest.is_empty() {
            let mut sum = 0;
            let fits = |(_, size): &&(&str, u64)| {
                sum += *size;
                sum <= AT_ONCE
            };
            let count = rest.iter().take_while(fits).count();
            if count == 0 {
                // A large one alone, for as long as it takes.
                let digest = self.hash(rest[0].0, "sha256")?;
                digests.push(digest.try_into().ok());
                rest = &rest[1..];
                continue;
            }
            let paths: Vec<&str> = rest[..count].iter().map(|(path, _)| *path).collect();
            let presence = self.presence(&paths)?;
            digests.extend(presence.into_iter().map(|presence| match presence {
                Presence::File(digest) => Some(digest),
                Presence::Absent | Presence::Directory => None,
            }));
            rest = &rest[count..];
        }
        Ok(digests)
    }
}
