//! A directory with everything below it, in one exchange.

use super::{Device, DirEntry};
use crate::Error;
use crate::device::fs::{HEAD, unexpected};
use crate::python::{self, Value, str_literal};

/// A directory and what is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The directory's own path where the current one was asked for and the board knows its path.
    pub cwd: Option<String>,
    /// What it holds.
    pub entries: Vec<TreeEntry>,
}

/// A file, or a directory with what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Its name and kind.
    pub entry: DirEntry,
    /// What a directory holds, in the board's order; nothing for a file.
    pub below: Vec<TreeEntry>,
}

/// Prints a line per entry: name and size of a file, name and `/` of a directory whose entries follow up to a line `0`.
const WALK: &str = " def w(p,a):
  for e in os.ilistdir(p)if p else os.ilistdir():
   n=bytes(e[0],'utf8');q=a+e[0]
   if e[1]&61440==16384:
    print(n,'/');w(q,q+'/');print(0)
   else:print(n,e[3]if len(e)>3 else os.stat(q)[6])
";

impl Device {
    /// The directory and everything below it. An empty path is the current directory.
    ///
    /// One exchange where the board can walk its directories by itself; else one for each directory.
    ///
    /// # Errors
    /// As [`Device::list`]; the path in [`Error::Os`] is that of the directory that could not be listed.
    pub fn tree(&mut self, dir: &str) -> Result<Tree, Error> {
        match self.walk_at_once(dir) {
            // Directory by directory either works or says which one fails.
            Err(Error::Os { .. } | Error::Exception(_) | Error::Unsupported { .. }) => self.walk(dir),
            done => done,
        }
    }

    fn walk_at_once(&mut self, dir: &str) -> Result<Tree, Error> {
        let (path, within) = (str_literal(dir), str_literal(&inside(dir)));
        let cwd = if dir.is_empty() { " print(bytes(os.getcwd(),'utf8'))\n" } else { "" };
        let code = format!("{HEAD}{cwd}{WALK} w({path},{within})\n_mpr()\n");
        let during = "listing";
        let out =
            self.call_at_length(during, &code).map_err(|error| self.os_error(error, during, "list", dir))?;
        parse(&out, dir.is_empty()).ok_or_else(|| unexpected("listing of directories", &out))
    }

    fn walk(&mut self, dir: &str) -> Result<Tree, Error> {
        let cwd = match dir {
            "" => match self.cwd() {
                // A board without directories has no current one.
                Err(Error::Unsupported { .. }) => None,
                cwd => Some(cwd?),
            },
            _ => None,
        };
        Ok(Tree { cwd, entries: self.level(dir)? })
    }

    fn level(&mut self, dir: &str) -> Result<Vec<TreeEntry>, Error> {
        let mut entries = Vec::new();
        for entry in self.list(dir)? {
            let below = match entry.is_dir {
                true => self.level(&format!("{}{}", inside(dir), entry.name))?,
                false => Vec::new(),
            };
            entries.push(TreeEntry { entry, below });
        }
        Ok(entries)
    }
}

/// What stands before the names in a directory.
fn inside(dir: &str) -> String {
    match dir {
        "" => String::new(),
        dir if dir.ends_with('/') => dir.to_owned(),
        dir => format!("{dir}/"),
    }
}

fn parse(out: &[u8], with_cwd: bool) -> Option<Tree> {
    let mut lines = std::str::from_utf8(out).ok()?.lines();
    let name = |text| match python::parse(text)? {
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    };
    let cwd = if with_cwd { Some(name(lines.next()?)?) } else { None };
    // The directories that are open, from the top down, each with what was found in it so far.
    let mut open: Vec<(String, Vec<TreeEntry>)> = Vec::new();
    let mut entries = Vec::new();
    for line in lines {
        if line == "0" {
            let (name, below) = open.pop()?;
            let found = std::mem::replace(&mut entries, below);
            // What was found is the directory's; `entries` is its parent's again.
            entries.push(TreeEntry { entry: DirEntry { name, is_dir: true, size: 0 }, below: found });
            continue;
        }
        let (text, size) = line.rsplit_once(' ')?;
        let name = name(text)?;
        if size == "/" {
            open.push((name, std::mem::take(&mut entries)));
        } else {
            let size = u64::try_from(size.parse::<i64>().ok()?.max(0)).ok()?;
            entries.push(TreeEntry { entry: DirEntry { name, is_dir: false, size }, below: Vec::new() });
        }
    }
    open.is_empty().then_some(Tree { cwd, entries })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(name: &str, size: u64) -> TreeEntry {
        TreeEntry { entry: DirEntry { name: name.into(), is_dir: false, size }, below: Vec::new() }
    }

    fn dir(name: &str, below: Vec<TreeEntry>) -> TreeEntry {
        TreeEntry { entry: DirEntry { name: name.into(), is_dir: true, size: 0 }, below }
    }

    #[test]
    fn lines_become_a_tree() {
        let out = b"b'/lib'\r\nb'a b.py' 12\r\nb'd' /\r\nb'e /' /\r\n0\r\nb'\\xc3\\xa9' 3\r\n0\r\nb'0' 4\r\n";
        let entries =
            vec![file("a b.py", 12), dir("d", vec![dir("e /", Vec::new()), file("\u{e9}", 3)]), file("0", 4)];
        assert_eq!(parse(out, true), Some(Tree { cwd: Some("/lib".into()), entries }));
        assert_eq!(parse(b"", false), Some(Tree { cwd: None, entries: Vec::new() }));
        for wrong in [&b"0\n"[..], b"b'd' /\n", b"b'a'\n", b"b'a' x\n", b"12\n", b"'a' 1\n", b"\xff"] {
            assert_eq!(parse(wrong, false), None, "{}", wrong.escape_ascii());
        }
        assert_eq!(parse(b"", true), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(out: Vec<u8>, with_cwd: bool) {
            let _ = parse(&out, with_cwd);
        }

        #[test]
        fn any_lines_are_read_or_refused(lines in proptest::collection::vec("(b'[a-z ]{0,3}' (/|-?[0-9]{1,3})|0)", 0..20)) {
            let _ = parse(lines.join("\r\n").as_bytes(), false);
        }
    }
}
