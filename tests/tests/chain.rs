//! Several commands in a row.

use std::fs;

use mpr_tests::{Board, Kind, mpr};

#[test]
fn commands_run_in_their_order_on_one_board() {
    let board = Board::start(Kind::SimPty);
    let outcome = board.mpr().args(["exec", "x = 6", "exec", "x *= 7", "eval", "x", "version"]).ok();
    assert_eq!(outcome.stdout(), format!("42\r\nmpr {}\n", env!("CARGO_PKG_VERSION")));
    assert!(outcome.stderr.is_empty(), "{outcome}");
}

#[test]
fn plus_ends_open_ended_commands() {
    let board = Board::start(Kind::SimPty);
    let line = ["touch", ":a", ":b", "+", "rm", ":a", "+", "ls", "--no-verbose", "+", "eval", "'end'"];
    let outcome = board.mpr().args(line).ok();
    assert_eq!(outcome.stdout(), "touch :a\ntouch :b\nrm :a\n           0 b\nend\r\n");
}

#[test]
fn a_typo_anywhere_means_that_nothing_happens() {
    let board = Board::start(Kind::SimPty);
    let typos: [&[&str]; 6] = [
        &["touch", ":made", "+", "exce", "1"],
        &["touch", ":made", "+", "exec"],
        &["touch", ":made", "+", "exec", "--flollow", "1"],
        &["touch", ":made", "+", "sleep", "soon"],
        &["touch", ":made", "+", "connect", "ftp://board"],
        &["touch", ":made", "+", "fs", "lss"],
    ];
    for typo in typos {
        let outcome = board.mpr().args(typo).run();
        outcome.expect_code(2);
        outcome.expect_stderr("error: ");
        assert!(outcome.stdout.is_empty(), "{outcome}");
    }
    assert_eq!(board.mpr().args(["ls", "--no-verbose"]).ok().stdout(), "");
}

#[test]
fn a_command_that_fails_ends_the_chain() {
    let board = Board::start(Kind::SimPty);
    let line = ["exec", "print('one')", "exec", "1/0", "exec", "print('two')"];
    let outcome = board.mpr().args(line).fails(1, &["ZeroDivisionError"]);
    assert_eq!(outcome.stdout(), "one\r\n");
    let line = ["rm", ":nothing", "+", "touch", ":made"];
    board.mpr().args(line).fails(1, &["`:nothing`"]);
    assert_eq!(board.mpr().args(["ls", "--no-verbose"]).ok().stdout(), "");
}

#[test]
fn connect_in_the_middle_changes_the_board() {
    let (first, second) = (Board::start(Kind::SimPty), Board::start(Kind::SimTcp));
    let line = ["exec", "who = 'first'", "connect", second.address(), "exec", "who = 'second'"];
    first.mpr().args(line).ok();
    let line = ["eval", "who", "disconnect", "connect", second.address(), "eval", "who"];
    assert_eq!(first.mpr().args(line).ok().stdout(), "first\r\nsecond\r\n");
}

#[test]
fn after_disconnect_the_usual_board_is_used() {
    let (usual, other) = (Board::start(Kind::SimPty), Board::start(Kind::SimPty));
    let line = ["connect", other.address(), "eval", "'x'", "disconnect", "exec", "here = 'usual'"];
    mpr().env("MPR_DEVICE", usual.address()).args(line).ok();
    assert_eq!(usual.mpr().args(["eval", "here"]).ok().stdout(), "usual\r\n");
}

#[test]
fn no_command_soft_resets_unasked() {
    let board = Board::start(Kind::SimPty);
    board.mpr().args(["exec", "kept = 5"]).ok();
    assert_eq!(board.mpr().args(["resume", "eval", "kept"]).ok().stdout(), "5\r\n");
    board.mpr().args(["soft-reset", "eval", "kept"]).fails(1, &["NameError"]);
}

#[test]
fn a_command_after_reset_waits_for_the_board() {
    for kind in [Kind::SimPty, Kind::SimTcp, Kind::SimUart { baud: 115_200 }] {
        let board = Board::start(kind);
        let line = ["exec", "gone = 1", "reset", "eval", "'gone' in globals()"];
        assert_eq!(board.mpr().args(line).ok().stdout(), "False\r\n", "{kind:?}");
    }
}

#[test]
fn fs_is_the_long_name_of_file_commands() {
    let board = Board::start(Kind::SimPty);
    let line = ["fs", "mkdir", ":lib", "+", "fs", "touch", "lib/x", "+", "fs", "-r", "rm", "-v", ":lib"];
    let outcome = board.mpr().args(line).ok();
    assert_eq!(
        outcome.stdout(),
        "mkdir :lib\ntouch :lib/x\nrm :lib\nremoved: 'lib/x'\nremoved directory: 'lib'\n"
    );
}

#[test]
fn options_for_the_whole_line_stand_anywhere() {
    let board = Board::start(Kind::SimPty);
    let folder = board.dir().join("traces");
    fs::create_dir(&folder).expect("a folder can be made");
    for (number, before) in [(0, true), (1, false)] {
        let trace = folder.join(number.to_string()).display().to_string();
        let options = ["--device", board.address(), "--trace", &trace, "--quiet"];
        let command = ["ls", ":"];
        let line: Vec<&str> =
            if before { [&options[..], &command].concat() } else { [&command[..], &options].concat() };
        let outcome = mpr().args(line).ok();
        assert_eq!(outcome.stdout(), "", "--quiet leaves the headline away: {outcome}");
        let traced = fs::read_to_string(&trace).expect("the trace is text");
        assert!(traced.contains("raw REPL"), "{traced}");
    }
}

#[test]
fn a_program_has_the_time_that_it_is_given() {
    let board = Board::start(Kind::SimPty);
    let outcome = board.mpr().args(["--timeout", "0.5", "exec", "while True: pass"]).run();
    outcome.expect_failure(3, board.address());
    assert_eq!(board.mpr().args(["eval", "6 * 7"]).ok().stdout(), "42\r\n");
}

#[test]
fn verbose_tells_which_board_was_used() {
    let board = Board::start(Kind::SimPty);
    let outcome = board.mpr().args(["+", "--verbose", "eval", "1"]).ok();
    assert_eq!(outcome.stdout(), "1\r\n");
    outcome.expect_stderr(&format!("connected to `{}`", board.address()));
}

#[test]
fn help_needs_no_board() {
    for line in
        [&["help"][..], &["--help"], &["-h"], &["connect", "/nowhere", "ls", "--help"], &["help", "cp"]]
    {
        let outcome = mpr().args(line).ok();
        assert!(outcome.stdout().contains("Usage: mpr") && outcome.stderr.is_empty(), "{outcome}");
    }
}
