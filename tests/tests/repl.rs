//! The interactive prompt, on a real terminal.

use std::fs;

use mpr_tests::{Board, Kind, Terminal, mpr, paste};
use nix::sys::signal::Signal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_E: &str = "\x05";
const CTRL_J: &str = "\n";
const CTRL_K: &str = "\x0b";
const CTRL_X: &str = "\x18";
const CTRL_RIGHT_BRACKET: &str = "\x1d";

/// The prompt of this board, with these options.
fn repl(board: &Board, options: &[&str]) -> Terminal {
    let mut terminal = board.mpr().arg("repl").args(options).terminal();
    terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
    prompt(&mut terminal);
    terminal
}

/// Asks for a fresh prompt: what was printed before may have been read by nobody.
fn prompt(terminal: &mut Terminal) {
    terminal.send("\r");
    terminal.expect(">>> ");
}

#[test]
fn what_is_typed_runs_on_every_board() {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        let mut terminal = board.mpr().arg("repl").terminal();
        terminal.expect(&format!("Connected to MicroPython at {}", board.address()));
        prompt(&mut terminal);
        assert!(!terminal.is_sane(), "the terminal is raw while the prompt runs");
        terminal.send("print(6 * 7)\r");
        // The WebAssembly board ends lines by a bare line feed.
        terminal.expect("\n42");
        terminal.expect("\n>>> ");
        terminal.send(CTRL_RIGHT_BRACKET);
        terminal.ends_sane(0);
    }
}

#[test]
fn no_command_means_the_prompt() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = mpr().env("MPR_DEVICE", board.address()).terminal();
    terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
    prompt(&mut terminal);
    terminal.send(CTRL_X);
    terminal.ends_sane(0);
}

#[test]
fn a_simulated_board_starts_with_the_prompt() {
    let mut terminal = mpr().args(["connect", "sim:-"]).terminal();
    terminal.expect(">>> ");
    terminal.send("import sys; print(sys.platform)\r");
    terminal.expect("\r\n>>> ");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

#[test]
fn the_prompt_follows_other_commands() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = board.mpr().args(["exec", "x = 40 + 2", "repl"]).terminal();
    terminal.expect("MicroPython v");
    terminal.expect(">>> ");
    terminal.send("x\r");
    terminal.expect("42\r\n>>> ");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

#[test]
fn commands_may_follow_the_prompt() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = board.mpr().args(["repl", "eval", "x + 1"]).terminal();
    terminal.expect("exit this shell");
    prompt(&mut terminal);
    terminal.send("x = 41\r");
    terminal.expect(">>> ");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.expect("42");
    terminal.ends_sane(0);
}

#[test]
fn ctrl_c_is_the_boards() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(&board, &[]);
    // Not before it runs: at the prompt Ctrl-C only drops the line.
    terminal.send("exec(\"print('run' + 'ning')\\nwhile True: pass\")\r");
    terminal.expect("running\r\n");
    terminal.send(CTRL_C);
    terminal.expect("KeyboardInterrupt");
    terminal.expect(">>> ");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

#[test]
fn a_board_that_prints_without_end_is_stopped_or_left() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(&board, &[]);
    terminal.send("while True: print('flood ' * 20)\r\r\r");
    terminal.expect("flood flood");
    terminal.send(CTRL_C);
    terminal.expect("KeyboardInterrupt");
    terminal.expect(">>> ");
    terminal.send("while True: print('again ' * 20)\r\r\r");
    terminal.expect("again again");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

#[test]
fn ctrl_d_resets_the_interpreter() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(&board, &[]);
    terminal.send("x = 1\r");
    terminal.expect(">>> ");
    terminal.send(CTRL_D);
    terminal.expect("soft reboot");
    terminal.expect(">>> ");
    terminal.send("x\r");
    terminal.expect("NameError");
    terminal.expect(">>> ");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

