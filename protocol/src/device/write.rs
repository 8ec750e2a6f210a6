//! Content of files, to the board: by the agent (put.rs), or by snippets of Python where it does not run or pay.
//!
//! The content goes to `NAME.part`. Each chunk is checked before the board writes it (by CRC-32, or by length and sum), the whole by
//! SHA-256 (or by reading it back), and then `NAME.part` is renamed over `NAME`. On littlefs that is one atomic step. FAT refuses
//! to replace a file; there the old one is removed just before, so a power cut in between leaves the new content in
//! `NAME.part`. A board without `rename` (the micro:bit) copies `NAME.part` over `NAME` by itself, after it has made sure that there is room
//! for both; a new file gets its content under its name at once, so there a cut leaves a part of a file that was not there
//! before.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::fs::{HEAD, feed_hash, unexpected, values};
use super::{Capabilities, Device, Progress, wrapper};
use crate::python::{self, Value, str_literal};
use crate::{Errno, Error};

/// The largest chunk; more gains little, and progress is reported per chunk.
const CHUNK: u64 = 16 << 10;

/// A board needs the literal while it grows, the literal, and the compiler's state.
const MEMORY_FACTOR: u64 = 8;

/// A chunk that arrives damaged is sent again so often.
const TRIES: u32 = 4;

impl Device {
    /// Copies content to a file on the board; `progress` hears the bytes so far. Returns the size.
    ///
    /// The file is complete and verified, or the old one is whole (see the errors for what is left otherwise): content goes to
    /// `NAME.part`, which is verified and then renamed. Where the board can't rename, it copies the verified content over an
    /// existing file, for which it needs room for both; the content of a new file goes to it at once, so a failure can leave
    /// a partial file, which is removed if the board still answers.
    ///
    /// `len`, where known, is checked against what `from` gives.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::NoSpace`], [`Error::Verify`], [`Error::SourceChanged`], [`Error::LocalIo`] when `from`
    /// fails; after these nothing new is left on the board. [`Error::Lost`], [`Error::Timeout`]: `NAME.part` may be
    /// left; the next copy goes on behind it where the board has the agent and its content is that of the file, or replaces it.
    pub fn write_file(
        &mut self,
        path: &str,
        from: &mut dyn Read,
        len: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        if self.agent(len.unwrap_or(u64::MAX))?.is_some() {
            return self.put_file(path, from, len, progress);
        }
        self.write_by_snippets(path, from, len, progress)
    }

    /// The same without the agent.
    pub(super) fn write_by_snippets(
        &mut self,
        path: &str,
        from: &mut dyn Read,
        len: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        let capabilities = self.capabilities()?.clone();
        let block = self.block_size()?;
        let replaces = !capabilities.rename && self.exists(path)?;
        let target = Target::new(path, &capabilities, block, replaces);
        self.begin(&target)?;
        let result = self.fill(&target, from, len, progress).and_then(|(size, digest)| {
            self.complete(&target, &digest)?;
            Ok(size)
        });
        self.leaving_nothing(result, |device| device.attempt("removing what was left", &target.clean_up()))
    }

    /// After a failure that the board is still there after, `clean_up` takes away what was begun. After another one it stays: the next
    /// copy goes on behind it, or replaces it.
    pub(super) fn leaving_nothing<T>(
        &mut self,
        result: Result<T, Error>,
        clean_up: impl FnOnce(&mut Self),
    ) -> Result<T, Error> {
        if let Err(error) = &result
            && !matches!(error, Error::Lost { .. } | Error::Timeout { .. } | Error::Reset { .. })
        {
            clean_up(self);
        }
        result
    }

    fn begin(&mut self, target: &Target<'_>) -> Result<(), Error> {
        let out = self.os_call("opening a file", &target.begin(), "open", target.path)?;
        match &values(&out)?[..] {
            [] => Ok(()),
            [Value::Int(_)] => Err(Error::Os {
                errno: Errno::new(21, Some("EISDIR")),
                path: target.path.to_owned(),
                op: "open",
            }),
            _ => Err(unexpected("an open file", &out)),
        }
    }

