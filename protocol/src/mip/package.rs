//! What a user, or a manifest, calls a package.

use std::fmt;
use std::path::PathBuf;

use super::location::{Host, Location};
use super::{Error, urls};

/// The name of a manifest where only its folder is given.
const MANIFEST: &str = "package.json";

/// The version that stands for the newest one.
pub(super) const LATEST: &str = "latest";

/// A package by its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Package {
    /// A name in the index.
    Index {
        /// The name.
        name: String,
        /// The version; `None` means the latest.
        version: Option<String>,
    },
    /// A manifest somewhere.
    Manifest(Location),
    /// One file, without a manifest.
    File(Location),
}

impl Package {
    /// Reads a package's name as the command line has it: `NAME[@VERSION]` in the index, `github:ORG/REPO[/PATH][@REF]`
    /// and the same with `gitlab:` and `codeberg:`, an `http:` or `https:` address, a `.json`, `.py` or `.mpy` file of
    /// this machine, or a folder of this machine, recognised by a `/` at its end or by `/`, `./` or `../` at its start.
    ///
    /// # Errors
    /// [`Error::Package`].
    pub fn parse(text: &str) -> Result<Package, Error> {
        parse(text).map_err(|reason| Error::Package { text: text.to_owned(), reason })
    }

    /// Reads a dependency in a manifest at `base`. A relative path means a neighbour of the manifest.
    pub(super) fn parse_dependency(
        text: &str,
        version: Option<&str>,
        base: &Location,
    ) -> Result<Package, &'static str> {
        if let Some(absolute) = Location::parse_absolute(text, version) {
            return absolute.and_then(of_location);
        }
        match is_path(text) {
            true => base.resolve(text).and_then(of_location),
            false => in_index(text, version),
        }
    }

    /// The name of a package in the index.
    pub fn index_name(&self) -> Option<&str> {
        match self {
            Package::Index { name, .. } => Some(name),
            _ => None,
        }
    }
}

fn parse(text: &str) -> Result<Package, &'static str> {
    if urls::is_http(text) {
        // An `@` is an ordinary character of an address.
        return Location::parse_absolute(text, None).ok_or("it has no scheme")?.and_then(of_location);
    }
    if Host::strip(text).is_some() {
        let (place, reference) = split_version(text);
        return Location::parse_absolute(place, reference).ok_or("it has no scheme")?.and_then(of_location);
    }
    if is_path(text) {
        return of_location(Location::Local(PathBuf::from(text)));
    }
    if text.contains("://") {
        return Err("known are http:, https:, github:, gitlab: and codeberg:");
    }
    let (name, version) = split_version(text);
    if is_path(name) {
        return Err("a file of this machine has no version");
    }
    if version == Some("") {
        return Err("there is nothing after `@`");
    }
    in_index(name, version)
}

/// Cuts the version from a name, at the last `@`.
fn split_version(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    }
}

/// Whether a word without a scheme is a path rather than a name in the index.
fn is_path(text: &str) -> bool {
    let starts = ["/", "./", "../", "~", ".\\", "..\\"].iter().any(|start| text.starts_with(start));
    let ends = ["/", "\\", ".json", ".py", ".mpy"].iter().any(|end| text.ends_with(end));
    starts || ends || text == "." || text == ".."
}

fn in_index(name: &str, version: Option<&str>) -> Result<Package, &'static str> {
    if name.is_empty() {
        return Err("it has no name");
    }
    if !name.split('/').all(is_word) {
        return Err("names in the index have letters, digits, `-`, `_`, `.` and `/`");
    }
    let version = version.filter(|version| !version.is_empty() && *version != LATEST);
    if !version.is_none_or(is_word) {
        return Err("versions in the index have letters, digits, `-`, `_`, `+` and `.`");
    }
    Ok(Package::Index { name: name.to_owned(), version: version.map(str::to_owned) })
}

/// A part of the path of an index.
fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    !matches!(text, "" | "." | "..") && text.chars().all(plain)
}

