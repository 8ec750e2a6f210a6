//! A directory with all that is below it, its mount points and the digests of its files, in one exchange.
//!
//! The board prints a line per entry as it walks, and keeps only the directories that it has not been in yet. Each line takes part
//! in a sum that comes last, so a listing that lost a line on the way is asked for again.

use super::fs::{HEAD, feed_hash, unexpected};
use super::{Capabilities, Device};
use crate::python::{self, Value, str_literal};
use crate::{Errno, Error};

/// A listing that arrives damaged is asked for so often.
const TRIES: u32 = 3;

/// The first half of a SHA-256: as sure against accidents, and half as long on a slow line.
pub type HalfDigest = [u8; 16];

/// What [`Device::survey`] asks for beyond names and sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SurveyOptions {
    /// Digests of the files of at most so many bytes. Boards without `hashlib.sha256` or `binascii` give none.
    pub digests_up_to: Option<u64>,
    /// Times of the last change; costs the board a `stat` per file.
    pub times: bool,
    /// Goes into other filesystems that are mounted below, too.
    pub mounts: bool,
}

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A directory that another filesystem is mounted on.
    Mount,
}

/// A file or directory in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyEntry {
    /// The path below the directory that was listed, such as `lib/a.py`. No part of it is empty, `.` or `..`.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Size in bytes; 0 for a directory.
    pub size: u64,
    /// Last change in seconds since the board's epoch, if asked for and kept.
    pub modified: Option<i64>,
    /// The first 16 bytes of the file's SHA-256, if asked for and possible.
    pub digest: Option<HalfDigest>,
}

/// All that is below a directory. Parents come before what they hold; the order is the board's otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// Files and directories.
    pub entries: Vec<SurveyEntry>,
    /// Directories that the board could not list, or not to their end.
    pub unreadable: Vec<(String, Errno)>,
}

impl Device {
    /// Lists a directory with all that is below it. An empty path is the current directory.
    ///
    /// A board that lists its mounts (MicroPython 1.25 on) tells them all; on others a mount is a directory of the root
    /// whose filesystem has other sizes than the root's.
    ///
    /// # Errors
    /// [`Error::Os`] when the directory itself can't be listed; [`Error::Unsupported`] for a directory on a board that has none.
    pub fn survey(&mut self, dir: &str, options: &SurveyOptions) -> Result<Survey, Error> {
        let capabilities = self.capabilities()?.clone();
        if !capabilities.ilistdir {
            // All that such a board has is one directory.
            let entries = self.list(dir)?.into_iter().map(|entry| SurveyEntry {
                kind: if entry.is_dir { Kind::Directory } else { Kind::File },
                path: entry.name,
                size: entry.size,
                modified: None,
                digest: None,
            });
            return Ok(Survey { entries: entries.collect(), unreadable: Vec::new() });
        }
        let during = "listing";
        let block = self.block_size()?;
        let code = code(&self.plain_path(dir)?, options, &capabilities, block);
        for _ in 0..TRIES {
            let result = self.call_at_length(during, &code);
            let out = result.map_err(|error| self.os_error(error, during, "list", dir))?;
            let Some(listing) = intact(&out, capabilities.crc32) else { continue };
            let mut tree = read(listing).ok_or_else(|| unexpected("the entries of a tree", &out))?;
            if capabilities.platform == "webassembly" {
                for (_, errno) in &mut tree.unreadable {
                    *errno = Errno::wasi(errno.number);
                }
            }
            return match tree.unreadable.iter().find(|(path, _)| path.is_empty()) {
                Some((_, errno)) => Err(Error::Os { errno: errno.clone(), path: dir.to_owned(), op: "list" }),
                None => Ok(tree),
            };
        }
        Err(Error::Protocol { awaited: "an undamaged survey".to_owned(), got: String::new() })
    }

    /// The path without `.` and `..`, which would hide a mount point. Without those it stays as it is.
    fn plain_path(&mut self, dir: &str) -> Result<String, Error> {
        if !dir.split('/').any(|part| matches!(part, "." | "..")) {
            return Ok(dir.to_owned());
        }
        let whole = if dir.starts_with('/') { dir.to_owned() } else { format!("{}/{dir}", self.cwd()?) };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Ok(format!("/{}", parts.join("/")))
    }
}

