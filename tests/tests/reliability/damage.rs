//! Lines that lose, double and change bytes.

use mpr_tests::{Desk, Faults, Schedule};

use crate::jobs::{self, Job};
use crate::{desk, seeds, settle};

pub fn over(desk: &Desk, job: &Job, schedule: Schedule) {
    let what = format!("{schedule:?}");
    desk.board.link().set(schedule);
    let outcome = desk.mpr().args(["--timeout", "15"]).args(&job.words).run();
    desk.board.link().heal();
    desk.board.link().restore();
    settle(job, &|| desk.mpr(), desk.dir(), &outcome, &what);
}

fn kinds(rate: f64) -> [Faults; 3] {
    let none = Faults::default();
    [
        Faults { lose: rate, ..none.clone() },
        Faults { double: rate, ..none.clone() },
        Faults { corrupt: rate, ..none },
    ]
}

/// Each job with each kind of damage in turn.
fn damage(rate: f64) {
    let desk = desk();
    for seed in seeds(1) {
        for (n, job) in jobs::all().iter().enumerate() {
            let faults = &kinds(rate)[(seed as usize + n) % 3];
            over(&desk, job, Schedule::both(seed, faults));
        }
    }
}

#[test]
fn one_byte_in_a_thousand() {
    damage(1e-3);
}

#[test]
fn one_byte_in_ten_thousand() {
    damage(1e-4);
}
