//! `ls`: lists directories.

use clap::Args;
use mpr_protocol::DirEntry;
use serde::Serialize;

use super::{Run, fs};
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `ls`.
#[derive(Debug, Args)]
pub struct Ls {
    #[command(flatten)]
    options: fs::Options,
    /// Directories on the device (default: the current one)
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
}

#[derive(Serialize)]
struct Listing {
    path: String,
    entries: Vec<Entry>,
}

/// A file or directory, as JSON.
#[derive(Debug, Serialize)]
pub struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    size: u64,
}

impl Run for Ls {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        for path in fs::paths_or_current(&self.paths) {
            if self.options.headline() {
                printer.headline(&format!("ls :{path}"))?;
            }
            let entries =
                session.device()?.list(path).map_err(|error| Failure::device_at("ls", path, error))?;
            for entry in &entries {
                printer.line(&line(entry))?;
            }
            let entries = entries.into_iter().map(Entry::from).collect();
            printer.json("ls", &Listing { path: format!(":{path}"), entries })?;
        }
        Ok(())
    }
}

/// Size and name; a slash marks a directory.
fn line(entry: &DirEntry) -> String {
    format!("{:12} {}{}", entry.size, entry.name, if entry.is_dir { "/" } else { "" })
}

impl From<DirEntry> for Entry {
    fn from(entry: DirEntry) -> Self {
        Entry { name: entry.name, kind: if entry.is_dir { "directory" } else { "file" }, size: entry.size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_mpremote() {
        let entry = |name: &str, is_dir, size| DirEntry { name: name.into(), is_dir, size };
        assert_eq!(line(&entry("lib", true, 0)), "           0 lib/");
        assert_eq!(line(&entry("main.py", false, 1234)), "        1234 main.py");
    }
}
