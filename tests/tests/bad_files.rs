//! Files and names that make trouble: missing, in the way, too large, oddly named, changing.

use std::fs;
use std::os::unix::fs::symlink;

use mpr_tests::{BoardOptions, Desk, Faults, Kind, Schedule, all_bytes, on};

on!(
    sim,
    mpr_tests::Kind::SimPty,
    [
        missing_files_are_named,
        directories_in_the_way,
        missing_directories_are_named,
        odd_names_survive,
        large_files_survive
    ]
);
on!(
    sim_ws,
    mpr_tests::Kind::SimWs,
    [
        missing_files_are_named,
        directories_in_the_way,
        missing_directories_are_named,
        odd_names_survive,
        large_files_survive
    ]
);
on!(
    sim_ws_stock,
    mpr_tests::Kind::SimWsStock,
    [
        missing_files_are_named,
        directories_in_the_way,
        missing_directories_are_named,
        odd_names_survive,
        large_files_survive
    ]
);
on!(
    sim_rfc2217,
    mpr_tests::Kind::SimRfc2217,
    [
        missing_files_are_named,
        directories_in_the_way,
        missing_directories_are_named,
        odd_names_survive,
        large_files_survive
    ]
);
on!(
    wasm,
    mpr_tests::Kind::Wasm,
    [
        missing_files_are_named,
        directories_in_the_way,
        missing_directories_are_named,
        odd_names_survive,
        large_files_survive
    ]
);
on!(microbit, mpr_tests::Kind::Microbit, [missing_files_are_named, odd_names_survive]);

fn missing_files_are_named(kind: Kind) {
    let desk = Desk::new(kind);
    desk.mpr().args(["cp", "nope.py", ":x"]).run().expect_failure(2, "nope.py");
    desk.mpr().args(["cp", ":nope.py", "x"]).run().expect_failure(1, ":nope.py");
    assert!(!desk.dir().join("x").exists());
    assert_eq!(desk.names(""), Vec::<String>::new());
    desk.mpr().args(["run", "nope.py"]).run().expect_failure(2, "nope.py");
}

#[test]
fn a_dangling_link_is_named() {
    let desk = Desk::new(Kind::SimPty);
    symlink("nowhere", desk.dir().join("dangling")).expect("a link can be made");
    desk.mpr().args(["cp", "dangling", ":x"]).run().expect_failure(2, "dangling");
}

fn directories_in_the_way(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("file", b"content");
    fs::create_dir(desk.dir().join("folder")).expect("a folder can be made");
    desk.run(&["mkdir", ":dir", ":dir/file2"]);
    // Onto a directory is into it.
    desk.run(&["cp", "file", ":dir"]);
    assert_eq!(desk.on_board("dir/file"), b"content");
    desk.run(&["cp", ":dir/file", "folder"]);
    assert_eq!(desk.read("folder/file"), b"content");
    // A directory of the file's own name is in the way.
    desk.write("file2", b"content");
    desk.mpr().args(["cp", "file2", ":dir"]).run().expect_code(1);
    assert_eq!(desk.names("dir"), ["file", "file2/"]);
    // A directory is not a file.
    desk.mpr().args(["cp", ":dir", "copy"]).run().expect_failure(2, ":dir");
    desk.mpr().args(["cat", ":dir"]).run().expect_failure(1, ":dir");
    desk.mpr().args(["rm", ":dir"]).run().expect_failure(1, ":dir");
    // A file is not a directory.
    let onto_file = desk.mpr().args(["cp", "file", ":dir/file/"]).run();
    onto_file.expect_failure(1, ":dir/file");
    onto_file.expect_stderr("ls :dir` shows what is there");
    desk.mpr().args(["rmdir", ":dir/file"]).run().expect_failure(1, ":dir/file");
    assert_eq!(desk.on_board("dir/file"), b"content");
}

fn missing_directories_are_named(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("file", b"content");
    let into = desk.mpr().args(["cp", "file", ":no/such/file"]).run();
    into.expect_code(1);
    into.expect_stderr(":no/such");
    into.expect_stderr("hint: ");
    let trailing = desk.mpr().args(["cp", "file", ":missing/"]).run();
    trailing.expect_code(1);
    trailing.expect_stderr(":missing");
    assert_eq!(desk.names(""), Vec::<String>::new());
    desk.run(&["cp", "file", ":file"]);
    let local = desk.mpr().args(["cp", ":file", "no/such/file"]).run();
    local.expect_code(2);
    local.expect_stderr("no/such");
    desk.mpr().args(["ls", ":missing"]).run().expect_failure(1, ":missing");
}

