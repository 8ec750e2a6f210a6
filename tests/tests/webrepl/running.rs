//! Programs and the prompt.

use mpr_tests::{Board, Kind};
use nix::sys::signal::Signal;

const BOTH: [Kind; 2] = [Kind::SimWs, Kind::SimWsStock];

#[test]
fn any_byte_passes() {
    for kind in BOTH {
        let board = Board::start(kind);
        let code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 40)";
        let every_byte: Vec<u8> = (0..=255).collect();
        assert!(board.mpr().args(["exec", code]).ok().stdout == every_byte.repeat(40), "{kind:?}");
    }
}

#[test]
fn ctrl_c_stops_a_loop() {
    for kind in BOTH {
        let board = Board::start(kind);
        for program in ["while True: pass", "while True: print('x' * 100)", "import time\ntime.sleep(100)"] {
            let mut running = board.mpr().args(["exec", &format!("print('go')\n{program}")]).spawn();
            running.wait_for_stdout("go");
            running.signal(Signal::SIGINT);
            running.wait().expect_code(130);
            assert_eq!(board.mpr().args(["eval", "6*7"]).ok().text(), "42\n", "{kind:?} {program}");
        }
    }
}

#[test]
fn the_prompt() {
    for kind in BOTH {
        let board = Board::start(kind);
        let mut terminal = board.mpr().arg("repl").terminal();
        terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
        terminal.send("\rprint(40 + 2)\r");
        terminal.expect("\n42");
        terminal.send("while True: pass\r\r");
        terminal.expect("... ");
        terminal.send("\x03");
        terminal.expect("KeyboardInterrupt");
        terminal.send("\x1d");
        terminal.ends_sane(0);
    }
}

#[test]
fn every_restart_is_survived() {
    for kind in BOTH {
        let board = Board::start(kind);
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("m.py"), "print('imported')").expect("a file can be written");
        let words = ["exec", "x = 1", "soft-reset", "exec", "print('x' in globals())", "reset", "eval", "2"];
        assert_eq!(board.mpr().args(words).ok().text(), "False\n2\n", "{kind:?}");
        // A mounted folder comes back with the board.
        let outcome = board.mpr().arg("mount").arg(dir.path()).args(["soft-reset", "exec", "import m"]).ok();
        assert!(outcome.text().ends_with("imported\n"), "{outcome}");
    }
}
