//! Doing what a plan says.

use std::io::{self, Read};

use mpr_protocol::Error;
use mpr_protocol::archive::{Archive, ArchiveError, Member};
use sha2::{Digest, Sha256};

use super::plan::{Plan, Planner};
use super::source::Input;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::session::Session;

/// What ends the way through an archive.
enum Stop {
    Archive(ArchiveError),
    Failure(Failure),
}

impl From<ArchiveError> for Stop {
    fn from(error: ArchiveError) -> Self {
        Stop::Archive(error)
    }
}

/// Removes, makes and writes. Each file is whole or as it was, whatever ends this early.
pub fn run(
    plan: &Plan,
    planner: &Planner<'_>,
    archive: &mut Archive<Input>,
    shown: &str,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let device_failure = |error| Failure::device("restore", error);
    let printer = session.printer();
    for (path, is_dir) in &plan.remove {
        let absolute = planner.absolute(path);
        let on_board = planner.filesystems.on_board(&absolute);
        let device = session.device()?;
        match is_dir {
            true => device.rmdir(on_board),
            false => device.remove(on_board),
        }
        .map_err(device_failure)?;
        printer.line(&format!("removed :{absolute}"))?;
    }
    for path in &plan.make {
        let absolute = planner.absolute(path);
        session.device()?.mkdir(planner.filesystems.on_board(&absolute)).map_err(device_failure)?;
        printer.line(&format!("made :{absolute}"))?;
    }
    let progress = Progress::new(printer, "", plan.write.values().map(|write| write.size).sum());
    let (mut done, mut count) = (0, 0);
    // The copy of `x` passes through `x.part`; a file of that name comes behind it.
    let is_late = |path: &str| path.strip_suffix(".part").is_some_and(|base| plan.write.contains_key(base));
    let any_late = plan.write.keys().any(|path| is_late(path));
    for late in [false, true].into_iter().take(if any_late { 2 } else { 1 }) {
        let result = archive.each_file::<Stop>(&mut |path, from| {
            let Some(member) = planner.contents.files.get(path) else {
                return Err(Stop::Archive(changed()));
            };
            if is_late(path) != late || !plan.write.contains_key(path) {
                return Ok(());
            }
            let absolute = planner.absolute(path);
            progress.name(&format!(":{absolute}"));
            let mut content = Checked::new(from, member);
            let device = session.device().map_err(Stop::Failure)?;
            let on_board = planner.filesystems.on_board(&absolute);
            let written =
                device.write_file(on_board, &mut content, Some(member.size), &mut |n| progress.at(done + n));
            match written {
                Ok(_) => {}
                Err(Error::LocalIo { .. } | Error::SourceChanged { .. }) => {
                    return Err(Stop::Archive(changed()));
                }
                Err(error) => {
                    let failure = Failure::device("restore", error);
                    return Err(Stop::Failure(failure));
                }
            }
            done += member.size;
            count += 1;
            let verb = if plan.write[path].old.is_some() { "replaced" } else { "wrote" };
            printer.line(&format!("{verb} :{absolute}")).map_err(Stop::Failure)
        });
        let so_far = format!("{count} of {} files are written", plan.write.len());
        match result {
            Ok(()) => {}
            Err(Stop::Failure(failure)) => {
                return Err(failure.cause(format!("{so_far}, each as a whole; the same command goes on")));
            }
            Err(Stop::Archive(error)) => {
                return Err(Failure::usage(format!("restore: `{shown}`: {error}"))
                    .cause(so_far)
                    .hint("run the command again when nothing writes to the archive"));
            }
        }
    }
    Ok(())
}

fn changed() -> ArchiveError {
    ArchiveError::Damaged("it changed while it was read".to_owned())
}

/// A file's content, whose last byte is handed out only when all of it is what was checked.
struct Checked<'a> {
    from: &'a mut dyn Read,
    hash: Sha256,
    left: u64,
    sha256: [u8; 32],
}

impl<'a> Checked<'a> {
    fn new(from: &'a mut dyn Read, member: &Member) -> Self {
        Checked { from, hash: Sha256::new(), left: member.size, sha256: member.sha256 }
    }
}

impl Read for Checked<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buf)?;
        self.hash.update(&buf[..n]);
        self.left = self.left.saturating_sub(n as u64);
        let is_other = || self.hash.clone().finalize()[..] != self.sha256;
        match (self.left == 0 || n == 0) && !buf.is_empty() && is_other() {
            true => Err(io::Error::other("the archive changed while it was read")),
            false => Ok(n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_that_is_not_what_was_checked_ends_before_its_last_byte() {
        let member = Member { size: 3, sha256: Sha256::digest(b"abc").into() };
        let mut out = Vec::new();
        assert_eq!(Checked::new(&mut &b"abc"[..], &member).read_to_end(&mut out).unwrap(), 3);
        for other in ["abd", "ab", "abcd", ""] {
            let mut out = Vec::new();
            assert!(Checked::new(&mut other.as_bytes(), &member).read_to_end(&mut out).is_err(), "{other}");
        }
    }
}
