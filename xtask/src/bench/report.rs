//! `docs/PERFORMANCE.md`.

use std::fmt::Write;
use std::time::Duration;

/// Both tools at the same work.
pub struct Comparison {
    pub what: &'static str,
    pub ours: Duration,
    pub theirs: Duration,
    /// How many times faster we want to be, at least.
    pub wanted: Option<f64>,
}

impl Comparison {
    fn ratio(&self) -> f64 {
        self.theirs.as_secs_f64() / self.ours.as_secs_f64()
    }

    fn is_met(&self) -> bool {
        self.wanted.is_none_or(|wanted| self.ratio() >= wanted)
    }
}

/// A figure with a bound.
pub struct Figure {
    pub what: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub at_most: f64,
}

impl Figure {
    fn is_met(&self) -> bool {
        self.value <= self.at_most
    }
}

/// Everything that was measured.
pub struct Report {
    pub comparisons: Vec<Comparison>,
    pub figures: Vec<Figure>,
    pub rounds: usize,
    pub cores: usize,
}

const INTRODUCTION: &str = "\
# Performance

Written by `cargo xtask bench`; run it again rather than believe absolute times, which are those of one machine. Ratios
compare `mpr` with mpremote 1.29.0, in turns, on the same board in the same run.

The board is `mpr-sim` (release build) on an unpaced PTY. mpremote sleeps 10 ms whenever no byte waits, but takes a
faster way for ports whose name begins with `/dev/pts`; both tools open the PTY through a symbolic link with another
name, so that mpremote works as it does on a serial port. Files are 100 KB (102400 bytes), and every one that comes
back is compared; `text` is Python source, `random` does not compress. Rows with a baud rate have another board, whose line is paced to it and
brings every byte 1 ms later; its receive buffer holds 1024 bytes, because mpremote's mount hangs with 256. Packages come from a server on
this machine.

";

fn verdict(is_met: bool) -> &'static str {
    if is_met { "yes" } else { "**no**" }
}

impl Report {
    /// Whether every bound holds.
    pub fn is_met(&self) -> bool {
        self.comparisons.iter().all(Comparison::is_met) && self.figures.iter().all(Figure::is_met)
    }

    /// The document.
    pub fn markdown(&self) -> String {
        let mut text = INTRODUCTION.to_owned();
        let line = "writing to a String succeeds";
        writeln!(
            text,
            "Medians of {} rounds after one to warm up, on {} processor cores.\n",
            self.rounds, self.cores
        )
        .expect(line);
        text += "| work | mpr, ms | mpremote, ms | times faster | wanted | met |\n|---|---:|---:|---:|---:|---|\n";
        for row in &self.comparisons {
            let wanted = row.wanted.map_or(String::new(), |w| format!("{w:.0}"));
            writeln!(
                text,
                "| {} | {:.1} | {:.1} | {:.1} | {wanted} | {} |",
                row.what,
                row.ours.as_secs_f64() * 1e3,
                row.theirs.as_secs_f64() * 1e3,
                row.ratio(),
                if row.wanted.is_some() { verdict(row.is_met()) } else { "" },
            )
            .expect(line);
        }
        text += "\n| figure | value | at most | met |\n|---|---:|---:|---|\n";
        for row in &self.figures {
            let Figure { what, value, unit, at_most } = row;
            writeln!(text, "| {what} | {value:.1} {unit} | {at_most} {unit} | {} |", verdict(row.is_met()))
                .expect(line);
        }
        text += "\nPeak memory is the largest resident set of all rounds.\n";
        text
    }
}
