//! Schedules by seed: which job, what happens to the line, the board and `mpr`.

use std::time::Duration;

use mpr_tests::{Desk, Faults, Schedule};
use nix::sys::signal::Signal;

use crate::{desk, jobs, seeds, settle};

/// Everything that happens follows from the seed.
fn try_seed(desk: &mut Desk, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let jobs = jobs::all();
    let job = &jobs[random.usize(..jobs.len())];
    let rates = [0.0, 0.0, 1e-4, 1e-3];
    let mut line = || {
        let mut rate = || if random.u8(0..2) == 0 { 0.0 } else { rates[random.usize(..rates.len())] };
        let (lose, double, corrupt) = (rate(), rate(), rate());
        let delay = Duration::from_millis([0, 0, 1, 5][random.usize(..4)]);
        let baud = [None, None, Some(115_200), Some(921_600)][random.usize(..4)];
        let cut_after = (random.u8(0..6) == 0).then(|| random.u64(1..20_000));
        Faults { baud, delay, lose, double, corrupt, cut_after, strike: None }
    };
    let (to_board, from_board) = (line(), line());
    let event = random.u8(0..6);
    let at = random.u64(1..6_000);
    let schedule = Schedule { seed, to_board, from_board };
    let what = format!("seed {seed}, event {event} behind {at} bytes, {schedule:?}");
    desk.board.link().set(schedule);
    let before = desk.board.link().traffic().0;
    let mut running = desk.mpr().args(["--timeout", "15"]).args(&job.words).spawn();
    if event < 2 {
        while running.process().is_running() && desk.board.link().traffic().0 < before + at {
            std::thread::sleep(Duration::from_millis(1));
        }
        if event == 0 {
            running.signal(Signal::SIGKILL);
        } else {
            desk.board.freeze();
            std::thread::sleep(Duration::from_millis(random.u64(100..2500)));
            desk.board.thaw();
        }
    }
    let outcome = running.wait();
    desk.board.link().heal();
    desk.board.link().restore();
    settle(job, &|| desk.mpr(), desk.dir(), &outcome, &what);
}

#[test]
fn schedules_by_seed() {
    let mut desk = desk();
    for seed in seeds(12) {
        try_seed(&mut desk, seed);
    }
}

/// One byte in 400: frames that wait are cut until they get through.
#[test]
fn a_schedule_that_once_made_no_progress() {
    try_seed(&mut desk(), 5001);
}

/// A byte of the window comes twice, which reads as if the board wanted nothing of the code, and ran it.
#[test]
fn a_schedule_in_which_a_removal_was_told_that_never_was() {
    try_seed(&mut desk(), 10342);
}
