//! `sha256sum -c` and its like: the board's files against lists of digests.

use std::process::Command;

use mpr_tests::{Desk, Kind, all_bytes, on};
use serde_json::json;

on!(sim, mpr_tests::Kind::SimPty, [a_list_of_this_machine, what_mpr_prints_is_understood]);
on!(wasm, mpr_tests::Kind::Wasm, [a_list_of_this_machine, what_mpr_prints_is_understood]);
on!(microbit, mpr_tests::Kind::Microbit, [a_list_of_this_machine, what_mpr_prints_is_understood]);

/// Names that lists write in their own way.
const NAMES: [&str; 4] = ["a.py", "with space", "back\\slash", "new\nline"];

/// What coreutils' own program prints for files of the folder.
fn coreutils(desk: &Desk, program: &str, more: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(more).args(NAMES).current_dir(desk.dir()).output();
    output.unwrap_or_else(|error| panic!("`{program}`: {error}; `apt-get install coreutils`")).stdout
}

fn desk(kind: Kind) -> Desk {
    let desk = Desk::new(kind);
    for (name, size) in NAMES.into_iter().zip([0, 1, 500, 900]) {
        desk.write(name, &all_bytes(size));
        desk.run(&["cp", "--", name, &format!(":{name}")]);
    }
    desk
}

fn a_list_of_this_machine(kind: Kind) {
    let desk = desk(kind);
    let all = "a.py: OK\nwith space: OK\n\\back\\\\slash: OK\n\\new\\nline: OK\n";
    for program in ["sha256sum", "sha1sum", "md5sum"] {
        for more in [&[][..], &["-b"], &["--tag"]] {
            let list = coreutils(&desk, program, more);
            let outcome = desk.mpr().args([program, "-c", "-"]).stdin(list).ok();
            assert_eq!(outcome.text(), all, "{program} {more:?}");
        }
    }
    desk.write("list", &coreutils(&desk, "sha256sum", &[]));
    assert_eq!(desk.run(&["sha256sum", "--check", "list"]), all);
    assert_eq!(desk.run(&["--quiet", "sha256sum", "--check", "list"]), "");
    // A file that differs, one that is missing, and a line that is neither.
    desk.run(&["cp", "a.py", ":with space", "+", "rm", ":new\nline"]);
    let mut list = b"nothing\n".to_vec();
    list.extend(coreutils(&desk, "sha256sum", &[]));
    desk.write("list", &list);
    let outcome = desk.mpr().args(["sha256sum", "-c", "list"]).run();
    let lines = "a.py: OK\nwith space: FAILED\n\\back\\\\slash: OK\n\\new\\nline: FAILED open or read\n";
    assert_eq!(outcome.text(), lines);
    outcome.expect_failure(1, "list");
    for text in [
        "WARNING: 1 computed checksum did NOT match",
        "WARNING: 1 listed file could not be read",
        "WARNING: 1 line is improperly formatted",
        "No such file or directory",
    ] {
        outcome.expect_stderr(text);
    }
    let quiet = desk.mpr().args(["--quiet", "sha256sum", "-c", "list"]).run();
    assert_eq!(quiet.text(), "with space: FAILED\n\\new\\nline: FAILED open or read\n");
    quiet.expect_failure(1, "list");
}

fn what_mpr_prints_is_understood(kind: Kind) {
    let desk = desk(kind);
    let printed = desk.run(&["sha256sum", "a.py", ":with space", "back\\slash"]);
    let outcome = desk.mpr().args(["sha256sum", "-c", "-"]).stdin(printed.clone()).ok();
    assert_eq!(outcome.text(), "a.py: OK\nwith space: OK\n\\back\\\\slash: OK\n");
    desk.run(&["cp", "a.py", ":back\\slash"]);
    let outcome = desk.mpr().args(["sha256sum", "-c", "-"]).stdin(printed).run();
    outcome.expect_failure(1, "-");
    outcome.expect_stdout("\\back\\\\slash: FAILED\n");
}

#[test]
fn as_json() {
    let desk = desk(Kind::SimPty);
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    desk.write("list", format!("{digest}  :a.py\n{digest}  with space\n{digest}  none\nx\n").as_bytes());
    let outcome = desk.mpr().args(["--json", "sha256sum", "-c", "list"]).run();
    outcome.expect_failure(1, "list");
    let files = json!([
        {"path": ":a.py", "status": "ok"},
        {"path": ":with space", "status": "failed"},
        {"path": ":none", "status": "unreadable"},
    ]);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&outcome.stdout).expect("JSON"),
        json!({"schema": 1, "command": "sha256sum", "list": "list", "files": files, "improper_lines": 1})
    );
}

#[test]
fn lists_that_are_none() {
    let desk = Desk::new(Kind::SimPty);
    desk.mpr().args(["sha256sum", "-c", "missing"]).run().expect_failure(2, "missing");
    desk.mpr().args(["sha256sum", "-c"]).fails(2, &["sha256sum: missing argument", "hint: "]);
    // A list for another digest is none for this one.
    desk.write("list", b"d41d8cd98f00b204e9800998ecf8427e  a.py\n");
    let outcome = desk.mpr().args(["sha256sum", "-c", "list"]).run();
    outcome.expect_failure(1, "list");
    outcome.expect_stderr("no properly formatted checksum lines found");
}

#[test]
fn a_board_that_is_lost_ends_the_check() {
    let desk = Desk::new(Kind::SimLink);
    desk.write("list", b"d41d8cd98f00b204e9800998ecf8427e  a.py\n");
    desk.board.link().cut();
    desk.mpr().args(["--timeout", "5", "md5sum", "-c", "list"]).run().expect_code(3);
}
