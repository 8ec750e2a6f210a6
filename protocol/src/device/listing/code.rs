//! The code that lists a directory on the board.
//!
//! It prints records, each with a tab behind it, and the sum of all behind them. A file is its name and, if asked for, `/` and its
//! size, `/` and its time, `/` and its digest; in place of the size, a directory has nothing, a mount point `@`, and what is
//! neither that nor a file `-`. A directory's content ends with the record `.`, or with `../` and the number of the error that ended it.
//! Directories follow in the order of a stack: the last one named comes first. In front of all come, if asked for, the path
//! of the current directory (it begins with a slash, as no other record does) and the year of the clock's zero.
//!
//! Names in a directory are like each other, and so are sizes. So a record is sent as two characters that say how long a start and
//! an end it shares with the one before, and what is between.
//!
//! A name is what Python shows between the quotes of its bytes, so it is ASCII and has no raw control characters; line ends
//! may be added anywhere to show that the board is at work.

use super::{Capabilities, ListingOptions, Mounts};
use crate::python::str_literal;

/// The longest start or end that is shared, and the character that means none.
pub(super) const SHARED_AT_MOST: u8 = 70;
pub(super) const SHARED_NONE: u8 = b'0';

/// The board prints so many characters at a time: over WebREPL every piece is a packet.
const PIECE: usize = 160;

/// How a board can do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ways {
    /// By `binascii.crc32`.
    pub crc32: bool,
    pub sha256: bool,
    pub getcwd: bool,
    /// Every entry of `os.ilistdir` has a size.
    pub sizes_in_entries: bool,
    /// Files are hashed in blocks of so many bytes.
    pub block: u64,
}

impl Ways {
    /// What boards have had since about 2018. One that lacks something raises an exception.
    pub const MODERN: Ways =
        Ways { crc32: true, sha256: false, getcwd: true, sizes_in_entries: true, block: 0 };

    pub fn of(capabilities: &Capabilities, block: u64) -> Self {
        Ways {
            crc32: capabilities.crc32,
            sha256: capabilities.sha256 && capabilities.crc32,
            getcwd: capabilities.getcwd,
            sizes_in_entries: false,
            block,
        }
    }
}

/// Where other filesystems begin, on boards of all ages.
const FIND_MOUNTS: &str = "\
z=m=None
try:
 import vfs
 m=[x[1]for x in vfs.mount()]
except(ImportError,TypeError,AttributeError):
 try:z=os.statvfs('/')
 except(OSError,AttributeError):pass
def q(p):
 if m is not None:return p in m
 try:return'/'not in p[1:]and os.statvfs(p)!=z
 except AttributeError:return 0
 except OSError:return 1
";

/// The year of the clock's zero, in the generator.
const EPOCH: &str = " y=0
 try:
  import time
  y=time.gmtime(0)[0]
 except(ImportError,AttributeError):pass
 yield str(y)
";

