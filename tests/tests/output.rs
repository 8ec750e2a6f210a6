//! What programs print: any bytes, to any reader.

use mpr_tests::{Board, Kind};

#[test]
fn bytes_that_are_no_text_pass_unchanged() {
    let all = "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 3)";
    let expected: Vec<u8> = (0..=255u8).cycle().take(768).collect();
    for kind in [Kind::SimPty, Kind::SimTcp, Kind::Sim, Kind::Wasm] {
        let board = Board::start(kind);
        let outcome = board.mpr().args(["exec", all]).ok();
        assert_eq!(outcome.stdout, expected, "{kind:?}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    for kind in [Kind::SimPty, Kind::Wasm, Kind::Microbit] {
        let board = Board::start(kind);
        let code = "i = 0\nwhile True:\n    print('line', i)\n    i += 1";
        let outcome = board.mpr().args(["exec", code]).run_with_closed_stdout_after("line 3");
        outcome.expect_code(0);
        assert_eq!(outcome.stderr(), "", "{kind:?}");
        // The program was stopped: the board is at a prompt.
        let again = board.mpr().args(["exec", "print(7)"]).ok();
        assert_eq!(again.stdout().trim_end(), "7", "{kind:?}");
    }
}

#[test]
fn exit_codes_are_the_programs() {
    let board = Board::start(Kind::SimPty);
    for (code, status) in [("import sys; sys.exit(3)", 3), ("raise SystemExit", 0), ("1/0", 1)] {
        board.mpr().args(["exec", code]).run().expect_code(status);
    }
    let outcome = board.mpr().args(["exec", "1/0"]).run();
    outcome.expect_stderr("ZeroDivisionError: divide by zero");
    assert_eq!(outcome.text(), "");
}

#[test]
fn a_traceback_is_the_boards_own_on_every_firmware() {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        let outcome = board.mpr().args(["exec", "print('first')\nnope"]).run();
        outcome.expect_code(1);
        assert_eq!(outcome.stdout().trim_end(), "first", "{kind:?}");
        outcome.expect_stderr("Traceback (most recent call last):");
        outcome.expect_stderr("NameError");
        outcome.expect_stderr("line 2");
    }
}
