//! Content of files, from the board.

use std::io::{self, Write};
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::fs::{HEAD, feed_hash, unexpected, values};
use super::{Device, Progress, wrapper};
use crate::python::{Value, str_literal};
use crate::repl::{Event, Framing, Op};
use crate::{Error, Traceback};

/// So many bytes in one exchange; they are checked and handed on together.
const STRETCH: u64 = 128 << 10;

/// A damaged stretch is asked for again so often.
const TRIES: u32 = 3;

/// The largest block that the board reads and writes at once. Not a multiple of 64: some USB ports lose the end of
/// writes that are.
const BLOCK: u64 = 4000;

impl Device {
    /// Copies a file's content from the board; `progress` hears the bytes so far. Returns the size.
    ///
    /// Where the board has SHA-256, every stretch of 128 KB is checked before `to` gets it, and asked for again when it
    /// is damaged; elsewhere the content is as the board's line delivers it.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::LocalIo`] when `to` refuses bytes, [`Error::Verify`] when bytes were lost on the way.
    pub fn read_file(
        &mut self,
        path: &str,
        to: &mut dyn Write,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        self.read_range(path, 0..u64::MAX, to, progress)
    }

    /// The same for a part of a file; it ends where the file does, if that is sooner. Returns the size of what was read.
    ///
    /// # Errors
    /// As [`Device::read_file`].
    pub fn read_range(
        &mut self,
        path: &str,
        range: Range<u64>,
        to: &mut dyn Write,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        if self.agent(0)?.is_some()
            && let Some(size) = self.get_file(path, range.clone(), to, progress)?
        {
            return Ok(size);
        }
        self.read_by_snippets(path, range, to, progress)
    }

    /// The same without the agent.
    pub(super) fn read_by_snippets(
        &mut self,
        path: &str,
        range: Range<u64>,
        to: &mut dyn Write,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        let local = |source| Error::LocalIo { source };
        let capabilities = self.capabilities()?;
        if !capabilities.stdout_buffer {
            let content = self.read_printed(path)?;
            let within = |at: u64| usize::try_from(at).map_or(content.len(), |at| at.min(content.len()));
            let content = &content[within(range.start)..within(range.end)];
            to.write_all(content).map_err(local)?;
            progress(content.len() as u64);
            return Ok(content.len() as u64);
        }
        let (sha256, block) = (capabilities.sha256, self.block_size()?);
        let mut done = 0;
        loop {
            let start = range.start + done;
            let len = range.end.saturating_sub(start).min(STRETCH);
            let stretch = self.read_stretch(path, start, len, block, sha256)?;
            to.write_all(&stretch).map_err(local)?;
            done += stretch.len() as u64;
            progress(done);
            if (stretch.len() as u64) < len || range.start + done == range.end {
                to.flush().map_err(local)?;
                return Ok(done);
            }
        }
    }

    /// A block that the board can hold several times.
    pub(super) fn block_size(&mut self) -> Result<u64, Error> {
        let free = self.capabilities()?.free_memory.unwrap_or(4096);
        Ok((free / 16).clamp(60, BLOCK) | 1)
    }

    fn read_stretch(
        &mut self,
        path: &str,
        from: u64,
        len: u64,
        block: u64,
        sha256: bool,
    ) -> Result<Vec<u8>, Error> {
        let mut detail = String::new();
        for _ in 0..TRIES {
            match self.try_stretch(path, from, len, block, sha256)? {
                Ok(bytes) => return Ok(bytes),
                Err(what) => detail = what,
            }
        }
        Err(Error::Verify { path: path.to_owned(), detail })
    }

