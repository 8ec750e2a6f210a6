//! `sha256sum -c`: compares files of the board with the digests of a list.

use std::fs;
use std::io::{self, Read};

use mpr_protocol::Error;
use serde::Serialize;

use super::list::{self, Listed};
use crate::commands::eval::hex;
use crate::commands::fs::board_path;
use crate::failure::{Failure, Kind};
use crate::hints::{MPR, shell_word};
use crate::session::Session;

/// What a list's file is on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// It has the digest.
    Ok,
    /// It has another one.
    Failed,
    /// It could not be read.
    Unreadable,
}

#[derive(Debug, Serialize)]
struct Checked {
    path: String,
    status: Status,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    list: &'a str,
    files: &'a [Checked],
    improper_lines: usize,
}

/// Checks the files of the list at this path of this machine; `-` is standard input. `name` is the command's word.
pub fn run(name: &str, algorithm: &str, from: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let bytes = match algorithm {
        "md5" => 16,
        "sha1" => 20,
        _ => 32,
    };
    let text = read(from).map_err(|error| match from {
        "-" => Failure::usage(format!("{name}: standard input: {error}")),
        _ => Failure::local(name, from, &error),
    })?;
    // Only paths can be other than ASCII, and a board's are UTF-8; what is not names no file there.
    let list = list::parse(&String::from_utf8_lossy(&text), algorithm, bytes);
    if list.files.is_empty() {
        return Err(Failure::refused(format!(
            "{name}: `{from}`: no properly formatted checksum lines found"
        ))
        .hint(format!("`{name} FILE...` of this machine prints such lines")));
    }
    let mut files = Vec::with_capacity(list.files.len());
    for listed in &list.files {
        let status = check(name, algorithm, listed, session)?;
        let text = match status {
            Status::Ok => "OK",
            Status::Failed => "FAILED",
            Status::Unreadable => "FAILED open or read",
        };
        let printer = session.printer();
        if status != Status::Ok || !printer.is_quiet() {
            printer.line(&format!("{}: {text}", list::shown(&listed.path)))?;
        }
        files.push(Checked { path: format!(":{}", board_path(&listed.path)), status });
    }
    session.printer().json(name, &Report { list: from, files: &files, improper_lines: list.improper })?;
    verdict(name, from, &files, list.improper, session)
}

fn read(from: &str) -> io::Result<Vec<u8>> {
    match from {
        "-" => {
            let mut text = Vec::new();
            io::stdin().lock().read_to_end(&mut text)?;
            Ok(text)
        }
        path => fs::read(path),
    }
}

/// A file that can't be read is told at once; what ends the link ends the check.
fn check(name: &str, algorithm: &str, listed: &Listed, session: &mut Session<'_>) -> Result<Status, Failure> {
    let path = board_path(&listed.path);
    match session.device()?.hash(path, algorithm) {
        Ok(digest) if hex(&digest) == listed.digest => Ok(Status::Ok),
        Ok(_) => Ok(Status::Failed),
        Err(
            error @ (Error::Os { .. }
            | Error::Exception(_)
            | Error::Unsupported { .. }
            | Error::Verify { .. }),
        ) => {
            let failure = Failure::device_at(name, path, error);
            let text = failure.device_text.as_deref().and_then(|text| text.trim_end().lines().last());
            session.printer().note(match text {
                Some(text) => text,
                None => &failure.message,
            });
            Ok(Status::Unreadable)
        }
        Err(error) => Err(Failure::device(name, error)),
    }
}

/// The summary, in coreutils' words.
fn verdict(
    name: &str,
    from: &str,
    files: &[Checked],
    improper: usize,
    session: &Session<'_>,
) -> Result<(), Failure> {
    let count = |status| files.iter().filter(|file| file.status == status).count();
    let line = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("WARNING: 1 {one}")),
        count => Some(format!("WARNING: {count} {many}")),
    };
    let improper = line(improper, "line is improperly formatted", "lines are improperly formatted");
    let unreadable =
        line(count(Status::Unreadable), "listed file could not be read", "listed files could not be read");
    let differing =
        line(count(Status::Failed), "computed checksum did NOT match", "computed checksums did NOT match");
    let bad = files.iter().find(|file| file.status != Status::Ok);
    let Some(bad) = bad else {
        if let Some(warning) = improper {
            session.printer().note(&format!("{name}: {warning}"));
        }
        return Ok(());
    };
    let mut warnings = differing.into_iter().chain(unreadable).chain(improper);
    let first = warnings.next().unwrap_or_default();
    let failure = Failure::new(Kind::Refused, format!("{name}: `{from}`: {first}"));
    let hint = match bad.status {
        Status::Unreadable => {
            let parent = shell_word(&format!(":{}", crate::hints::board_parent(board_path(&bad.path))));
            format!("`{MPR} ls {parent}` shows what is there")
        }
        _ => format!("`{MPR} {name} {}` prints its digest", shell_word(&bad.path)),
    };
    Err(warnings.fold(failure, |failure, warning| failure.cause(warning)).hint(hint))
}
