//! What was done, as lines and as JSON.

use serde::Serialize;

use super::plan::{Action, NEITHER};
use crate::failure::Failure;
use crate::failures::{Failures, first_line};

/// One JSON object for the whole.
#[derive(Debug, Serialize)]
pub struct Report {
    from: String,
    to: String,
    dry_run: bool,
    /// Files that came and were not there.
    pub new: usize,
    /// Files that got other content.
    pub changed: usize,
    /// Files that were as they should be.
    pub unchanged: usize,
    /// Files and directories that went away.
    pub removed: usize,
    /// Directories that were made.
    pub directories: usize,
    /// What could not be done.
    pub failed: usize,
    /// Size of the files that came.
    pub bytes: u64,
    entries: Vec<Entry>,
    #[serde(skip)]
    failures: Failures,
}

#[derive(Debug, Serialize)]
struct Entry {
    action: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Report {
    /// Nothing so far.
    pub fn new(from: &str, to: &str, dry_run: bool) -> Self {
        Report {
            from: from.to_owned(),
            to: to.to_owned(),
            dry_run,
            new: 0,
            changed: 0,
            unchanged: 0,
            removed: 0,
            directories: 0,
            failed: 0,
            bytes: 0,
            entries: Vec::new(),
            failures: Failures::default(),
        }
    }

    /// Counts a step that is done. Returns its line.
    pub fn done(&mut self, action: Action, path: String, bytes: u64) -> String {
        let (word, count) = match action {
            Action::New => ("new", &mut self.new),
            Action::Change => ("changed", &mut self.changed),
            Action::MakeDirectory => ("mkdir", &mut self.directories),
            Action::Remove | Action::RemoveDirectory | Action::Replace => ("removed", &mut self.removed),
            Action::Skip => return self.skipped(path, "another filesystem"),
            Action::Leave => return self.skipped(path, NEITHER),
        };
        *count += 1;
        let is_file = matches!(action, Action::New | Action::Change);
        self.bytes += if is_file { bytes } else { 0 };
        let line = format!("{word} {path}");
        self.entries.push(Entry { action: word, path, bytes: is_file.then_some(bytes), reason: None });
        line
    }

    /// Tells what nothing is done to. Returns its line.
    pub fn skipped(&mut self, path: String, reason: &str) -> String {
        let line = format!("skipped {path} ({reason})");
        self.entries.push(Entry { action: "skipped", path, bytes: None, reason: Some(reason.to_owned()) });
        line
    }

    /// Counts what could not be done; an error if nothing else can be either.
    pub fn failed(&mut self, path: String, failure: Failure) -> Result<(), Failure> {
        let reason = first_line(&failure);
        self.failures.keep(failure)?;
        self.failed += 1;
        self.entries.push(Entry { action: "failed", path, bytes: None, reason: Some(reason) });
        Ok(())
    }

    /// The last line.
    pub fn summary(&self) -> String {
        let counts = [
            (self.new, "new"),
            (self.changed, "changed"),
            (self.removed, "removed"),
            (self.failed, "failed"),
            (self.unchanged, "unchanged"),
        ];
        let shown: Vec<String> = counts
            .iter()
            .filter(|(count, word)| *count > 0 || *word == "unchanged")
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let note = if self.dry_run { " (nothing was done)" } else { "" };
        format!("{}{note}", shown.join(", "))
    }

    /// The end: a failure if something could not be done.
    pub fn end(self) -> Result<(), Failure> {
        let (from, to) = (self.from, self.to);
        self.failures
            .end("sync", |count| format!("sync: {count} entries of `{from}` could not be brought to `{to}`"))
    }
}