#[test]
fn a_long_paste_arrives_whole() {
    // The UART has a FIFO of 256 bytes that drops what overflows.
    for kind in [Kind::SimPty, Kind::SimUart { baud: 115_200 }] {
        let board = Board::start(kind);
        let mut terminal = repl(&board, &[]);
        terminal.send(CTRL_E);
        terminal.expect("=== ");
        let mut text = String::from("total = 0\r");
        for number in 0..200 {
            text.push_str(&format!("total += {number}  # a line to paste\r"));
        }
        terminal.send(text);
        terminal.send("print('total', total)\r");
        terminal.send(CTRL_D);
        terminal.expect("total 19900\r\n>>> ");
        terminal.send(CTRL_RIGHT_BRACKET);
        terminal.ends_sane(0);
    }
}

#[test]
fn a_paste_of_10_kb_arrives_byte_for_byte() {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        let mut terminal = board.mpr().args(["exec", paste::SUM, "repl"]).terminal();
        terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
        prompt(&mut terminal);
        paste::arrives(&mut terminal);
        terminal.send(CTRL_RIGHT_BRACKET);
        terminal.ends_sane(0);
    }
}

#[test]
fn a_window_that_changes_its_size_changes_nothing() {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        let mut terminal = repl(&board, &[]);
        terminal.send("print(40 ");
        terminal.resize(10, 30);
        terminal.send("+ 2)\r");
        terminal.expect("\n42");
        terminal.expect(">>> ");
        terminal.resize(50, 200);
        terminal.send("print(6 * 8)\r");
        terminal.expect("\n48");
        terminal.send(CTRL_RIGHT_BRACKET);
        terminal.ends_sane(0);
    }
}

#[test]
fn what_was_typed_before_leaving_still_reaches_the_board() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(&board, &[]);
    terminal.send(format!("kept = 'yes'\r{CTRL_RIGHT_BRACKET}"));
    terminal.ends_sane(0);
    board.mpr().args(["eval", "kept"]).ok().expect_stdout("yes");
}

#[test]
fn characters_of_all_languages_pass_both_ways() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(&board, &[]);
    // MicroPython's line editor takes ASCII only; a program may print anything.
    terminal.send("import sys; n = sys.stdout.buffer.write(b'\\xc3\\xa9 \\xe2\\x82\\xac\\r\\n')\r");
    terminal.expect("é €\r\n");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

#[test]
fn bytes_that_are_not_printable_are_escaped_and_captured() {
    let board = Board::start(Kind::SimPty);
    let capture = board.dir().join("session.txt");
    let path = capture.display().to_string();
    let mut terminal = repl(&board, &["--escape-non-printable", "--capture", &path]);
    assert!(terminal.text().contains(&format!("Capturing session to file \"{path}\"")));
    assert!(terminal.text().contains("Escaping non-printable bytes"));
    terminal.send("import sys; n = sys.stdout.buffer.write(b'<\\x00\\xff\\t>\\r\\n')\r");
    terminal.expect("<[00][ff]\t>\r\n");
    terminal.expect(">>> ");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
    let captured = fs::read_to_string(&capture).expect("the capture file is text");
    assert!(captured.contains("<[00][ff]\t>\r\n>>> "), "{captured:?}");
    assert!(!captured.contains("Ctrl-]"), "only the board's words: {captured:?}");
}