/// What the board runs. Its lines: `> DIRECTORY`, whose entries follow; `SIZE TIME DIGEST NAME` for a file, `/ NAME` for a
/// directory, `@ NAME` for a mount point; `! ERRNO` when the directory can't be listed on; last `. SUM`.
fn code(dir: &str, options: &SurveyOptions, capabilities: &Capabilities, block: u64) -> String {
    let root = match dir.trim_end_matches('/') {
        "" if dir.starts_with('/') => "/".to_owned(),
        dir => dir.to_owned(),
    };
    let sum = if capabilities.crc32 { "crc32(b,c)" } else { "c+sum(b)+1&0xfffffff" };
    let import = if capabilities.crc32 { " from binascii import crc32\n" } else { "" };
    let cwd = if capabilities.getcwd { "os.getcwd()" } else { "''" };
    let digests = options.digests_up_to.filter(|_| capabilities.sha256 && capabilities.crc32);
    let hash = digests.map_or(String::new(), |_| {
        format!(
            " import hashlib\n \
             from binascii import b2a_base64\n \
             def g(p):\n  \
             try:\n   \
             h=hashlib.sha256()\n\
             {feed}   \
             return str(b2a_base64(h.digest()[:16])[:22],'utf8')\n  \
             except OSError:return'-'\n",
            feed = feed_hash(3, "p", block)
        )
    });
    let digest = digests.map_or("'-'".to_owned(), |most| format!("g(f)if s<={most} else'-'"));
    let time = if options.times { "     y=os.stat(f)[8]\n" } else { "" };
    let mounts = if options.mounts { "1" } else { "not k" };
    // `a` is the absolute path, without a slash at its end; `m` the mount points, where the board lists them; else `s` has
    // the sizes of the root's filesystem.
    format!(
        "{HEAD}{import} \
         r={root}\n \
         a=(r if r[:1]=='/'else {cwd}.rstrip('/')+'/'+r).rstrip('/')\n \
         z=m=None\n \
         try:\n  \
         import vfs\n  \
         m=[x[1]for x in vfs.mount()]\n \
         except(ImportError,TypeError,AttributeError):\n  \
         try:z=os.statvfs('/')\n  \
         except(OSError,AttributeError):pass\n \
         c=0\n \
         def w(*x):\n  \
         nonlocal c\n  \
         l=' '.join(map(str,x))\n  \
         b=bytes(l,'utf8')\n  \
         c={sum}\n  \
         print(l)\n \
         def o(p):\n  \
         if m is not None:return p in m\n  \
         try:return'/'not in p[1:]and os.statvfs(p)!=z\n  \
         except AttributeError:return 0\n  \
         except OSError:return 1\n\
         {hash} \
         d=['']\n \
         while d:\n  \
         q=d.pop()\n  \
         w('>',bytes(q,'utf8'))\n  \
         t=(r+'/'if r and r!='/'else r)+q\n  \
         try:\n   \
         for e in os.ilistdir(t[:-1]or t)if t else os.ilistdir():\n    \
         n=bytes(e[0],'utf8')\n    \
         f=t+e[0]\n    \
         if e[1]&16384:\n     \
         k=o(a+'/'+q+e[0])\n     \
         w('@'if k else'/',n)\n     \
         if {mounts}:d.append(q+e[0]+'/')\n     \
         continue\n    \
         s,y=0,'-'\n    \
         try:\n     \
         s=e[3]if len(e)>3 else os.stat(f)[6]\n{time}    \
         except OSError:pass\n    \
         w(s,y,{digest},n)\n  \
         except OSError as e:w('!',e.args[0])\n \
         print('.',c)\n\
         _mpr()\n",
        root = str_literal(&root),
    )
}

/// The lines before the sum, if the sum is right. Empty lines only showed that the board was at work.
fn intact(out: &[u8], crc32: bool) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(out).ok()?;
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let sum: i64 = lines.pop()?.strip_prefix(". ")?.parse().ok()?;
    let ours = match crc32 {
        true => {
            let mut hash = crc32fast::Hasher::new();
            lines.iter().for_each(|line| hash.update(line.as_bytes()));
            i64::from(hash.finalize())
        }
        false => lines
            .iter()
            .fold(0, |sum, line| (sum + line.bytes().map(i64::from).sum::<i64>() + 1) & 0xfff_ffff),
    };
    // Old boards print the CRC as a signed number.
    (sum & 0xffff_ffff == ours).then_some(lines)
}

