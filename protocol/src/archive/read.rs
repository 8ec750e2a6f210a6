//! Reading archives: everything is looked at before anything is believed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufReader, Read, Seek, Write};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tar::EntryType;

use super::{NameFault, SCOPE, member_path};

/// What files compressed by gzip begin with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// No more objections than this are collected.
const OBJECTIONS: usize = 10;

/// An archive that can be gone through several times.
#[derive(Debug)]
pub struct Archive<R> {
    from: R,
    gzip: bool,
}

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Size in bytes.
    pub size: u64,
    /// Its content's digest.
    pub sha256: [u8; 32],
}

/// What an archive holds, by paths below the directory that it is restored to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Directories, those included that only a file's path names. Parents come before their children.
    pub directories: Vec<String>,
    /// Files, by their paths.
    pub files: BTreeMap<String, Member>,
    /// The paths that the archive was made of, if it is of some only. Everything that it has is one of them or below.
    pub scope: Option<Vec<String>>,
}

/// Why a member can't be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Its name.
    Name(NameFault),
    /// It is a symbolic or a hard link.
    Link,
    /// It is a device, a pipe, or of a kind that nobody knows.
    Special,
    /// It is a sparse file.
    Sparse,
    /// There is another one of this name.
    Duplicate,
    /// It is a file where another member's path needs a directory.
    FileAndDirectory,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Name(fault) => fault.fmt(f),
            Problem::Link => f.write_str("is a link"),
            Problem::Special => f.write_str("is neither a file nor a directory"),
            Problem::Sparse => f.write_str("is a sparse file"),
            Problem::Duplicate => f.write_str("is there twice"),
            Problem::FileAndDirectory => f.write_str("is a file and a directory"),
        }
    }
}

/// A member that can't be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Its name, made printable.
    pub name: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Why an archive is not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It could not be read.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// It is no archive, or a damaged or incomplete one.
    #[error("{0}")]
    Damaged(String),
    /// Some of its members (the first of them are here) can't be restored.
    #[error("{} members can't be restored", .0.len())]
    Refused(Vec<Objection>),
}

impl<R: Read + Seek> Archive<R> {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// Those of reading and seeking.
    pub fn open(mut from: R) -> io::Result<Self> {
        from.rewind()?;
        let mut start = Vec::new();
        (&mut from).take(GZIP.len() as u64).read_to_end(&mut start)?;
        Ok(Archive { from, gzip: start == GZIP })
    }

    /// Goes through all of it.
    ///
    /// # Errors
    /// [`ArchiveError`]: nothing of such an archive should be restored.
    pub fn check(&mut self) -> Result<Contents, ArchiveError> {
        let mut survey = Survey::default();
        self.entries(&mut |entry| survey.entry(entry))?;
        survey.finish()
    }

    /// Hands out every file's path and content, in the archive's order. What is not read is skipped. The archive must have
    /// passed [`Archive::check`].
    ///
    /// # Errors
    /// The function's own, and [`ArchiveError`] when the archive is not what it was.
    pub fn each_file<E: From<ArchiveError>>(
        &mut self,
        f: &mut dyn FnMut(&str, &mut dyn Read) -> Result<(), E>,
    ) -> Result<(), E> {
        self.entries(&mut |entry| {
            if !is_file(entry) {
                return Ok(());
            }
            let changed = |_| ArchiveError::Damaged("it changed while it was read".to_owned());
            let path = member_path(&entry.path_bytes()).map_err(changed)?;
            f(&path, entry)
        })
    }

    /// Hands out entry after entry, and demands a proper end.
    fn entries<E: From<ArchiveError>>(
        &mut self,
        f: &mut dyn FnMut(&mut tar::Entry<'_, Tail<'_>>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.from.rewind().map_err(ArchiveError::Io)?;
        let buffered = BufReader::new(&mut self.from);
        let source: Box<dyn Read + '_> = match self.gzip {
            true => Box::new(MultiGzDecoder::new(buffered)),
            false => Box::new(buffered),
        };
        let ended = Cell::new(false);
        let mut archive = tar::Archive::new(Tail { source, ended: &ended });
        let mut any = false;
        for entry in archive.entries().map_err(damaged)? {
            any = true;
            f(&mut entry.map_err(damaged)?)?;
        }
        // The reader of archives takes the end of the input for their end; those that are whole have a mark there.
        if ended.get() {
            let text = if any { "its end is missing" } else { "it is empty" };
            return Err(ArchiveError::Damaged(text.to_owned()).into());
        }
        // What follows means nothing, but compressed data is checked at its end.
        if self.gzip {
            io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(damaged)?;
        }
        Ok(())
    }
}

/// Bytes of the archive, and whether they ended.
struct Tail<'a> {
    source: Box<dyn Read + 'a>,
    ended: &'a Cell<bool>,
}

