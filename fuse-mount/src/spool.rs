//! Content of a file on this machine, as far as it is known.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Content larger than this many bytes is kept in an unlinked temporary file, not in memory.
const IN_MEMORY: u64 = 1 << 20;

/// The content of a file, or parts of it. What was never read or written is not known and must not be read.
#[derive(Debug)]
pub(crate) struct Spool {
    store: Store,
    size: u64,
    /// What is known, in order; no two touch.
    known: Vec<Range<u64>>,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<u8>),
    File(File),
}

impl Spool {
    /// Content of this size of which nothing is known; all of it is, if there is none.
    pub fn unknown(size: u64) -> Self {
        Spool { store: Store::Memory(Vec::new()), size, known: Vec::new() }
    }

    /// No content.
    pub fn empty() -> Self {
        Self::unknown(0)
    }

    /// The size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        match &self.store {
            Store::Memory(bytes) => bytes.capacity(),
            Store::File(_) => 0,
        }
    }

    /// Whether it takes a file descriptor.
    pub fn is_file(&self) -> bool {
        matches!(self.store, Store::File(_))
    }

    /// The first part of this range that is not known. The range is cut at the end of the content.
    pub fn missing(&self, range: Range<u64>) -> Option<Range<u64>> {
        let end = range.end.min(self.size);
        let mut start = range.start;
        for known in &self.known {
            if known.start > start {
                break;
            }
            start = start.max(known.end);
        }
        if start >= end {
            return None;
        }
        let next = self.known.iter().map(|known| known.start).find(|next| *next > start);
        Some(start..next.unwrap_or(end).min(end))
    }

    /// The bytes of a range that is known; fewer where the content ends.
    pub fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let end = at.saturating_add(len as u64).min(self.size);
        let mut out = vec![0; end.saturating_sub(at) as usize];
        match &self.store {
            Store::Memory(bytes) => {
                // Behind its end are zeros that nobody wrote.
                let from = bytes.get(at as usize..).unwrap_or_default();
                let n = from.len().min(out.len());
                out[..n].copy_from_slice(&from[..n]);
            }
            Store::File(file) => {
                let mut done = 0;
                while done < out.len() {
                    match file.read_at(&mut out[done..], at + done as u64)? {
                        0 => break,
                        n => done += n,
                    }
                }
            }
        }
        Ok(out)
    }

    /// Puts bytes there, which are known from then on; the content grows to hold them, and what is between its old end and them is
    /// zeros.
    pub fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let end = at + bytes.len() as u64;
        if at > self.size {
            self.resize(at)?;
        }
        self.spill(end)?;
        match &mut self.store {
            Store::Memory(memory) => {
                if memory.len() < end as usize {
                    memory.resize(end as usize, 0);
                }
                memory[at as usize..end as usize].copy_from_slice(bytes);
            }
            Store::File(file) => file.write_all_at(bytes, at)?,
        }
        self.size = self.size.max(end);
        self.learn(at..end);
        Ok(())
    }

    /// Cuts the content, or makes it longer by zeros.
    pub fn resize(&mut self, size: u64) -> io::Result<()> {
        if size < self.size {
            self.known.retain(|known| known.start < size);
            if let Some(last) = self.known.last_mut() {
                last.end = last.end.min(size);
            }
        }
        self.spill(size)?;
        match &mut self.store {
            Store::Memory(memory) => memory.truncate(size as usize),
            Store::File(file) => file.set_len(size)?,
        }
        let old = std::mem::replace(&mut self.size, size);
        if size > old {
            self.learn(old..size);
        }
        Ok(())
    }

    /// The whole content, to be read while this may change. All of it has to be known.
    pub fn reader(&self) -> io::Result<Box<dyn io::Read + Send>> {
        Ok(match &self.store {
            Store::Memory(_) => Box::new(io::Cursor::new(self.read(0, self.size as usize)?)),
            Store::File(file) => Box::new(FileReader { file: file.try_clone()?, at: 0, end: self.size }),
        })
    }

    fn learn(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let touches = |known: &Range<u64>| known.start <= range.end && range.start <= known.end;
        let first = self.known.partition_point(|known| known.end < range.start);
        let count = self.known[first..].iter().take_while(|known| touches(known)).count();
        let merged = self.known[first..first + count]
            .iter()
            .fold(range.clone(), |all, known| all.start.min(known.start)..all.end.max(known.end));
        self.known.splice(first..first + count, [merged]);
    }

    /// Moves content that is to be this large out of memory.
    fn spill(&mut self, size: u64) -> io::Result<()> {
        if let Store::Memory(memory) = &self.store
            && size > IN_MEMORY
        {
            let file = tempfile::tempfile()?;
            file.write_all_at(memory, 0)?;
            self.store = Store::File(file);
        }
        Ok(())
    }
}

struct FileReader {
    file: File,
    at: u64,
    end: u64,
}

impl io::Read for FileReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = buf.len().min((self.end - self.at).try_into().unwrap_or(usize::MAX));
        let n = self.file.read_at(&mut buf[..len], self.at)?;
        if n == 0 && len > 0 {
            // Zeros behind the last byte that was written.
            buf[..len].fill(0);
            self.at += len as u64;
            return Ok(len);
        }
        self.at += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        /// Bytes of the file on the board become known.
        Fetch(u64, u64),
        Write(u64, Vec<u8>),
        Resize(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..300u64, 0..100u64).prop_map(|(at, len)| Step::Fetch(at, len)),
            (0..300u64, prop::collection::vec(any::<u8>(), 1..60)).prop_map(|(at, b)| Step::Write(at, b)),
            (0..300u64).prop_map(Step::Resize),
        ]
    }

    proptest! {
        #[test]
        fn it_is_the_content(len in 0..250usize, steps in prop::collection::vec(step(), 0..40), to_file: bool) {
            let board: Vec<u8> = (0..len).map(|n| n as u8 ^ 0x5a).collect();
            let mut model = board.clone();
            let mut spool = Spool::unknown(len as u64);
            if to_file {
                spool.spill(IN_MEMORY + 1).unwrap();
            }
            for step in steps {
                match step {
                    Step::Fetch(at, len) => {
                        if let Some(missing) = spool.missing(at..at + len) {
                            let (from, to) = (missing.start as usize, missing.end as usize);
                            // What is not known is as the board has it.
                            prop_assert_eq!(&board[from..to], &model[from..to]);
                            spool.write(missing.start, &board[from..to]).unwrap();
                        }
                    }
                    Step::Write(at, bytes) => {
                        spool.write(at, &bytes).unwrap();
                        let end = at as usize + bytes.len();
                        if model.len() < end {
                            model.resize(end, 0);
                        }
                        model[at as usize..end].copy_from_slice(&bytes);
                    }
                    Step::Resize(size) => {
                        spool.resize(size).unwrap();
                        model.resize(size as usize, 0);
                    }
                }
                prop_assert_eq!(spool.size(), model.len() as u64);
            }
            while let Some(missing) = spool.missing(0..u64::MAX) {
                spool.write(missing.start, &board[missing.start as usize..missing.end as usize]).unwrap();
            }
            prop_assert_eq!(&spool.read(0, 1000).unwrap(), &model);
            let mut read = Vec::new();
            spool.reader().unwrap().read_to_end(&mut read).unwrap();
            prop_assert_eq!(read, model);
        }
    }
}
