//! Interrupts, cut cables and damaged bytes: no half archive, no half file, and a rerun completes.

use mpr_tests::{BoardOptions, Desk, Faults, Kind, Schedule, all_bytes};
use nix::sys::signal::Signal;

use crate::{all, filled, put, tar};

/// A slow link, so that a copy can be met on its way.
fn slow() -> Schedule {
    Schedule::both(0, &Faults { baud: Some(230_400), ..Faults::default() })
}

/// A board with files, their archive in `new.tar` of the folder, and other content on the board since.
fn changed(kind: Kind) -> (Desk, Vec<u8>) {
    let desk = Desk::with(kind, BoardOptions::default());
    filled(&desk);
    put(&desk, "lib/more.bin", &all_bytes(9_000));
    desk.run(&["backup", "new.tar"]);
    let archive = desk.read("new.tar");
    put(&desk, "main.py", b"old main");
    put(&desk, "lib/large.bin", b"old large");
    desk.run(&["rm", ":lib/more.bin"]);
    (desk, archive)
}

/// Each file is the old or the new one.
fn nothing_is_half(desk: &Desk, what: &str) {
    let (main, large) = (desk.on_board("main.py"), desk.on_board("lib/large.bin"));
    assert!(main == b"old main" || main == b"print(1)\n", "{what}");
    assert!(large == b"old large" || large == all_bytes(5_000), "{what}");
    if desk.names("lib").contains(&"more.bin".to_owned()) {
        assert_eq!(desk.on_board("lib/more.bin"), all_bytes(9_000), "{what}");
    }
}

/// A rerun completes, and nothing is left of the way there.
fn a_rerun_completes(desk: &Desk, what: &str) {
    desk.run(&["restore", "--delete", "new.tar"]);
    assert_eq!(desk.on_board("main.py"), b"print(1)\n", "{what}");
    assert_eq!(desk.on_board("lib/large.bin"), all_bytes(5_000), "{what}");
    assert_eq!(desk.on_board("lib/more.bin"), all_bytes(9_000), "{what}");
    assert_eq!(desk.names("").len(), 2, "{what}");
    // A name with a line end takes two lines.
    assert_eq!(desk.names("lib").len(), 6, "{what}");
}

#[test]
fn an_interrupted_backup_leaves_the_old_archive() {
    let desk = Desk::new(Kind::SimLink);
    put(&desk, "large", &all_bytes(60_000));
    desk.write("a.tar", b"old");
    desk.board.link().set(slow());
    let came = desk.board.link().traffic().1;
    let mut running = desk.mpr().args(["backup", "a.tar"]).spawn();
    desk.board.link().wait_until_came(came + 6_000);
    running.signal(Signal::SIGINT);
    running.wait().expect_code(130);
    assert_eq!(desk.read("a.tar"), b"old");
    let left = std::fs::read_dir(desk.dir()).expect("the folder is there").count();
    assert_eq!(left, 2, "more than `put` and `a.tar` is left");
    // An archive in a pipe can't be taken back, but it has no end.
    let came = desk.board.link().traffic().1;
    let mut running = desk.mpr().args(["backup", "-"]).spawn();
    desk.board.link().wait_until_came(came + 6_000);
    running.signal(Signal::SIGINT);
    let outcome = running.wait();
    outcome.expect_code(130);
    desk.board.link().heal();
    desk.mpr().args(["restore", "-"]).stdin(outcome.stdout).run().expect_failure(2, "-");
}

#[test]
fn an_interrupted_restore_leaves_whole_files() {
    for kind in [Kind::SimLink, Kind::Wasm] {
        let (desk, _) = match kind {
            Kind::Wasm => {
                let desk = Desk::new(kind);
                filled(&desk);
                put(&desk, "lib/more.bin", &all_bytes(9_000));
                desk.run(&["backup", "new.tar", ":main.py", ":lib"]);
                put(&desk, "main.py", b"old main");
                put(&desk, "lib/large.bin", b"old large");
                desk.run(&["rm", ":lib/more.bin"]);
                (desk, Vec::new())
            }
            kind => changed(kind),
        };
        desk.board.link().set(slow());
        let sent = desk.board.link().traffic().0;
        let mut running = desk.mpr().args(["restore", "new.tar"]).spawn();
        desk.board.link().wait_until_sent(sent + 9_000);
        running.signal(Signal::SIGINT);
        let code = running.wait().status.code();
        assert!(matches!(code, Some(0 | 130)), "{kind:?}: {code:?}");
        desk.board.link().heal();
        nothing_is_half(&desk, &format!("{kind:?}"));
        a_rerun_completes(&desk, &format!("{kind:?}"));
    }
}

