//! `rm`: removes files, and with `-r` directories with all that they hold.

use clap::Args;
use mpr_protocol::{Errno, Error};
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::hints::{MPR, shell_word};
use crate::local::board::{absolute, join, plain};
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
    /// Removes what the named path holds and, unless that is the current directory, itself.
    fn remove_tree(
        &self,
        path: &str,
        is_dir: bool,
        session: &mut Session<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        if !is_dir {
            return self.remove_file(path, session, report);
        }
        refuse_host_folder(path, session)?;
        self.remove_content(path, session, report)?;
        if path.is_empty() {
            return Ok(());
        }
        let is_root = path.bytes().all(|byte| byte == b'/');
        match session.device()?.rmdir(plain(path)) {
            Ok(()) => self.removed(path, session, report),
            // What a filesystem is mounted on stays.
            Err(Error::Os { errno, .. }) if is_root || is_in_use(&errno) => {
                self.skipped(path, session, report)
            }
            Err(error) => Err(failure("rm -r", error)),
        }
    }

    fn remove_content(
        &self,
        path: &str,
        session: &mut Session<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        for entry in session.device()?.list(plain(path)).map_err(|error| failure("rm", error))? {
            let below = join(path, &entry.name);
            if entry.is_dir {
                self.remove_below(&below, session, report)?;
            } else {
                self.remove_file(&below, session, report)?;
            }
        }
        Ok(())
    }

    /// Removes a directory below the named one. The board is asked for the directory itself first: only a mount point's
    /// answer is another than that it is not empty, and what another filesystem holds stays.
    fn remove_below(
        &self,
        path: &str,
        session: &mut Session<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let device = session.device()?;
        // A folder of this machine does not let its own place be removed.
        let has_host_folders = !device.mounted().is_empty();
        match device.rmdir(plain(path)) {
            Ok(()) => return self.removed(path, session, report),
            Err(Error::Os { errno, .. }) if is_in_use(&errno) || has_host_folders && errno.is("EPERM") => {
                return self.skipped(path, session, report);
            }
            // A read-only filesystem may have no such function.
            Err(Error::Unsupported { .. }) => return self.skipped(path, session, report),
            Err(Error::Os { .. }) => {}
            Err(error) => return Err(failure("rm -r", error)),
        }
        self.remove_content(path, session, report)?;
        session.device()?.rmdir(plain(path)).map_err(|error| failure("rm -r", error))?;
        self.removed(path, session, report)
    }

    fn remove_file(&self, path: &str, session: &mut Session<'_>, report: &mut Report) -> Result<(), Failure> {
        session.device()?.remove(plain(path)).map_err(|error| failure("rm", error))?;
        report.removed.push(format!(":{path}"));
        self.say(&format!("removed: '{path}'"), session)
    }

    fn removed(&self, path: &str, session: &Session<'_>, report: &mut Report) -> Result<(), Failure> {
        report.removed.push(format!(":{path}"));
        self.say(&format!("removed directory: '{path}'"), session)
    }

    fn skipped(&self, path: &str, session: &Session<'_>, report: &mut Report) -> Result<(), Failure> {
        report.skipped.push(format!(":{path}"));
        self.say(&format!("skipped: '{path}' (vfs mountpoint)"), session)
    }

    fn say(&self, line: &str, session: &Session<'_>) -> Result<(), Failure> {
        match self.options.verbose() {
            true => session.printer().line(line),
            false => Ok(()),
        }
    }
}

/// Whether a directory that is not removed is one that a filesystem is mounted on.
fn is_in_use(errno: &Errno) -> bool {
    errno.is("EINVAL") || errno.is("EBUSY")
}

/// Refuses a directory in a mounted folder: its files are this machine's, and one word on a board should not remove them.
fn refuse_host_folder(path: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let device = session.device()?;
    if device.mounted().is_empty() {
        return Ok(());
    }
    let cwd = device.cwd().map_err(|error| failure("rm", error))?;
    let whole = absolute(&cwd, path);
    let is_inside =
        |at: &str| whole.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(mounted) = device.mounted().iter().find(|mounted| is_inside(&mounted.at)) else {
        return Ok(());
    };
    let (at, folder) = (&mounted.at, shell_word(&mounted.folder.display().to_string()));
    Err(Failure::refused(format!("rm -r: `:{path}` is in a folder of this machine, mounted at `:{at}`"))
        .hint(format!("`ls {folder}` shows it; remove its folders here")))
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
