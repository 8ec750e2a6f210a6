//! `mv`: moves and renames files and directories on the device.
//!
//! A rename is the board's own. Where it can't do one (to another filesystem, or at all), files are copied, the copies are
//! compared with their originals, and only then the originals are removed.

use clap::{ArgMatches, Args, Command, FromArgMatches};
use mpr_protocol::Error;
use serde::Serialize;

use super::{Run, cp, fs};
use crate::failure::Failure;
use crate::hints::{MPR, board_parent, shell_word};
use crate::local::board::{absolute, basename, join, plain, trim};
use crate::session::Session;

/// Arguments of `mv`.
#[derive(Debug, Args)]
pub struct Mv {
    #[command(flatten)]
    options: fs::Options,
    /// Files and directories on the device, then their new name or the directory for them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

/// How something got to its new place.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    Renamed,
    Copied,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    from: &'a str,
    to: &'a str,
    way: Way,
}

/// The grammar; `--force` means something of its own here.
pub fn grammar(command: Command) -> Command {
    Mv::augment_args(command).mut_arg("force", |arg| arg.help("Replace a file that exists"))
}

/// Says what lacks when there are too few paths.
pub fn missing(_word: &str) -> String {
    "missing destination path".to_owned()
}

/// Makes the command; one path is too few.
pub fn build(name: &str, matches: &ArgMatches) -> Result<Box<dyn Run>, Failure> {
    let mv = Mv::from_arg_matches(matches).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    match mv.paths.len() {
        0 | 1 => Err(Failure::usage("mv: missing destination path")
            .hint(format!("`{MPR} mv {} :NEW` gives it a new name", shell_word(&mv.paths.concat())))),
        _ => Ok(Box::new(mv)),
    }
}

impl Run for Mv {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let [sources @ .., to] = self.paths.as_slice() else {
            return Err(Failure::usage("mv: missing destination path"));
        };
        let given = fs::board_path(to);
        let found = look(plain(trim(given)), session)?;
        let into = found == Some(true);
        if !into && (sources.len() > 1 || given.ends_with('/')) {
            let word = shell_word(&format!(":{}", trim(given)));
            return Err(Failure::refused(format!("mv: `:{given}` is not a directory"))
                .hint(format!("`{MPR} mkdir {word}` makes one, if nothing else has that name")));
        }
        for from in sources.iter().map(|from| trim(fs::board_path(from))) {
            let (from, to) = match into {
                true => (plain(from).to_owned(), plain(&join(given, basename(from))).to_owned()),
                false => (plain(from).to_owned(), plain(trim(given)).to_owned()),
            };
            let shown = (format!(":{from}"), format!(":{to}"));
            if self.options.headline() {
                session.printer().headline(&format!("mv {} {}", shown.0, shown.1))?;
            }
            let existing = if into { look(&to, session)? } else { found };
            let way = self.one(&from, &to, existing, session)?;
            session.printer().json("mv", &Report { from: &shown.0, to: &shown.1, way })?;
        }
        Ok(())
    }
}

impl Mv {
    /// Moves one thing; `existing` says whether something of the new name is there, and whether it is a directory.
    fn one(
        &self,
        from: &str,
        to: &str,
        existing: Option<bool>,
        session: &mut Session<'_>,
    ) -> Result<Way, Failure> {
        let device = session.device()?;
        let is_dir = device.stat(from).map_err(failure)?.is_dir;
        let cwd = match device.capabilities().map_err(failure)?.getcwd {
            true => device.cwd().map_err(failure)?,
            false => "/".to_owned(),
        };
        let (here, there) = (absolute(&cwd, from), absolute(&cwd, to));
        if here == "/" || matches!(basename(from), "" | "." | "..") {
            return Err(Failure::refused(format!("mv: `:{from}` can't be moved"))
                .hint(format!("`{MPR} ls {}` shows what it holds", shell_word(&format!(":{from}")))));
        }
        if here == there {
            return Err(Failure::refused(format!("mv: `:{from}` and `:{to}` are the same"))
                .hint("another name moves it"));
        }
        if is_dir && there.starts_with(&format!("{here}/")) {
            return Err(Failure::refused(format!("mv: `:{to}` is inside `:{from}`"))
                .hint("a place outside of it moves it"));
        }
        self.check_existing(to, existing, is_dir)?;
        match device.rename(from, to) {
            Ok(()) => return Ok(Way::Renamed),
            // FAT does not replace.
            Err(Error::Os { errno, .. }) if errno.is("EEXIST") && existing == Some(false) => {
                device.remove(to).map_err(failure)?;
                device.rename(from, to).map_err(failure)?;
                return Ok(Way::Renamed);
            }
            // To another filesystem, or a board that can't.
            Err(Error::Os { errno, .. }) if errno.is("EPERM") || errno.is("EXDEV") => {}
            Err(Error::Unsupported { lacks: "os.rename", .. }) => {}
            Err(Error::Os { errno, .. }) if errno.is("ENOENT") && !board_parent(to).is_empty() => {
                let parent = shell_word(&format!(":{}", board_parent(to)));
                return Err(Failure::refused(format!("mv: `:{to}`: {errno}"))
                    .hint(format!("`{MPR} mkdir {parent}` makes its directory")));
            }
            Err(error) => return Err(failure(error)),
        }
        guard(from, &here, is_dir, session)?;
        copy(from, to, is_dir, session).map_err(|failure| failure.cause(format!("`:{from}` is whole")))?;
        remove(from, is_dir, session).map_err(|failure| failure.cause(format!("all of it is in `:{to}`")))?;
        Ok(Way::Copied)
    }