fn odd_names_survive(kind: Kind) {
    let desk = Desk::new(kind);
    let names = [
        "with space.txt",
        "it's.txt",
        "double\"quote.txt",
        "back\\slash.txt",
        "new\nline.txt",
        "Grüße-日本-🐍.txt",
        "-dash",
        "{brace} %s $HOME `x`",
    ];
    for name in names {
        desk.write("local", name.as_bytes());
        desk.run(&["cp", "--", "local", &format!(":{name}")]);
        assert_eq!(desk.on_board(name), name.as_bytes(), "{name:?}");
        desk.run(&["cp", "--", &format!(":{name}"), "back"]);
        assert_eq!(desk.read("back"), name.as_bytes(), "{name:?}");
        let listing = desk.run(&["ls"]);
        assert!(listing.contains(name), "{name:?}: {listing}");
        desk.run(&["rm", "--", &format!(":{name}")]);
    }
    assert_eq!(desk.names(""), Vec::<String>::new());
    // A local file of such a name, copied under it.
    for name in ["with space.txt", "it's.txt", "new\nline.txt", "🐍.py"] {
        desk.write(name, b"1");
        desk.run(&["cp", name, ":"]);
        assert_eq!(desk.on_board(name), b"1", "{name:?}");
        desk.run(&["rm", &format!(":{name}")]);
    }
}

fn large_files_survive(kind: Kind) {
    let desk = Desk::new(kind);
    // A megabyte takes the WebAssembly board most of a minute.
    let size = if kind == Kind::Wasm { 256 * 1024 } else { 1024 * 1024 };
    let content = all_bytes(size);
    desk.write("large", &content);
    desk.run(&["cp", "large", ":large"]);
    desk.run(&["cp", ":large", "back"]);
    assert!(desk.read("back") == content, "{size} bytes came back changed");
}

#[test]
fn a_full_flash_keeps_what_was_there() {
    let options = BoardOptions { flash_size: Some("128K".into()), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimPty, options);
    desk.write("old", b"old content");
    desk.run(&["cp", "old", ":kept"]);
    desk.write("large", &all_bytes(200_000));
    for target in [":kept", ":new"] {
        let outcome = desk.mpr().args(["cp", "large", target]).run();
        outcome.expect_failure(1, target);
        outcome.expect_stderr("No space left on device");
    }
    assert_eq!(desk.names(""), ["kept"]);
    assert_eq!(desk.on_board("kept"), b"old content");
    // And it is usable: what fits still goes in.
    desk.write("small", &all_bytes(10_000));
    desk.run(&["cp", "small", ":small"]);
    assert_eq!(desk.on_board("small"), all_bytes(10_000));
}

#[test]
fn a_full_micro_bit_keeps_what_was_there() {
    let desk = Desk::new(Kind::Microbit);
    desk.write("old", b"old content");
    desk.run(&["cp", "old", ":kept"]);
    desk.write("large", &all_bytes(60_000));
    for target in [":new", ":kept"] {
        let outcome = desk.mpr().args(["cp", "large", target]).run();
        outcome.expect_failure(1, target);
        outcome.expect_stderr("No space left on device");
        outcome.expect_stderr("an old `:");
        assert_eq!(desk.names(""), ["kept"]);
        assert_eq!(desk.on_board("kept"), b"old content");
    }
    // A new content that fits beside the old one, but not twice: the board can't rename, so there is no safe way.
    desk.write("half", &all_bytes(9_000));
    let outcome = desk.mpr().args(["cp", "half", ":kept"]).run();
    outcome.expect_failure(1, ":kept");
    assert_eq!(desk.names(""), ["kept"]);
    assert_eq!(desk.on_board("kept"), b"old content");
    // The old one out of the way, there is room.
    desk.run(&["rm", ":kept", "+", "cp", "half", ":kept"]);
    assert_eq!(desk.on_board("kept"), all_bytes(9_000));
}

#[test]
fn a_full_host_is_named() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("local", &all_bytes(20_000));
    desk.run(&["cp", "local", ":file"]);
    let outcome = desk.mpr().args(["cp", ":file", "/dev/full"]).run();
    outcome.expect_failure(2, "/dev/full");
    outcome.expect_stderr("No space left on device");
}

#[test]
fn a_file_that_shrinks_or_grows_while_it_is_read_is_refused() {
    for grows in [false, true] {
        let slow = Faults { baud: Some(2_000_000), ..Faults::default() };
        let options = BoardOptions { schedule: Schedule::both(0, &slow), ..BoardOptions::default() };
        let desk = Desk::with(Kind::SimLink, options);
        desk.write("old", b"old content");
        desk.run(&["cp", "old", ":kept"]);
        // What is smaller is read whole before it is sent.
        desk.write("changing", &all_bytes(1_200_000));
        let sent = desk.board.link().traffic().0;
        let running = desk.mpr().args(["cp", "changing", ":kept"]).spawn();
        desk.board.link().wait_until_sent(sent + 5_000);
        let size = if grows { 1_500_000 } else { 1_000_000 };
        let file = fs::OpenOptions::new().write(true).open(desk.dir().join("changing"));
        file.and_then(|file| file.set_len(size)).expect("the file can be resized");
        let outcome = running.wait();
        outcome.expect_code(2);
        outcome.expect_stderr("changed while it was read");
        outcome.expect_stderr("hint: ");
        assert_eq!(desk.on_board("kept"), b"old content", "grows: {grows}");
        assert_eq!(desk.names(""), ["kept"], "grows: {grows}");
    }
}
