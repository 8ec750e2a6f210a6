//! What an installation consists of.

use super::{Error, HashPrefix, Location, Package, hash};

/// Everything that was found out: packages, files, and the order in which to tell of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The packages, each once.
    pub packages: Vec<PlannedPackage>,
    /// The files, each path once.
    pub files: Vec<PlannedFile>,
    /// What happens in which order.
    pub steps: Vec<Step>,
    /// Packages that need each other, each as the way from a package back to itself.
    pub cycles: Vec<Vec<String>>,
    /// Files that more than one package brings: the path, the package that loses, and the one that wins.
    pub overridden: Vec<(String, String, String)>,
}

/// A step of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The argument of this number begins.
    Begin(usize),
    /// The package of this number in [`Plan::packages`] begins.
    Package(usize),
    /// The file of this number in [`Plan::files`].
    File(usize),
    /// The argument of this number is done.
    End(usize),
}

/// A package that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedPackage {
    /// What it is called.
    pub package: Package,
    /// The version that its manifest states.
    pub version: Option<String>,
}

/// A file that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFile {
    /// Where it goes on the board.
    pub path: String,
    /// Where it comes from; the first of these that exists.
    pub candidates: Vec<Location>,
    /// What the index says of its content.
    pub hash: Option<HashPrefix>,
    /// Number of its package in [`Plan::packages`].
    pub package: usize,
}

impl PlannedFile {
    /// Compares fetched content with what the index promised, where it promised anything.
    ///
    /// # Errors
    /// [`Error::Hash`].
    pub fn check(&self, content: &[u8], from: &Location) -> Result<(), Error> {
        let Some(expected) = &self.hash else { return Ok(()) };
        if expected.matches(&hash::sha256(content)) {
            return Ok(());
        }
        let got = expected.digits_of(content);
        let at = from.url().unwrap_or_else(|| from.to_string());
        Err(Error::Hash { at, expected: expected.to_string(), got })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_found() {
        let at = Location::Url("http://h/x".into());
        let hash = HashPrefix::parse("e3b0c442");
        let file = PlannedFile { path: "/lib/x".into(), candidates: vec![at.clone()], hash, package: 0 };
        assert_eq!(file.check(b"", &at), Ok(()));
        let damaged = file.check(b"x", &at);
        let expected =
            Error::Hash { at: "http://h/x".into(), expected: "e3b0c442".into(), got: "2d711642".into() };
        assert_eq!(damaged, Err(expected));
        assert_eq!(PlannedFile { hash: None, ..file }.check(b"x", &at), Ok(()));
    }
}