    /// One exchange: records with the content, then what the board counted. The inner error says what differs.
    fn try_stretch(
        &mut self,
        path: &str,
        from: u64,
        len: u64,
        block: u64,
        sha256: bool,
    ) -> Result<Result<Vec<u8>, String>, Error> {
        let during = "reading a file";
        let p = str_literal(path);
        let (hash, update, digest) = match sha256 {
            true => (" import hashlib\n h=hashlib.sha256()\n", "  h.update(b)\n", "h.digest()"),
            false => ("", "", "None"),
        };
        // A file of a filesystem written in Python may not know how to seek.
        let seek = if from > 0 { format!(" f.seek({from})\n") } else { String::new() };
        let code = format!(
            "{HEAD} import sys\n{hash} w=sys.stdout.buffer.write\n \
             f=open({p},'rb')\n{seek} \
             l={len}\n \
             while l:\n  \
             b=f.read(min({block},l))\n  \
             if not b:break\n  \
             n=len(b)\n  \
             w(bytes((1,n&255,n>>8)))\n  \
             w(b)\n  \
             l-=n\n{update} \
             f.close()\n \
             print(({len}-l,{digest}))\n\
             _mpr()\n"
        );
        self.enter_raw_repl()?;
        let (mut content, mut text) = (Vec::new(), Vec::new());
        let limits = self.driver.limits(len);
        let op = Op::Exec { code: wrapper::guard(&code).into_bytes(), framing: Framing::Records };
        let stderr = self.driver.operate(op, during, limits, &mut |event| match event {
            Event::Payload(bytes) => {
                content.extend_from_slice(&bytes);
                Ok(None)
            }
            Event::Stdout(bytes) => {
                text.extend_from_slice(&bytes);
                Ok(None)
            }
            Event::Done { stderr, .. } => Ok(Some(stderr)),
            _ => Ok(None),
        })?;
        if !stderr.is_empty() {
            if wrapper::is_damage(&Traceback::parse(&stderr)) {
                return Ok(Err("the request is damaged".to_owned()));
            }
            return Err(self.os_error(Error::Exception(Traceback::parse(&stderr)), during, "open", path));
        }
        let values = match values(&text) {
            Ok(values) => values,
            Err(_) => return Ok(Err("the board's summary is damaged".to_owned())),
        };
        let [Value::Seq(summary)] = &values[..] else {
            return Ok(Err("the board's summary is missing".to_owned()));
        };
        let [Value::Int(count), digest] = &summary[..] else { return Err(unexpected("summary", &text)) };
        if u64::try_from(*count) != Ok(content.len() as u64) {
            return Ok(Err(format!("{count} bytes sent, {} came", content.len())));
        }
        match digest.bytes() {
            Some(digest) if digest != &Sha256::digest(&content)[..] => {
                Ok(Err("the SHA-256 differs".to_owned()))
            }
            _ => Ok(Ok(content)),
        }
    }

    /// For boards that can only print: blocks as bytes literals.
    pub(super) fn read_printed(&mut self, path: &str) -> Result<Vec<u8>, Error> {
        let code = format!(
            "{HEAD} f=open({},'rb')\n \
             n=0\n \
             while 1:\n  \
             b=f.read(64)\n  \
             if not b:break\n  \
             n+=len(b)\n  \
             print(b)\n \
             f.close()\n \
             print(n)\n\
             _mpr()\n",
            str_literal(path)
        );
        let out = self.os_call("reading a file", &code, "open", path)?;
        let mut values = values(&out)?;
        let count = values.pop().and_then(|n| n.int());
        let mut content = Vec::new();
        for value in &values {
            content.extend_from_slice(value.bytes().ok_or_else(|| unexpected("content of a file", &out))?);
        }
        match count.and_then(|n| usize::try_from(n).ok()) {
            Some(n) if n == content.len() => Ok(content),
            count => Err(Error::Verify {
                path: path.to_owned(),
                detail: format!("{} bytes sent, {} came", count.unwrap_or_default(), content.len()),
            }),
        }
    }

    /// Digest of a file's content, computed on the board where it can and else here from the content read. `algorithm`
    /// is `sha256`, `sha1` or `md5`.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`] for another algorithm.
    pub fn hash(&mut self, path: &str, algorithm: &str) -> Result<Vec<u8>, Error> {
        let Some(mut local) = LocalHash::new(algorithm) else {
            return Err(Error::Unsupported { what: "this digest", lacks: "such an algorithm" });
        };
        let during = "computing a digest";
        let (p, block) = (str_literal(path), self.block_size()?);
        let feed = feed_hash(1, &p, block);
        let code = format!(
            "{HEAD} try:\n  \
             import hashlib\n  \
             h=hashlib.{algorithm}()\n \
             except(ImportError,AttributeError):\n  \
             print(None)\n  \
             return\n\
             {feed} \
             print(h.digest())\n\
             _mpr()\n"
        );
        let result = self.call_at_length(during, &code);
        let out = result.map_err(|error| self.os_error(error, during, "open", path))?;
        let out = out.trim_ascii();
        match &values(out)?[..] {
            [Value::Bytes(digest)] => Ok(digest.clone()),
            [Value::None] => {
                self.read_file(path, &mut local, &mut |_| {})?;
                Ok(local.finish())
            }
            _ => Err(unexpected("digest", out)),
        }
    }
}

/// A digest computed on this machine.
enum LocalHash {
    Sha256(Sha256),
    Sha1(sha1::Sha1),
    Md5(md5::Md5),
}

impl LocalHash {
    fn new(algorithm: &str) -> Option<Self> {
        match algorithm {
            "sha256" => Some(LocalHash::Sha256(Sha256::new())),
            "sha1" => Some(LocalHash::Sha1(sha1::Sha1::new())),
            "md5" => Some(LocalHash::Md5(md5::Md5::new())),
            _ => None,
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            LocalHash::Sha256(hash) => hash.finalize().to_vec(),
            LocalHash::Sha1(hash) => hash.finalize().to_vec(),
            LocalHash::Md5(hash) => hash.finalize().to_vec(),
        }
    }
}

impl Write for LocalHash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            LocalHash::Sha256(hash) => hash.update(bytes),
            LocalHash::Sha1(hash) => hash.update(bytes),
            LocalHash::Md5(hash) => hash.update(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
