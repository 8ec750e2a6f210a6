//! Links that are cut or damage bytes: a copy is whole or did not happen, and a rerun on a good link repairs all.

use mpr_tests::{BoardOptions, Desk, Faults, Kind, Schedule, all_bytes, mpr};

const OLD: &[u8] = b"the old content";

/// How many seeds a run tries; `cargo xtask soak` asks for more.
fn seeds() -> std::ops::Range<u64> {
    let count = std::env::var("MPR_SOAK_SEEDS").ok().and_then(|text| text.parse().ok());
    let first = std::env::var("MPR_SOAK_FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    first..first + count.unwrap_or(4)
}

fn desk_with_an_old_file(kind: Kind) -> (Desk, Vec<u8>) {
    let desk = Desk::with(kind, BoardOptions::default());
    desk.write("old", OLD);
    desk.run(&["cp", "old", ":kept"]);
    let size = if kind == Kind::Microbit { 3_000 } else { 12_000 };
    let new = all_bytes(size);
    desk.write("new", &new);
    (desk, new)
}

/// A copy to the board over a link with these faults; whatever happens, exit code 0 means the new file, any other the old or
/// the new one, and nothing else is left after a copy over a good link. True when the copy succeeded.
fn copy_over(desk: &Desk, new: &[u8], schedule: Schedule, what: &str) -> bool {
    desk.board.link().set(schedule);
    let outcome = desk.mpr().args(["--timeout", "5", "cp", "new", ":kept"]).run();
    desk.board.link().heal();
    desk.board.link().restore();
    let kept = desk.on_board("kept");
    match outcome.status.code() {
        Some(0) => assert!(kept == new, "{what}: exit code 0 and a wrong file: {outcome}"),
        Some(1 | 3) => assert!(kept == OLD || kept == new, "{what}: a damaged file: {outcome}"),
        _ => panic!("{what}: {outcome}"),
    }
    assert!(!outcome.stderr().contains("panicked"), "{what}: {outcome}");
    desk.run(&["cp", "new", ":kept"]);
    assert!(desk.on_board("kept") == new, "{what}: the rerun did not repair it");
    assert_eq!(desk.names(""), ["kept"], "{what}");
    desk.run(&["cp", "old", ":kept"]);
    outcome.status.success()
}

fn cuts(kind: Kind, span: u64) {
    let (desk, new) = desk_with_an_old_file(kind);
    let mut random = fastrand::Rng::with_seed(seeds().start);
    let mut failures = 0;
    for seed in seeds() {
        let cut_after = Some(random.u64(1..span));
        let cut = Faults { cut_after, ..Faults::default() };
        let (to_board, from_board) = match seed % 2 {
            0 => (cut, Faults::default()),
            _ => (Faults::default(), Faults { cut_after: cut_after.map(|at| 1 + at / 8), ..cut }),
        };
        let schedule = Schedule { seed, to_board, from_board };
        if !copy_over(&desk, &new, schedule.clone(), &format!("{kind:?} {schedule:?}")) {
            failures += 1;
        }
    }
    assert!(failures > 0, "no copy was cut: the counts are too large");
}

#[test]
fn a_cable_pulled_at_any_byte_loses_no_file() {
    cuts(Kind::SimLink, 14_000);
}

#[test]
fn a_cable_pulled_at_any_byte_loses_no_file_on_wasm() {
    cuts(Kind::Wasm, 14_000);
}

#[test]
fn a_cable_pulled_at_any_byte_loses_no_file_on_the_micro_bit() {
    cuts(Kind::Microbit, 4_000);
}

fn damage(kind: Kind) {
    let (desk, new) = desk_with_an_old_file(kind);
    for seed in seeds() {
        let rate = 0.0005;
        let mut faults = Faults::default();
        match seed % 3 {
            0 => faults.lose = rate,
            1 => faults.double = rate,
            _ => faults.corrupt = rate,
        }
        let schedule = Schedule::both(seed, &faults);
        copy_over(&desk, &new, schedule.clone(), &format!("{kind:?} {schedule:?}"));
    }
}

#[test]
fn lost_doubled_and_changed_bytes_damage_no_file() {
    damage(Kind::SimLink);
}

#[test]
fn lost_doubled_and_changed_bytes_damage_no_file_on_wasm() {
    damage(Kind::Wasm);
}

#[test]
fn a_copy_from_the_board_over_a_damaging_link_is_whole_or_absent() {
    let (desk, new) = desk_with_an_old_file(Kind::SimLink);
    desk.run(&["cp", "new", ":kept"]);
    for seed in seeds() {
        let faults = Faults { lose: 0.0003, corrupt: 0.0003, ..Faults::default() };
        desk.write("back", OLD);
        desk.board.link().set(Schedule::both(seed, &faults));
        let outcome = desk.mpr().args(["--timeout", "5", "cp", ":kept", "back"]).run();
        desk.board.link().heal();
        let back = desk.read("back");
        match outcome.status.code() {
            Some(0) => assert!(back == new, "seed {seed}: exit code 0 and a wrong file: {outcome}"),
            Some(1 | 3) => assert!(back == OLD, "seed {seed}: a damaged file: {outcome}"),
            _ => panic!("seed {seed}: {outcome}"),
        }
    }
}

#[test]
fn a_slow_and_late_link_only_takes_longer() {
    let (desk, new) = desk_with_an_old_file(Kind::SimLink);
    let faults =
        Faults { baud: Some(115_200), delay: std::time::Duration::from_millis(8), ..Faults::default() };
    desk.board.link().set(Schedule::both(0, &faults));
    desk.run(&["cp", "new", ":kept"]);
    desk.run(&["cp", ":kept", "back"]);
    assert!(desk.read("back") == new);
}

#[test]
fn a_uart_without_flow_control_loses_nothing() {
    let desk = Desk::new(Kind::SimUart { baud: 115_200 });
    let content = all_bytes(12_000);
    desk.write("local", &content);
    desk.run(&["cp", "local", ":remote"]);
    desk.run(&["cp", ":remote", "back"]);
    assert!(desk.read("back") == content);
    let long = format!("x = '{}'\nprint(len(x))", "y".repeat(3000));
    assert_eq!(desk.run(&["exec", &long]), "3000\n");
}

#[test]
fn a_board_with_noise_on_its_line_is_no_board() {
    let board = mpr_tests::Board::start(Kind::SimLink);
    let faults = Faults { corrupt: 1.0, ..Faults::default() };
    board.link().set(Schedule::both(1, &faults));
    let outcome = mpr().args(["connect", board.address(), "--timeout", "2", "exec", "print(1)"]).run();
    outcome.expect_code(3);
    outcome.expect_stderr("hint: ");
}
