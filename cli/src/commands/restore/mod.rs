//! `restore`: the files of a tar archive go to the board. The whole archive and the whole plan are checked before the board
//! is changed.

mod apply;
mod plan;
mod source;

use clap::Args;
use serde::Serialize;

use super::backup::count;
use super::{Run, fs};
use crate::failure::Failure;
use crate::local::Filesystems;
use crate::local::board::absolute;
use crate::session::Session;
use plan::{Plan, Planner};

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// Remove what the archive does not have, so that the device holds exactly its files
    #[arg(long)]
    delete: bool,
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Archive on this machine, compressed or not; - is standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// Directory on the device that the files go to (default: the root)
    #[arg(value_name = ":DIR")]
    target: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    archive: &'a str,
    target: String,
    dry_run: bool,
    removed: Vec<String>,
    made: Vec<String>,
    written: Vec<Written>,
    unchanged: Vec<String>,
    skipped: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Written {
    path: String,
    bytes: u64,
    status: &'static str,
}

impl Run for Restore {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        printer.headline(&format!("restore {}", self.file))?;
        let (mut archive, contents) = source::open(&self.file)?;
        let filesystems =
            Filesystems::ask(session.device()?).map_err(|error| Failure::device("restore", error))?;
        let target = match &self.target {
            None => "/".to_owned(),
            Some(path) => absolute(&filesystems.cwd, fs::board_path(path)),
        };
        let planner =
            Planner { contents: &contents, target: &target, filesystems: &filesystems, delete: self.delete };
        let plan = planner.plan(session)?;
        for path in &plan.skipped {
            printer.note(&format!("left alone: `:{}`", planner.absolute(path)));
        }
        match self.dry_run {
            true => show(&plan, &planner, session)?,
            false => apply::run(&plan, &planner, &mut archive, &self.file, session)?,
        }
        let bytes: u64 = plan.write.values().map(|write| write.size).sum();
        printer.line(&format!(
            "{}{} written ({bytes} bytes), {} unchanged, {} removed",
            if self.dry_run { "would be: " } else { "" },
            count(plan.write.len(), "file", "files"),
            plan.unchanged.len(),
            plan.remove.len(),
        ))?;
        printer.json("restore", &self.report(&plan, &planner))
    }
}

impl Restore {
    fn report(&self, plan: &Plan, planner: &Planner<'_>) -> Report<'_> {
        let shown = |path: &str| format!(":{}", planner.absolute(path));
        Report {
            archive: &self.file,
            target: format!(":{}", planner.target),
            dry_run: self.dry_run,
            removed: plan.remove.iter().map(|(path, _)| shown(path)).collect(),
            made: plan.make.iter().map(|path| shown(path)).collect(),
            written: plan
                .write
                .iter()
                .map(|(path, write)| Written {
                    path: shown(path),
                    bytes: write.size,
                    status: if write.old.is_some() { "replaced" } else { "new" },
                })
                .collect(),
            unchanged: plan.unchanged.iter().map(|path| shown(path)).collect(),
            skipped: plan.skipped.iter().map(|path| shown(path)).collect(),
        }
    }
}

/// The plan, line by line.
fn show(plan: &Plan, planner: &Planner<'_>, session: &Session<'_>) -> Result<(), Failure> {
    let printer = session.printer();
    for (path, _) in &plan.remove {
        printer.line(&format!("would remove :{}", planner.absolute(path)))?;
    }
    for path in &plan.make {
        printer.line(&format!("would make :{}", planner.absolute(path)))?;
    }
    for (path, write) in &plan.write {
        let verb = if write.old.is_some() { "replace" } else { "write" };
        printer.line(&format!("would {verb} :{}", planner.absolute(path)))?;
    }
    Ok(())
}
