//! A small file on stock boards: one that is sent the agent only for more, and one that has no digests and can't rename.

use mpr_tests::{Desk, Faults, Kind, Schedule, all_bytes};

use crate::{is_soak, sample, seeds};

const OLD: &[u8] = b"what the board has\n";

fn new() -> Vec<u8> {
    all_bytes(400)
}

/// Copies over a line with faults; the file is the old or the new one then, the board answers, and a rerun completes.
fn copy_over(desk: &Desk, schedule: Schedule) {
    let what = format!("{schedule:?}");
    desk.board.link().set(schedule);
    let outcome = desk.mpr().args(["--timeout", "15", "cp", "-f", "new", ":file"]).run();
    desk.board.link().heal();
    desk.board.link().restore();
    assert!(matches!(outcome.status.code(), Some(0 | 1 | 3)), "{what}: {outcome}");
    assert!(!outcome.stderr().contains("panicked"), "{what}: {outcome}");
    assert_eq!(desk.run(&["eval", "1+1"]), "2\n", "{what}: {outcome}");
    let found = desk.on_board("file");
    assert!(found == new() || (found == OLD && !outcome.status.success()), "{what}: {found:?}, {outcome}");
    desk.run(&["cp", "-f", "new", ":file"]);
    assert!(desk.on_board("file") == new(), "{what}");
    let names = desk.names("");
    assert!(!names.iter().any(|name| name.ends_with(".part")), "{what}: {names:?}");
    desk.run(&["cp", "-f", "old", ":file"]);
}

fn desk(kind: Kind) -> Desk {
    let desk = Desk::new(kind);
    desk.write("old", OLD);
    desk.write("new", &new());
    desk.run(&["cp", "old", ":file"]);
    desk
}

fn a_small_file_cut_somewhere(kind: Kind) {
    let desk = desk(kind);
    let before = desk.board.link().traffic();
    desk.run(&["cp", "-f", "new", ":file"]);
    let after = desk.board.link().traffic();
    desk.run(&["cp", "-f", "old", ":file"]);
    let faults = |at| Faults { cut_after: Some(at), ..Faults::default() };
    let count = if is_soak() { 60 } else { 8 };
    for at in sample(1..after.0 - before.0, count, false) {
        copy_over(&desk, Schedule { to_board: faults(at), ..Schedule::default() });
    }
    for at in sample(1..after.1 - before.1, count, false) {
        copy_over(&desk, Schedule { from_board: faults(at), ..Schedule::default() });
    }
}

fn a_small_file_over_a_bad_line(kind: Kind) {
    let desk = desk(kind);
    for seed in seeds(2) {
        for rate in [1e-3, 1e-4] {
            for faults in [
                Faults { lose: rate, ..Faults::default() },
                Faults { double: rate, ..Faults::default() },
                Faults { corrupt: rate, ..Faults::default() },
            ] {
                copy_over(&desk, Schedule::both(seed, &faults));
            }
        }
    }
}

mpr_tests::on!(wasm, mpr_tests::Kind::Wasm, [a_small_file_cut_somewhere, a_small_file_over_a_bad_line]);
mpr_tests::on!(
    microbit,
    mpr_tests::Kind::Microbit,
    [a_small_file_cut_somewhere, a_small_file_over_a_bad_line]
);
