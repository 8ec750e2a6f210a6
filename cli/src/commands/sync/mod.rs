//! `sync`: makes a directory of the board like a folder of this machine, or the other way round.

mod apply;
mod board;
mod follow;
mod gzip;
mod here;
mod mpy;
mod plan;
mod report;
mod wanted;
mod watch;

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::Run;
use super::cp::place::Place;
use crate::failure::Failure;
use crate::hints::{MPR, shell_word};
use crate::local::ignore::{Ignore, is_below};
use crate::session::Session;
use apply::{Source, Target, apply};
use board::OnBoard;
use here::{Here, half_digest};
use mpy::Modules;
use plan::{Kind, Permission, Plan, Side, plan};
use report::Report;
use wanted::Wanted;

/// Arguments of `sync`.
#[derive(Debug, Args)]
pub struct Sync {
    /// The folder or, with a colon in front, the directory on the device that files come from
    #[arg(value_name = "SRC")]
    from: String,
    /// What becomes like it, on the other side
    #[arg(value_name = "DST")]
    to: String,
    /// Remove what SRC does not have from the device
    #[arg(long)]
    delete: bool,
    /// Remove what SRC does not have from this machine
    #[arg(long)]
    delete_local: bool,
    /// Print what would be done, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Leave alone what matches, as a line of .mprignore would (several times if wanted)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Put a compressed NAME.gz beside each file that matches (several times if wanted)
    #[arg(long, value_name = "PATTERN")]
    gzip: Vec<String>,
    /// Compile modules (.py) with mpy-cross, except boot.py and main.py
    #[arg(long)]
    mpy: bool,
    /// Go on with every change in SRC, and run the commands that follow (`+ run main.py`) anew each time
    #[arg(long)]
    watch: bool,
}

/// Which way files go.
enum Way<'a> {
    Up { from: &'a Path, to: &'a str },
    Down { from: &'a str, to: &'a Path },
}

impl Run for Sync {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        self.run_repeating(&[], session)
    }

    fn repeats(&self) -> bool {
        self.watch
    }

    fn run_repeating(&self, rest: &[Box<dyn Run>], session: &mut Session<'_>) -> Result<(), Failure> {
        let (from, to) = (Place::new(&self.from).trimmed(), Place::new(&self.to).trimmed());
        let way = self.way(&from, &to)?;
        if self.watch {
            self.check_watch(rest)?;
            return self.watch(&way, rest, session);
        }
        self.headline(session)?;
        self.once(&way, session)?.end()
    }
}

impl Sync {
    /// Which way files go; complains of what makes no sense.
    fn way<'a>(&self, from: &'a Place, to: &'a Place) -> Result<Way<'a>, Failure> {
        let words = || format!("{} {}", shell_word(&self.from), shell_word(&self.to));
        match (from, to) {
            (Place::Here(_), Place::Board(_)) if self.delete_local => {
                Err(Failure::usage("sync: `--delete-local` is for files that come from the device")
                    .hint(format!("`{MPR} sync --delete {}` removes files on the device", words())))
            }
            (Place::Board(_), Place::Here(to)) if self.delete => {
                let failure = Failure::usage(format!(
                    "sync: `--delete` would remove files of this machine in `{}`",
                    to.display()
                ));
                Err(failure.hint(format!("`{MPR} sync --delete-local -n {}` shows which", words())))
            }
            (Place::Board(_), Place::Here(_)) if self.one_way().is_some() => {
                let option = self.one_way().unwrap_or_default();
                Err(Failure::usage(format!("sync: `{option}` is for files that go to the device"))
                    .hint("`mpr sync --help` says what is for which way"))
            }
            (Place::Here(from), Place::Board(to)) => Ok(Way::Up { from, to }),
            (Place::Board(from), Place::Here(to)) => Ok(Way::Down { from, to }),
            _ => Err(Failure::usage(format!(
                "sync: one of `{}` and `{}` must be on the device",
                self.from, self.to
            ))
            .hint(format!(
                "a colon means the device: `{MPR} sync {} {}`",
                shell_word(self.from.trim_start_matches(':')),
                shell_word(&format!(":{}", self.to.trim_start_matches(':')))
            ))),
        }
    }

