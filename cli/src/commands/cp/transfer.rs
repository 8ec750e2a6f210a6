//! Files, from either side to either side. Whatever copies several of them comes through [`all`].

use std::fs;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use mpr_protocol::{Device, Error};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::SpooledTempFile;

use super::place::{Found, Place};
use super::stream;
use crate::failure::Failure;
use crate::hints::{MPR, board_parent, shell_word};
use crate::local::{Destination, Source, board, has_changed};
use crate::progress::Progress;
use crate::session::Session;

/// Content between two files of the board waits in memory up to this many bytes, then in a temporary file.
const MEMORY: usize = 1 << 20;

/// A file to copy.
#[derive(Debug)]
pub struct Job {
    /// Where it is.
    pub from: Place,
    /// Where it goes: the file, not its directory.
    pub to: Place,
    /// Its size in bytes, where that is known already.
    pub size: Option<u64>,
    /// What is at the destination, where that is known.
    pub existing: Option<Found>,
}

/// What holds for all files of a command.
#[derive(Debug)]
pub struct Rules {
    /// The command's name, for messages.
    pub command: &'static str,
    /// Writes files that are the same already, too.
    pub force: bool,
    /// The command that takes directories, for advice.
    pub recursive: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It was written.
    Copied,
    /// The destination had this content already.
    UpToDate,
}

/// Hears what became of a job, by its place among all, and of how many bytes.
pub type Each<'a> = &'a mut dyn FnMut(usize, Result<(Status, u64), Failure>) -> Result<(), Failure>;

/// Copies files, with progress. `each` hears what became of one and its size, and ends it all by an error.
pub fn all(jobs: &[Job], rules: &Rules, session: &mut Session<'_>, each: Each<'_>) -> Result<(), Failure> {
    let sizes: Vec<u64> =
        jobs.iter().map(|job| job.size.or_else(|| job.from.local_size()).unwrap_or(0)).collect();
    let progress = Progress::new(session.printer(), "", sizes.iter().sum());
    if jobs.iter().any(|job| job.to.is_board() && !job.from.is_board()) {
        progress.on_line(session.device()?.bytes_sent());
    }
    let mut done = 0;
    let mut at = 0;
    while let (Some(job), Some(size)) = (jobs.get(at), sizes.get(at).copied()) {
        let together = stream::count(&jobs[at..]);
        if together > 0 && streams(session, sizes[at..at + together].iter().sum())? {
            let jobs = &jobs[at..at + together];
            done += stream::run(jobs, at, rules, done, &progress, session, each)?;
            at += together;
            continue;
        }
        progress.name(&job.from.to_string());
        let result = run(job, rules, done, &progress, session);
        done += result.as_ref().map_or(size, |(_, bytes)| *bytes);
        each(at, result)?;
        at += 1;
    }
    Ok(())
}

/// Whether the board takes files in one stream.
fn streams(session: &mut Session<'_>, bytes: u64) -> Result<bool, Failure> {
    session.device()?.streams(bytes).map_err(|error| Failure::device("cp", error))
}

