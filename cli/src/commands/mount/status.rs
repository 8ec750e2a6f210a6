//! The last line of the terminal while a board is mounted: what it does, and what it has done.

use std::cell::RefCell;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mpr_fuse_mount::{Doing, Status};

use crate::printer::{Place, Printer};
use crate::progress::size;

/// Shown on a terminal as long as it lives; nothing elsewhere.
#[derive(Debug)]
pub struct StatusLine<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
    shown: RefCell<Option<Status>>,
}

impl<'a> StatusLine<'a> {
    /// For a folder.
    pub fn new(printer: &'a Printer, folder: &str) -> Self {
        let bar = (printer.progress_place() == Some(Place::Terminal)).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{prefix}: {wide_msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(folder.to_owned());
            bar
        });
        printer.show_bar(bar.clone());
        StatusLine { printer, bar, shown: RefCell::default() }
    }

    /// Shows it, if it has changed.
    pub fn show(&self, status: &Status) {
        let Some(bar) = &self.bar else { return };
        if self.shown.borrow().as_ref() != Some(status) {
            bar.set_message(words(status));
            bar.force_draw();
            self.shown.replace(Some(status.clone()));
        }
    }
}

impl Drop for StatusLine<'_> {
    fn drop(&mut self) {
        self.printer.show_bar(None);
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn words(status: &Status) -> String {
    let work = match &status.work {
        Doing::Reading(path) => format!("reading {path}; "),
        Doing::Writing(path) => format!("writing {path}; "),
        Doing::Visitor => "another command uses the device; ".to_owned(),
        Doing::Away => "the device is away; ".to_owned(),
        // `Doing` may grow.
        _ => String::new(),
    };
    let files = if status.files_written == 1 { "file" } else { "files" };
    let Status { read, written, files_written, .. } = status;
    format!("{work}{} read, {} written in {files_written} {files}", size(*read), size(*written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_in_words() {
        let status = Status { read: 12_345, written: 900, files_written: 1, ..Status::default() };
        assert_eq!(words(&status), "12.3 KB read, 900 bytes written in 1 file");
        let status = Status { work: Doing::Writing("/main.py".to_owned()), ..Status::default() };
        assert_eq!(words(&status), "writing /main.py; 0 bytes read, 0 bytes written in 0 files");
    }
}
