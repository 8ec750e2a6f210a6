//! The archive to restore, as something that can be gone through twice.

use std::fs::{self, File};
use std::io::{self, Read, Seek};

use mpr_protocol::archive::{Archive, ArchiveError, Contents};
use tempfile::SpooledTempFile;

use crate::failure::Failure;

/// Standard input waits in memory up to this many bytes, then in a temporary file.
const MEMORY: usize = 1 << 20;

/// No more members than this are named when an archive is refused.
const NAMED: usize = 5;

/// Bytes that can be read from the start again.
pub trait Rewindable: Read + Seek {}

impl<T: Read + Seek> Rewindable for T {}

/// What archives are read from.
pub type Input = Box<dyn Rewindable>;

/// Opens an archive and goes through all of it. `-` is standard input.
pub fn open(from: &str) -> Result<(Archive<Input>, Contents), Failure> {
    let local = |error: io::Error| match from {
        "-" => Failure::usage(format!("restore: standard input: {error}")),
        _ => Failure::local("restore", from, &error),
    };
    let input: Input = match from {
        "-" => spool(&mut io::stdin().lock()).map_err(local)?,
        path => {
            let metadata = fs::metadata(path).map_err(local)?;
            if metadata.is_dir() {
                return Err(local(io::ErrorKind::IsADirectory.into()));
            }
            let mut file = File::open(path).map_err(local)?;
            match metadata.is_file() {
                true => Box::new(file),
                // A pipe gives its bytes only once.
                false => spool(&mut file).map_err(local)?,
            }
        }
    };
    let mut archive = Archive::open(input).map_err(local)?;
    let contents = archive.check().map_err(|error| match error {
        ArchiveError::Io(error) => local(error),
        error => refusal(from, error),
    })?;
    Ok((archive, contents))
}

fn spool(from: &mut dyn Read) -> io::Result<Input> {
    let mut spooled = SpooledTempFile::new(MEMORY);
    io::copy(from, &mut spooled)?;
    Ok(Box::new(spooled))
}

fn refusal(from: &str, error: ArchiveError) -> Failure {
    let list = match from {
        "-" => "`tar -tvf FILE` lists what an archive holds".to_owned(),
        from => format!("`tar -tvf {}` lists what it holds", crate::hints::shell_word(from)),
    };
    let failure = match &error {
        ArchiveError::Refused(objections) => objections.iter().take(NAMED).fold(
            Failure::usage(format!("restore: `{from}` holds what can't be put on a board")),
            |failure, objection| failure.cause(format!("`{}` {}", objection.name, objection.problem)),
        ),
        error => Failure::usage(format!("restore: `{from}` is no archive, or damaged or incomplete"))
            .cause(error.to_string()),
    };
    failure.cause("nothing was changed on the board").hint(list)
}