/// Copies a file. Returns its size, too.
fn run(
    job: &Job,
    rules: &Rules,
    done: u64,
    progress: &Progress<'_>,
    session: &mut Session<'_>,
) -> Result<(Status, u64), Failure> {
    let mut at = |bytes| progress.at(done + bytes);
    let bytes = match (&job.from, &job.to) {
        (Place::Here(from), Place::Here(to)) => {
            let (mut source, _) = open(from, rules)?;
            let mut destination = create(to, rules)?;
            let bytes = io::copy(&mut source, &mut destination).map_err(|error| here(from, error, rules))?;
            commit(destination, to, rules)?;
            bytes
        }
        (Place::Here(from), Place::Board(to)) => {
            let (mut source, size) = open(from, rules)?;
            let device = session.device()?;
            let same_size =
                job.existing.filter(|found| !rules.force && !found.is_dir && Some(found.size) == size);
            if let Some(found) = same_size {
                let ours = sha256(&mut source).map_err(|error| here(from, error, rules))?;
                let is_same = match found.digest {
                    Some(theirs) => ours.starts_with(&theirs),
                    None => same_content(device, to, &ours, rules)?,
                };
                if is_same {
                    return Ok((Status::UpToDate, size.unwrap_or(0)));
                }
                (source, _) = open(from, rules)?;
            }
            write(device, to, &mut source, size, &mut at, rules, |error| here(from, error, rules))?
        }
        (Place::Board(from), Place::Here(to)) => {
            let mut destination = match create(to, rules) {
                Err(_) if to.is_dir() && is_directory(from, session)? => {
                    return Err(omitting(&format!(":{from}"), rules));
                }
                created => created?,
            };
            let bytes = session
                .device()?
                .read_file(board::plain(from), &mut destination, &mut at)
                .map_err(|error| on_read(from, error, rules, session, |error| here(to, error, rules)))?;
            commit(destination, to, rules)?;
            bytes
        }
        (Place::Board(from), Place::Board(to)) => {
            let device = session.device()?;
            if job.existing.is_some_and(|found| !rules.force && !found.is_dir) {
                let theirs = device
                    .hash(board::plain(from), "sha256")
                    .map_err(|error| Failure::device(rules.command, error))?;
                if same_content(device, to, &theirs, rules)? {
                    return Ok((Status::UpToDate, job.existing.map_or(0, |found| found.size)));
                }
            }
            let mut between = SpooledTempFile::new(MEMORY);
            let local =
                |error: io::Error| Failure::usage(format!("{}: temporary file: {error}", rules.command));
            let bytes = device
                .read_file(board::plain(from), &mut between, &mut |_| {})
                .map_err(|error| on_read(from, error, rules, session, local))?;
            between.rewind().map_err(local)?;
            write(session.device()?, to, &mut between, Some(bytes), &mut at, rules, local)?
        }
    };
    Ok((Status::Copied, bytes))
}

/// Opens a file on this machine. Its size is not known in advance if it is a pipe.
pub fn open(path: &Path, rules: &Rules) -> Result<(Box<dyn Read>, Option<u64>), Failure> {
    let failure = |error: io::Error| here(path, error, rules);
    let metadata = fs::metadata(path).map_err(failure)?;
    if metadata.is_dir() {
        return Err(omitting(&path.display().to_string(), rules));
    }
    if metadata.is_file() {
        let source = Source::open(path).map_err(failure)?;
        let size = source.len();
        return Ok((Box::new(source), Some(size)));
    }
    Ok((Box::new(fs::File::open(path).map_err(failure)?), None))
}

fn create(path: &Path, rules: &Rules) -> Result<Destination, Failure> {
    Destination::create(path).map_err(|error| here(path, error, rules))
}

fn commit(destination: Destination, path: &Path, rules: &Rules) -> Result<(), Failure> {
    destination.commit().map_err(|error| here(path, error, rules).cause("the old file is as it was"))
}

fn write(
    device: &mut Device,
    to: &str,
    source: &mut dyn Read,
    size: Option<u64>,
    at: &mut dyn FnMut(u64),
    rules: &Rules,
    local: impl Fn(io::Error) -> Failure,
) -> Result<u64, Failure> {
    device.write_file(board::plain(to), source, size, at).map_err(|error| {
        // Known since the write began; nothing is asked again.
        let renames = device.renames();
        failed_write(renames, &Place::Board(to.to_owned()), error, rules, local)
    })
}

