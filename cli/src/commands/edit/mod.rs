//! `edit`: edits files of the board with an editor of this machine.
//!
//! The board is let be while the editor runs, and what comes back goes there as a copy does: verified, and whole or not at
//! all. Once there is an edited text, no failure throws it away.

mod draft;
mod editor;

use clap::Args;
use mpr_protocol::Error;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Run, fs};
use crate::failure::Failure;
use crate::hints::{MPR, board_parent, shell_word};
use crate::local::board::{basename, plain};
use crate::progress::Progress;
use crate::session::Session;
use draft::{Draft, Edited};
use editor::Editor;

/// Which editor it is.
const EDITORS: &str = "\
The editor is what $VISUAL or $EDITOR says, arguments included, else sensible-editor, editor, nano or vi. One that
opens a window must wait until the file is closed, as `code --wait` does.";

/// Arguments of `edit`.
#[derive(Debug, Args)]
#[command(after_help = EDITORS)]
pub struct Edit {
    /// Files on the device; new ones are made
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
}

/// What was done to a file, as JSON.
#[derive(Debug, Serialize)]
struct Report<'a> {
    path: &'a str,
    status: Status,
    size: usize,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Created,
    Changed,
    Unchanged,
}

impl Run for Edit {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let editor = Editor::find()?;
        for path in self.files.iter().map(|path| plain(fs::board_path(path))) {
            let shown = format!(":{path}");
            session.printer().headline(&format!("edit {shown}"))?;
            let (status, size) = edit(path, &editor, session)?;
            if let Status::Unchanged = status {
                session.printer().note(&format!("`{shown}` is unchanged"));
            }
            session.printer().json("edit", &Report { path: &shown, status, size })?;
        }
        Ok(())
    }
}

fn edit(path: &str, editor: &Editor, session: &mut Session<'_>) -> Result<(Status, usize), Failure> {
    let before = read(path, session)?;
    let size = before.as_ref().map_or(0, Vec::len);
    let draft = Draft::new(basename(path), before)
        .map_err(|error| Failure::local("edit", &std::env::temp_dir().display().to_string(), &error))?;
    session.let_be();
    let ended = editor.edit(draft.file(), session.signals());
    let content = match (draft.after(), ended) {
        (Ok(Edited::Unchanged), Ok(())) => return Ok((Status::Unchanged, size)),
        (Ok(Edited::Unchanged), Err(failure)) => return Err(untouched(path, failure)),
        (Ok(Edited::Changed(_)), Err(failure)) => {
            return Err(draft.keep(path, failure.cause(format!("`:{path}` is as it was"))));
        }
        (Err(_), Err(failure)) => return Err(untouched(path, failure)),
        (Err(error), Ok(())) => {
            let file = draft.file().display().to_string();
            let failure = Failure::local("edit", &file, &error);
            return Err(untouched(path, Failure { hint: None, ..failure }));
        }
        (Ok(Edited::Changed(content)), Ok(())) => content,
    };
    let status = if draft.before().is_some() { Status::Changed } else { Status::Created };
    match upload(path, &draft, &content, session) {
        Ok(()) => Ok((status, content.len())),
        Err(failure) => Err(draft.keep(path, failure)),
    }
}

/// Nothing was edited, so nothing is lost.
fn untouched(path: &str, failure: Failure) -> Failure {
    let word = shell_word(&format!(":{path}"));
    failure
        .cause(format!("`:{path}` is as it was"))
        .hint(format!("`EDITOR=PROGRAM {MPR} edit {word}` takes another editor"))
}

/// The file's content; nothing for a new file whose directory is there.
fn read(path: &str, session: &mut Session<'_>) -> Result<Option<Vec<u8>>, Failure> {
    let device = session.device()?;
    let is_directory = || {
        let word = shell_word(&format!(":{path}"));
        Failure::refused(format!("edit: `:{path}` is a directory"))
            .hint(format!("`{MPR} ls {word}` lists its files"))
    };
    if path.is_empty() || path.ends_with('/') {
        return Err(is_directory());
    }
    match device.stat(path) {
        Ok(stat) if stat.is_dir => return Err(is_directory()),
        Ok(_) => {}
        Err(Error::Os { errno, .. }) if errno.is("ENOENT") || errno.is("ENOTDIR") => {
            return require_directory(path, session).map(|()| None);
        }
        Err(error) => return Err(Failure::device("edit", error)),
    }
    let mut content = Vec::new();
    device.read_file(path, &mut content, &mut |_| {}).map_err(|error| Failure::device("edit", error))?;
    Ok(Some(content))
}

/// A new file needs a directory: better to say so now than when there is a text to lose.
fn require_directory(path: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let parent = board_parent(path);
    if parent.is_empty() || parent == "/" || session.device()?.stat(parent).is_ok_and(|stat| stat.is_dir) {
        return Ok(());
    }
    let word = shell_word(&format!(":{parent}"));
    Err(Failure::refused(format!("edit: `:{path}`: its directory `:{parent}` is missing"))
        .hint(format!("`{MPR} mkdir {word}` makes it")))
}

/// Puts the text on the board, unless the file there is no longer the one that was edited.
fn upload(path: &str, draft: &Draft, content: &[u8], session: &mut Session<'_>) -> Result<(), Failure> {
    let failure = |error| Failure::device("edit", error);
    session.reach_again()?;
    let device = session.device()?;
    let as_it_was = match (draft.before(), device.stat(path)) {
        (None, Err(Error::Os { .. })) => true,
        (Some(before), Ok(_)) => {
            device.hash(path, "sha256").map_err(failure)? == Sha256::digest(before).to_vec()
        }
        (_, Err(error)) if !matches!(error, Error::Os { .. }) => return Err(failure(error)),
        _ => false,
    };
    if !as_it_was {
        return Err(Failure::refused(format!("edit: `:{path}` changed on the board while it was edited"))
            .cause("it is left as it is there"));
    }
    let size = content.len() as u64;
    let progress = Progress::new(session.printer(), path, size);
    let device = session.device()?;
    let mut source = content;
    device.write_file(path, &mut source, Some(size), &mut |done| progress.at(done)).map(drop).map_err(
        |error| match draft.before() {
            Some(_) => failure(error).cause(format!("`:{path}` is as it was")),
            None => failure(error),
        },
    )
}
