//! `--json`: one object per result, with the version of its form.

use mpr_tests::{Board, Desk, Kind, Machine, UsbPort, mpr};
use serde_json::{Value, json};

/// The objects that a command printed.
fn objects(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line:?}: {e}")))
        .collect()
}

fn run(desk: &Desk, words: &[&str]) -> Vec<Value> {
    objects(&desk.mpr().arg("--json").args(words).ok().stdout())
}

#[test]
fn file_commands() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("a.txt", b"abc");
    assert_eq!(run(&desk, &["mkdir", ":lib"]), [json!({"schema": 1, "command": "mkdir", "path": ":lib"})]);
    let copied = json!({"from": "a.txt", "to": ":lib/a.txt", "bytes": 3, "status": "copied"});
    assert_eq!(
        run(&desk, &["cp", "a.txt", ":lib"]),
        [json!({"schema": 1, "command": "cp", "from": "a.txt", "to": ":lib", "files": [copied]})]
    );
    assert_eq!(run(&desk, &["cp", "a.txt", ":lib"])[0]["files"][0]["status"], "up-to-date");
    assert_eq!(
        run(&desk, &["ls", ":", ":lib"]),
        [
            json!({"schema": 1, "command": "ls", "path": ":",
                   "entries": [{"name": "lib", "type": "directory", "size": 0}]}),
            json!({"schema": 1, "command": "ls", "path": ":lib",
                   "entries": [{"name": "a.txt", "type": "file", "size": 3}]}),
        ]
    );
    let file = json!({"name": "a.txt", "type": "file", "size": 3});
    assert_eq!(
        run(&desk, &["tree"]),
        [json!({"schema": 1, "command": "tree", "path": ":/", "device": desk.board.address(),
                "entries": [{"name": "lib", "type": "directory", "size": 0, "entries": [file]}]})]
    );
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(
        run(&desk, &["sha256sum", ":lib/a.txt"]),
        [json!({"schema": 1, "command": "sha256sum", "path": ":lib/a.txt", "digest": digest})]
    );
    assert_eq!(
        run(&desk, &["cat", ":lib/a.txt"]),
        [json!({"schema": 1, "command": "cat", "path": ":lib/a.txt", "size": 3, "text": "abc"})]
    );
    assert_eq!(
        run(&desk, &["rm", "-r", ":lib"]),
        [
            json!({"schema": 1, "command": "rm", "path": ":lib", "removed": [":lib/a.txt", ":lib"], "skipped": []})
        ]
    );
}

#[test]
fn what_the_board_says() {
    let desk = Desk::new(Kind::SimPty);
    assert_eq!(
        run(&desk, &["eval", "'é' * 2"]),
        [json!({"schema": 1, "command": "eval", "expression": "'é' * 2", "text": "éé"})]
    );
    desk.write("bytes", b"\xff\x00");
    desk.run(&["cp", "bytes", ":"]);
    assert_eq!(run(&desk, &["cat", ":bytes"])[0]["hex"], "ff00");
    let df = run(&desk, &["df"]);
    let flash = &df[0]["filesystems"][0];
    assert_eq!((&flash["mounted_on"], &flash["size"]), (&json!("/"), &json!(2 << 20)));
    assert_eq!(
        flash["used"].as_u64().zip(flash["avail"].as_u64()).map(|(used, avail)| used + avail),
        flash["size"].as_u64()
    );
}

#[test]
fn ports() {
    let board = Board::start(Kind::SimPty);
    let port = UsbPort {
        name: "ttyACM0",
        vid: 0x2e8a,
        pid: 5,
        serial: "e660",
        manufacturer: "Maker",
        product: "Board",
        device: board.address().into(),
    };
    let machine = Machine::with(&[port]);
    let outcome = mpr().on(&machine).args(["devs", "--json"]).ok();
    let wanted = json!({"device": "/dev/ttyACM0", "serial": "e660", "vid": 0x2e8a, "pid": 5,
                        "manufacturer": "Maker", "product": "Board"});
    let devs = objects(&outcome.stdout());
    assert!(devs[0]["ports"].as_array().is_some_and(|ports| ports.contains(&wanted)), "{outcome}");
    assert_eq!((&devs[0]["schema"], &devs[0]["command"]), (&json!(1), &json!("devs")));
    let outcome = mpr().args(["--json", "--version"]).ok();
    assert_eq!(
        objects(&outcome.stdout()),
        [json!({"schema": 1, "command": "version", "version": env!("CARGO_PKG_VERSION")})]
    );
}

#[test]
fn a_failure_prints_no_object() {
    let desk = Desk::new(Kind::SimPty);
    let outcome = desk.mpr().args(["--json", "ls", ":missing"]).run();
    outcome.expect_failure(1, ":missing");
    assert!(outcome.stdout.is_empty(), "{outcome}");
}
