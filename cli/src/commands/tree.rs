//! `tree`: lists directories with all that is below them.

use clap::Args;
use mpr_protocol::{DirEntry, Error, TreeEntry};
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::hints::MPR;
use crate::local::board::plain;
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
        let tree = match device.tree(asked) {
            // What can't be listed is no directory, as in mpremote; something below it is another matter.
            Err(Error::Os { path: failed, .. }) if failed == asked && !asked.is_empty() => {
                return Err(Failure::refused(format!("tree: `:{path}` is not a directory"))
                    .hint(format!("`{MPR} ls` shows what is there")));
            }
            tree => tree.map_err(|error| Failure::device("tree", error))?,
        };
        let name = device.name().to_owned();
        let top = if asked.is_empty() { tree.cwd.unwrap_or_default() } else { path.to_owned() };
        match self.options.verbose() {
            true => printer.line(&format!(":{top} on {name}"))?,
            false => printer.line(&format!(":{top}"))?,
        }
        let entries = self.level(tree.entries, "", printer)?;
        printer.json("tree", &Report { path: format!(":{top}"), device: name, entries })
    }

    /// Prints a directory's entries, each behind `prefix`, and what is below them.
    fn level(
        &self,
        mut entries: Vec<TreeEntry>,
        prefix: &str,
        printer: &Printer,
    ) -> Result<Vec<Node>, Failure> {
        entries.sort_by(|a, b| a.entry.name.cmp(&b.entry.name));
        let count = entries.len();
        let mut nodes = Vec::with_capacity(count);
        for (at, TreeEntry { entry, below }) in entries.into_iter().enumerate() {
            let (connector, indent) =
                if at + 1 == count { ("└── ", "    ") } else { ("├── ", "│   ") };
            let size = self.size_column(&entry);
            printer.line(&format!("{prefix}{connector}{size}{}", entry.name))?;
            let entries = match entry.is_dir {
                true => Some(self.level(below, &format!("{prefix}{indent}"), printer)?),
                false => None,
            };
            let kind = if entry.is_dir { "directory" } else { "file" };
            nodes.push(Node { name: entry.name, kind, size: entry.size, entries });
        }
        Ok(nodes)
    }

    /// The size in brackets, if wanted. Most filesystems have none for directories.
    fn size_column(&self, entry: &DirEntry) -> String {
        if entry.is_dir && entry.size == 0 {
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
