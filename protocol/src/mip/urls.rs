//! The little of URLs that packages need: references inside a manifest, and characters that must be escaped.

use std::fmt::Write as _;

/// `http://` or `https://`, in any case.
pub(super) fn is_http(text: &str) -> bool {
    let starts =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("http://") || starts("https://")
}

/// The scheme of an address, if it has one: two letters or more before a colon. One letter is a drive of Windows.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let mut chars = scheme.chars();
    let fits = scheme.len() > 1
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    fits.then_some(scheme)
}

/// An address cut in three: up to the end of the authority, the path, and the query and fragment with their marks.
pub(super) fn split(url: &str) -> (&str, &str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let path = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
    let query = url[path..].find(['?', '#']).map_or(url.len(), |at| path + at);
    (&url[..path], &url[path..query], &url[query..])
}

/// The path of an address with this added at its end, before a query.
pub(super) fn append(url: &str, more: &str) -> String {
    let (authority, path, query) = split(url);
    let query = query.split('#').next().unwrap_or_default();
    format!("{authority}{}/{more}{query}", path.strip_suffix('/').unwrap_or(path))
}

/// What a relative reference means in a document at `base`, as RFC 3986 has it.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    let (authority, path, _) = split(base);
    if reference.starts_with("//") {
        let scheme = base.split("//").next().unwrap_or_default();
        return format!("{scheme}{reference}");
    }
    let (_, relative, query) = split_reference(reference);
    let merged = match relative.starts_with('/') {
        true => relative.to_owned(),
        false => format!("{}/{relative}", path.rsplit_once('/').map_or("", |(directory, _)| directory)),
    };
    format!("{authority}{}{query}", without_dots(&merged))
}

fn split_reference(reference: &str) -> (&str, &str, &str) {
    let query = reference.find(['?', '#']).unwrap_or(reference.len());
    ("", &reference[..query], &reference[query..])
}

/// An absolute path without `.` and `..`; nothing is above the root.
fn without_dots(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let last = path.split('/').count() - 1;
    for (at, part) in path.split('/').enumerate().skip(1) {
        match part {
            "." if at == last => parts.push(""),
            "." => {}
            ".." => {
                parts.pop();
                if at == last {
                    parts.push("");
                }
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Escapes what no address may hold, and leaves what is escaped already as it is.
pub(super) fn escape(url: &str) -> String {
    escape_except(url, |byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
}

/// Escapes a path of a repository, so that every character of it stands for itself.
pub(super) fn escape_path(path: &str) -> String {
    escape_except(path, |byte| byte.is_ascii_alphanumeric() || b"-._~/@:!$'()*,;=".contains(&byte))
}

/// Escapes a value of a query.
pub(super) fn escape_value(value: &str) -> String {
    escape_except(value, |byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte))
}

fn escape_except(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match plain(byte) {
            true => out.push(char::from(byte)),
            // Writing to a String can't fail.
            false => write!(out, "%{byte:02X}").unwrap_or_default(),
        }
    }
    out
}

/// The text that an escaped one stands for; `None` when it stands for no text.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits =
                    std::str::from_utf8(&digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
                out.push(u8::from_str_radix(digits, 16).ok()?);
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_mean_what_rfc_3986_says() {
        // The normal examples of RFC 3986, section 5.4.1, as far as packages have them.
        let base = "http://a/b/c/d;p?q";
        for (reference, url) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("g?y", "http://a/b/c/g?y"),
            ("g#s", "http://a/b/c/g#s"),
            ("g;x", "http://a/b/c/g;x"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/../h", "http://a/b/c/h"),
        ] {
            assert_eq!(resolve(base, reference), url, "{reference}");
        }
        assert_eq!(resolve("https://h", "g"), "https://h/g");
        assert_eq!(resolve("https://h:8/p.json#x/y", "g"), "https://h:8/g");
    }

    #[test]
    fn a_name_is_added_to_the_path() {
        for (url, whole) in [
            ("http://h", "http://h/package.json"),
            ("http://h/", "http://h/package.json"),
            ("http://h/p", "http://h/p/package.json"),
            ("http://h/p?k=a/b", "http://h/p/package.json?k=a/b"),
            ("http://h/p#f", "http://h/p/package.json"),
        ] {
            assert_eq!(append(url, "package.json"), whole, "{url}");
        }
    }

    #[test]
    fn schemes_are_not_drives() {
        assert_eq!(scheme("ftp://x"), Some("ftp"));
        assert_eq!(scheme("bitbucket:o/r"), Some("bitbucket"));
        for text in ["C:/x", "a/b:c", "x", "1a:b", ":x"] {
            assert_eq!(scheme(text), None, "{text}");
        }
        assert!(is_http("HTTPS://x") && is_http("http://x") && !is_http("httpx://x") && !is_http("é"));
    }

    #[test]
    fn escapes() {
        assert_eq!(escape("http://h/a b/é%20?x=y#z"), "http://h/a%20b/%C3%A9%20?x=y#z");
        assert_eq!(escape_path("a b/50%/c#?.py"), "a%20b/50%25/c%23%3F.py");
        assert_eq!(escape_value("feature/x&y+z"), "feature/x%26y%2Bz");
        for wrong in ["%", "%4", "%4g", "%+1", "%ff"] {
            assert_eq!(unescape(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn escaping_a_path_loses_nothing(path in "\\PC{0,20}") {
            let escaped = escape_path(&path);
            prop_assert!(escaped.is_ascii());
            prop_assert_eq!(unescape(&escaped), Some(path));
        }

        #[test]
        fn a_reference_stays_on_its_host(reference in "[a./?#]{0,12}") {
            prop_assume!(!reference.starts_with("//"));
            let url = resolve("https://host/a/b/c", &reference);
            prop_assert!(url.starts_with("https://host/"));
            let (_, path, _) = split(&url);
            prop_assert!(!path.split('/').any(|part| part == ".." || part == "."));
        }
    }
}