/// A file that could not be written. `renames`: the board can rename.
pub fn failed_write(
    renames: bool,
    to: &Place,
    error: Error,
    rules: &Rules,
    local: impl Fn(io::Error) -> Failure,
) -> Failure {
    let Place::Board(to) = to else { return Failure::device(rules.command, error) };
    let left = left_behind(renames, to, &error);
    let failure = match error {
        Error::LocalIo { source } => local(source),
        Error::Os { ref errno, .. } if errno.is("ENOENT") && !board_parent(to).is_empty() => {
            let parent = shell_word(&format!(":{}", board_parent(to)));
            let hint = format!("its directory is missing: `{MPR} mkdir {parent}` makes it");
            return Failure::device(rules.command, error).hint(hint);
        }
        // Boards without `os.rename` have no `df` either.
        Error::NoSpace { .. } if !renames => Failure::device(rules.command, error)
            .hint(format!("`{MPR} ls` shows what takes the room, `{MPR} rm` makes some")),
        error => Failure::device(rules.command, error),
    };
    failure.cause(left)
}

/// What a failed write has left on the board.
fn left_behind(renames: bool, to: &str, error: &Error) -> String {
    let to = board::plain(to);
    match error {
        Error::Lost { .. } | Error::Timeout { .. } | Error::Reset { .. } if renames => {
            format!(
                "`:{to}` is as it was; `:{to}.part` may be left, which the next copy goes on with or replaces"
            )
        }
        Error::Lost { .. } | Error::Timeout { .. } | Error::Reset { .. } => {
            format!(
                "an old `:{to}` is as it was; a part of a new one may be left, which the next copy replaces"
            )
        }
        _ if renames => format!("`:{to}` is as it was"),
        Error::NoSpace { .. } => format!(
            "an old `:{to}` is as it was, nothing is left of a new one; this board needs room for both at once"
        ),
        _ => format!("an old `:{to}` is as it was, nothing is left of a new one"),
    }
}

/// A file on the board could not be read. A directory is told as such.
fn on_read(
    path: &str,
    error: Error,
    rules: &Rules,
    session: &mut Session<'_>,
    local: impl Fn(io::Error) -> Failure,
) -> Failure {
    match error {
        Error::LocalIo { source } => local(source),
        Error::Os { .. } if is_directory(path, session).unwrap_or(false) => {
            omitting(&format!(":{path}"), rules)
        }
        error => Failure::device(rules.command, error),
    }
}

/// Whether a path on the board leads to a directory.
fn is_directory(path: &str, session: &mut Session<'_>) -> Result<bool, Failure> {
    let found = Place::Board(path.to_owned()).look(session)?;
    Ok(found.is_some_and(|found| found.is_dir))
}

/// Whether a file on the board has this SHA-256. One that can't be asked is taken for another.
fn same_content(device: &mut Device, path: &str, sha256: &[u8], rules: &Rules) -> Result<bool, Failure> {
    match device.hash(board::plain(path), "sha256") {
        Ok(digest) => Ok(digest == sha256),
        Err(Error::Os { .. } | Error::Exception(_) | Error::Unsupported { .. }) => Ok(false),
        Err(error) => Err(Failure::device(rules.command, error)),
    }
}

/// The SHA-256 of a file of this machine.
pub fn local_digest(path: &Path, rules: &Rules) -> Result<Vec<u8>, Failure> {
    let (mut source, _) = open(path, rules)?;
    sha256(&mut source).map_err(|error| here(path, error, rules))
}

fn sha256(source: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut digest = Hashing(Sha256::new());
    io::copy(source, &mut digest)?;
    Ok(digest.0.finalize().to_vec())
}

/// Feeds a digest.
struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn omitting(path: &str, rules: &Rules) -> Failure {
    Failure::usage(format!("cp: -r not specified; omitting directory `{path}`"))
        .hint(format!("`{}` copies a directory", rules.recursive))
}

/// A file on this machine could not be read or written.
pub fn here(path: &Path, error: io::Error, rules: &Rules) -> Failure {
    let command = rules.command;
    if has_changed(&error) {
        return Failure::usage(format!("{command}: `{}` changed while it was read", path.display()))
            .hint("run the command again when nothing writes to it");
    }
    Failure::local(command, &path.display().to_string(), &error)
}
