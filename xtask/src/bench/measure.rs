//! Runs of a command, timed, with their peak memory; medians of them.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Result, shown};

/// What one run of a command took.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// From start to end.
    pub wall: Duration,
    /// Peak resident memory in KB; never below this program's own, from which the command was started.
    pub peak_kb: u64,
}

/// Runs a command that must succeed.
pub fn timed(command: &mut Command) -> Result<Run> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let started = Instant::now();
    let mut child =
        command.spawn().map_err(|error| format!("error: could not start `{}`: {error}", shown(command)))?;
    let mut stderr = child.stderr.take().expect("a piped child has pipes");
    let messages = std::io::read_to_string(&mut stderr).unwrap_or_default();
    let (status, peak_kb) = wait(child.id());
    let wall = started.elapsed();
    if !status.success() {
        let line = shown(command);
        return Err(format!("error: `{line}` failed ({status}): {messages}"));
    }
    Ok(Run { wall, peak_kb })
}

/// Waits for a child and asks what it used.
#[allow(unsafe_code)]
fn wait(id: u32) -> (ExitStatus, u64) {
    let mut status = 0;
    let pid = libc::pid_t::try_from(id).expect("a process id fits pid_t");
    // SAFETY: `rusage` is plain integers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to living variables of the right type; the child has not been waited for.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
    assert_eq!(waited, pid, "the child can be waited for");
    let peak_kb = u64::try_from(usage.ru_maxrss).unwrap_or(0);
    (ExitStatus::from_raw(status), peak_kb)
}

/// How often commands are run.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Rounds, after one that warms up.
    pub rounds: usize,
    /// Rounds of a command that takes longer than [`SLOW`]; the first one counts.
    pub slow: usize,
}

/// From here on a command warms up nothing that matters beside it.
const SLOW: Duration = Duration::from_secs(5);
/// Such a command is run once.
const VERY_SLOW: Duration = Duration::from_secs(15);

impl Pace {
    /// The same number of rounds for all.
    pub fn of(rounds: usize) -> Pace {
        Pace { rounds, slow: rounds }
    }

    /// How many rounds follow a first one that took so long, and whether that counts.
    fn after(self, first: Duration) -> (usize, bool) {
        match first {
            first if first > VERY_SLOW => (0, true),
            first if first > SLOW => (self.slow.saturating_sub(1), true),
            _ => (self.rounds, false),
        }
    }
}

/// A command that can be run again and again.
pub type Work<'a> = Box<dyn FnMut() -> Result<Run> + 'a>;

/// Commands in turns, so that what else the machine does meets all of them; the runs of each.
pub fn in_turns(pace: Pace, mut works: Vec<Work<'_>>) -> Result<Vec<Vec<Run>>> {
    let mut runs = Vec::new();
    let mut left = Vec::new();
    for work in &mut works {
        let first = work()?;
        let (rounds, counts) = pace.after(first.wall);
        left.push(rounds);
        runs.push(if counts { vec![first] } else { Vec::new() });
    }
    while left.iter().any(|left| *left > 0) {
        for (at, work) in works.iter_mut().enumerate() {
            if left[at] == 0 {
                continue;
            }
            left[at] -= 1;
            runs[at].push(work()?);
        }
    }
    Ok(runs)
}

/// The median of the wall times.
pub fn median(runs: &[Run]) -> Duration {
    let mut walls: Vec<Duration> = runs.iter().map(|run| run.wall).collect();
    walls.sort();
    walls[walls.len() / 2]
}

/// The largest peak.
pub fn peak_kb(runs: &[Run]) -> u64 {
    runs.iter().map(|run| run.peak_kb).max().unwrap_or(0)
}
