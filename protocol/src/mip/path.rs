//! Where a package's files go on the board.

use std::fmt;

/// The longest name of a file or directory, in bytes, that the board's filesystems keep.
const LONGEST_NAME: usize = 255;

/// What is wrong with a path in a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathFault {
    /// There is no name in it.
    Empty,
    /// It starts with `/`.
    Absolute,
    /// It has a part `..`.
    Climbs,
    /// It has a backslash.
    Backslash,
    /// It has a control character.
    Control,
    /// It ends with `/`, or in a part `.`.
    Directory,
    /// A part is longer than 255 bytes.
    TooLong,
    /// Its first part is the folder that an installation uses for its own work.
    Reserved,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PathFault::Empty => "is empty",
            PathFault::Absolute => "is absolute, and a package's files stay inside the target",
            PathFault::Climbs => "climbs out of the target",
            PathFault::Backslash => "has a backslash; parts of a path are separated by `/`",
            PathFault::Control => "has a control character",
            PathFault::Directory => "names a directory, not a file",
            PathFault::TooLong => "has a part of more than 255 bytes",
            PathFault::Reserved => "is a name that the installation itself uses",
        })
    }
}

/// The folder inside the target that holds new files until they are moved to their places. Fits the 8.3 names of a FAT
/// without long ones.
pub(super) const STAGING: &str = "mip.tmp";

/// The path on the board of a manifest's file: below `target`, wherever the manifest would like it.
pub(super) fn place(target: &str, path: &str) -> Result<String, PathFault> {
    let fault = if path.is_empty() {
        Some(PathFault::Empty)
    } else if path.starts_with('/') {
        Some(PathFault::Absolute)
    } else if path.contains('\\') {
        Some(PathFault::Backslash)
    } else if path.chars().any(char::is_control) {
        Some(PathFault::Control)
    } else {
        None
    };
    if let Some(fault) = fault {
        return Err(fault);
    }
    if matches!(path.rsplit('/').next(), Some("" | ".")) {
        return Err(PathFault::Directory);
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(PathFault::Climbs),
            part if part.len() > LONGEST_NAME => return Err(PathFault::TooLong),
            part => parts.push(part),
        }
    }
    if parts.first().is_some_and(|part| part.eq_ignore_ascii_case(STAGING)) {
        return Err(PathFault::Reserved);
    }
    Ok(below(target, &parts.join("/")))
}

/// A path below a directory of the board. The empty directory is the root, as [`clean_target`] writes it.
pub(super) fn below(target: &str, path: &str) -> String {
    format!("{target}/{path}")
}

/// A target without the colon that may mark it and the slashes that may end it. The root comes out empty, the current
/// directory as `.`.
pub(super) fn clean_target(target: &str) -> String {
    let target = target.strip_prefix(':').unwrap_or(target);
    match target.trim_end_matches('/') {
        "" if target.is_empty() => ".".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

/// The directories that hold a file inside the target, outermost first, the target itself before them.
pub(super) fn directories_of(file: &str) -> impl Iterator<Item = &str> {
    file.match_indices('/').map(|(at, _)| &file[..at]).filter(|directory| !directory.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn files_land_below_the_target() {
        for (target, path, at) in [
            ("/lib", "a.py", "/lib/a.py"),
            ("/lib", "a/b.mpy", "/lib/a/b.mpy"),
            ("/lib", "./a//b/./c.py", "/lib/a/b/c.py"),
            ("", "a.py", "/a.py"),
            ("lib", "..a/b..", "lib/..a/b.."),
            ("lib", "a/mip.tmp", "lib/a/mip.tmp"),
        ] {
            assert_eq!(place(target, path).as_deref(), Ok(at), "{target} {path}");
        }
    }

    #[test]
    fn what_would_not_is_refused() {
        for (path, fault) in [
            ("", PathFault::Empty),
            ("/etc/x", PathFault::Absolute),
            ("//x", PathFault::Absolute),
            ("../x", PathFault::Climbs),
            ("a/../x", PathFault::Climbs),
            ("a/..", PathFault::Climbs),
            ("..", PathFault::Climbs),
            ("a\\..\\b", PathFault::Backslash),
            ("a\0b", PathFault::Control),
            ("a\nb", PathFault::Control),
            ("a/", PathFault::Directory),
            (".", PathFault::Directory),
            ("a/.", PathFault::Directory),
            ("mip.tmp/n0", PathFault::Reserved),
            ("./MIP.TMP/n0", PathFault::Reserved),
        ] {
            assert_eq!(place("/lib", path), Err(fault), "{path:?}");
        }
        assert_eq!(place("/lib", &"é".repeat(128)), Err(PathFault::TooLong));
        assert!(place("/lib", &"é".repeat(127)).is_ok());
    }

    #[test]
    fn targets_are_cleaned() {
        for (given, clean) in [
            ("/lib", "/lib"),
            ("/lib/", "/lib"),
            (":lib", "lib"),
            ("/", ""),
            ("", "."),
            (":", "."),
            (".", "."),
        ] {
            assert_eq!(clean_target(given), clean, "{given}");
        }
    }

    #[test]
    fn directories_come_outermost_first() {
        let of = |path| directories_of(path).collect::<Vec<_>>();
        assert_eq!(of("/lib/a/b.py"), ["/lib", "/lib/a"]);
        assert_eq!(of("lib/b.py"), ["lib"]);
        assert_eq!(of("/b.py"), Vec::<&str>::new());
    }

    proptest! {
        /// Followed part by part, an accepted path never leaves the target, on any board.
        #[test]
        fn nothing_climbs(path in "[a.\\\\/é \n]{0,12}") {
            if let Ok(at) = place("/lib", &path) {
                let inside = at.strip_prefix("/lib/").expect("below the target");
                prop_assert!(!inside.is_empty());
                for part in inside.split(['/', '\\']) {
                    prop_assert!(!part.is_empty() && part != "." && part != "..", "{}", at);
                }
            }
        }
    }
}
