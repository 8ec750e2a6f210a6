//! What is measured, and what is wanted of it.

use std::fmt;

use super::super::data::FILE_SIZE;

/// What a micro:bit has room for.
pub const SMALL_SIZE: usize = 8 * 1024;

/// A row of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A file to the board, where it is not.
    Put(&'static str),
    /// A file from the board.
    Get(&'static str),
    /// A tree to the board, where it is not.
    PutTree,
    /// The same tree once more.
    PutTreeAgain,
    /// The tree with another file in it.
    PutTreeChanged,
    /// A file that is on the board but for some bytes.
    Patch,
    /// A directory's entries.
    List,
    /// The tree goes away.
    RemoveTree,
}

impl Work {
    /// All that a board with directories and some hundred KB can do.
    pub const ALL: [Work; 10] = [
        Work::Put("random"),
        Work::Put("text"),
        Work::Get("random"),
        Work::Get("text"),
        Work::PutTree,
        Work::PutTreeAgain,
        Work::PutTreeChanged,
        Work::Patch,
        Work::List,
        Work::RemoveTree,
    ];

    /// What a window matters for.
    pub const TEXT: [Work; 2] = [Work::Put("text"), Work::PutTree];

    /// What a micro:bit can do.
    pub const SMALL: [Work; 4] = [
        Work::Put("small-random"),
        Work::Put("small-text"),
        Work::Get("small-random"),
        Work::Get("small-text"),
    ];

    /// The row's name.
    pub fn name(self) -> String {
        let sized = |kind: &str| match kind.strip_prefix("small-") {
            Some(kind) => format!("8 KB {kind}"),
            None => format!("100 KB {kind}"),
        };
        match self {
            Work::Put(kind) => format!("put {}", sized(kind)),
            Work::Get(kind) => format!("get {}", sized(kind)),
            Work::PutTree => "put a tree of 100 files of 1 KB text".into(),
            Work::PutTreeAgain => "put the tree again, unchanged".into(),
            Work::PutTreeChanged => "put the tree again, one file changed".into(),
            Work::Patch => "put 100 KB random, 100 bytes changed".into(),
            Work::List => "`ls` of 200 entries".into(),
            Work::RemoveTree => "`rm -r` of the tree".into(),
        }
    }

    /// Bytes that come over, where that compares with the line.
    pub fn size(self) -> Option<usize> {
        match self {
            Work::Put(kind) | Work::Get(kind) if kind.starts_with("small-") => Some(SMALL_SIZE),
            Work::Put(_) | Work::Get(_) | Work::PutTree => Some(FILE_SIZE),
            _ => None,
        }
    }
}

/// What is wanted: all of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Goal {
    /// At least this share of the line's rate.
    line: Option<f64>,
    /// Less than so many seconds.
    seconds: Option<f64>,
    /// At least so many times faster than mpremote.
    mpremote: Option<f64>,
    /// At least so many times faster than mpytool.
    mpytool: Option<f64>,
}

impl Goal {
    /// Through 115200 baud with 1 ms.
    pub fn on_a_line(work: Work) -> Goal {
        let goal = Goal::on_a_longer_line(work);
        let seconds = |seconds| Goal { seconds: Some(seconds), ..goal };
        let line = |share| Goal { line: Some(share), ..goal };
        match work {
            Work::Put("text") => line(4.3),
            Work::Get("text") => line(2.5),
            Work::Put(_) | Work::Get(_) => line(0.98),
            Work::PutTree => seconds(3.3),
            Work::PutTreeAgain => seconds(0.5),
            Work::PutTreeChanged => seconds(0.7),
            Work::Patch => seconds(1.5),
            Work::List => seconds(0.5),
            Work::RemoveTree => seconds(0.2),
        }
    }

    /// Through such a line with more on the way. Nothing is much faster than a line that is full.
    pub fn on_a_longer_line(work: Work) -> Goal {
        match work {
            Work::Put("random") | Work::Get("random") => Goal::default(),
            other => Goal::elsewhere(other),
        }
    }

    /// Through such a line to a board that inflates with a window of 4 KB.
    pub fn with_a_small_window(work: Work) -> Goal {
        let line = if work == Work::Put("text") { Some(3.8) } else { None };
        Goal { line, ..Goal::on_a_longer_line(work) }
    }

    /// Where nothing paces.
    pub fn unpaced(_: Work) -> Goal {
        Goal { mpremote: Some(20.0), mpytool: Some(2.0), ..Goal::default() }
    }

    /// On any board.
    pub fn elsewhere(_: Work) -> Goal {
        Goal { mpytool: Some(1.3), ..Goal::default() }
    }

    /// Without what these tools would have to be measured for.
    pub fn without(mut self, mpremote: bool, mpytool: bool) -> Goal {
        self.mpremote = self.mpremote.filter(|_| !mpremote);
        self.mpytool = self.mpytool.filter(|_| !mpytool);
        self
    }

    /// Whether these values reach it; `None` if nothing is wanted.
    pub fn is_met(
        self,
        seconds: f64,
        share: Option<f64>,
        mpremote: Option<f64>,
        mpytool: Option<f64>,
    ) -> Option<bool> {
        let reached = |value: Option<f64>, wanted: Option<f64>| Some(value? >= wanted?);
        let checks = [
            reached(share, self.line),
            self.seconds.map(|wanted| seconds < wanted),
            reached(mpremote, self.mpremote),
            reached(mpytool, self.mpytool),
        ];
        checks.into_iter().flatten().reduce(|all, one| all && one)
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.line.map(|share| format!("{:.0} % of the line", share * 100.0)),
            self.seconds.map(|seconds| format!("< {:.0} ms", seconds * 1e3)),
            self.mpremote.map(|ratio| format!("{ratio} × mpremote")),
            self.mpytool.map(|ratio| format!("{ratio} × mpytool")),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_of_a_goal_count() {
        let goal = Goal::on_a_line(Work::PutTree);
        assert_eq!(goal.to_string(), "< 3300 ms, 1.3 × mpytool");
        assert_eq!(goal.is_met(3.0, None, None, Some(1.4)), Some(true));
        assert_eq!(goal.is_met(3.4, None, None, Some(1.4)), Some(false));
        assert_eq!(goal.is_met(3.0, None, None, Some(1.2)), Some(false));
        let line = Goal::on_a_line(Work::Get("random"));
        assert_eq!(
            (line.is_met(9.0, Some(0.97), None, None), line.to_string()),
            (Some(false), "98 % of the line".into())
        );
        assert_eq!(Goal::default().is_met(1.0, None, None, None), None);
    }
}