    fn check_existing(&self, to: &str, existing: Option<bool>, is_dir: bool) -> Result<(), Failure> {
        let word = shell_word(&format!(":{to}"));
        match existing {
            None => Ok(()),
            Some(true) => Err(Failure::refused(format!("mv: `:{to}` is a directory that exists"))
                .hint(format!("`{MPR} ls {word}` shows what it holds"))),
            Some(false) if is_dir => Err(Failure::refused(format!("mv: `:{to}` is a file"))
                .hint(format!("`{MPR} rm {word}` removes it"))),
            Some(false) if !self.options.force => {
                Err(Failure::refused(format!("mv: `:{to}` exists")).hint("`mv -f` replaces it"))
            }
            Some(false) => Ok(()),
        }
    }
}

/// Whether something is there, and whether it is a directory.
fn look(path: &str, session: &mut Session<'_>) -> Result<Option<bool>, Failure> {
    match session.device()?.stat(path) {
        Ok(stat) => Ok(Some(stat.is_dir)),
        Err(Error::Os { .. }) => Ok(None),
        Err(error) => Err(failure(error)),
    }
}

/// What is removed after a copy must be the board's own: no filesystem as a whole, and no folder of this machine.
fn guard(from: &str, here: &str, is_dir: bool, session: &mut Session<'_>) -> Result<(), Failure> {
    if !is_dir {
        return Ok(());
    }
    let device = session.device()?;
    let inside = |place: &str| here == place || here.starts_with(&format!("{place}/"));
    if device.mounted().iter().any(|mounted| inside(&mounted.at)) {
        return Err(Failure::refused(format!("mv: `:{from}` is a folder of this machine"))
            .hint(format!("`{MPR} cp -r {} :` copies it", shell_word(&format!(":{from}")))));
    }
    let mounts = match device.mounts() {
        Ok(mounts) => mounts,
        Err(Error::Unsupported { .. }) => Vec::new(),
        Err(error) => return Err(failure(error)),
    };
    if mounts.iter().any(|mount| mount.path == here || mount.path.starts_with(&format!("{here}/"))) {
        return Err(Failure::refused(format!("mv: a filesystem is mounted at `:{from}` or below"))
            .hint(format!("`{MPR} df` lists what is mounted")));
    }
    Ok(())
}

/// Copies, and compares the copies with their originals: a copy is verified against what was read, and reading may have been
/// wrong.
fn copy(from: &str, to: &str, is_dir: bool, session: &mut Session<'_>) -> Result<(), Failure> {
    let copies = cp::on_board(from, to, is_dir, session)
        .map_err(|failure| Failure { message: failure.message.replacen("cp: ", "mv: ", 1), ..failure })?;
    for (original, copy) in copies {
        let device = session.device()?;
        let mut digest = |path: &str| device.hash(plain(path), "sha256").map_err(failure);
        if digest(&original)? != digest(&copy)? {
            return Err(Failure::refused(format!("mv: `:{copy}` differs from `:{original}`"))
                .hint("run the command again"));
        }
    }
    Ok(())
}

fn remove(path: &str, is_dir: bool, session: &mut Session<'_>) -> Result<(), Failure> {
    if !is_dir {
        return session.device()?.remove(plain(path)).map_err(failure);
    }
    for entry in session.device()?.list(plain(path)).map_err(failure)? {
        remove(&join(path, &entry.name), entry.is_dir, session)?;
    }
    session.device()?.rmdir(plain(path)).map_err(failure)
}

fn failure(error: Error) -> Failure {
    Failure::device("mv", error)
}