    fn headline(&self, session: &Session<'_>) -> Result<(), Failure> {
        session.printer().headline(&format!("sync {} {}", self.from, self.to))
    }

    /// Complains of what can't go on and on.
    fn check_watch(&self, rest: &[Box<dyn Run>]) -> Result<(), Failure> {
        if self.dry_run {
            return Err(Failure::usage("sync: `--watch` with `--dry-run` would do nothing, again and again")
                .hint("`--dry-run` alone shows what would be done"));
        }
        match rest.iter().any(|command| command.repeats()) {
            true => Err(Failure::usage("sync: a line can have one `--watch`")
                .hint("another `mpr` can watch another folder for another device")),
            false => Ok(()),
        }
    }

    /// An option that makes sense for files that go to the device only.
    fn one_way(&self) -> Option<&'static str> {
        let given = [(!self.gzip.is_empty(), "--gzip"), (self.mpy, "--mpy"), (self.watch, "--watch")];
        given.into_iter().find_map(|(given, option)| given.then_some(option))
    }

    /// Brings one side to the state of the other. The report is printed as JSON, if wanted.
    fn once(&self, way: &Way<'_>, session: &mut Session<'_>) -> Result<Report, Failure> {
        let mut report = Report::new(&self.from, &self.to, self.dry_run);
        let result = match way {
            Way::Up { from, to } => self.up(from, to, &mut report, session),
            Way::Down { from, to } => self.down(from, to, &mut report, session),
        };
        let printer = session.printer();
        if result.is_ok() {
            printer.line(&report.summary())?;
            printer.json("sync", &report)?;
        }
        result.map(|()| report)
    }

    fn up(
        &self,
        from: &Path,
        to: &str,
        report: &mut Report,
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        let mut ignore = Ignore::new(&self.exclude);
        let here = read_source(from, &mut ignore)?;
        let mut wanted = Wanted::new(here);
        if self.mpy {
            Modules::prepare(session)?.compile(&mut wanted)?;
        }
        wanted.add_gzip(&self.gzip)?;
        let largest = wanted.side.values().filter_map(|kind| match kind {
            Kind::File(size) => Some(*size),
            _ => None,
        });
        let mut on_board = OnBoard::look(to, largest.max(), session)?;
        if self.delete {
            on_board.refuse_host_folder(session)?;
        }
        for problem in &wanted.problems {
            let shown = problem.path.display().to_string();
            report.failed(shown, problem.failure("sync"))?;
        }
        for (path, failure) in std::mem::take(&mut wanted.failures) {
            report.failed(path, failure)?;
        }
        for (path, errno) in &on_board.unreadable {
            if ignore.ignores(path, true) {
                continue;
            }
            let shown = format!(":{}", on_board.path(path));
            // What is in it matters only to who removes things.
            if self.delete && !errno.is("ENOENT") {
                report.failed(shown.clone(), Failure::unlisted("sync", &shown, errno))?;
            } else {
                session.printer().line(&report.skipped(shown, &errno.to_string()))?;
            }
        }
        for twin in on_board.fold_case(&wanted.side, session)? {
            wanted.side.remove(&twin);
            let failure = Failure::refused(format!(
                "sync: `{twin}` differs from another name in case only, which the device's filesystem does not keep apart"
            ))
            .hint("rename one of them");
            report.failed(twin, failure)?;
        }
        let unknown: Vec<&str> = wanted
            .problems
            .iter()
            .map(|problem| &*problem.relative)
            .chain(wanted.unknown.iter().map(String::as_str))
            .chain(on_board.unreadable.iter().map(|(path, _)| &**path))
            .collect();
        let keeps = |path: &str, kind: Kind| {
            ignore.ignores(path, kind == Kind::Directory)
                || unknown.iter().any(|unknown| path == *unknown || is_below(path, unknown))
        };
        let plan = plan(
            &wanted.side,
            &on_board.side,
            Permission { delete: self.delete, on_board: true },
            &wanted.shadowed,
            &keeps,
            &mut |path| match half_digest(&wanted.files[path]) {
                Ok(ours) => Ok::<_, Failure>(on_board.digest(path, session)? == ours),
                // Reading it again will tell what is wrong.
                Err(_) => Ok(false),
            },
        )?;
        let source = |path: &str| {
            let Kind::File(size) = wanted.side.get(path)? else { return None };
            Some(Source { place: Place::Here(wanted.files.get(path)?.clone()), size: *size })
        };
        let target = Target::Board(&on_board);
        check_room(&plan, &wanted.side, &on_board, session)?;
        self.go(&plan, &source, &target, report, session)
    }

    fn down(
        &self,
        from: &str,
        to: &Path,
        report: &mut Report,
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        let mut ignore = Ignore::new(&self.exclude);
        let here = match to.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Here::default(),
            Err(error) => return Err(local(to, &error)),
            Ok(_) => Here::destination(to, &mut ignore),
        };
        if let Some(problem) = here.problems.iter().find(|problem| problem.relative.is_empty()) {
            return Err(problem.failure("sync"));
        }
        let largest = here.side.values().filter_map(|kind| match kind {
            Kind::File(size) => Some(*size),
            _ => None,
        });
        let on_board = OnBoard::look(from, largest.max(), session)?;
        if !on_board.exists {
            let parent = shell_word(&format!(":{}", crate::hints::board_parent(from)));
            return Err(Failure::refused(format!("sync: `:{from}`: No such file or directory"))
                .hint(format!("`{MPR} ls {parent}` shows what is there")));
        }
        let mut wanted = Side::new();
        let mut unknown: Vec<String> = Vec::new();
        for (path, errno) in &on_board.unreadable {
            let shown = format!(":{}", on_board.path(path));
            report.failed(shown.clone(), Failure::unlisted("sync", &shown, errno))?;
            unknown.push(path.clone());
        }
        for problem in &here.problems {
            report.failed(problem.path.display().to_string(), problem.failure("sync"))?;
            unknown.push(problem.relative.clone());
        }
        for (path, kind) in &on_board.side {
            if ignore.ignores(path, matches!(kind, Kind::Directory | Kind::Mount)) {
                continue;
            }
            if let Some(reason) = passed_over(*kind) {
                let line = report.skipped(format!(":{}", on_board.path(path)), reason);
                session.printer().line(&line)?;
                unknown.push(path.clone());
            } else {
                wanted.insert(path.clone(), *kind);
            }
        }
        if self.delete_local && !wanted.values().any(|kind| matches!(kind, Kind::File(_))) {
            return Err(Failure::refused(format!(
                "sync: `:{from}` holds no files, so all of `{}` would go",
                to.display()
            ))
            .hint(format!("`{MPR} tree {}` shows what the device has", shell_word(&format!(":{from}")))));
        }
        let keeps = |path: &str, kind: Kind| {
            ignore.ignores(path, kind == Kind::Directory)
                || unknown.iter().any(|unknown| path == unknown || is_below(path, unknown))
        };
        let plan = plan(
            &wanted,
            &here.side,
            Permission { delete: self.delete_local, on_board: false },
            &BTreeSet::new(),
            &keeps,
            &mut |path| match half_digest(&here.files[path]) {
                Ok(ours) => Ok::<_, Failure>(on_board.digest(path, session)? == ours),
                Err(_) => Ok(false),
            },
        )?;
        let source = |path: &str| {
            let Kind::File(size) = wanted.get(path)? else { return None };
            Some(Source { place: Place::Board(on_board.path(path)), size: *size })
        };
        self.go(&plan, &source, &Target::Here(to), report, session)
    }

    /// Does a plan, or only shows it.
    fn go(
        &self,
        plan: &Plan,
        source: &dyn Fn(&str) -> Option<Source>,
        target: &Target<'_>,
        report: &mut Report,
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        report.unchanged = plan.unchanged;
        for (path, what) in &plan.conflicts {
            let shown = target.shown(path);
            let failure = Failure::refused(format!("sync: `{shown}` {what}"));
            let failure = match (*what, target) {
                (plan::IS_NEITHER, _) => failure.hint("rename what would come there"),
                ("is another filesystem", _) => failure.hint(format!("`{MPR} df` lists them")),
                ("is a symbolic link", _) => {
                    failure.hint(format!("`ls -l {}` shows where it leads", shell_word(&shown)))
                }
                (_, Target::Board(_)) if !self.delete => failure.hint("`--delete` lets sync remove it"),
                (_, Target::Here(_)) if !self.delete_local => {
                    failure.hint("`--delete-local` lets sync remove it")
                }
                _ => failure.hint("what is ignored in it keeps it; remove it by hand"),
            };
            report.failed(shown, failure)?;
        }
        if !self.dry_run {
            return apply(plan, source, target, report, session);
        }
        for step in &plan.steps {
            let bytes = source(&step.path).map_or(0, |source| source.size);
            session.printer().line(&report.done(step.action, target.shown(&step.path), bytes))?;
        }
        Ok(())
    }
}

