//! Boards that don't answer, don't stop, restart or vanish in the middle.

use mpr_tests::{Board, Desk, Kind, all_bytes};

/// Ends the wait for a board that will never answer; how long it waited decides nothing.
const SHORT: [&str; 2] = ["--timeout", "2"];

#[test]
fn a_board_that_never_answers_is_given_up() {
    for kind in [Kind::SimPty, Kind::SimTcp, Kind::Microbit] {
        let mut board = Board::start(kind);
        board.mpr().args(["exec", "1"]).ok();
        board.freeze();
        let outcome = board.mpr().args(SHORT).args(["exec", "1"]).run();
        outcome.expect_failure(3, board.address());
        outcome.expect_stderr("no raw REPL prompt after 2.0 s, 0 bytes came");
        board.thaw();
        assert_eq!(board.mpr().args(["exec", "print(7)"]).ok().text(), "7\n");
    }
}

#[test]
fn a_board_that_hangs_in_the_middle_of_a_copy_is_given_up() {
    let mut desk = Desk::new(Kind::SimLink);
    desk.write("old", b"old content");
    desk.run(&["cp", "old", ":kept"]);
    desk.write("new", &all_bytes(60_000));
    let sent = desk.board.link().traffic().0;
    let running = desk.mpr().args(SHORT).args(["cp", "new", ":kept"]).spawn();
    desk.board.link().wait_until_sent(sent + 5_000);
    desk.board.freeze();
    let outcome = running.wait();
    outcome.expect_code(3);
    outcome.expect_stderr("hint: ");
    desk.board.thaw();
    assert_eq!(desk.on_board("kept"), b"old content");
}

#[test]
fn a_board_that_prints_without_end_is_stopped() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("main.py", b"while True:\n    print('spam ' * 20)\n");
    desk.run(&["cp", "main.py", ":"]);
    desk.run(&["reset"]);
    assert_eq!(desk.run(&["exec", "print(7)"]), "7\n");
}

#[test]
fn a_board_that_prints_without_end_and_cannot_be_stopped_is_given_up() {
    let desk = Desk::new(Kind::SimPty);
    let program = "import micropython\nmicropython.kbd_intr(-1)\nwhile True: print('spam ' * 20)";
    desk.run(&["exec", "--no-follow", program]);
    let outcome = desk.mpr().args(SHORT).args(["exec", "1"]).run();
    outcome.expect_code(3);
    outcome.expect_stderr("raw REPL");
    outcome.expect_stderr("bytes came");
    outcome.expect_stderr("hint: ");
    assert!(!outcome.stderr().contains(" 0 bytes came"), "{outcome}");
    assert!(outcome.stdout.is_empty(), "{outcome}");
}

#[test]
fn a_board_that_restarts_in_the_middle_says_so_and_is_usable() {
    let board = Board::start(Kind::SimPty);
    let outcome = board.mpr().args(["exec", "print('before')\nimport machine\nmachine.reset()"]).run();
    outcome.expect_code(3);
    outcome.expect_stdout("before");
    outcome.expect_stderr("restarted");
    outcome.expect_stderr("hint: ");
    assert_eq!(board.mpr().args(["exec", "print(7)"]).ok().text(), "7\n");
}

#[test]
fn a_board_that_dies_in_the_middle_of_a_program_is_told() {
    for kind in [Kind::SimPty, Kind::SimTcp, Kind::Microbit, Kind::Wasm] {
        let mut board = Board::start(kind);
        let running = board.mpr().args(["exec", "print('before')\nwhile True: print(end='')"]).spawn();
        running.wait_for_stdout("before");
        board.kill();
        let outcome = running.wait();
        outcome.expect_failure(3, board.address());
    }
}

#[test]
fn a_board_that_dies_in_the_middle_of_a_copy_keeps_the_old_file() {
    let mut desk = Desk::new(Kind::SimLink);
    desk.write("old", b"old content");
    desk.run(&["cp", "old", ":kept"]);
    desk.write("new", &all_bytes(60_000));
    let sent = desk.board.link().traffic().0;
    let running = desk.mpr().args(["cp", "new", ":kept"]).spawn();
    desk.board.link().wait_until_sent(sent + 5_000);
    desk.board.kill();
    let outcome = running.wait();
    outcome.expect_code(3);
    outcome.expect_stderr("hint: ");
    let flash = format!("sim:{}", desk.board.flash().display());
    let outcome = mpr_tests::mpr().args(["connect", &flash, "cat", ":kept"]).ok();
    assert_eq!(outcome.text(), "old content");
}

#[test]
fn a_board_with_little_memory_left_is_usable() {
    // Which of a few hundred bytes more or less still are in one piece is luck.
    for left in [2400, 2800, 3000, 3400] {
        let desk = Desk::new(Kind::Microbit);
        desk.write("file", b"content");
        desk.run(&["cp", "file", ":old"]);
        let fill = format!(
            "import gc\nfull=[]\ngc.collect()\nwhile gc.mem_free()>{left}: full.append(bytearray(32))"
        );
        desk.run(&["exec", &fill]);
        assert_eq!(desk.on_board("old"), b"content");
        desk.run(&["cp", "file", ":new"]);
        assert_eq!(desk.names(""), ["new", "old"]);
        assert!(desk.run(&["eval", "len(full)"]).trim_end().parse::<u32>().expect("a number") > 50);
    }
}
