//! `rm`: removes files, and with `-r` directories with all that they hold.

use clap::Args;
use mpr_protocol::{Error, Fate};
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
        let printer = session.printer();
        let detailed = self.options.verbose() || printer.is_json();
        let tree =
            session.device()?.remove_tree(plain(path), detailed).map_err(|error| failure("rm -r", error))?;
        let whole = |below: &str| if below.is_empty() { path.to_owned() } else { join(path, below) };
        for (below, fate) in &tree.fates {
            let path = whole(below);
            let told = match fate {
                Fate::Skipped => &mut report.skipped,
                Fate::File | Fate::Directory => &mut report.removed,
            };
            told.push(format!(":{path}"));
            let line = match fate {
                Fate::File => format!("removed: '{path}'"),
                Fate::Directory => format!("removed directory: '{path}'"),
                Fate::Skipped => format!("skipped: '{path}' (vfs mountpoint)"),
            };
            self.say(&line, session)?;
        }
        match tree.failed {
            None => Ok(()),
            Some((below, errno)) => {
                let path = plain(&whole(&below)).to_owned();
                Err(failure("rm -r", Error::Os { errno, path, op: "remove" }))
            }
        }
    }

    fn remove_file(&self, path: &str, session: &mut Session<'_>, report: &mut Report) -> Result<(), Failure> {
        session.device()?.remove(plain(path)).map_err(|error| failure("rm", error))?;
        report.removed.push(format!(":{path}"));
        self.say(&format!("removed: '{path}'"), session)
    }

    fn say(&self, line: &str, session: &Session<'_>) -> Result<(), Failure> {
        match self.options.verbose() {
            true => session.printer().line(line),
            false => Ok(()),
        }
    }
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
