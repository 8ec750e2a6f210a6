//! How far a long copy is, on a terminal.

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::Printer;

/// A copy that is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// Shows bytes done of all. Nothing is shown where standard error is no terminal, or for short work.
#[derive(Debug)]
pub struct Progress {
    total: u64,
    name: String,
    wanted: bool,
    start: Instant,
    bar: OnceCell<ProgressBar>,
}

impl Progress {
    /// For a copy of so many bytes.
    pub fn new(printer: &Printer, name: &str, total: u64) -> Self {
        Progress {
            total,
            name: name.to_owned(),
            wanted: printer.shows_progress(),
            start: Instant::now(),
            bar: OnceCell::new(),
        }
    }

    /// So many bytes are done.
    pub fn at(&self, done: u64) {
        if self.wanted && self.start.elapsed() >= PATIENCE {
            let bar = self.bar.get_or_init(|| self.draw());
            // Of the whole time: pieces arrive in bursts.
            let rate = done as f64 / self.start.elapsed().as_secs_f64();
            bar.set_prefix(format!("{:.1} KB/s", rate / 1000.0));
            bar.set_position(done);
        }
    }

    /// Names what is worked on now.
    pub fn name(&mut self, name: &str) {
        self.name = name.to_owned();
        if let Some(bar) = self.bar.get() {
            bar.set_message(self.name.clone());
        }
    }

    fn draw(&self) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(self.total), ProgressDrawTarget::stderr());
        let template = "{msg} [{bar:20}] {percent:>3}% of {total_bytes} {prefix}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("#>-"));
        }
        bar.set_message(self.name.clone());
        bar
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
