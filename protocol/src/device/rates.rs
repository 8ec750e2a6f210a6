//! How long a board and its link take for simple work, for whoever wants to know what limits a copy.

use std::time::{Duration, Instant};

use super::Device;
use super::fs::{HEAD, unexpected};
use crate::python::str_literal;
use crate::{Error, Traceback};

/// What files begin with that are written to measure. Who finds it in a file may remove that.
pub const SCRATCH_MARK: &[u8] = b"mpr bench scratch\n";

impl Device {
    /// The time of an exchange that does nothing.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn time_round_trip(&mut self) -> Result<Duration, Error> {
        self.time("timing a round trip", "pass\n".into(), 0)
    }

    /// The time to send so many bytes of a program, a round trip included. The board reads them and does nothing; those without
    /// raw paste keep them in memory.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn time_to_board(&mut self, bytes: u64) -> Result<Duration, Error> {
        let letters = (b'a'..=b'z').chain(b'0'..=b'9').cycle();
        let mut code = vec![b'#'];
        code.extend(letters.take(usize::try_from(bytes).unwrap_or(usize::MAX)));
        code.push(b'\n');
        self.time("timing the link to the board", code, 0)
    }

    /// The time in which the board sends so many bytes, a round trip included.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn time_from_board(&mut self, bytes: u64) -> Result<Duration, Error> {
        let (whole, rest) = (bytes / 250, bytes % 250);
        let write = match self.capabilities()?.stdout_buffer {
            true => " import sys\n w=sys.stdout.buffer.write\n s=b'0123456789'*25\n",
            false => " w=lambda s:print(s,end='')\n s='0123456789'*25\n",
        };
        let code = format!("{HEAD}{write} for _ in range({whole}):w(s)\n w(s[:{rest}])\n_mpr()\n");
        self.time("timing the link from the board", code.into_bytes(), bytes)
    }

    /// The time to write a file of so many bytes (at least those of [`SCRATCH_MARK`], which it begins with) that the board makes
    /// up itself, a round trip included. A file of this name is replaced.
    ///
    /// # Errors
    /// As [`Device::write_file`]; the file may be left in part.
    pub fn time_flash_write(&mut self, path: &str, bytes: u64) -> Result<Duration, Error> {
        let block = self.block_size()?;
        let rest = bytes.saturating_sub(SCRATCH_MARK.len() as u64);
        let code = format!(
            "{HEAD} f=open({},'wb')\n \
             f.write({})\n \
             b=bytes([(i*7+i//251)%256 for i in range({block})])\n \
             l,n={rest},0\n \
             while l:\n  \
             m=min(l,{block})\n  \
             if f.write(b[:m])not in(None,m):raise OSError(28)\n  \
             l-=m\n  \
             n+=1\n  \
             if n%16<1:print()\n \
             f.close()\n\
             _mpr()\n",
            str_literal(path),
            crate::bytes_literal(SCRATCH_MARK),
        );
        let start = Instant::now();
        let during = "timing the flash";
        let result = self.call_at_length(during, &code);
        result.map_err(|error| self.os_error(error, during, "write", path))?;
        Ok(start.elapsed())
    }

    /// The time in which the board reads a file for itself, a round trip included.
    ///
    /// # Errors
    /// As [`Device::read_file`].
    pub fn time_flash_read(&mut self, path: &str) -> Result<Duration, Error> {
        let block = self.block_size()?;
        let code = format!(
            "{HEAD} f=open({},'rb')\n \
             n=0\n \
             while f.read({block}):\n  \
             n+=1\n  \
             if n%16<1:print()\n \
             f.close()\n\
             _mpr()\n",
            str_literal(path)
        );
        let start = Instant::now();
        let during = "timing the flash";
        let result = self.call_at_length(during, &code);
        result.map_err(|error| self.os_error(error, during, "open", path))?;
        Ok(start.elapsed())
    }

    /// The time for the SHA-256 of so many bytes in the board's memory, a round trip included.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the board has no SHA-256.
    pub fn time_hash(&mut self, bytes: u64) -> Result<Duration, Error> {
        if !self.capabilities()?.sha256 {
            return Err(Error::Unsupported { what: "a SHA-256", lacks: "hashlib.sha256" });
        }
        let block = self.block_size()?;
        let code = format!(
            "{HEAD} import hashlib\n \
             h=hashlib.sha256()\n \
             b=bytes({block})\n \
             for i in range({count}):\n  \
             h.update(b)\n  \
             if i%64>62:print()\n \
             h.update(b[:{rest}])\n \
             h.digest()\n\
             _mpr()\n",
            count = bytes / block,
            rest = bytes % block,
        );
        let start = Instant::now();
        self.call_at_length("timing a digest", &code)?;
        Ok(start.elapsed())
    }

    /// Runs a program that prints so many bytes, and takes the time.
    fn time(&mut self, during: &str, code: Vec<u8>, prints: u64) -> Result<Duration, Error> {
        self.enter_raw_repl()?;
        let mut out = Vec::new();
        let start = Instant::now();
        let ended = self.execute(code, during, &mut out)?;
        let time = start.elapsed();
        if !ended.stderr.is_empty() {
            return Err(Error::Exception(Traceback::parse(&ended.stderr)));
        }
        match out.len() as u64 == prints {
            true => Ok(time),
            false => Err(unexpected("bytes to time", &out[..out.len().min(40)])),
        }
    }
}
