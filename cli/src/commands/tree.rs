//! `tree`: lists directories with all that is below them.

use std::collections::HashMap;

use clap::Args;
use mpr_protocol::{Error, Kind, ListingEntry, ListingOptions};
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::failures::Failures;
use crate::hints::MPR;
use crate::local::board::{join, plain};
use crate::printer::Printer;
use crate::session::Session;

/// Arguments of `tree`.
#[derive(Debug, Args)]
pub struct Tree {
    #[command(flatten)]
    options: fs::Options,
    /// Directories on the device (default: the current one)
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
}

#[derive(Serialize)]
struct Report {
    path: String,
    device: String,
    entries: Vec<Node>,
}

/// A file, or a directory with its entries.
#[derive(Debug, Serialize)]
struct Node {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<Node>>,
}

impl Run for Tree {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        for path in fs::paths_or_current(&self.paths) {
            if self.options.headline() {
                session.printer().headline(&format!("tree :{path}"))?;
            }
            self.tree(path, session)?;
        }
        Ok(())
    }
}

impl Tree {
    fn tree(&self, path: &str, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let device = session.device()?;
        let asked = if path == "." { "" } else { plain(path) };
        let options = ListingOptions {
            below: true,
            cwd: asked.is_empty(),
            sizes: self.options.size || self.options.human || printer.is_json(),
            ..ListingOptions::default()
        };
        let listing = match device.listing(asked, &options) {
            // What can't be listed is no directory, as in mpremote; something below it is another matter.
            Err(Error::Os { path: failed, .. }) if failed == asked && !asked.is_empty() => {
                return Err(Failure::refused(format!("tree: `:{path}` is not a directory"))
                    .hint(format!("`{MPR} ls` shows what is there")));
            }
            listing => listing.map_err(|error| Failure::device("tree", error))?,
        };
        let name = device.name().to_owned();
        let top = if asked.is_empty() { listing.cwd.unwrap_or_default() } else { path.to_owned() };
        match self.options.verbose() {
            true => printer.line(&format!(":{top} on {name}"))?,
            false => printer.line(&format!(":{top}"))?,
        }
        let mut levels: HashMap<&str, Vec<(&str, &ListingEntry)>> = HashMap::new();
        for entry in &listing.entries {
            let (above, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            levels.entry(above).or_default().push((name, entry));
        }
        let entries = self.level("", &mut levels, "", printer)?;
        printer.json("tree", &Report { path: format!(":{top}"), device: name, entries })?;
        let mut failures = Failures::default();
        for (below, errno) in &listing.unreadable {
            let shown = format!(":{}", join(asked, below));
            failures.keep(Failure::unlisted("tree", &shown, errno))?;
        }
        failures.end("tree", |count| format!("tree: {count} directories could not be listed"))
    }

    /// Prints the entries of the directory `of`, each behind `prefix`, and what is below them.
    fn level(
        &self,
        of: &str,
        levels: &mut HashMap<&str, Vec<(&str, &ListingEntry)>>,
        prefix: &str,
        printer: &Printer,
    ) -> Result<Vec<Node>, Failure> {
        let mut entries = levels.remove(of).unwrap_or_default();
        entries.sort_by_key(|(name, _)| *name);
        let count = entries.len();
        let mut nodes = Vec::with_capacity(count);
        for (at, (name, entry)) in entries.into_iter().enumerate() {
            let (connector, indent) =
                if at + 1 == count { ("└── ", "    ") } else { ("├── ", "│   ") };
            let size = self.size_column(entry);
            printer.line(&format!("{prefix}{connector}{size}{name}"))?;
            let entries = match is_dir(entry) {
                true => Some(self.level(&entry.path, levels, &format!("{prefix}{indent}"), printer)?),
                false => None,
            };
            let kind = if is_dir(entry) { "directory" } else { "file" };
            nodes.push(Node { name: name.to_owned(), kind, size: entry.size, entries });
        }
        Ok(nodes)
    }

    /// The size in brackets, if wanted. Most filesystems have none for directories.
    fn size_column(&self, entry: &ListingEntry) -> String {
        if is_dir(entry) {
            String::new()
        } else if self.options.size {
            format!("[{:>9}]  ", entry.size)
        } else if self.options.human {
            format!("[{:>6}]  ", human(entry.size))
        } else {
            String::new()
        }
    }
}

fn is_dir(entry: &ListingEntry) -> bool {
    matches!(entry.kind, Kind::Directory | Kind::Mount)
}

/// A size with one decimal and a unit of 1024; plain below 1 KB.
fn human(size: u64) -> String {
    const UNITS: [&str; 4] = ["K", "M", "G", "T"];
    if size < 1024 {
        return size.to_string();
    }
    // Exact enough: one decimal is shown.
    let mut value = size as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_for_people() {
        for (size, text) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1536, "1.5K"),
            (1 << 20, "1.0M"),
            (5 << 40, "5.0T"),
            (5 << 50, "5120.0T"),
        ] {
            assert_eq!(human(size), text);
        }
    }
}