/// Statements on the top level: the caller gives them globals of their own.
pub(super) fn code(dir: &str, options: &ListingOptions, ways: &Ways) -> String {
    let digests = options.digests_up_to.filter(|_| ways.sha256);
    let mut code = "import os\n".to_owned();
    if ways.crc32 {
        code.push_str("from binascii import crc32\n");
    }
    let is_mount = match &options.mounts {
        Mounts::Enter => None,
        Mounts::At(points) if points.is_empty() => None,
        Mounts::At(points) => {
            let points: String = points.iter().map(|point| format!("{},", str_literal(point))).collect();
            code.push_str(&format!("m={points}\n"));
            Some("f in m")
        }
        Mounts::Find => {
            code.push_str(FIND_MOUNTS);
            Some("q(f)")
        }
    };
    if digests.is_some() {
        code.push_str(&hash(ways.block));
    }
    // `d` has the directories to list, each as what stands in front of the names in it; `g` makes the records.
    code.push_str(&format!("d=[{}]\ndef g():\n", first(dir, options, ways)));
    if options.cwd && ways.getcwd {
        code.push_str(" yield str(bytes(os.getcwd(),'utf8'))[2:-1]\n");
    }
    if options.details {
        code.push_str(EPOCH);
    }
    code.push_str(" while d:\n  t=d.pop()\n  try:\n   for e in os.ilistdir(t[:-1]or t):\n    f=t+e[0]\n");
    code.push_str("    l=str(bytes(e[0],'utf8'))[2:-1]\n");
    if options.details {
        code.push_str(
            "    s=e[3]if len(e)>3 else 0\n    \
             y=0\n    \
             try:y=os.stat(f);s=y[6];y=y[8]\n    \
             except OSError:pass\n",
        );
    }
    let enter = if options.below { ";d.append(f+'/')" } else { "" };
    let kinds = match is_mount {
        None => format!("l+='/'{enter}\n"),
        Some(test) => format!("if {test}:l+='/@'\n     else:l+='/'{enter}\n"),
    };
    code.push_str(&format!("    if e[1]>>12==4:\n     {kinds}"));
    code.push_str(&of_file(options, digests, ways));
    let sum = if ways.crc32 { "crc32(l,c)" } else { "c+sum(bytes(l,'utf8'))&0xfffffff" };
    code.push_str(&format!(
        "    yield l\n   \
         yield'.'\n  \
         except OSError as e:yield'../%d'%e.args[0]\n\
         c=0\n\
         o=r=''\n\
         for l in g():\n \
         k=j=0\n \
         n=min({SHARED_AT_MOST},len(l),len(o))\n \
         while k<n and l[k]==o[k]:k+=1\n \
         n=min(n,len(l)-k,len(o)-k)\n \
         while j<n and l[~j]==o[~j]:j+=1\n \
         r+='%c%c'%({SHARED_NONE}+k,{SHARED_NONE}+j)+l[k:len(l)-j]+'\t'\n \
         if len(r)>{PIECE}:print(end=r);r=''\n \
         c={sum}\n \
         o=l\n\
         print(end=r+str(c))\n"
    ));
    code
}

/// What stands in front of the first names, as an expression. It is absolute where mount points are looked for.
fn first(dir: &str, options: &ListingOptions, ways: &Ways) -> String {
    let inside = match dir {
        "" => String::new(),
        dir => format!("{}/", dir.trim_end_matches('/')),
    };
    let literal = str_literal(&inside);
    match options.mounts {
        Mounts::Find if !dir.starts_with('/') => match ways.getcwd {
            true => format!("os.getcwd().rstrip('/')+'/'+{literal}"),
            false => format!("'/'+{literal}"),
        },
        _ => literal,
    }
}

/// The statements for what follows the name of an entry that is no directory, and for the time of any.
fn of_file(options: &ListingOptions, digests: Option<u64>, ways: &Ways) -> String {
    let mut code = String::new();
    if options.details {
        code.push_str("    else:l+='/%d'%s if e[1]>>12 in(0,8)else'/-'\n    l+='/%d'%y\n");
    } else if ways.sizes_in_entries {
        if options.sizes {
            code.push_str("    else:l+='/%d'%e[3]if e[1]>>12 in(0,8)else'/-'\n");
        }
    } else if options.sizes || options.digests_up_to.is_some() {
        code.push_str(
            "    else:\n     \
             s=0\n     \
             try:s=e[3]if len(e)>3 else os.stat(f)[6]\n     \
             except OSError:pass\n     \
             l+='/%d'%s if e[1]>>12 in(0,8)else'/-'\n",
        );
    }
    if let Some(most) = digests {
        code.push_str(&format!("    if e[1]>>12 in(0,8)and s<={most}:l+='/'+h(f,s)\n"));
    }
    code
}

/// A function for the digest of a file of a size: 22 digits of base64. Nothing for a file that has more (what is not on a flash may have no
/// end), or can't be read. An empty line now and then shows that the board is at work.
fn hash(block: u64) -> String {
    format!(
        "import hashlib\n\
         from binascii import b2a_base64\n\
         b=bytearray({block})\n\
         def h(p,s):\n \
         try:\n  \
         h=hashlib.sha256()\n  \
         n=1\n  \
         with open(p,'rb')as f:\n   \
         while 1:\n    \
         k=f.readinto(b)\n    \
         if not k:break\n    \
         s-=k\n    \
         if s<0:return''\n    \
         h.update(b if k=={block} else b[:k])\n    \
         n+=1\n    \
         if n%16<1:print()\n  \
         return str(b2a_base64(h.digest()[:16])[:22],'utf8').replace('/','-')\n \
         except Exception:return''\n"
    )
}
