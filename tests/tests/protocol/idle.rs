//! Entering the raw REPL without stopping anybody.

use std::time::Duration;

use mpr_tests::{Board, Kind, PATIENCE};

use crate::{connect, run};

/// Long enough for a board that answers, on a busy machine.
const LONG: Duration = PATIENCE;

/// Short: nobody answers.
const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_board_at_its_prompt_is_entered_and_left_as_it_was() {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        for _ in 0..2 {
            let mut device = connect(&board);
            assert!(device.enter_raw_repl_if_idle(LONG).expect("a board"), "{kind:?}");
            assert_eq!(device.list("").map(|_| ()).map_err(|error| error.to_string()), Ok(()), "{kind:?}");
            // It is there already.
            assert!(device.enter_raw_repl_if_idle(SHORT).expect("a board"), "{kind:?}");
            device.close().expect("the board is left");
        }
        assert_eq!(run(&mut connect(&board), "print(6*7)"), "42\n", "{kind:?}");
    }
}

#[test]
fn a_program_runs_on_and_the_prompt_behind_it_is_the_friendly_one() {
    for kind in [Kind::SimPty, Kind::Microbit] {
        let board = Board::start(kind);
        let mut console = board.console();
        console.send(b"\x03\r");
        console.expect(b">>> ");
        // It ends when it is told to; the micro:bit has no way to tell it but Ctrl-C.
        console.send(b"n = 0\r");
        console.send(match kind {
            Kind::Microbit => b"while True: n += 1\r\r\r\r",
            _ => b"import sys\rwhile sys.stdin.read(1) != 'q': n += 1\r\r\r\r",
        });
        console.expect(b"\r\n... \r\n");
        drop(console);

        let mut device = connect(&board);
        for _ in 0..2 {
            assert!(!device.enter_raw_repl_if_idle(SHORT).expect("a board"), "{kind:?}");
        }
        drop(device);

        let mut console = board.console();
        console.send(if kind == Kind::Microbit { b"\x03" } else { b"q" });
        console.expect(b">>> ");
        console.send(b"print(n > 0, 'done')\r");
        console.expect(b"True done");
    }
}
