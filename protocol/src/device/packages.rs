//! Many files at once: their hashes in a few exchanges, and moving new ones to their places all together.
//!
//! New files wait in a staging directory: `n0`, `n1`, .. in the order in which the journal `j` lists their places (`f
//! PATH`), after the directories that are to be made (`d PATH`). The board itself moves them, in one go that needs
//! nobody at the other end of the line: the file that was there goes to `o0`, `o1`, .., the new one takes its place.
//! When that fails the moves are undone, by the board, or (after a power cut) at the start of the next installation.
//! The journal's disappearance is the moment from which the new files count.

use super::Device;
use super::fs::{HEAD, feed_hash, unexpected, values};
use crate::Error;
use crate::python::{Value, str_literal};

/// Paths in one exchange, so that the list fits boards with little memory.
const BATCH: usize = 16;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Nothing.
    Absent,
    /// A directory.
    Directory,
    /// A file with this SHA-256.
    File([u8; 32]),
}

/// What a board says about packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackageFacts {
    /// `sys.implementation._mpy`, 0 where there is none.
    pub mpy: u32,
    /// `sys.path`.
    pub path: Vec<String>,
}

/// What a staging directory was made with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Prepared {
    /// Directories that were made for it, outermost first.
    pub made: Vec<String>,
    /// Directories of those asked about that do not exist.
    pub missing: Vec<String>,
}

/// Helpers on the board, and the undoing of moves. `s` is the staging directory. An undoing that is cut can be begun
/// again. Files that are not ours stay, and with them the directory.
const STAGE: &str = " def ex(p):
  try:
   os.stat(p)
   return 1
  except OSError:return 0
 def each(g):
  i=0
  f=open(s+'/j')
  try:
   for l in f:
    g(l[0],l[2:].rstrip('\\n'),s+'/n%d'%i,s+'/o%d'%i)
    i+=l[0]=='f'
  finally:f.close()
 def undo():
  ds=[]
  def g(k,p,n,o):
   if k=='d':ds.insert(0,p)
   elif ex(o):
    if ex(p):os.rename(p,n)
    os.rename(o,p)
   elif not ex(n)and ex(p):os.rename(p,n)
  each(g)
  for d in ds:
   try:os.rmdir(d)
   except OSError:pass
 def clean():
  if ex(s):
   if ex(s+'/j'):
    undo()
    os.remove(s+'/j')
   for n in os.listdir(s):
    b=n.split('.')[0]
    if b in('j','k')or b[0]in'no'and b[1:].isdigit():os.remove(s+'/'+n)
   os.rmdir(s)
";

impl Device {
    /// What the board runs and where it looks for modules.
    pub(crate) fn package_facts(&mut self) -> Result<PackageFacts, Error> {
        let code = format!(
            "{HEAD} import sys\n \
             print(getattr(sys.implementation,'_mpy',0))\n \
             for p in getattr(sys,'path',()):print(bytes(p,'utf8'))\n\
             _mpr()\n"
        );
        let out = self.call("asking where modules live", &code)?;
        let values = values(&out)?;
        let mpy = values.first().and_then(Value::int).ok_or_else(|| unexpected("format of modules", &out))?;
        let path = values[1..].iter().filter_map(Value::bytes);
        Ok(PackageFacts {
            mpy: u32::try_from(mpy).unwrap_or_default(),
            path: path.map(|entry| String::from_utf8_lossy(entry).into_owned()).collect(),
        })
    }

    /// What is at each of these paths.
    ///
    /// # Errors
    /// As [`Device::hash`].
    pub(crate) fn presence(&mut self, paths: &[&str]) -> Result<Vec<Presence>, Error> {
        let mut found = Vec::with_capacity(paths.len());
        if !self.capabilities()?.sha256 {
            for path in paths {
                found.push(self.presence_of_one(path)?);
            }
            return Ok(found);
        }
        let block = self.block_size()?;
        for batch in paths.chunks(BATCH) {
            let list: Vec<String> = batch.iter().map(|path| str_literal(path)).collect();
            let feed = feed_hash(2, "p", block);
            let code = format!(
                "{HEAD} import hashlib\n \
                 for p in[{}]:\n  \
                 try:d=os.stat(p)[0]&61440==16384\n  \
                 except OSError:\n   \
                 print(None)\n   \
                 continue\n  \
                 if d:\n   \
                 print(1)\n   \
                 continue\n  \
                 h=hashlib.sha256()\n\
                 {feed}  \
                 print(h.digest())\n\
                 _mpr()\n",
                list.join(",")
            );
            let first = batch.first().copied().unwrap_or_default();
            let out = self.os_call("comparing files", &code, "open", first)?;
            let presence = |value: &Value| match value {
                Value::None => Some(Presence::Absent),
                Value::Int(_) => Some(Presence::Directory),
                Value::Bytes(digest) => Some(Presence::File(digest.as_slice().try_into().ok()?)),
                _ => None,
            };
            let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
            let text = lines.collect::<Vec<_>>().join(&b'\n');
            let values: Option<Vec<Presence>> = values(&text)?.iter().map(presence).collect();
            match values.filter(|values| values.len() == batch.len()) {
                Some(values) => found.extend(values),
                None => return Err(unexpected("digests of files", &out)),
            }
        }
        Ok(found)
    }

