//! `rm`: removes files, and with `-r` directories with all that they hold.

use clap::Args;
use mpr_protocol::Error;
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::hints::{MPR, shell_word};
use crate::local::board::{join, plain};
use crate::session::Session;

/// Arguments of `rm`.
#[derive(Debug, Args)]
pub struct Rm {
    #[command(flatten)]
    options: fs::Options,
    /// Files on the device; with -r directories, too
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

/// What `rm` did to one path.
#[derive(Debug, Default, Serialize)]
struct Report {
    path: String,
    removed: Vec<String>,
    skipped: Vec<String>,
}

impl Run for Rm {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        for path in self.paths.iter().map(|path| fs::board_path(path)) {
            if self.options.headline() {
                session.printer().headline(&format!("rm :{path}"))?;
            }
            let mut report = Report { path: format!(":{path}"), ..Report::default() };
            if self.options.recursive {
                let is_dir = match path {
                    "" => true,
                    path => session.device()?.stat(plain(path)).map_err(|error| failure("rm", error))?.is_dir,
                };
                self.remove_tree(path, is_dir, session, &mut report)?;
            } else {
                remove_file(path, session)?;
                report.removed.push(report.path.clone());
            }
            session.printer().json("rm", &report)?;
        }
        Ok(())
    }
}

impl Rm {
    fn remove_tree(
        &self,
        path: &str,
        is_dir: bool,
        session: &mut Session<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        if !is_dir {
            session.device()?.remove(plain(path)).map_err(|error| failure("rm", error))?;
            report.removed.push(format!(":{path}"));
            return self.say(&format!("removed: '{path}'"), session);
        }
        for entry in session.device()?.list(plain(path)).map_err(|error| failure("rm", error))? {
            self.remove_tree(&join(path, &entry.name), entry.is_dir, session, report)?;
        }
        if path.is_empty() {
            return Ok(());
        }
        match session.device()?.rmdir(plain(path)) {
            Ok(()) => {
                report.removed.push(format!(":{path}"));
                self.say(&format!("removed directory: '{path}'"), session)
            }
            // What a filesystem is mounted on stays.
            Err(Error::Os { errno, .. }) if errno.is("EINVAL") || errno.is("EBUSY") => {
                report.skipped.push(format!(":{path}"));
                self.say(&format!("skipped: '{path}' (vfs mountpoint)"), session)
            }
            Err(error) => Err(failure("rm -r", error)),
        }
    }

    fn say(&self, line: &str, session: &Session<'_>) -> Result<(), Failure> {
        match self.options.verbose() {
            true => session.printer().line(line),
            false => Ok(()),
        }
    }
}

/// Removes a file. What is refused is looked at: a directory needs another word.
fn remove_file(path: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let device = session.device()?;
    match device.remove(plain(path)) {
        Ok(()) => Ok(()),
        Err(error @ Error::Os { .. }) => {
            let is_dir = device.stat(plain(path)).is_ok_and(|stat| stat.is_dir);
            let failure = failure("rm", error);
            Err(match is_dir {
                true => failure
                    .hint(format!("`{MPR} rm -r {}` removes a directory", shell_word(&format!(":{path}")))),
                false => failure,
            })
        }
        Err(error) => Err(failure("rm", error)),
    }
}

fn failure(command: &str, error: Error) -> Failure {
    Failure::device(command, error)
}