/// What is in the folder that files come from.
fn read_source(from: &Path, ignore: &mut Ignore) -> Result<Here, Failure> {
    let metadata = from.metadata().map_err(|error| local(from, &error))?;
    if !metadata.is_dir() {
        let word = shell_word(&from.display().to_string());
        return Err(Failure::usage(format!("sync: `{}` is not a folder", from.display()))
            .hint(format!("`{MPR} cp {word} :` copies a file")));
    }
    let here = Here::source(from, ignore);
    match here.problems.iter().find(|problem| problem.relative.is_empty()) {
        Some(problem) => Err(problem.failure("sync")),
        None => Ok(here),
    }
}

/// Refuses what surely has no room, before anything is touched. Filesystems need some more than the files' sizes.
fn check_room(
    plan: &Plan,
    wanted: &Side,
    on_board: &OnBoard,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let size = |side: &Side, path: &str| match side.get(path) {
        Some(Kind::File(size)) => *size,
        _ => 0,
    };
    let (mut comes, mut goes) = (0, 0);
    for step in &plan.steps {
        goes += size(&on_board.side, &step.path);
        if matches!(step.action, plan::Action::New | plan::Action::Change) {
            comes += size(wanted, &step.path);
        }
    }
    let device = session.device()?;
    let answers = on_board.exists && device.capabilities().is_ok_and(|capabilities| capabilities.statvfs);
    if comes <= goes || !answers {
        return Ok(());
    }
    let root = if on_board.root.is_empty() { "." } else { &on_board.root };
    let Ok(sizes) = device.statvfs(root) else { return Ok(()) };
    let free = sizes.free.saturating_mul(sizes.block_size);
    match comes - goes <= free {
        true => Ok(()),
        false => {
            Err(Failure::refused(format!("sync: `:{}`: No space left on device (ENOSPC)", on_board.root))
                .cause(format!(
                    "{} bytes more are needed, {free} are free; nothing was changed",
                    comes - goes
                ))
                .hint(format!("`{MPR} df` shows how full the device is")))
        }
    }
}

/// Why nothing of the board's comes from here.
fn passed_over(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Mount => Some("another filesystem"),
        Kind::Other => Some(plan::NEITHER),
        _ => None,
    }
}

fn local(path: &Path, error: &std::io::Error) -> Failure {
    Failure::local("sync", &path.display().to_string(), error)
}
