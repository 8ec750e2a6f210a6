//! Lists of digests, as coreutils' programs and this tool print them.

/// A file of a list, with the digest that it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The path as the list has it, without its escapes.
    pub path: String,
    /// The digest, in lower-case hexadecimal digits.
    pub digest: String,
}

/// What a list says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Its files, in its order.
    pub files: Vec<Listed>,
    /// How many lines say nothing that makes sense.
    pub improper: usize,
}

/// Reads a list for the digest `algorithm` (`sha256`) of so many bytes. Understood are
///
/// - `DIGEST  PATH` and `DIGEST *PATH`; behind a backslash at the start of the line, `\\`, `\n` and `\r` in the path are
///   escapes;
/// - `SHA256 (PATH) = DIGEST`;
/// - a line `sha256sum :PATH` and below it a line `DIGEST`, which is what `mpr sha256sum` prints.
///
/// Empty lines and lines that begin with `#` mean nothing.
pub fn parse(text: &str, algorithm: &str, bytes: usize) -> List {
    let mut list = List::default();
    let mut headline: Option<&str> = None;
    let heading = format!("{algorithm}sum :");
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(digest) = digest(line, bytes) {
            match headline.take() {
                Some(path) => list.files.push(Listed { path: path.to_owned(), digest }),
                None => list.improper += 1,
            }
            continue;
        }
        // A headline without its digest.
        list.improper += usize::from(headline.take().is_some());
        if let Some(path) = line.strip_prefix(&heading) {
            headline = Some(path);
        } else if let Some(listed) = gnu(line, bytes).or_else(|| bsd(line, algorithm, bytes)) {
            list.files.push(listed);
        } else {
            list.improper += 1;
        }
    }
    list.improper += usize::from(headline.is_some());
    list
}

/// The digest, if the text is nothing else.
fn digest(text: &str, bytes: usize) -> Option<String> {
    (text.len() == 2 * bytes && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| text.to_ascii_lowercase())
}

fn gnu(line: &str, bytes: usize) -> Option<Listed> {
    let (escaped, line) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let digest = digest(line.get(..2 * bytes)?, bytes)?;
    let rest = &line[2 * bytes..];
    let path = rest.strip_prefix("  ").or_else(|| rest.strip_prefix(" *"))?;
    Some(Listed { path: unescape(path, escaped)?, digest })
}

fn bsd(line: &str, algorithm: &str, bytes: usize) -> Option<Listed> {
    let (escaped, line) = match line.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let rest = line.strip_prefix(&algorithm.to_ascii_uppercase())?.strip_prefix(" (")?;
    let (path, text) = rest.rsplit_once(") = ")?;
    Some(Listed { path: unescape(path, escaped)?, digest: digest(text, bytes)? })
}

/// A path, which is never empty; `None` for an escape that means nothing.
fn unescape(path: &str, escaped: bool) -> Option<String> {
    if !escaped {
        return (!path.is_empty()).then(|| path.to_owned());
    }
    let mut out = String::with_capacity(path.len());
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            c => c,
        });
    }
    (!out.is_empty()).then_some(out)
}

/// A path on a line of its own, with a backslash in front when it needs escapes, as coreutils' programs print it.
pub fn shown(path: &str) -> String {
    match path.contains(['\\', '\n', '\r']) {
        false => path.to_owned(),
        true => {
            let path = path.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            format!("\\{path}")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef";

    fn read(text: &str) -> List {
        parse(text, "md5", 16)
    }

    fn listed(path: &str) -> Listed {
        Listed { path: path.into(), digest: A.into() }
    }

    #[test]
    fn every_form_is_read() {
        let upper = A.to_ascii_uppercase();
        let text = format!(
            "# a list\n{A}  a.py\n{A} *dir/b c.bin\r\n\n\\{A}  new\\nline\\\\\nMD5 (x (1).py) = {upper}\n\
             md5sum :lib/x.py\n{A}\n{A}   space"
        );
        let files = ["a.py", "dir/b c.bin", "new\nline\\", "x (1).py", "lib/x.py", " space"].map(listed);
        assert_eq!(read(&text), List { files: files.to_vec(), improper: 0 });
    }

    #[test]
    fn what_makes_no_sense_is_counted() {
        for line in [
            "hello",
            A,
            &format!("{A} a"),
            &format!("{A}  "),
            &format!("{A}00  a"),
            &format!("{}  a", &A[1..]),
            &format!("\\{A}  a\\x"),
            &format!("SHA1 (a) = {A}"),
            "md5sum :a",
            "md5sum :a\nmd5sum: b",
        ] {
            let list = read(line);
            assert_eq!((list.files.len(), list.improper), (0, line.lines().count()), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text: String) {
            let _ = read(&text);
        }

        #[test]
        fn any_path_comes_back(path in "[^\\x00]{1,20}") {
            let shown = shown(&path);
            let line = match shown.strip_prefix('\\').filter(|_| shown != path) {
                Some(rest) => format!("\\{A}  {rest}\n"),
                None => format!("{A}  {shown}\n"),
            };
            prop_assert_eq!(read(&line), List { files: vec![listed(&path)], improper: 0 });
        }
    }
}
