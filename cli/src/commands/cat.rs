//! `cat`: prints files, byte for byte.

use clap::Args;
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::session::Session;

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
            let device = session.device()?;
            let mut content = Vec::new();
            let mut direct = printer;
            let to: &mut dyn std::io::Write = if printer.is_json() { &mut content } else { &mut direct };
            device.read_file(path, to, &mut |_| {}).map_err(|error| Failure::device("cat", error))?;
            let (size, content) = (content.len(), super::eval::Bytes::new(&content));
            printer.json("cat", &Content { path: &shown, size, content })?;
        }
        Ok(())
    }
}
