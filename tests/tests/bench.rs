//! `bench`: every board is measured as far as it goes, and nothing of the user's is touched.

use std::collections::BTreeSet;

use mpr_tests::{BoardOptions, Desk, Faults, Kind, Schedule, all_bytes, on};
use nix::sys::signal::Signal;
use serde_json::Value;

on!(sim, mpr_tests::Kind::SimPty, [a_board_is_measured]);
on!(uart, mpr_tests::Kind::SimUart { baud: 115_200 }, [a_board_is_measured]);
on!(wasm, mpr_tests::Kind::Wasm, [a_board_is_measured]);
on!(microbit, mpr_tests::Kind::Microbit, [a_board_is_measured]);

/// The name of the file that is measured with, where nobody has it.
const SCRATCH: &str = "mprben00.tmp";

/// What such a file begins with.
const MARK: &[u8] = b"mpr bench scratch\n";

fn put(desk: &Desk, name: &str, content: &[u8]) {
    desk.write("put", content);
    desk.run(&["cp", "put", &format!(":{name}")]);
}

fn measured(desk: &Desk, words: &[&str]) -> Value {
    let outcome = desk.mpr().args(["--json", "bench", "--rounds", "1"]).args(words).ok();
    serde_json::from_slice(&outcome.stdout).expect("JSON")
}

fn a_board_is_measured(kind: Kind) {
    let desk = Desk::new(kind);
    put(&desk, "kept", &all_bytes(700));
    let report = measured(&desk, &[]);
    assert_eq!((&report["schema"], &report["command"]), (&1.into(), &"bench".into()));
    let figures = report["figures"].as_object().expect("figures");
    assert!(figures["round_trip"].as_f64().is_some_and(|seconds| seconds > 0.0), "{report}");
    for (name, rate) in figures.iter().filter(|(name, _)| *name != "round_trip") {
        let value = rate["measured"]["bytes_per_second"].as_f64();
        let lacking = name == "hash" && kind == Kind::Microbit;
        match lacking {
            true => assert!(rate["unknown"].as_str().is_some_and(|why| why.contains("hashlib.sha256"))),
            false => assert!(value.is_some_and(|rate| rate > 0.0), "{name}: {report}"),
        }
        // A line is never faster than its rate, so this is the line and not something before it.
        if name.starts_with("link") && matches!(kind, Kind::SimUart { .. } | Kind::Microbit) {
            assert!(value.is_some_and(|rate| rate < 12_700.0), "{name}: {report}");
        }
    }
    assert!(report["limits_copy_to_board"]["percent"].as_u64().is_some_and(|percent| percent <= 100));
    assert_eq!(desk.names(""), ["kept"]);
    assert_eq!(desk.on_board("kept"), all_bytes(700));
}