fn read(lines: Vec<&str>) -> Option<Survey> {
    let mut tree = Survey::default();
    let mut dir = String::new();
    for line in lines {
        match line.split_once(' ')? {
            (">", path) => dir = text(path)?,
            ("!", errno) => {
                let errno = Errno::new(errno.parse().ok()?, None);
                tree.unreadable.push((dir.trim_end_matches('/').to_owned(), errno));
            }
            (mark @ ("/" | "@"), rest) => {
                let kind = if mark == "/" { Kind::Directory } else { Kind::Mount };
                let path = format!("{dir}{}", name(rest)?);
                tree.entries.push(SurveyEntry { path, kind, size: 0, modified: None, digest: None });
            }
            (size, rest) => {
                let (time, rest) = rest.split_once(' ')?;
                let (digest, rest) = rest.split_once(' ')?;
                tree.entries.push(SurveyEntry {
                    path: format!("{dir}{}", name(rest)?),
                    kind: Kind::File,
                    size: u64::try_from(size.parse::<i64>().ok()?.max(0)).ok()?,
                    // A filesystem without times says 0.
                    modified: time.parse().ok().filter(|time| *time != 0),
                    digest: if digest == "-" { None } else { Some(half_digest(digest)?) },
                });
            }
        }
    }
    Some(tree)
}

fn text(literal: &str) -> Option<String> {
    match python::parse(literal)? {
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    }
}

/// A name that leads nowhere else, whatever the board says.
fn name(literal: &str) -> Option<String> {
    text(literal).filter(|name| !matches!(&**name, "" | "." | "..") && !name.contains(['/', '\0']))
}

/// 16 bytes in base64 without padding.
fn half_digest(text: &str) -> Option<HalfDigest> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if text.len() != 22 {
        return None;
    }
    let (mut digest, mut bits, mut held, mut at) = ([0; 16], 0u32, 0, 0);
    for c in text.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == c)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            *digest.get_mut(at)? = (bits >> held).to_le_bytes()[0];
            at += 1;
        }
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_sum(lines: &str) -> String {
        let sum = crc32fast::hash(lines.replace("\r\n", "").as_bytes());
        format!("{lines}. {sum}\r\n")
    }

    #[test]
    fn a_listing_is_read() {
        let lines = "> b''\r\n/ b'lib'\r\n@ b'sd'\r\n\r\n5 - AAECAwQFBgcICQoLDA0ODw b'a \\xc3\\xa9'\r\n> b'lib/'\r\n7 9 - b'x'\r\n! 5\r\n";
        let out = with_sum(lines);
        let tree = read(intact(out.as_bytes(), true).expect("the sum is right")).expect("well-formed");
        let shown: Vec<_> = tree.entries.iter().map(|e| (&*e.path, e.kind, e.size, e.modified)).collect();
        assert_eq!(
            shown,
            [
                ("lib", Kind::Directory, 0, None),
                ("sd", Kind::Mount, 0, None),
                ("a é", Kind::File, 5, None),
                ("lib/x", Kind::File, 7, Some(9)),
            ]
        );
        assert_eq!(tree.entries[2].digest, Some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]));
        assert_eq!(tree.unreadable, [("lib".to_owned(), Errno::new(5, None))]);
        let lost = out.replace("@ b'sd'\r\n", "");
        assert_eq!(intact(lost.as_bytes(), true), None, "a line is missing");
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in ["..", ".", "", "a/b", "/etc", "a\\x00b"] {
            assert_eq!(read(vec!["> b''", &format!("1 - - b'{name}'")]), None, "{name}");
            assert_eq!(read(vec!["> b''", &format!("/ b'{name}'")]), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[>!/@. 0-9ab'\\\\x\r\n-]{0,80}") {
            let summed = with_sum(&text);
            let _ = read(intact(summed.as_bytes(), true).unwrap_or_default());
            let _ = read(text.lines().collect());
            let _ = half_digest(&text);
        }
    }
}
