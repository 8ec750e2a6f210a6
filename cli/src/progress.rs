//! How far a long copy is: a bar on a terminal, elsewhere a line now and then. Short work shows nothing.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::{Place, Printer};

/// A copy that is over sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(400);
/// A copy that is over sooner needs no line.
const LINE_PATIENCE: Duration = Duration::from_secs(2);
/// From one line to the next.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Shows bytes done of all on standard error, for as long as it lives.
#[derive(Debug)]
pub struct Progress<'a> {
    printer: &'a Printer,
    place: Option<Place>,
    total: Option<u64>,
    name: RefCell<String>,
    start: Instant,
    line: RefCell<Option<(Arc<AtomicU64>, u64)>>,
    bar: RefCell<Option<ProgressBar>>,
    line_due: Cell<Duration>,
}

impl<'a> Progress<'a> {
    /// For a copy of so many bytes.
    pub fn new(printer: &'a Printer, name: &str, total: u64) -> Self {
        Progress::start(printer, name, Some(total))
    }

    /// For a copy whose size is not known.
    pub fn unknown(printer: &'a Printer, name: &str) -> Self {
        Progress::start(printer, name, None)
    }

    fn start(printer: &'a Printer, name: &str, total: Option<u64>) -> Self {
        Progress {
            printer,
            place: printer.progress_place(),
            total,
            name: RefCell::new(name.to_owned()),
            start: Instant::now(),
            line: RefCell::default(),
            bar: RefCell::default(),
            line_due: Cell::new(LINE_PATIENCE),
        }
    }

    /// So many bytes are done.
    pub fn at(&self, done: u64) {
        let elapsed = self.start.elapsed();
        match self.place {
            Some(Place::Terminal) if elapsed >= PATIENCE => self.draw(done, elapsed),
            Some(Place::Lines) if elapsed >= self.line_due.get() => {
                self.line_due.set(elapsed + BETWEEN_LINES);
                let words = words(done, self.total, self.compressed(done), elapsed);
                self.printer.note(&format!("{}: {words}", self.name.borrow()));
            }
            _ => {}
        }
    }

    /// A count of the bytes on the line, which is shown where it is less than what is done: the link compresses.
    pub fn on_line(&self, count: Arc<AtomicU64>) {
        let before = count.load(Ordering::Relaxed);
        *self.line.borrow_mut() = Some((count, before));
    }

    fn compressed(&self, done: u64) -> Option<u64> {
        let line = self.line.borrow();
        let (count, before) = line.as_ref()?;
        let sent = count.load(Ordering::Relaxed) - before;
        (sent > 0 && sent < done - done / 8).then_some(sent)
    }

    /// Names what is worked on now.
    pub fn name(&self, name: &str) {
        self.name.replace(name.to_owned());
        if let Some(bar) = &*self.bar.borrow() {
            bar.set_prefix(name.to_owned());
        }
    }

    fn draw(&self, done: u64, elapsed: Duration) {
        let message = match self.total {
            Some(total) => {
                format!("{}, {}", size(total), pace(done, self.total, self.compressed(done), elapsed))
            }
            None => words(done, None, self.compressed(done), elapsed),
        };
        let mut shown = self.bar.borrow_mut();
        let is_new = shown.is_none();
        let bar = shown.get_or_insert_with(|| self.hidden());
        bar.set_message(message);
        bar.set_position(done);
        if is_new {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.tick();
            self.printer.show_bar(Some(bar.clone()));
        }
    }

    /// A bar that is not shown before it has something to show.
    fn hidden(&self) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(self.total, ProgressDrawTarget::hidden());
        let template = match self.total {
            Some(_) => "{prefix} [{bar:20}] {percent:>3}% of {msg}",
            None => "{prefix} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("#>-"));
        }
        bar.set_prefix(self.name.borrow().clone());
        bar
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get_mut() {
            bar.finish_and_clear();
            self.printer.show_bar(None);
        }
    }
}

/// All in words: `51.2 of 102.4 KB (50%), 11.4 KB/s, 4 s left`.
fn words(done: u64, total: Option<u64>, sent: Option<u64>, elapsed: Duration) -> String {
    let pace = pace(done, total, sent, elapsed);
    match total {
        Some(total) if total > 0 => {
            // What grew meanwhile is not more than all of it.
            let percent = done.min(total) * 100 / total;
            format!("{} of {} ({percent}%), {pace}", size(done), size(total))
        }
        _ => format!("{}, {pace}", size(done)),
    }
}

/// How fast, how long still, and how much of it on the line. The rate is that of the whole time: pieces arrive in bursts.
fn pace(done: u64, total: Option<u64>, sent: Option<u64>, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
    let mut text = format!("{:.1} KB/s", rate / 1000.0);
    if let Some(total) = total
        && done > 0
        && total > done
    {
        text += &format!(", {} left", time((total - done) as f64 / rate));
    }
    if let Some(sent) = sent {
        text += &format!(", {} compressed", size(sent));
    }
    text
}

/// A number of bytes for a person.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

fn time(seconds: f64) -> String {
    match seconds.ceil() as u64 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_in_words() {
        let second = Duration::from_secs(1);
        assert_eq!(
            words(11_520, Some(102_400), None, second),
            "11.5 KB of 102.4 KB (11%), 11.5 KB/s, 8 s left"
        );
        assert_eq!(
            words(50_000, Some(100_000), Some(12_000), second * 2),
            "50.0 KB of 100.0 KB (50%), 25.0 KB/s, 2 s left, 12.0 KB compressed"
        );
        assert_eq!(words(2_500_000, None, None, second * 10), "2.5 MB, 250.0 KB/s");
        assert_eq!(words(0, Some(9), None, Duration::ZERO), "0 bytes of 9 bytes (0%), 0.0 KB/s");
        assert_eq!(words(12, Some(10), None, second), "12 bytes of 10 bytes (100%), 0.0 KB/s");
        assert_eq!(words(5, Some(0), None, second), "5 bytes, 0.0 KB/s");
        assert_eq!([59.1, 61.0, 3700.0].map(time), ["1 min 0 s", "1 min 1 s", "1 h 1 min"]);
    }
}
