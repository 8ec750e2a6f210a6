//! `bench`: how fast a board and its link are, and what limits a copy.

mod history;
mod limit;
mod measure;

use std::path::PathBuf;

use clap::Args;
use mpr_protocol::{Device, Error, SCRATCH_MARK};
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::hints::{MPR, shell_word};
use crate::local::Filesystems;
use crate::local::board::{absolute, join, plain};
use crate::session::Session;
use history::{Entry, History};
use limit::Share;
use measure::{Bench as Measurement, Figures, Rate};

/// A file with the mark of ours that is larger than this is none of ours.
const LARGEST: u64 = 64 << 10;

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// Keep the figures in this folder, and show how they changed
    #[arg(long, value_name = "FOLDER")]
    history: Option<PathBuf>,
    /// Measure each figure so often
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Directory on the device for the temporary file (default: the current one)
    #[arg(value_name = ":DIR")]
    directory: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    device: &'a str,
    board: &'a str,
    figures: &'a Figures,
    limits_copy_to_board: Option<&'a Share>,
    limits_copy_from_board: Option<&'a Share>,
}

impl Run for Bench {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let failure = |error| Failure::device("bench", error);
        // What is wrong with it should not show after minutes of measuring.
        let history = self.history.as_deref().map(History::open).transpose()?;
        let device = session.device()?;
        let filesystems = Filesystems::ask(device).map_err(failure)?;
        let directory = self.directory.as_deref().map_or("", fs::board_path);
        let file = free_name(directory, device)?;
        let free = filesystems.of(&absolute(&filesystems.cwd, directory)).and_then(|point| point.free);
        let tell = |what: &str| printer.detail(&format!("measuring: {what}"));
        let mut measurement = Measurement {
            device: &mut *device,
            file: &file,
            rounds: usize::from(self.rounds),
            free,
            tell: &tell,
        };
        let figures = measurement.run();
        let left = clean_up(&file, device);
        let figures = match (figures, left) {
            (Ok(figures), Ok(())) => figures,
            (Ok(_), Err(error)) => return Err(failure(error).cause(format!("`:{file}` may be left"))),
            (Err(error), Ok(())) => return Err(failure(error)),
            (Err(error), Err(_)) => {
                return Err(failure(error).cause(format!("`:{file}` may be left; the next run removes it")));
            }
        };
        let entry = Entry {
            time: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            mpr: env!("CARGO_PKG_VERSION").to_owned(),
            device: device.name().to_owned(),
            board: describe(device).map_err(failure)?,
            figures,
        };
        let last = history.as_ref().and_then(|history| history.last(&entry)).cloned();
        self.print(&entry, last.as_ref(), session)?;
        history.map_or(Ok(()), |history| history.add(entry))
    }
}

impl Bench {
    fn print(&self, entry: &Entry, last: Option<&Entry>, session: &Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let figures = &entry.figures;
        printer.headline(&format!("{} on {}", entry.board, entry.device))?;
        let before = last.map(|last| history::rows(&last.figures));
        for (at, (name, text, value)) in history::rows(figures).into_iter().enumerate() {
            let was = before.as_ref().and_then(|rows| rows[at].2);
            let line = format!("{name:<21}{text:>15}  {}", history::change(value, was));
            printer.line(line.trim_end())?;
        }
        let copies = [
            ("copy to the board", limit::to_board(figures)),
            ("copy from the board", limit::from_board(figures)),
        ];
        for (what, share) in &copies {
            if let Some(Share { part, percent }) = share {
                printer.line(&format!("a {what} is limited by {part}: {percent} % of its time"))?;
            }
        }
        let rates = [
            ("link to the board", &figures.link_to_board),
            ("link from the board", &figures.link_from_board),
            ("flash, writing", &figures.flash_write),
            ("flash, reading", &figures.flash_read),
            ("SHA-256", &figures.hash),
            ("copy to the board", &figures.copy_to_board),
            ("copy from the board", &figures.copy_from_board),
        ];
        for (name, rate) in rates {
            if let Rate::Unknown(why) = rate {
                printer.note(&format!("{name} is not measurable: {why}"));
            }
        }
        let report = Report {
            device: &entry.device,
            board: &entry.board,
            figures,
            limits_copy_to_board: copies[0].1.as_ref(),
            limits_copy_from_board: copies[1].1.as_ref(),
        };
        printer.json("bench", &report)
    }
}

/// `micropython 1.23.0 on rp2`.
fn describe(device: &mut Device) -> Result<String, Error> {
    let capabilities = device.capabilities()?;
    let (major, minor, patch) = capabilities.version;
    Ok(format!("{} {major}.{minor}.{patch} on {}", capabilities.implementation, capabilities.platform))
}

/// A name that no file has, nor the temporary file of a copy to it. What an earlier run has left is removed.
fn free_name(directory: &str, device: &mut Device) -> Result<String, Failure> {
    for number in 0..10 {
        // Fits the 8.3 names of a FAT without long ones.
        let name = format!("mprben{number:02}.tmp");
        let file = match directory {
            "" => name,
            directory => plain(&join(directory, &name)).to_owned(),
        };
        if is_free(&file, device)? && is_free(&format!("{file}.part"), device)? {
            return Ok(file);
        }
    }
    let word = shell_word(&format!(":{directory}"));
    Err(Failure::refused(format!("bench: every name for a temporary file in `:{directory}` is taken"))
        .hint(format!("`{MPR} ls {word}` shows the files, which begin with `mprben`")))
}

fn is_free(file: &str, device: &mut Device) -> Result<bool, Failure> {
    let failure = |error| Failure::device("bench", error);
    let size = match device.stat(file) {
        Ok(stat) if stat.is_dir => return Ok(false),
        Ok(stat) => stat.size,
        Err(Error::Os { .. }) => return Ok(true),
        Err(error) => return Err(failure(error)),
    };
    if size > LARGEST {
        return Ok(false);
    }
    let mut content = Vec::new();
    device.read_file(file, &mut content, &mut |_| {}).map_err(failure)?;
    if !content.starts_with(SCRATCH_MARK) {
        return Ok(false);
    }
    device.remove(file).map_err(failure)?;
    Ok(true)
}

/// Removes the temporary file, if it is there.
fn clean_up(file: &str, device: &mut Device) -> Result<(), Error> {
    for path in [file.to_owned(), format!("{file}.part")] {
        match device.remove(&path) {
            Ok(()) | Err(Error::Os { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