#[test]
fn ctrl_j_types_code_and_ctrl_k_runs_a_file() {
    let board = Board::start(Kind::SimPty);
    let file = board.dir().join("program.py");
    fs::write(&file, "name = input('name? ')\nprint('hello', name)\nraise ValueError('at the end')\n")
        .expect("a file can be written");
    let path = file.display().to_string();
    let mut terminal = repl(&board, &["--inject-code", "y = 20\\ny + 3\\n", "--inject-file", &path]);
    assert!(
        terminal.text().contains("Use Ctrl-J to inject b'y = 20\\r\\ny + 3\\r\\n'"),
        "{:?}",
        terminal.text()
    );
    assert!(terminal.text().contains(&format!("Use Ctrl-K to inject file \"{path}\"")));
    terminal.send(CTRL_J);
    terminal.expect("y = 20");
    terminal.expect("23\r\n>>> ");
    terminal.send(CTRL_K);
    terminal.expect(&format!("Injecting {path}\r\n"));
    terminal.expect("name? ");
    terminal.send("Ada\r");
    terminal.expect("hello Ada\r\n");
    terminal.expect("line 3");
    terminal.expect("ValueError: at the end\r\n");
    terminal.expect(">>> ");
    terminal.send("y\r");
    terminal.expect("20\r\n>>> ");
    fs::remove_file(&file).expect("the file can be removed");
    terminal.send(CTRL_K);
    terminal.expect(&format!("Error: `{path}`: No such file or directory"));
    terminal.send("y\r");
    terminal.expect("20\r\n>>> ");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

#[test]
fn an_injected_program_is_stopped_by_ctrl_c() {
    let board = Board::start(Kind::SimPty);
    let file = board.dir().join("endless.py");
    fs::write(&file, "print('begun')\nwhile True:\n    pass\n").expect("a file can be written");
    let mut terminal = repl(&board, &["--inject-file", &file.display().to_string()]);
    terminal.send(CTRL_K);
    terminal.expect("begun\r\n");
    terminal.send(CTRL_C);
    terminal.expect("KeyboardInterrupt");
    terminal.expect(">>> ");
    terminal.send("6 * 7\r");
    terminal.expect("42\r\n>>> ");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

#[test]
fn leaving_during_an_injected_program_stops_it() {
    let board = Board::start(Kind::SimPty);
    let file = board.dir().join("endless.py");
    fs::write(&file, "print('begun')\nwhile True:\n    pass\n").expect("a file can be written");
    let mut terminal = repl(&board, &["--inject-file", &file.display().to_string()]);
    terminal.send(CTRL_K);
    terminal.expect("begun\r\n");
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
    let mut console = board.console();
    console.send(b"print(6 * 7)\r");
    console.expect(b"42\r\n>>> ");
}

#[test]
fn a_board_that_vanishes_leaves_a_sane_terminal() {
    for kind in [Kind::SimPty, Kind::SimTcp] {
        let mut board = Board::start(kind);
        let mut terminal = repl(&board, &[]);
        board.kill();
        terminal.expect(&format!("error: device disconnected: `{}`", board.address()));
        terminal.expect("hint: ");
        terminal.ends_sane(3);
    }
}

#[test]
fn a_cut_cable_leaves_a_sane_terminal() {
    let board = Board::start(Kind::SimLink);
    let mut terminal = repl(&board, &[]);
    board.link().cut();
    terminal.expect("error: device disconnected");
    terminal.ends_sane(3);
}

#[test]
fn signals_leave_a_sane_terminal() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 130)] {
        let board = Board::start(Kind::SimPty);
        let mut terminal = repl(&board, &[]);
        assert!(!terminal.is_sane());
        terminal.process().signal(signal);
        terminal.ends_sane(code);
    }
}

#[test]
fn a_signal_while_the_board_floods_leaves_a_sane_terminal() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(&board, &[]);
    terminal.send("while True: print('flood ' * 20)\r\r\r");
    terminal.expect("flood flood");
    terminal.process().signal(Signal::SIGTERM);
    terminal.ends_sane(143);
}

#[test]
fn a_busy_port_is_told_before_the_terminal_is_touched() {
    let board = Board::start(Kind::SimPty);
    let mut first = repl(&board, &[]);
    let mut second = board.mpr().arg("repl").terminal();
    second.expect("is in use by another program");
    second.ends_sane(3);
    first.send("1 + 1\r");
    first.expect("2\r\n>>> ");
    first.send(CTRL_RIGHT_BRACKET);
    first.ends_sane(0);
}

#[test]
fn without_a_terminal_there_is_no_prompt() {
    let board = Board::start(Kind::SimPty);
    for words in [&["repl"][..], &[]] {
        let outcome = board.mpr().args(words).stdin("print(1)\n").run();
        outcome.expect_code(2);
        outcome.expect_stderr("error: repl: standard input is no terminal");
        outcome.expect_stderr("hint: `mpr run -`");
        assert!(outcome.stdout.is_empty(), "{outcome}");
    }
}

#[test]
fn a_capture_file_that_cannot_be_made_is_told_first() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = board.mpr().args(["repl", "--capture", "no/such/folder/x"]).terminal();
    terminal.expect("error: repl: `no/such/folder/x`: No such file or directory");
    terminal.ends_sane(2);
}
