//! Error numbers of a device, by name.

use std::fmt;

/// An error of the device's operating system.
///
/// The name is what counts: numbers differ between ports (the webassembly port has `ENOENT` as 44).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errno {
    /// The number as the device gave it.
    pub number: i32,
    /// The symbolic name, such as `ENOENT`, where the device told it or the number is one of MicroPython's own.
    pub name: Option<String>,
}

/// MicroPython's own numbers (`py/mperrno.h`), with the usual wording.
const KNOWN: &[(i32, &str, &str)] = &[
    (1, "EPERM", "Operation not permitted"),
    (2, "ENOENT", "No such file or directory"),
    (5, "EIO", "Input/output error"),
    (9, "EBADF", "Bad file descriptor"),
    (11, "EAGAIN", "Resource temporarily unavailable"),
    (12, "ENOMEM", "Cannot allocate memory"),
    (13, "EACCES", "Permission denied"),
    (16, "EBUSY", "Device or resource busy"),
    (17, "EEXIST", "File exists"),
    (18, "EXDEV", "Invalid cross-device link"),
    (19, "ENODEV", "No such device"),
    (20, "ENOTDIR", "Not a directory"),
    (21, "EISDIR", "Is a directory"),
    (22, "EINVAL", "Invalid argument"),
    (24, "EMFILE", "Too many open files"),
    (27, "EFBIG", "File too large"),
    (28, "ENOSPC", "No space left on device"),
    (30, "EROFS", "Read-only file system"),
    (36, "ENAMETOOLONG", "File name too long"),
    (39, "ENOTEMPTY", "Directory not empty"),
    (61, "ENODATA", "No data available"),
    (95, "EOPNOTSUPP", "Operation not supported"),
    (110, "ETIMEDOUT", "Connection timed out"),
];

/// Numbers of the webassembly port's filesystem (WASI's). The port prints names only for MicroPython's numbers.
const WASI: &[(i32, &str)] = &[
    (2, "EACCES"),
    (8, "EBADF"),
    (10, "EBUSY"),
    (20, "EEXIST"),
    (22, "EFBIG"),
    (28, "EINVAL"),
    (29, "EIO"),
    (31, "EISDIR"),
    (33, "EMFILE"),
    (37, "ENAMETOOLONG"),
    (43, "ENODEV"),
    (44, "ENOENT"),
    (48, "ENOMEM"),
    (51, "ENOSPC"),
    (54, "ENOTDIR"),
    (55, "ENOTEMPTY"),
    (63, "EPERM"),
    (69, "EROFS"),
    (75, "EXDEV"),
];

impl Errno {
    /// An error by its number and the name that the device told, if it did.
    pub fn new(number: i32, told: Option<&str>) -> Self {
        let name = told.or_else(|| KNOWN.iter().find(|(n, ..)| *n == number).map(|(_, name, _)| *name));
        Errno { number, name: name.map(str::to_owned) }
    }

    /// An error that the webassembly port gave as a bare number.
    pub(crate) fn wasi(number: i32) -> Self {
        let name = WASI.iter().find(|(n, _)| *n == number).map(|(_, name)| *name);
        Errno { number, name: name.map(str::to_owned) }
    }

    /// Whether this is the error of that name.
    pub fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// The usual wording (`No such file or directory`), or the name, or the bare number.
    pub fn message(&self) -> String {
        let known = self.name.as_deref().and_then(|name| KNOWN.iter().find(|(_, n, _)| *n == name));
        match (known, &self.name) {
            (Some((.., text)), _) => (*text).to_owned(),
            (None, Some(name)) => name.clone(),
            (None, None) => format!("error {}", self.number),
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_the_device_told_counts() {
        let wasm = Errno::new(44, Some("ENOENT"));
        assert!(wasm.is("ENOENT"));
        assert_eq!(wasm.message(), "No such file or directory");
        assert_eq!(Errno::new(2, None).name.as_deref(), Some("ENOENT"));
        assert_eq!(Errno::new(999, None).message(), "error 999");
    }
}