    fn presence_of_one(&mut self, path: &str) -> Result<Presence, Error> {
        match self.stat(path) {
            Ok(stat) if stat.is_dir => Ok(Presence::Directory),
            Ok(_) => {
                let digest = self.hash(path, "sha256")?;
                let digest = digest.as_slice().try_into();
                digest.map(Presence::File).map_err(|_| unexpected("digest of a file", path.as_bytes()))
            }
            Err(Error::Os { errno, .. }) if errno.is("ENOENT") || errno.is("ENOTDIR") => Ok(Presence::Absent),
            Err(error) => Err(error),
        }
    }

    /// Undoes and removes what an earlier installation left in the staging directory, makes it anew with the
    /// directories above it, and says which of `directories` are missing.
    pub(crate) fn stage(
        &mut self,
        staging: &str,
        above: &[&str],
        directories: &[&str],
    ) -> Result<Prepared, Error> {
        let mut prepared = Prepared::default();
        let list = |paths: &[&str]| paths.iter().map(|path| str_literal(path)).collect::<Vec<_>>().join(",");
        let code = format!(
            "{HEAD} s={}\n{STAGE} clean()\n \
             for d in[{}]:\n  \
             if not ex(d):\n   \
             os.mkdir(d)\n   \
             print(bytes(d,'utf8'))\n \
             os.mkdir(s)\n\
             _mpr()\n",
            str_literal(staging),
            list(above)
        );
        let out = self.os_call("making a directory", &code, "mkdir", staging)?;
        prepared.made = texts(&out)?;
        for batch in directories.chunks(BATCH) {
            let code = format!(
                "{HEAD} for d in[{}]:\n  \
                 try:os.stat(d)\n  \
                 except OSError:print(bytes(d,'utf8'))\n\
                 _mpr()\n",
                list(batch)
            );
            let out = self.os_call("looking for directories", &code, "stat", staging)?;
            prepared.missing.extend(texts(&out)?);
        }
        Ok(prepared)
    }

    /// Moves the files of the staging directory to the places that its journal lists: all of them, or none. Ctrl-C
    /// waits until it is done.
    pub(crate) fn move_staged(&mut self, staging: &str) -> Result<(), Error> {
        // An empty line for each move shows that the board is at work.
        let code = format!(
            "{HEAD} s={}\n{STAGE} \
             try:\n  \
             import micropython\n  \
             k=micropython.kbd_intr\n \
             except(ImportError,AttributeError):k=lambda c:0\n \
             k(-1)\n \
             try:\n  \
             def g(k,p,n,o):\n   \
             print()\n   \
             if k=='d':os.mkdir(p)\n   \
             else:\n    \
             if ex(p):os.rename(p,o)\n    \
             os.rename(n,p)\n  \
             try:\n   \
             each(g)\n   \
             os.rename(s+'/j',s+'/k')\n  \
             except:\n   \
             undo()\n   \
             raise\n \
             finally:k(3)\n \
             try:clean()\n \
             except OSError:pass\n\
             _mpr()\n",
            str_literal(staging)
        );
        self.os_call("moving files to their places", &code, "rename", staging).map(|_| ())
    }

    /// Undoes moves that are not for good, and removes the staging directory and the directories, outermost first,
    /// that were made for it.
    pub(crate) fn unstage(&mut self, staging: &str, made: &[String]) -> Result<(), Error> {
        let list: Vec<String> = made.iter().rev().map(|path| str_literal(path)).collect();
        let code = format!(
            "{HEAD} s={}\n{STAGE} clean()\n \
             for d in[{}]:\n  \
             try:os.rmdir(d)\n  \
             except OSError:pass\n\
             _mpr()\n",
            str_literal(staging),
            list.join(",")
        );
        self.os_call("removing temporary files", &code, "remove", staging).map(|_| ())
    }
}

fn texts(out: &[u8]) -> Result<Vec<String>, Error> {
    let text = |value: &Value| value.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    values(out)?.iter().map(|value| text(value).ok_or_else(|| unexpected("path", out))).collect()
}
