//! The cable is pulled, `mpr` is killed, the board restarts: in the middle of everything.

use mpr_tests::{Desk, Faults, Schedule};
use nix::sys::signal::Signal;

use crate::jobs::{self, Job};
use crate::{desk, is_soak, sample, settle};

/// Bytes of an undisturbed job, to the board and from it.
fn traffic(desk: &Desk, job: &Job) -> (u64, u64) {
    let before = desk.board.link().traffic();
    let outcome = desk.mpr().args(&job.words).ok();
    let after = desk.board.link().traffic();
    settle(job, &|| desk.mpr(), desk.dir(), &outcome, "undisturbed");
    (after.0 - before.0, after.1 - before.1)
}

fn cut(desk: &Desk, job: &Job, to_board: Option<u64>, from_board: Option<u64>) {
    let faults = |cut_after| Faults { cut_after, ..Faults::default() };
    let schedule = Schedule { seed: 0, to_board: faults(to_board), from_board: faults(from_board) };
    desk.board.link().set(schedule);
    let outcome = desk.mpr().args(["--timeout", "10"]).args(&job.words).run();
    desk.board.link().heal();
    desk.board.link().restore();
    let what = format!("cut behind {to_board:?} to the board, {from_board:?} from it");
    settle(job, &|| desk.mpr(), desk.dir(), &outcome, &what);
}

/// Each place for a small file when there is time for it; else a sample.
fn cuts(jobs: &[Job], count: u64, all: bool) {
    let desk = desk();
    for job in jobs {
        let (to_board, from_board) = traffic(&desk, job);
        for at in sample(1..to_board, count, all) {
            cut(&desk, job, Some(at), None);
        }
        for at in sample(1..from_board, count, all) {
            cut(&desk, job, None, Some(at));
        }
    }
}

#[test]
fn a_small_file_cut_at_every_byte() {
    cuts(&[jobs::small()], 6, is_soak());
}

#[test]
fn transfers_cut_somewhere() {
    cuts(&jobs::all(), if is_soak() { 60 } else { 2 }, false);
}

#[test]
fn mpr_is_killed_in_the_middle() {
    let desk = desk();
    for job in jobs::all() {
        let (bytes, _) = traffic(&desk, &job);
        for at in sample(1..bytes, if is_soak() { 60 } else { 2 }, false) {
            let slow = Faults { baud: Some(460_800), ..Faults::default() };
            desk.board.link().set(Schedule::both(0, &slow));
            let before = desk.board.link().traffic().0;
            let mut running = desk.mpr().args(&job.words).spawn();
            // A word less may be needed than before.
            desk.board.link().wait_until_sent(before + at * 9 / 10);
            running.signal(Signal::SIGKILL);
            let outcome = running.wait();
            desk.board.link().heal();
            settle(&job, &|| desk.mpr(), desk.dir(), &outcome, &format!("killed behind {at} bytes"));
        }
    }
}

#[test]
fn the_board_restarts_in_the_middle() {
    let desk = desk();
    for job in jobs::all() {
        for ms in sample(5..120, if is_soak() { 60 } else { 2 }, false) {
            let timer = format!(
                "import machine\nmachine.Timer(mode=machine.Timer.ONE_SHOT,period={ms},callback=lambda t:machine.reset())"
            );
            let slow = Faults { baud: Some(460_800), ..Faults::default() };
            desk.board.link().set(Schedule::both(0, &slow));
            let outcome = desk.mpr().args(["exec", &timer, "+"]).args(&job.words).run();
            desk.board.link().heal();
            // One that was faster than the timer must not meet it later.
            let _ = desk.mpr().args(["exec", "import time\ntime.sleep_ms(150)"]).run();
            settle(&job, &|| desk.mpr(), desk.dir(), &outcome, &format!("reset after {ms} ms"));
        }
    }
}

/// A board that stops for seconds, as one whose flash is being erased, is not lost.
#[test]
fn a_board_that_stalls_is_waited_for() {
    let mut desk = desk();
    let mut jobs = jobs::all();
    if !is_soak() {
        jobs.drain(2..);
    }
    for job in jobs {
        let (bytes, _) = traffic(&desk, &job);
        let slow = Faults { baud: Some(115_200), ..Faults::default() };
        desk.board.link().set(Schedule::both(0, &slow));
        let before = desk.board.link().traffic().0;
        let running = desk.mpr().args(&job.words).spawn();
        desk.board.link().wait_until_sent(before + bytes / 2);
        desk.board.freeze();
        std::thread::sleep(std::time::Duration::from_millis(3000));
        desk.board.thaw();
        let outcome = running.wait();
        desk.board.link().heal();
        assert!(outcome.status.success(), "{}: {outcome}", job.name);
        settle(&job, &|| desk.mpr(), desk.dir(), &outcome, "stalled");
    }
}
