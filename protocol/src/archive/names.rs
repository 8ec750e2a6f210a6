//! Names in archives.

use std::fmt;

/// The longest name of a file or directory, in bytes, that the board's filesystems keep.
const LONGEST_NAME: usize = 255;

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameFault {
    /// There is no name in it.
    Empty,
    /// It starts with `/`.
    Absolute,
    /// It has a part `..`.
    Climbs,
    /// It is not UTF-8.
    NotText,
    /// It has a zero byte.
    Zero,
    /// A part is longer than 255 bytes.
    TooLong,
    /// It has a character that FAT does not keep, or a part that ends in a dot or a space.
    Fat,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameFault::Empty => "has no name",
            NameFault::Absolute => "is an absolute path",
            NameFault::Climbs => "climbs out of the directory",
            NameFault::NotText => "has a name that is not UTF-8",
            NameFault::Zero => "has a zero byte in its name",
            NameFault::TooLong => "has a part of more than 255 bytes in its name",
            NameFault::Fat => "has a name that a FAT filesystem can't hold",
        })
    }
}

/// The path of an archive's member below the directory that it is restored to, its parts separated by single slashes. The
/// directory itself, which archives name `./`, is the empty path.
///
/// # Errors
/// What is wrong with it.
pub fn member_path(name: &[u8]) -> Result<String, NameFault> {
    let name = std::str::from_utf8(name).map_err(|_| NameFault::NotText)?;
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.starts_with('/') {
        return Err(NameFault::Absolute);
    }
    if name.contains('\0') {
        return Err(NameFault::Zero);
    }
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(NameFault::Climbs),
            part if part.len() > LONGEST_NAME => return Err(NameFault::TooLong),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// What is wrong with a path for a FAT filesystem, which has no room for some characters.
pub fn fat_fault(path: &str) -> Option<NameFault> {
    let unfit = |c: char| c.is_control() || "\"*:<>?|\\".contains(c);
    path.split('/').any(|part| part.contains(unfit) || part.ends_with(['.', ' '])).then_some(NameFault::Fat)
}