impl Read for Tail<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        if n == 0 && !buf.is_empty() {
            self.ended.set(true);
        }
        Ok(n)
    }
}

fn damaged(error: io::Error) -> ArchiveError {
    match error.raw_os_error() {
        Some(_) => ArchiveError::Io(error),
        None => ArchiveError::Damaged(error.to_string()),
    }
}

/// Whether it has content. Old archives mark directories by a slash only.
fn is_file<R: Read>(entry: &tar::Entry<'_, R>) -> bool {
    let kind = entry.header().entry_type();
    (kind.is_file() || kind.is_contiguous()) && !entry.path_bytes().ends_with(b"/")
}

/// What was found so far.
#[derive(Default)]
struct Survey {
    contents: Contents,
    /// Directories by path; true for those that have a member of their own.
    directories: BTreeMap<String, bool>,
    objections: Vec<Objection>,
}

impl Survey {
    fn object(&mut self, name: &[u8], problem: Problem) {
        if self.objections.len() < OBJECTIONS {
            let name = String::from_utf8_lossy(name).escape_debug().to_string();
            self.objections.push(Objection { name, problem });
        }
    }

    fn entry<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), ArchiveError> {
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            return self.global(entry);
        }
        let name = entry.path_bytes().into_owned();
        if kind.is_gnu_sparse() || has_sparse_records(entry)? {
            self.object(&name, Problem::Sparse);
            return Ok(());
        }
        if kind.is_symlink() || kind.is_hard_link() {
            self.object(&name, Problem::Link);
            return Ok(());
        }
        let path = match member_path(&name) {
            Ok(path) => path,
            Err(fault) => {
                self.object(&name, Problem::Name(fault));
                return Ok(());
            }
        };
        if kind.is_dir() || ((kind.is_file() || kind.is_contiguous()) && name.ends_with(b"/")) {
            self.directory(&path);
        } else if kind.is_file() || kind.is_contiguous() {
            self.file(path, entry)?;
        } else {
            self.object(&name, Problem::Special);
        }
        Ok(())
    }

    fn directory(&mut self, path: &str) {
        for (at, _) in path.match_indices('/') {
            self.directories.insert(path[..at].to_owned(), true);
        }
        if !path.is_empty() {
            self.directories.insert(path.to_owned(), true);
        }
    }

    fn file<R: Read>(&mut self, path: String, entry: &mut tar::Entry<'_, R>) -> Result<(), ArchiveError> {
        if path.is_empty() {
            self.object(b".", Problem::Name(NameFault::Empty));
            return Ok(());
        }
        if self.contents.files.contains_key(&path) {
            self.object(path.as_bytes(), Problem::Duplicate);
            return Ok(());
        }
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.directory(parent);
        }
        let size = entry.size();
        let mut hash = Hash(Sha256::new());
        let count = io::copy(entry, &mut hash).map_err(damaged)?;
        if count != size {
            return Err(ArchiveError::Damaged("its end is missing".to_owned()));
        }
        self.contents.files.insert(path, Member { size, sha256: hash.0.finalize().into() });
        Ok(())
    }

    /// The paths of an archive of ours; other global headers mean nothing here.
    fn global<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), ArchiveError> {
        let Some(records) = entry.pax_extensions().map_err(damaged)? else { return Ok(()) };
        for record in records {
            let record = record.map_err(damaged)?;
            let text = record.value().ok().filter(|_| record.key() == Ok("comment"));
            if let Some(paths) = text.and_then(|text| text.strip_prefix(SCOPE)) {
                self.contents.scope = serde_json::from_str(paths).ok();
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Contents, ArchiveError> {
        let clashes: Vec<String> =
            self.directories.keys().filter(|path| self.contents.files.contains_key(*path)).cloned().collect();
        for path in clashes {
            self.object(path.as_bytes(), Problem::FileAndDirectory);
        }
        if !self.objections.is_empty() {
            return Err(ArchiveError::Refused(self.objections));
        }
        // In the order of the alphabet a directory comes before what it holds.
        self.contents.directories = self.directories.into_keys().collect();
        Ok(self.contents)
    }
}

/// Whether pax records say that the content has holes. Records that make no sense could hide such.
fn has_sparse_records<R: Read>(entry: &mut tar::Entry<'_, R>) -> Result<bool, ArchiveError> {
    let Some(records) = entry.pax_extensions().map_err(damaged)? else { return Ok(false) };
    let (mut sparse, mut paths) = (false, 0);
    for record in records {
        let record = record.map_err(damaged)?;
        sparse |= record.key_bytes().starts_with(b"GNU.sparse.");
        paths += usize::from(record.key_bytes() == b"path");
    }
    match paths {
        0 | 1 => Ok(sparse),
        _ => Err(ArchiveError::Damaged("a file has several names".to_owned())),
    }
}

struct Hash(Sha256);

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
