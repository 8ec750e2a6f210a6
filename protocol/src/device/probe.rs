//! What a board can do, asked in one exchange.

use super::{Capabilities, Device};
use crate::Error;
use crate::python::{self, Value};

/// Two lines: what the board is, then one flag for each thing that it may lack. Kept small for boards with 16 KB of RAM.
const PROBE: &str = "\
def _mpr():
 global _mpr
 del _mpr
 import sys,gc
 gc.collect()
 i=sys.implementation
 print((i.name,i.version,sys.platform,getattr(gc,'mem_free',int)()))
 def h(n,*a):
  try:m=__import__(n)
  except ImportError:m=0
  for x in a:print(int(hasattr(m,x)),end=',')
 print(end='(')
 for n in('stdin','stdout'):print(int(hasattr(getattr(sys,n,0),'buffer')),end=',')
 h('os','stat','ilistdir','mkdir','rename','statvfs','getcwd')
 h('hashlib','sha256')
 h('binascii','crc32')
 h('micropython','kbd_intr')
 h('deflate','DeflateIO')
 h('builtins','compile')
 print(')')
_mpr()
";

impl Device {
    pub(super) fn probe(&mut self) -> Result<Capabilities, Error> {
        let out = self.call("asking what the board can do", PROBE)?;
        parse(&out).ok_or_else(|| Error::Protocol {
            awaited: "answer to what the board can do".to_owned(),
            got: out.escape_ascii().to_string(),
        })
    }
}

fn parse(out: &[u8]) -> Option<Capabilities> {
    let text = std::str::from_utf8(out).ok()?;
    let (first, second) = text.trim().split_once('\n')?;
    let (about, flags) = (python::parse(first)?, python::parse(second)?);
    let [implementation, version, platform, free_memory] = about.seq()? else { return None };
    let number = |i: usize| version.seq()?.get(i).map_or(Some(0), Value::int);
    let part = |i| number(i).and_then(|n| u16::try_from(n).ok());
    let flags: Vec<bool> = flags.seq()?.iter().map(|flag| flag.int() == Some(1)).collect();
    let [
        stdin_buffer,
        stdout_buffer,
        stat,
        ilistdir,
        directories,
        rename,
        statvfs,
        getcwd,
        sha256,
        crc32,
        kbd_intr,
        deflate,
        compile,
    ] = flags[..]
    else {
        return None;
    };
    Some(Capabilities {
        implementation: implementation.str()?.to_owned(),
        version: (part(0)?, part(1)?, part(2)?),
        platform: platform.str()?.to_owned(),
        free_memory: free_memory.int().and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0),
        stdin_buffer,
        stdout_buffer,
        stat,
        ilistdir,
        directories,
        rename,
        statvfs,
        getcwd,
        sha256,
        crc32,
        kbd_intr,
        deflate,
        compile,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let out = b"('micropython', (1, 27, 0, ''), 'rp2', 180000)\r\n(1,0,1,1,1,1,1,1,1,1,1,1,0,)\r\n";
        let c = parse(out).expect("well-formed");
        assert_eq!((c.version, c.platform.as_str(), c.free_memory), ((1, 27, 0), "rp2", Some(180_000)));
        assert!(c.stdin_buffer && !c.stdout_buffer && !c.compile);
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"('m', (1, 2), 'x', 0)\r\n(1,)\r\n"), None);
    }
}
