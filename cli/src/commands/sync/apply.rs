//! Does what was planned.

use std::fs;
use std::path::{Path, PathBuf};

use mpr_protocol::Error;

use super::board::OnBoard;
use super::plan::{Action, Plan, Step};
use super::report::Report;
use crate::commands::cp::place::Place;
use crate::commands::cp::transfer::{self, Job, Rules};
use crate::failure::Failure;
use crate::hints::board_parent;
use crate::local::board::plain;
use crate::local::ignore::is_below;
use crate::session::Session;

/// The tree that changes.
#[derive(Debug)]
pub enum Target<'a> {
    /// On the board.
    Board(&'a OnBoard),
    /// On this machine.
    Here(&'a Path),
}

/// A file's content.
#[derive(Debug)]
pub struct Source {
    /// Where it is.
    pub place: Place,
    /// Size in bytes.
    pub size: u64,
}

impl Target<'_> {
    /// An entry's path, as the user writes it.
    pub fn shown(&self, relative: &str) -> String {
        self.place(relative).to_string()
    }

    fn place(&self, relative: &str) -> Place {
        match self {
            Target::Board(board) => Place::Board(board.path(relative)),
            Target::Here(root) => Place::Here(root.join(relative)),
        }
    }

    fn remove(&self, relative: &str, session: &mut Session<'_>) -> Result<(), Failure> {
        self.each(relative, session, |device, path| device.remove(path), |path| fs::remove_file(path))
    }

    fn remove_directory(&self, relative: &str, session: &mut Session<'_>) -> Result<(), Failure> {
        self.each(relative, session, |device, path| device.rmdir(path), |path| fs::remove_dir(path))
    }

    fn make_directory(&self, relative: &str, session: &mut Session<'_>) -> Result<(), Failure> {
        self.each(relative, session, |device, path| device.mkdir(path), |path| fs::create_dir(path))
    }

    fn each(
        &self,
        relative: &str,
        session: &mut Session<'_>,
        on_board: fn(&mut mpr_protocol::Device, &str) -> Result<(), Error>,
        here: fn(&PathBuf) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        match self.place(relative) {
            Place::Board(path) => {
                on_board(session.device()?, &path).map_err(|error| Failure::device_at("sync", &path, error))
            }
            Place::Here(path) => {
                here(&path).map_err(|error| Failure::local("sync", &path.display().to_string(), &error))
            }
        }
    }

    /// Makes the root, with what is above it.
    fn make_root(&self, report: &mut Report, session: &mut Session<'_>) -> Result<(), Failure> {
        match self {
            Target::Here(root) => fs::create_dir_all(root)
                .map_err(|error| Failure::local("sync", &root.display().to_string(), &error)),
            Target::Board(board) if board.exists => Ok(()),
            Target::Board(board) => {
                let printer = session.printer();
                let device = session.device()?;
                let failure = |error| Failure::device_at("sync", &board.root, error);
                let mut missing = vec![board.root.as_str()];
                let mut path = board_parent(&board.root);
                while !matches!(path, "" | "/") && !device.exists(plain(path)).map_err(failure)? {
                    missing.push(path);
                    path = board_parent(path);
                }
                for path in missing.into_iter().rev() {
                    device.mkdir(plain(path)).map_err(failure)?;
                    printer.line(&report.done(Action::MakeDirectory, format!(":{}", plain(path)), 0))?;
                }
                Ok(())
            }
        }
    }
}

/// Does a plan's steps. `source` finds the content of a wanted file; what fails is named in the report, and the rest goes on.
pub fn apply(
    plan: &Plan,
    source: &dyn Fn(&str) -> Option<Source>,
    target: &Target<'_>,
    report: &mut Report,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let printer = session.printer();
    target.make_root(report, session)?;
    let is_file = |step: &&Step| step.is_file();
    let mut failed: Vec<&str> = Vec::new();
    for step in plan.steps.iter().filter(|step| !is_file(step) && step.action != Action::Replace) {
        let path = &*step.path;
        if failed.iter().any(|failed| is_below(path, failed)) {
            continue;
        }
        let result = match step.action {
            Action::Remove => target.remove(path, session),
            Action::RemoveDirectory => target.remove_directory(path, session),
            Action::MakeDirectory => target.make_directory(path, session),
            _ => Ok(()),
        };
        match result {
            Ok(()) => printer.line(&report.done(step.action, target.shown(path), 0))?,
            Err(failure) => {
                report.failed(target.shown(path), failure)?;
                failed.push(path);
            }
        }
    }
    let files: Vec<(&Step, Source)> = plan
        .steps
        .iter()
        .filter(is_file)
        .filter(|step| !failed.iter().any(|failed| step.path == *failed || is_below(&step.path, failed)))
        .filter_map(|step| Some((step, source(&step.path)?)))
        .collect();
    let steps: Vec<&Step> = files.iter().map(|(step, _)| *step).collect();
    let jobs: Vec<Job> = files
        .into_iter()
        .map(|(step, source)| Job {
            from: source.place,
            to: target.place(&step.path),
            size: Some(source.size),
            existing: None,
        })
        .collect();
    let rules = Rules { command: "sync", force: true, recursive: "mpr sync".to_owned() };
    transfer::all(&jobs, &rules, session, &mut |at, result| {
        let step = steps[at];
        match result {
            Ok((_, bytes)) => printer.line(&report.done(step.action, target.shown(&step.path), bytes)),
            Err(failure) => {
                failed.push(&step.path);
                report.failed(target.shown(&step.path), failure)
            }
        }
    })?;
    for step in plan.steps.iter().filter(|step| step.action == Action::Replace) {
        // Without its successor the old one stays.
        let stem = step.path.strip_suffix(".py").unwrap_or(&step.path);
        if failed.iter().any(|failed| failed.strip_suffix(".mpy") == Some(stem)) {
            continue;
        }
        match target.remove(&step.path, session) {
            Ok(()) => printer.line(&report.done(step.action, target.shown(&step.path), 0))?,
            Err(failure) => report.failed(target.shown(&step.path), failure)?,
        }
    }
    Ok(())
}
