//! A package's manifest, `package.json`.

use serde::Deserialize;
use serde_json::Value;

use super::{Error, HashPrefix};

/// The format's version that this reads.
const FORMAT: u64 = 1;

/// What a manifest says, checked for its shape only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The package's version.
    pub version: Option<String>,
    /// Files kept by the index: path below the target and hash.
    pub hashes: Vec<(String, HashPrefix)>,
    /// Files kept elsewhere: path below the target and address.
    pub urls: Vec<(String, String)>,
    /// Packages that this one needs, with a version where one is asked for.
    pub deps: Vec<(String, Option<String>)>,
}

/// The manifest as it stands in the file. Fields that are not here mean nothing to us.
#[derive(Deserialize)]
struct Raw {
    v: Option<u64>,
    version: Option<Value>,
    hashes: Option<Vec<(String, String)>>,
    urls: Option<Vec<(String, String)>>,
    deps: Option<Vec<Dependency>>,
}

/// People write all of these.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a dependency is a pair of name and version")]
enum Dependency {
    Pair(String, Option<String>),
    Single((String,)),
    Name(String),
}

impl Manifest {
    /// Reads a manifest; `at` names it in errors.
    ///
    /// # Errors
    /// [`Error::Manifest`] with the position, [`Error::Content`].
    pub fn parse(content: &[u8], at: &str) -> Result<Manifest, Error> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let raw: Raw = serde_json::from_slice(content).map_err(|error| syntax(&error, at))?;
        let wrong = |detail: String| Error::Content { at: at.to_owned(), detail };
        if let Some(v) = raw.v.filter(|v| *v > FORMAT) {
            return Err(wrong(format!("it has format {v}, and this version of mpr knows format {FORMAT}")));
        }
        let hashes =
            raw.hashes.unwrap_or_default().into_iter().map(|(path, hash)| match HashPrefix::parse(&hash) {
                Some(hash) => Ok((path, hash)),
                None => Err(wrong(format!("`{hash}` is no hash of `{path}`"))),
            });
        let deps = raw.deps.unwrap_or_default().into_iter().map(|dependency| match dependency {
            Dependency::Pair(name, version) => (name, version.filter(|version| !version.is_empty())),
            Dependency::Single((name,)) | Dependency::Name(name) => (name, None),
        });
        Ok(Manifest {
            version: raw.version.and_then(|version| match version {
                Value::String(text) => Some(text),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }),
            hashes: hashes.collect::<Result<_, _>>()?,
            urls: raw.urls.unwrap_or_default(),
            deps: deps.collect(),
        })
    }
}

/// An error of the reader, with its position apart.
fn syntax(error: &serde_json::Error, at: &str) -> Error {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let detail = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text).to_owned();
    Error::Manifest { at: at.to_owned(), line, column, detail }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Manifest, Error> {
        Manifest::parse(text.as_bytes(), "M")
    }

    #[test]
    fn a_manifest_of_the_index() {
        let manifest = parse(
            r#"{"v": 1, "version": "0.1.2", "hashes": [["a/b.mpy", "0123ABCD"]], "urls": [["c.py", "d/c.py"]],
                "deps": [["e", "latest"]], "license": "MIT"}"#,
        );
        let expected = Manifest {
            version: Some("0.1.2".into()),
            hashes: vec![("a/b.mpy".into(), HashPrefix::parse("0123abcd").unwrap())],
            urls: vec![("c.py".into(), "d/c.py".into())],
            deps: vec![("e".into(), Some("latest".into()))],
        };
        assert_eq!(manifest, Ok(expected));
    }

    #[test]
    fn manifests_written_by_people() {
        assert_eq!(parse("{}"), Ok(Manifest::default()));
        assert_eq!(parse("\u{feff}{\"hashes\": null}"), Ok(Manifest::default()));
        let manifest = parse(r#"{"version": 1.5, "deps": ["a", ["b"], ["c", ""], ["d", null]]}"#).unwrap();
        assert_eq!(manifest.version.as_deref(), Some("1.5"));
        assert_eq!(manifest.deps, ["a", "b", "c", "d"].map(|name| (name.to_owned(), None)));
    }

    #[test]
    fn errors_have_a_position() {
        for (text, line, column) in [
            ("", 1, 0),
            ("<html>", 1, 1),
            ("{\"urls\": [[\"a\", 1]]}", 1, 17),
            ("{\n  \"urls\": [\n    [\"a\"]\n  ]\n}", 3, 9),
            ("{\"hashes\": [], }", 1, 16),
            ("[]", 1, 2),
            ("{\"v\": \"x\"}", 1, 9),
        ] {
            match parse(text) {
                Err(Error::Manifest { line: l, column: c, .. }) => {
                    assert_eq!((l, c), (line, column), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn contents_that_are_not_usable() {
        for text in [r#"{"v": 2}"#, r#"{"hashes": [["a", "xyz"]]}"#, r#"{"hashes": [["a", "../../ab"]]}"#] {
            assert!(matches!(parse(text), Err(Error::Content { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Manifest::parse(&bytes, "M");
        }

        #[test]
        fn half_a_manifest_is_none(cut in 1usize..64) {
            let whole = r#"{"v": 1, "hashes": [["a.mpy", "0123abcd"]], "deps": [["e", "latest"]]}"#;
            prop_assert!(parse(&whole[..cut]).is_err());
        }
    }
}