    /// Sends the content. Returns its size and digest.
    fn fill(
        &mut self,
        target: &Target<'_>,
        from: &mut dyn Read,
        len: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<(u64, Vec<u8>), Error> {
        let mut hash = Sha256::new();
        let mut done = 0;
        let mut chunk = target.chunk;
        let changed = |got| match len {
            Some(expected) if expected != got => {
                Err(Error::SourceChanged { path: target.path.to_owned(), expected, got })
            }
            _ => Ok(()),
        };
        let mut buf = Vec::new();
        loop {
            buf.clear();
            from.take(chunk).read_to_end(&mut buf).map_err(|source| Error::LocalIo { source })?;
            if buf.is_empty() {
                changed(done)?;
                return Ok((done, hash.finalize().to_vec()));
            }
            if len.is_some_and(|len| done + buf.len() as u64 > len) {
                changed(done + buf.len() as u64)?;
            }
            hash.update(&buf);
            let mut rest = &buf[..];
            while !rest.is_empty() {
                let n = rest.len().min(usize::try_from(chunk).unwrap_or(usize::MAX));
                match self.send_chunk(target, &rest[..n]) {
                    Ok(()) => {
                        rest = &rest[n..];
                        done += n as u64;
                        progress(done);
                    }
                    // Too large for the board's memory as it is now: nothing was written.
                    Err(Error::Exception(t)) if t.exception == "MemoryError" && chunk > 32 => chunk /= 2,
                    Err(error) => return Err(error),
                }
            }
        }
    }

    fn send_chunk(&mut self, target: &Target<'_>, bytes: &[u8]) -> Result<(), Error> {
        let during = "writing a file";
        for n in 0..TRIES {
            // A line that damages bytes may only carry seven bits.
            let code = target.chunk_code(bytes, n >= TRIES / 2);
            let mut out = Vec::new();
            self.enter_raw_repl()?;
            let ended = self.execute(code, during, &mut out)?;
            if !ended.stderr.is_empty() {
                let traceback = crate::Traceback::parse(&ended.stderr);
                if wrapper::is_damage(&traceback) {
                    continue;
                }
                return Err(self.os_error(Error::Exception(traceback), during, "write", target.path));
            }
            match values(&out)?[..] {
                // A function that returns nothing; reading back tells.
                [Value::None] => return Ok(()),
                [Value::Int(written)] if written == bytes.len() as i64 => return Ok(()),
                [Value::Int(-1)] => {}
                [Value::Int(_)] => return Err(Error::NoSpace { path: target.path.to_owned() }),
                _ => return Err(unexpected("count of bytes written", &out)),
            }
        }
        Err(Error::Verify { path: target.path.to_owned(), detail: "bytes are damaged on the way".to_owned() })
    }

    /// Closes, verifies, renames.
    fn complete(&mut self, target: &Target<'_>, digest: &[u8]) -> Result<(), Error> {
        let differs =
            |detail: &str| Error::Verify { path: target.path.to_owned(), detail: detail.to_owned() };
        if !target.sha256 {
            self.os_call("closing a file", CLOSE, "close", target.path)?;
            let mut hash = Sha256::new();
            let mut sink = HashSink(&mut hash);
            self.read_file(&target.temporary, &mut sink, &mut |_| {})?;
            if hash.finalize()[..] != *digest {
                return Err(differs("it was read back"));
            }
            if target.temporary == target.path {
                return Ok(());
            }
        }
        let during = "completing a file";
        let result = self.call_at_length(during, &target.complete(digest));
        let out = result.map_err(|error| self.os_error(error, during, "rename", target.path))?;
        let out = out.trim_ascii();
        match &values(out)?[..] {
            [Value::Int(1)] => Ok(()),
            [Value::Int(0)] => Err(differs("the SHA-256 differs")),
            [Value::Int(2)] => Err(Error::NoSpace { path: target.path.to_owned() }),
            _ => Err(unexpected("the verdict on a file", out)),
        }
    }
}

struct HashSink<'a>(&'a mut Sha256);

impl std::io::Write for HashSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Closes the file and forgets the function that writes to it.
const CLOSE: &str = "_mpr(0,None)\ndel _mpr\n";

/// Where a file's content goes, and the code for it. During the transfer the board's globals hold one function, `_mpr`.
struct Target<'a> {
    path: &'a str,
    temporary: String,
    chunk: u64,
    block: u64,
    /// The board verifies chunks by CRC-32, else by length and sum.
    crc32: bool,
    sha256: bool,
    /// The board can rename.
    rename: bool,
}

