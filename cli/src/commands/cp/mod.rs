//! `cp`: copies files and directories to the device, from it, on it, or between folders of this machine.

pub(super) mod place;
mod stream;
pub(super) mod transfer;
mod tree;

use clap::{ArgMatches, Args, FromArgMatches};
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::failures::Failures;
use crate::hints::{MPR, board_parent, shell_word};
use crate::session::Session;
use place::Place;
use transfer::{Job, Rules, Status};

/// Arguments of `cp`.
#[derive(Debug, Args)]
pub struct Cp {
    #[command(flatten)]
    options: fs::Options,
    /// Sources, then the destination; a colon in front means the device
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

/// What was done for one source, as JSON.
#[derive(Debug, Serialize)]
struct Report<'a> {
    from: &'a str,
    to: &'a str,
    files: Vec<Copied>,
}

/// One file.
#[derive(Debug, Serialize)]
struct Copied {
    from: String,
    to: String,
    bytes: u64,
    status: Status,
}

/// Says what lacks when there are too few paths.
pub fn missing(_word: &str) -> String {
    "missing destination path".to_owned()
}

/// Makes the command; one path is too few.
pub fn build(name: &str, matches: &ArgMatches) -> Result<Box<dyn Run>, Failure> {
    let cp = Cp::from_arg_matches(matches).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    match cp.paths.len() {
        0 | 1 => Err(Failure::usage("cp: missing destination path")
            .hint(format!("`mpr cp {} :` copies to the device", shell_word(&cp.paths.concat())))),
        _ => Ok(Box::new(cp)),
    }
}

impl Run for Cp {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let [sources @ .., to] = self.paths.as_slice() else {
            return Err(Failure::usage("cp: missing destination path"));
        };
        let mut failures = Failures::default();
        for from in sources {
            if self.options.headline() {
                printer.headline(&format!("cp {from} {to}"))?;
            }
            let source = Place::new(from);
            let jobs = self.plan(&source, to, sources.len() > 1, &mut failures, session)?;
            // Of a tree the rest goes on; what was named itself must be there.
            let is_tree = !jobs.iter().any(|job| job.from == source);
            let recursive = format!("{MPR} cp -r {} {}", shell_word(from), shell_word(to));
            let rules = Rules { command: "cp", force: self.options.force, recursive };
            let mut each = |failure| match is_tree {
                true => failures.keep(failure),
                false => Err(failure),
            };
            let files = copy(jobs, &rules, session, &mut each)?;
            printer.json("cp", &Report { from, to, files })?;
        }
        failures.end("cp", |count| format!("cp: {count} files and directories could not be copied"))
    }
}

impl Cp {
    /// Which files go where. Makes the directories that they need.
    fn plan(
        &self,
        from: &Place,
        to: &str,
        several: bool,
        failures: &mut Failures,
        session: &mut Session<'_>,
    ) -> Result<Vec<Job>, Failure> {
        let must_be_directory = several || Place::ends_in_slash(to);
        let to = Place::new(to).trimmed();
        let found = to.look(session)?;
        let is_directory = found.is_some_and(|found| found.is_dir);
        if self.options.recursive {
            let from = from.clone().trimmed();
            if from.look(session)?.is_some_and(|found| found.is_dir) {
                return match found {
                    None if several => Err(destination(&to, "destination does not exist")),
                    Some(_) if !is_directory => Err(not_a_directory(&to)),
                    _ => tree::plan(&from, &to, is_directory, failures, session),
                };
            }
        }
        match found {
            None if several => return Err(destination(&to, "destination does not exist")),
            Some(_) if must_be_directory && !is_directory => return Err(not_a_directory(&to)),
            None if must_be_directory => {
                return Err(destination(&to, "destination is not a directory"));
            }
            _ => {}
        }
        let (to, existing) = match is_directory {
            true => {
                let to = to.child(&from.basename());
                let existing = if self.options.force && to.is_board() { None } else { to.look(session)? };
                (to, existing)
            }
            false => (to, found),
        };
        Ok(vec![Job { from: from.clone(), to, size: None, existing }])
    }
}

/// Copies a file or directory of the device to a new name on it, over a file of that name. Returns the files, each with its
/// copy.
pub fn on_board(
    from: &str,
    to: &str,
    is_dir: bool,
    session: &mut Session<'_>,
) -> Result<Vec<(String, String)>, Failure> {
    let (from, to) = (Place::Board(from.to_owned()), Place::Board(to.to_owned()));
    let mut failures = Failures::default();
    let jobs = match is_dir {
        true => tree::plan(&from, &to, false, &mut failures, session)?,
        false => vec![Job { from, to, size: None, existing: None }],
    };
    failures.end("cp", |count| format!("cp: {count} directories could not be made"))?;
    let copies = jobs.iter().map(|job| (job.from.bare(), job.to.bare())).collect();
    let rules = Rules { command: "cp", force: true, recursive: String::new() };
    copy(jobs, &rules, session, &mut Err)?;
    Ok(copies)
}

/// Copies the files, and tells which were up to date. `failed` hears what fails, and ends it all by an error.
fn copy(
    jobs: Vec<Job>,
    rules: &Rules,
    session: &mut Session<'_>,
    failed: &mut dyn FnMut(Failure) -> Result<(), Failure>,
) -> Result<Vec<Copied>, Failure> {
    let mut files = Vec::with_capacity(jobs.len());
    let printer = session.printer();
    transfer::all(&jobs, rules, session, &mut |at, result| {
        let (status, bytes) = match result {
            Ok(done) => done,
            Err(failure) => return failed(failure),
        };
        let job = &jobs[at];
        if status == Status::UpToDate {
            printer.line(&format!("Up to date: {}", job.to.bare()))?;
        }
        files.push(Copied { from: job.from.to_string(), to: job.to.to_string(), bytes, status });
        Ok(())
    })?;
    Ok(files)
}

/// The destination exists, but as a file.
fn not_a_directory(to: &Place) -> Failure {
    let failure = destination(to, "destination is not a directory");
    match to {
        Place::Board(path) => {
            let parent = shell_word(&format!(":{}", board_parent(path)));
            failure.hint(format!("`{MPR} ls {parent}` shows what is there"))
        }
        Place::Here(path) => {
            failure.hint(format!("`ls -l {}` shows what it is", shell_word(&path.display().to_string())))
        }
    }
}

/// The destination is not what it must be.
fn destination(to: &Place, problem: &str) -> Failure {
    let message = format!("cp: {problem}: `{to}`");
    let word = shell_word(&to.to_string());
    match to {
        Place::Board(_) => {
            Failure::refused(message).hint(format!("`{MPR} mkdir {word}` makes a directory of this name"))
        }
        Place::Here(_) => {
            Failure::usage(message).hint(format!("`mkdir -p {word}` makes a folder of this name"))
        }
    }
}
