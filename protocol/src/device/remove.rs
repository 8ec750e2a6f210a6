//! A directory with all that it holds, removed by the board itself in one exchange.

use super::fs::{HEAD, unexpected};
use super::{Device, DirEntry};
use crate::python::{self, Value, str_literal};
use crate::{Errno, Error};

/// What [`Device::remove_tree`] did. Paths are below the directory that was named; its own is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemovedTree {
    /// What became of each path, in the board's order.
    pub fates: Vec<(String, Fate)>,
    /// What could not be removed, which ended it.
    pub failed: Option<(String, Errno)>,
}

/// What became of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A file that is gone. Told only if that was asked for.
    File,
    /// A directory that is gone. Told only if that was asked for.
    Directory,
    /// A directory that stays, with what it holds, because something is mounted there.
    Skipped,
}

/// What a line of the board's says of a path.
const FILE: i64 = 0;
const DIRECTORY: i64 = 1;
const SKIPPED: i64 = 2;
const FAILED: i64 = 3;

impl Device {
    /// Removes what a directory holds and, unless it is the current one (an empty path), itself. What is mounted below stays: the
    /// board is asked to remove each directory before anything in it, and only a mount point gives another answer than that it is
    /// not empty. `detailed`: everything that is gone is told, not only what stays.
    ///
    /// # Errors
    /// [`Error::Os`] when the directory can't be listed, [`Error::Unsupported`] on a board without directories.
    pub fn remove_tree(&mut self, dir: &str, detailed: bool) -> Result<RemovedTree, Error> {
        // A folder of the host's does not let its own place be removed, by EPERM. On WASI's boards the numbers are others.
        let stays = match (self.is_wasi()?, self.mounted().is_empty()) {
            (true, _) => "(28,10)",
            (false, true) => "(22,16)",
            (false, false) => "(22,16,1)",
        };
        let told = if detailed { "1" } else { "k>1" };
        let code = format!(
            "{HEAD} n=0\n \
             z=''\n \
             def w(k,a,*b):\n  \
             nonlocal n\n  \
             n+=1\n  \
             if {told}:print((k,bytes(a,'utf8'))+b)\n  \
             elif n%8<1:print()\n \
             def g(p,a):\n  \
             nonlocal z\n  \
             for e in list(os.ilistdir(p[:-1]or p)if p else os.ilistdir()):\n   \
             q=p+e[0]\n   \
             z=b=a+e[0]\n   \
             if e[1]&61440!=16384:\n    \
             os.remove(q)\n    \
             w(0,b)\n    \
             continue\n   \
             try:\n    \
             os.rmdir(q)\n    \
             w(1,b)\n    \
             continue\n   \
             except AttributeError:x=22\n   \
             except OSError as e:x=e.args[0]\n   \
             if x in{stays}:w(2,b)\n   \
             else:\n    \
             g(q+'/',b+'/')\n    \
             z=b\n    \
             os.rmdir(q)\n    \
             w(1,b)\n \
             p={path}\n \
             os.ilistdir(p)if p else 0\n \
             try:\n  \
             g(p.rstrip('/')+'/'if p else p,'')\n  \
             z=''\n  \
             if p:\n   \
             try:\n    \
             os.rmdir(p)\n    \
             w(1,z)\n   \
             except OSError as e:\n    \
             if e.args[0]in{stays}or not p.strip('/'):w(2,z)\n    \
             else:raise\n \
             except OSError as e:w(3,z,e.args[0])\n\
             _mpr()\n",
            path = str_literal(dir),
        );
        let during = "removing a directory";
        let result = self.call_at_length(during, &code);
        let out = match result.map_err(|error| self.os_error(error, during, "rmdir", dir)) {
            Err(Error::Unsupported { .. }) => return self.remove_flat(dir),
            out => out?,
        };
        let wasi = self.is_wasi()?;
        parse(&out, wasi).ok_or_else(|| unexpected("what was removed", &out))
    }

    /// For a board that has files only.
    fn remove_flat(&mut self, dir: &str) -> Result<RemovedTree, Error> {
        let mut tree = RemovedTree::default();
        for DirEntry { name, .. } in self.list(dir)? {
            self.remove(&name)?;
            tree.fates.push((name, Fate::File));
        }
        Ok(tree)
    }

    fn is_wasi(&mut self) -> Result<bool, Error> {
        // Only a board without raw paste is asked what it is.
        if self.driver.repl.raw_paste() == Some(true) {
            return Ok(false);
        }
        Ok(self.capabilities()?.platform == "webassembly")
    }
}

fn parse(out: &[u8], wasi: bool) -> Option<RemovedTree> {
    let mut tree = RemovedTree::default();
    for line in std::str::from_utf8(out).ok()?.lines().filter(|line| !line.is_empty()) {
        let value = python::parse(line)?;
        let (Value::Int(kind), path, rest) = (match value.seq()? {
            [kind, path, rest @ ..] => (kind, path, rest),
            _ => return None,
        }) else {
            return None;
        };
        let path = String::from_utf8_lossy(path.bytes()?).into_owned();
        match (*kind, rest) {
            (FILE, []) => tree.fates.push((path, Fate::File)),
            (DIRECTORY, []) => tree.fates.push((path, Fate::Directory)),
            (SKIPPED, []) => tree.fates.push((path, Fate::Skipped)),
            (FAILED, [errno]) => {
                let number = i32::try_from(errno.int()?).ok()?;
                let errno = if wasi { Errno::wasi(number) } else { Errno::new(number, None) };
                tree.failed = Some((path, errno));
            }
            _ => return None,
        }
    }
    Some(tree)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_read() {
        let out = b"(0, b'a')\r\n\r\n(1, b'd/\\xc3\\xa9')\r\n(2, b'sd')\r\n(3, b'x', 5)\r\n";
        let tree = parse(out, false).expect("well-formed");
        let fates = [("a", Fate::File), ("d/\u{e9}", Fate::Directory), ("sd", Fate::Skipped)];
        assert_eq!(tree.fates, fates.map(|(path, fate)| (path.to_owned(), fate)));
        assert_eq!(tree.failed, Some(("x".into(), Errno::new(5, None))));
        assert_eq!(parse(b"(3, b'x')\r\n", false), None);
    }

    proptest! {
        #[test]
        fn any_lines_are_read_or_refused(lines in proptest::collection::vec("\\([0-4], b'[a-z]{0,2}'(, [0-9])?\\)|.{0,4}", 0..9)) {
            let _ = parse(lines.join("\r\n").as_bytes(), false);
        }
    }
}