#[test]
fn a_cable_pulled_in_a_restore_loses_nothing() {
    let (desk, _) = changed(Kind::SimLink);
    let mut failures = 0;
    for cut_after in [500, 3_000, 6_000, 9_000, 12_000, 15_000] {
        let cut = Faults { cut_after: Some(cut_after), ..Faults::default() };
        let schedule = Schedule { seed: 0, to_board: cut, from_board: Faults::default() };
        desk.board.link().set(schedule);
        let outcome = desk.mpr().args(["--timeout", "5", "restore", "new.tar"]).run();
        desk.board.link().heal();
        desk.board.link().restore();
        let what = format!("cut after {cut_after}: {outcome}");
        assert!(matches!(outcome.status.code(), Some(0 | 1 | 3)), "{what}");
        failures += usize::from(!outcome.status.success());
        nothing_is_half(&desk, &what);
    }
    assert!(failures > 0, "no restoration was cut: the counts are too large");
    a_rerun_completes(&desk, "after the cuts");
}

#[test]
fn damaged_bytes_damage_nothing() {
    let (desk, archive) = changed(Kind::SimLink);
    for seed in 0..3 {
        let mut faults = Faults::default();
        match seed {
            0 => faults.lose = 0.0003,
            1 => faults.double = 0.0003,
            _ => faults.corrupt = 0.0003,
        }
        desk.board.link().set(Schedule::both(seed, &faults));
        let outcome = desk.mpr().args(["--timeout", "5", "restore", "new.tar"]).run();
        desk.board.link().heal();
        let what = format!("seed {seed}: {outcome}");
        assert!(matches!(outcome.status.code(), Some(0 | 1 | 3)), "{what}");
        nothing_is_half(&desk, &what);
        a_rerun_completes(&desk, &what);
        // The other way: an archive that is there is right.
        desk.board.link().set(Schedule::both(seed, &faults));
        let _ = std::fs::remove_file(desk.dir().join("back.tar"));
        let outcome = desk.mpr().args(["--timeout", "5", "backup", "back.tar"]).run();
        desk.board.link().heal();
        if outcome.status.success() {
            assert_eq!(contents(&desk, "back.tar"), contents(&desk, "new.tar"), "seed {seed}: {outcome}");
        }
        put(&desk, "main.py", b"old main");
        put(&desk, "lib/large.bin", b"old large");
    }
    assert_eq!(desk.read("new.tar"), archive);
}

/// Names and contents, without the times.
fn contents(desk: &Desk, name: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = desk.read(name);
    let mut archive = tar::Archive::new(&bytes[..]);
    let entries = archive.entries().expect("an archive");
    entries
        .map(|entry| {
            let mut entry = entry.expect("an entry");
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut content).expect("content");
            (String::from_utf8_lossy(&entry.path_bytes()).into_owned(), content)
        })
        .collect()
}

#[test]
fn a_full_disk_leaves_the_old_archive() {
    let desk = Desk::new(Kind::SimPty);
    filled(&desk);
    desk.mpr().args(["backup", "/dev/full"]).run().expect_failure(2, "/dev/full");
    // A reader that goes away is no fault.
    let outcome = desk.mpr().args(["backup", "-"]).run_with_closed_stdout_after("lib/");
    outcome.expect_code(0);
    assert!(!all(&desk).is_empty());
}

#[test]
fn an_archive_that_changes_meanwhile_is_refused() {
    let desk = Desk::new(Kind::SimLink);
    put(&desk, "large", &all_bytes(30_000));
    desk.write("src/large", &all_bytes(40_000));
    desk.write("src/more", &all_bytes(40_000));
    tar(&desk, &["-cf", "a.tar", "-C", "src", "large", "more"]);
    desk.board.link().set(slow());
    let sent = desk.board.link().traffic().0;
    let running = desk.mpr().args(["restore", "a.tar"]).spawn();
    desk.board.link().wait_until_sent(sent + 5_000);
    let bytes = desk.read("a.tar");
    let mut changed = bytes.clone();
    // In the second file, behind the first one's header and whole blocks, and its own header.
    changed[512 + 40_448 + 512 + 39_990] ^= 1;
    desk.write("a.tar", &changed);
    let outcome = running.wait();
    outcome.expect_failure(2, "a.tar");
    outcome.expect_stderr("changed while it was read");
    desk.board.link().heal();
    assert_eq!(desk.on_board("large"), all_bytes(40_000));
    assert_eq!(desk.names(""), ["large"]);
}
