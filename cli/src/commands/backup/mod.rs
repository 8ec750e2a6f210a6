//! `backup`: the board's files as a tar archive.

mod walk;

use std::io::{self, IsTerminal, Seek, Write};
use std::path::Path;

use clap::Args;
use mpr_protocol::Error;
use mpr_protocol::archive::Writer;
use serde::Serialize;
use tempfile::SpooledTempFile;

use super::{Run, fs};
use crate::failure::Failure;
use crate::hints::{MPR, shell_word};
use crate::local::board::absolute;
use crate::local::{Destination, Filesystems, is_below};
use crate::printer::Printer;
use crate::progress::Progress;
use crate::session::Session;
use walk::{Left, Walk};

/// A file's content waits in memory up to this many bytes, then in a temporary file.
const MEMORY: usize = 1 << 20;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// Archive on this machine (.tar, or .tar.gz and .tgz for a compressed one); - is standard output
    #[arg(value_name = "FILE")]
    file: String,
    /// Files and directories on the device (default: all but other filesystems, which are taken when they are named)
    #[arg(value_name = ":PATH")]
    paths: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    archive: &'a str,
    files: Vec<Saved>,
    directories: Vec<String>,
    bytes: u64,
    skipped: &'a [Left],
    failed: &'a [Left],
}

#[derive(Debug, Serialize)]
struct Saved {
    path: String,
    bytes: u64,
}

/// Where the archive goes.
enum Out<'a> {
    File(Destination),
    Stdout(&'a Printer),
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::File(to) => to.write(bytes),
            Out::Stdout(printer) => printer.data(bytes).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::File(to) => to.flush(),
            Out::Stdout(_) => Ok(()),
        }
    }
}

impl Run for Backup {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        self.check_stdout(printer)?;
        if self.file != "-" {
            printer.headline(&format!("backup {}", self.file))?;
        }
        let filesystems =
            Filesystems::ask(session.device()?).map_err(|error| Failure::device("backup", error))?;
        let (mut walk, scope) = self.walk(&filesystems, session)?;
        for left in &walk.skipped {
            printer.note(&format!("skipped `{}`: {}", left.path, left.reason));
        }
        let report = self.save(&mut walk, scope.as_deref(), session)?;
        let (files, directories) = (report.files.len(), report.directories.len());
        let summary = format!(
            "{}, {}, {} bytes",
            count(files, "file", "files"),
            count(directories, "directory", "directories"),
            report.bytes
        );
        match self.file.as_str() {
            "-" => printer.note(&summary),
            _ => printer.line(&summary)?,
        }
        let report = Report { skipped: &walk.skipped, failed: &walk.failed, ..report };
        printer.json("backup", &report)?;
        self.verdict(&walk.failed)
    }
}

impl Backup {
    fn check_stdout(&self, printer: &Printer) -> Result<(), Failure> {
        if self.file != "-" {
            return Ok(());
        }
        if printer.is_json() {
            return Err(Failure::usage("backup: `-` and `--json` both want standard output")
                .hint(format!("`{MPR} --json backup FILE.tar` writes the archive to a file")));
        }
        if io::stdout().is_terminal() {
            return Err(Failure::usage("backup: `-` would print an archive on the terminal")
                .hint(format!("`{MPR} backup FILE.tar` writes it to a file")));
        }
        Ok(())
    }

    /// Finds what is to be saved, and the paths that were named, if that is not all.
    fn walk(
        &self,
        filesystems: &Filesystems,
        session: &mut Session<'_>,
    ) -> Result<(Walk, Option<Vec<String>>), Failure> {
        let named = self.paths.iter().map(|path| absolute(&filesystems.cwd, fs::board_path(path)));
        let mut tops: Vec<String> = named.collect();
        if tops.is_empty() {
            tops.push(filesystems.top());
        }
        let mut walk = Walk::default();
        for top in &tops {
            walk.add(top, filesystems, session)?;
        }
        // Another filesystem that was named itself was not left out.
        walk.skipped
            .retain(|left| !tops.iter().any(|top| is_below(&left.path[1..], top) && left.path[1..] == **top));
        let all = tops.iter().any(|top| top == "/");
        let scope = tops.iter().map(|top| top.trim_start_matches('/').to_owned()).collect();
        Ok((walk, (!all).then_some(scope)))
    }

    fn save<'a>(
        &'a self,
        walk: &mut Walk,
        scope: Option<&[String]>,
        session: &mut Session<'_>,
    ) -> Result<Report<'a>, Failure> {
        let failure = |error: io::Error| self.output(&error);
        let out = match self.file.as_str() {
            "-" => Out::Stdout(session.printer()),
            file => Out::File(Destination::create(Path::new(file)).map_err(failure)?),
        };
        let mut writer = Writer::new(out, is_gzip(&self.file));
        if let Some(scope) = scope {
            writer.scope(scope).map_err(failure)?;
        }
        let mut report = Report {
            archive: &self.file,
            files: Vec::new(),
            directories: Vec::new(),
            bytes: 0,
            skipped: &[],
            failed: &[],
        };
        let entries = std::mem::take(&mut walk.entries);
        let progress = Progress::new(session.printer(), "", entries.values().map(|entry| entry.size).sum());
        let mut done = 0;
        for (path, entry) in entries {
            let shown = format!(":{}", entry.on_board);
            if entry.is_dir {
                writer.directory(&path, entry.mtime).map_err(failure)?;
                report.directories.push(shown);
                continue;
            }
            progress.name(&shown);
            // The header has the size, and a file may have changed since it was listed.
            let mut content = SpooledTempFile::new(MEMORY);
            let read = session
                .device()?
                .read_file(&entry.on_board, &mut content, &mut |bytes| progress.at(done + bytes));
            match read {
                Ok(bytes) => {
                    let local = |error: io::Error| Failure::usage(format!("backup: temporary file: {error}"));
                    content.rewind().map_err(local)?;
                    writer.file(&path, bytes, entry.mtime, &mut content).map_err(failure)?;
                    report.bytes += bytes;
                    report.files.push(Saved { path: shown, bytes });
                }
                Err(Error::LocalIo { source }) => {
                    return Err(Failure::usage(format!("backup: temporary file: {source}")));
                }
                Err(error) => walk.failed(&entry.on_board, error)?,
            }
            done += entry.size;
        }
        match writer.finish().map_err(failure)? {
            Out::File(destination) => destination.commit().map_err(failure)?,
            Out::Stdout(_) => {}
        }
        Ok(report)
    }

    fn output(&self, error: &io::Error) -> Failure {
        match self.file.as_str() {
            "-" => Failure::output(error),
            file => Failure::local("backup", file, error),
        }
    }

    /// Names what is missing in the archive.
    fn verdict(&self, failed: &[Left]) -> Result<(), Failure> {
        let Some(first) = failed.first() else { return Ok(()) };
        let count = count(failed.len(), "file or directory is", "files or directories are");
        let failure = Failure::refused(format!("backup: {count} not in `{}`", self.file))
            .hint(format!("`{MPR} ls {}` shows what the board says of it", shell_word(&first.path)));
        Err(failed
            .iter()
            .fold(failure, |failure, left| failure.cause(format!("`{}`: {}", left.path, left.reason))))
    }
}

/// So many of something.
pub fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Whether an archive of this name is compressed.
fn is_gzip(file: &str) -> bool {
    let file = file.to_ascii_lowercase();
    file.ends_with(".gz") || file.ends_with(".tgz")
}
