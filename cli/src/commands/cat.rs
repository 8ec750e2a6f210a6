//! `cat`: prints files, byte for byte.

use std::io::{self, IsTerminal};

use clap::Args;
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::printer::Place;
use crate::progress::Progress;
use crate::session::Session;

/// Shows how far a file is that goes to another file or to a program. On a terminal it shows itself.
fn progress<'a>(path: &str, session: &mut Session<'a>) -> Result<Option<Progress<'a>>, Failure> {
    let printer = session.printer();
    if io::stdout().is_terminal() {
        return Ok(None);
    }
    let name = format!(":{path}");
    Ok(match printer.progress_place() {
        None => None,
        Some(Place::Lines) => Some(Progress::unknown(printer, &name)),
        // Somebody looks on: its size is worth a question. A file that can't be asked is told when it is read.
        Some(Place::Terminal) => match session.device()?.stat(path) {
            Ok(stat) => Some(Progress::new(printer, &name, stat.size)),
            Err(_) => Some(Progress::unknown(printer, &name)),
        },
    })
}

/// Arguments of `cat`.
#[derive(Debug, Args)]
pub struct Cat {
    #[command(flatten)]
    options: fs::Options,
    /// Files on the device
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

#[derive(Serialize)]
struct Content<'a> {
    path: &'a str,
    size: usize,
    #[serde(flatten)]
    content: super::eval::Bytes<'a>,
}

impl Run for Cat {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        for path in self.paths.iter().map(|path| fs::board_path(path)) {
            let shown = format!(":{path}");
            if self.options.verbose() {
                printer.headline(&format!("cat {shown}"))?;
            }
            let progress = progress(path, session)?;
            let device = session.device()?;
            let mut content = Vec::new();
            let mut direct = printer;
            let to: &mut dyn std::io::Write = if printer.is_json() { &mut content } else { &mut direct };
            let mut at = |done| {
                if let Some(progress) = &progress {
                    progress.at(done);
                }
            };
            device.read_file(path, to, &mut at).map_err(|error| Failure::device("cat", error))?;
            let (size, content) = (content.len(), super::eval::Bytes::new(&content));
            printer.json("cat", &Content { path: &shown, size, content })?;
        }
        Ok(())
    }
}