/// What kind of package this place has.
fn of_location(location: Location) -> Result<Package, &'static str> {
    match location.extension().as_deref() {
        Some("py" | "mpy") => Ok(Package::File(location)),
        Some("json") => Ok(Package::Manifest(location)),
        _ => Ok(Package::Manifest(location.append(MANIFEST))),
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Package::Index { name, .. } => f.write_str(name),
            Package::Manifest(location) | Package::File(location) => location.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(name: &str, version: Option<&str>) -> Package {
        Package::Index { name: name.to_owned(), version: version.map(str::to_owned) }
    }

    /// The kind of a package and what it is called.
    fn read(text: &str) -> (&'static str, String) {
        let package = Package::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let kind = match &package {
            Package::Index { .. } => "index",
            Package::Manifest(_) => "manifest",
            Package::File(_) => "file",
        };
        (kind, package.to_string())
    }

    #[test]
    fn names_in_the_index() {
        for (text, name, version) in [
            ("aiohttp", "aiohttp", None),
            ("aiohttp@0.0.3", "aiohttp", Some("0.0.3")),
            ("aiohttp@latest", "aiohttp", None),
            ("umqtt.simple", "umqtt.simple", None),
            ("unix-ffi/os@1.0+x", "unix-ffi/os", Some("1.0+x")),
        ] {
            assert_eq!(Package::parse(text), Ok(index(name, version)), "{text}");
        }
    }

    #[test]
    fn everything_else() {
        for (text, kind, name) in [
            ("github:o/r", "manifest", "github:o/r/package.json"),
            ("github:o/r/", "manifest", "github:o/r/package.json"),
            ("github:o/r/d@v1", "manifest", "github:o/r/d/package.json"),
            ("github:o/r/x.json@v1", "manifest", "github:o/r/x.json"),
            ("codeberg:o/r/x.py", "file", "codeberg:o/r/x.py"),
            ("gitlab:g/s/p/-/", "manifest", "gitlab:g/s/p/-/package.json"),
            ("gitlab:g/s/p/-/x.mpy", "file", "gitlab:g/s/p/-/x.mpy"),
            ("http://h/p", "manifest", "http://h/p/package.json"),
            ("http://h/p@2/", "manifest", "http://h/p@2/package.json"),
            ("https://h/x.mpy?k", "file", "https://h/x.mpy?k"),
            ("https://h/x.json", "manifest", "https://h/x.json"),
            ("x.json", "manifest", "x.json"),
            ("d/x.py", "file", "d/x.py"),
            ("x@2.mpy", "file", "x@2.mpy"),
        ] {
            assert_eq!(read(text), (kind, name.to_owned()), "{text}");
        }
        for (text, path) in [("./d", "./d/package.json"), ("/d", "/d/package.json"), ("d/", "d/package.json")]
        {
            let package = Package::parse(text);
            assert_eq!(package, Ok(Package::Manifest(Location::Local(path.into()))), "{text}");
        }
    }

    #[test]
    fn words_that_name_nothing() {
        for text in [
            "",
            "@1.0",
            "a@",
            "a b",
            "a@1 0",
            "a?b",
            "é",
            "a//b",
            "a/../b",
            "ftp://h/x",
            "github:o",
            "github:o/r@",
            "github:@v1",
            "x.json@v1",
            "http://",
            "C:x",
            "a\\b",
            "-x\n",
        ] {
            assert!(matches!(Package::parse(text), Err(Error::Package { .. })), "{text:?}");
        }
    }

    #[test]
    fn dependencies_are_read_from_where_they_stand() {
        let web = Location::Url("https://h/d/package.json".into());
        let read = |text, version| Package::parse_dependency(text, version, &web);
        assert_eq!(read("a", Some("latest")), Ok(index("a", None)));
        assert_eq!(read("a", Some("1.0")), Ok(index("a", Some("1.0"))));
        assert_eq!(
            read("../e/", None),
            Ok(Package::Manifest(Location::Url("https://h/e/package.json".into())))
        );
        assert_eq!(read("x.py", None), Ok(Package::File(Location::Url("https://h/d/x.py".into()))));
        let Ok(Package::Manifest(Location::Hosted(hosted))) = read("github:o/r", Some("v1")) else {
            panic!()
        };
        assert_eq!((hosted.reference(), hosted.path().as_str()), (Some("v1"), "package.json"));
        let local = Location::Local("d/package.json".into());
        let found = Package::parse_dependency("../e/package.json", None, &local);
        assert_eq!(found, Ok(Package::Manifest(Location::Local("d/../e/package.json".into()))));
    }

    proptest! {
        #[test]
        fn no_word_panics(text in "\\PC{0,24}") {
            let _ = Package::parse(&text);
        }

        #[test]
        fn no_word_with_a_scheme_panics(text in "(http://|github:|gitlab:|codeberg:)[a-z./@?#-]{0,16}") {
            let _ = Package::parse(&text);
        }

        /// What is taken for a name in the index cannot change the path of its address.
        #[test]
        fn names_stay_in_the_index(text in "[a./@\\\\?#% -]{1,10}") {
            if let Ok(Package::Index { name, version }) = Package::parse(&text) {
                for part in name.split('/').chain(version.as_deref()) {
                    prop_assert!(is_word(part), "{}", part);
                }
            }
        }
    }
}