#[test]
fn the_limit_is_said() {
    let options = BoardOptions {
        schedule: Schedule::both(0, &Faults { baud: Some(57_600), ..Faults::default() }),
        ..BoardOptions::default()
    };
    let desk = Desk::with(Kind::SimLink, options);
    let text = desk.run(&["bench", "--rounds", "1"]);
    for line in ["copy to the board is limited by the link: ", "copy from the board is limited by the link: "]
    {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_history_is_kept() {
    let desk = Desk::new(Kind::SimPty);
    let words = ["bench", "--rounds", "1", "--history", "a folder/history"];
    assert!(!desk.run(&words).contains(" %\nlink to"), "nothing to compare with");
    let text = desk.run(&words);
    assert!(text.lines().any(|line| line.starts_with("round trip") && line.ends_with(" %")), "{text}");
    let json: Value = serde_json::from_slice(&desk.read("a folder/history/bench.json")).expect("JSON");
    assert_eq!(json["schema"], 1);
    let runs = json["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[1]["device"], desk.board.address());
    let page = String::from_utf8(desk.read("a folder/history/bench.md")).expect("text");
    let last = runs[0]["time"].as_str().expect("a time");
    assert!(page.contains(&format!("last run ({last})")), "{page}");
    assert!(
        page.lines().any(|line| line.starts_with("| copy to the board |") && line.ends_with(" % |")),
        "{page}"
    );
    // What is no history is not overwritten, and nothing is measured.
    for text in [&b"not JSON"[..], b"{\"schema\": 99, \"runs\": []}"] {
        desk.write("other/bench.json", text);
        let outcome = desk.mpr().args(["bench", "--history", "other"]).run();
        outcome.expect_failure(2, "other/bench.json");
        assert!(outcome.stdout.is_empty());
        assert_eq!(desk.read("other/bench.json"), text);
    }
    desk.write("file", b"");
    desk.mpr().args(["bench", "--history", "file"]).run().expect_failure(2, "file");
}

#[test]
fn files_of_the_user_are_not_touched() {
    let desk = Desk::new(Kind::SimPty);
    // A file that happens to have the name, and one that an earlier run has left.
    put(&desk, SCRATCH, b"the user's own");
    put(&desk, "mprben01.tmp", &[MARK, &all_bytes(50)].concat());
    desk.run(&["mkdir", ":mprben02.tmp"]);
    measured(&desk, &[]);
    assert_eq!(desk.names(""), [SCRATCH, "mprben02.tmp/"]);
    assert_eq!(desk.on_board(SCRATCH), b"the user's own");
    // Also beside a copy's temporary file.
    desk.run(&["mkdir", ":sub"]);
    put(&desk, &format!("sub/{SCRATCH}.part"), b"the user's own");
    measured(&desk, &[":sub"]);
    assert_eq!(desk.names("sub"), [format!("{SCRATCH}.part")]);
    for number in 0..10 {
        put(&desk, &format!("sub/mprben{number:02}.tmp"), b"mine");
    }
    desk.mpr().args(["bench", ":sub"]).run().expect_failure(1, ":sub");
}

#[test]
fn a_board_with_little_room_is_measured_as_far_as_it_goes() {
    let options = BoardOptions { flash_size: Some("64K".into()), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimPty, options);
    let free = "s=__import__('os').statvfs('/');s[0]*s[3]";
    while desk
        .run(&["eval", &format!("(lambda s:s[0]*s[3])({})", &free[2..free.find(';').expect("one")])])
        .trim()
        != "0"
    {
        let number = desk.names("").len();
        let outcome = desk.mpr().args(["exec", &format!("open('f{number}','wb').write(bytes(3900))")]).run();
        if !outcome.status.success() {
            break;
        }
    }
    let before: BTreeSet<String> = desk.names("").into_iter().collect();
    let report = measured(&desk, &[]);
    assert!(report["figures"]["hash"]["measured"].is_object(), "{report}");
    assert!(report["figures"]["copy_to_board"]["unknown"].is_string(), "{report}");
    assert_eq!(desk.names("").into_iter().collect::<BTreeSet<_>>(), before);
}

#[test]
fn an_interrupt_leaves_nothing() {
    let slow = Faults { baud: Some(115_200), ..Faults::default() };
    for bytes in [2_000, 20_000, 60_000] {
        let options = BoardOptions { schedule: Schedule::both(0, &slow), ..BoardOptions::default() };
        let desk = Desk::with(Kind::SimLink, options);
        let sent = desk.board.link().traffic().0;
        let mut running = desk.mpr().args(["bench", "--rounds", "20"]).spawn();
        desk.board.link().wait_until_sent(sent + bytes);
        running.signal(Signal::SIGINT);
        running.wait().expect_code(130);
        desk.board.link().heal();
        assert_eq!(desk.names(""), [""; 0], "after {bytes} bytes");
    }
}

#[test]
fn what_a_cut_leaves_goes_with_the_next_run() {
    let desk = Desk::new(Kind::SimLink);
    for cut_after in [70_000, 140_000, 280_000] {
        let cut = Faults { cut_after: Some(cut_after), ..Faults::default() };
        desk.board.link().set(Schedule { seed: 0, to_board: cut, from_board: Faults::default() });
        let outcome = desk.mpr().args(["--timeout", "5", "bench", "--rounds", "20"]).run();
        assert!(matches!(outcome.status.code(), Some(0 | 3)), "{outcome}");
        desk.board.link().heal();
        desk.board.link().restore();
        measured(&desk, &[]);
        assert_eq!(desk.names(""), [""; 0], "cut after {cut_after}");
    }
}