impl<'a> Target<'a> {
    /// `replaces`: the board can't rename, and the file exists.
    fn new(path: &'a str, capabilities: &Capabilities, block: u64, replaces: bool) -> Self {
        let free = capabilities.free_memory.unwrap_or(4096);
        Target {
            path,
            temporary: if capabilities.rename || replaces { format!("{path}.part") } else { path.to_owned() },
            chunk: (free / MEMORY_FACTOR).clamp(64, CHUNK),
            block,
            crc32: capabilities.crc32,
            sha256: capabilities.sha256 && capabilities.rename,
            rename: capabilities.rename,
        }
    }

    /// Opens the file, unless the path names a directory: then prints a number.
    fn begin(&self) -> String {
        let (path, temporary) = (str_literal(self.path), str_literal(&self.temporary));
        let (import, check) = match self.crc32 {
            true => (" from binascii import crc32\n", "crc32(d)"),
            false => ("", "(len(d),sum(d))"),
        };
        format!(
            "def _mpr():\n \
             global _mpr\n \
             import os\n{import} \
             try:\n  \
             if os.stat({path})[0]&61440==16384:\n   \
             del _mpr\n   \
             print(1)\n   \
             return\n \
             except(OSError,AttributeError):pass\n \
             f=open({temporary},'wb')\n \
             def w(c,d):\n  \
             if d is None:return f.close()\n  \
             if {check}!=c:return -1\n  \
             return f.write(d)\n \
             _mpr=w\n\
             _mpr()\n"
        )
    }

    fn chunk_code(&self, bytes: &[u8], ascii: bool) -> Vec<u8> {
        let sum: u64 = bytes.iter().map(|b| u64::from(*b)).sum();
        let check = match self.crc32 {
            true => crc32fast::hash(bytes).to_string(),
            false => format!("({},{sum})", bytes.len()),
        };
        let mut code = format!("print(_mpr({check},").into_bytes();
        match ascii {
            true => code.extend_from_slice(python::bytes_literal(bytes).as_bytes()),
            false => python::dense_bytes_literal(bytes, &mut code),
        }
        code.extend_from_slice(b"))\n");
        code
    }

    /// Verifies and renames; prints 1, 0 when the content differs, or 2 when there is no room for a copy.
    fn complete(&self, digest: &[u8]) -> String {
        let (path, temporary) = (str_literal(self.path), str_literal(&self.temporary));
        if !self.rename {
            return copy_on_board(&path, &temporary);
        }
        let verify = match self.sha256 {
            false => String::new(),
            true => format!(
                " import hashlib\n \
                 h=hashlib.sha256()\n\
                 {feed} \
                 if h.digest()!={digest}:\n  \
                 print(0)\n  \
                 return\n",
                feed = feed_hash(1, &temporary, self.block),
                digest = python::bytes_literal(digest),
            ),
        };
        let close = if self.sha256 { CLOSE } else { "" };
        // 17 is EEXIST: a filesystem that does not replace.
        format!(
            "{close}{HEAD}{verify} \
             try:os.rename({temporary},{path})\n \
             except OSError as e:\n  \
             if e.args[0]!=17:raise\n  \
             os.remove({path})\n  \
             os.rename({temporary},{path})\n \
             print(1)\n\
             _mpr()\n"
        )
    }

    /// Removes what a failed transfer left.
    fn clean_up(&self) -> String {
        format!(
            "try:_mpr(0,None)\nexcept:pass\n\
             try:del _mpr\nexcept:pass\n\
             {HEAD} os.remove({})\n_mpr()\n",
            str_literal(&self.temporary)
        )
    }
}

/// Copies a verified temporary file over the old one, for boards that can't rename. A trial file takes the room by which
/// the new content is larger than the old one, so that the copy can't fail half-way. Literals are Python's.
fn copy_on_board(path: &str, temporary: &str) -> String {
    let trial = str_literal("mpr.trial");
    format!(
        "{HEAD} t,p={temporary},{path}\n \
         s=getattr(os,'size',None)or(lambda x:os.stat(x)[6])\n \
         d=s(t)-s(p)\n \
         f=open({trial},'wb')\n \
         try:\n  \
         while d>0 and f.write(bytes(64))in(None,64):d-=64\n \
         except OSError:pass\n \
         f.close()\n \
         os.remove({trial})\n \
         if d>0:\n  \
         print(2)\n  \
         return\n \
         f=open(t,'rb')\n \
         g=open(p,'wb')\n \
         while 1:\n  \
         b=f.read(64)\n  \
         if not b:break\n  \
         g.write(b)\n \
         f.close()\n \
         g.close()\n \
         os.remove(t)\n \
         print(1)\n\
         _mpr()\n"
    )
}
