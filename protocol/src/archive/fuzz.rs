//! Entry point of the fuzz target: any bytes as an archive.

use std::io::Cursor;

use sha2::{Digest, Sha256};

use super::{Archive, ArchiveError, member_path};

/// Checks bytes as an archive. What passes must hand out exactly what the check promised.
///
/// # Panics
/// When something does not hold that always must.
pub fn check(data: &[u8]) {
    let Ok(mut archive) = Archive::open(Cursor::new(data)) else { return };
    let Ok(contents) = archive.check() else { return };
    let paths = contents.directories.iter().chain(contents.files.keys());
    for path in paths {
        assert!(!path.is_empty() && !path.starts_with('/') && !path.ends_with('/'), "{path:?}");
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path:?}");
        assert_eq!(member_path(path.as_bytes()).as_ref(), Ok(path));
        if let Some((parent, _)) = path.rsplit_once('/') {
            assert!(contents.directories.iter().any(|directory| directory == parent), "{path:?}");
        }
    }
    let mut rest = contents.files.clone();
    let handed = archive.each_file::<ArchiveError>(&mut |path, from| {
        let mut content = Vec::new();
        from.read_to_end(&mut content).map_err(ArchiveError::Io)?;
        let member = rest.remove(path).expect("a file that the check found, once");
        assert_eq!(member.size, content.len() as u64);
        assert_eq!(member.sha256[..], Sha256::digest(&content)[..]);
        Ok(())
    });
    assert!(handed.is_ok() && rest.is_empty(), "what was checked is handed out");
}
