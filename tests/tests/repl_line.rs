//! `repl --line`: lines edited here, run there.

use std::fs;

use mpr_tests::{Board, Kind, Mpr, Terminal, on};
use nix::sys::signal::Signal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_X: &str = "\x18";
const CTRL_RIGHT_BRACKET: &str = "\x1d";
const UP: &str = "\x1b[A";
const TAB: &str = "\t";

on!(
    sim,
    mpr_tests::Kind::SimPty,
    [statements_run, blocks_run, programs_are_stopped, the_board_restarts, tab_asks_the_board]
);
on!(
    wasm,
    mpr_tests::Kind::Wasm,
    [statements_run, blocks_run, programs_are_stopped, the_board_restarts, tab_asks_the_board]
);
on!(
    microbit,
    mpr_tests::Kind::Microbit,
    [statements_run, blocks_run, programs_are_stopped, the_board_restarts, tab_asks_the_board]
);

/// The prompt of this board, with these options.
fn repl(mpr: Mpr, options: &[&str]) -> Terminal {
    let mut terminal = mpr.args(["repl", "--line"]).args(options).env("TERM", "xterm").terminal();
    terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
    terminal.expect(">>> ");
    terminal
}

/// Types a line that prints this, as a line.
fn line(terminal: &mut Terminal, text: &str, printed: &str) {
    terminal.send(format!("{text}\r"));
    // The line editor is done.
    terminal.expect("\x1b[?2004l");
    terminal.expect(&format!("\n{printed}"));
    terminal.expect(">>> ");
}

/// Types the line of a block.
fn more(terminal: &mut Terminal, text: &str) {
    terminal.send(format!("{text}\r"));
    terminal.expect("\x1b[?2004l");
    terminal.expect("... ");
}

fn leave(mut terminal: Terminal) {
    terminal.send(CTRL_RIGHT_BRACKET);
    terminal.ends_sane(0);
}

fn statements_run(kind: Kind) {
    let board = Board::start(kind);
    let mut terminal = repl(board.mpr(), &[]);
    line(&mut terminal, "x = 40", "");
    line(&mut terminal, "x + 2", "42");
    line(&mut terminal, "_ + 1", "43");
    line(&mut terminal, "'text'", "'text'");
    line(&mut terminal, "print('pri' + 'nted')", "printed");
    line(&mut terminal, "None", "");
    // A board without `compile` is asked for the value of an expression only.
    line(&mut terminal, "y = 1; y + 1", if kind == Kind::Microbit { "" } else { "2" });
    line(&mut terminal, "1 / 0", "Traceback (most recent call last):");
    line(&mut terminal, "x +", "Traceback (most recent call last):");
    line(&mut terminal, "nothing", "Traceback (most recent call last):");
    assert!(terminal.text().contains("NameError"), "{}", terminal.text());
    assert!(!terminal.text().contains("_mpr"), "only the user's frames: {}", terminal.text());
    leave(terminal);
    board.mpr().args(["eval", "x"]).ok().expect_stdout("40");
}

fn blocks_run(kind: Kind) {
    let board = Board::start(kind);
    let mut terminal = repl(board.mpr(), &[]);
    more(&mut terminal, "for i in range(2):");
    // The indentation is there already.
    more(&mut terminal, "print('i', i)");
    line(&mut terminal, "", "i 0");
    assert!(terminal.text().contains("i 1"), "{}", terminal.text());
    more(&mut terminal, "def f(a):");
    more(&mut terminal, "return a * 2");
    line(&mut terminal, "", "");
    // Recalled as one.
    terminal.send(UP);
    terminal.expect("return a * 2");
    terminal.send(CTRL_C);
    terminal.expect("\x1b[?2004l");
    terminal.expect(">>> ");
    more(&mut terminal, "f(");
    line(&mut terminal, "21)", "42");
    // Given up in the middle.
    more(&mut terminal, "while True:");
    terminal.send(CTRL_C);
    terminal.expect("\x1b[?2004l");
    terminal.expect(">>> ");
    line(&mut terminal, "f(1)", "2");
    leave(terminal);
}

fn programs_are_stopped(kind: Kind) {
    let board = Board::start(kind);
    let mut terminal = repl(board.mpr(), &[]);
    more(&mut terminal, "while True:");
    more(&mut terminal, "print('.', end='')");
    terminal.send("\r");
    terminal.expect("....");
    terminal.send(CTRL_C);
    terminal.expect("KeyboardInterrupt");
    terminal.expect(">>> ");
    line(&mut terminal, "6 * 7", "42");
    leave(terminal);
}

fn the_board_restarts(kind: Kind) {
    let board = Board::start(kind);
    let mut terminal = repl(board.mpr(), &[]);
    line(&mut terminal, "x = 1", "");
    terminal.send(CTRL_D);
    terminal.expect("reboot");
    // The board's own, then ours.
    terminal.expect("\n>>> ");
    terminal.expect("\x1b[?2004h");
    terminal.expect(">>> ");
    line(&mut terminal, "x", "Traceback (most recent call last):");
    assert!(terminal.text().contains("NameError"), "{}", terminal.text());
    line(&mut terminal, "6 * 7", "42");
    leave(terminal);
}

fn tab_asks_the_board(kind: Kind) {
    let board = Board::start(kind);
    let mut terminal = repl(board.mpr(), &[]);
    line(&mut terminal, "a_long_name = 'x'", "");
    terminal.send(format!("a_lo{TAB}.starts{TAB}('x')\r"));
    terminal.expect("a_long_name.startswith");
    terminal.expect("('x')");
    terminal.expect("True");
    terminal.expect(">>> ");
    line(&mut terminal, "import sys", "");
    terminal.send(format!("sys.vers{TAB}{TAB}"));
    terminal.expect("sys.version");
    terminal.send(CTRL_C);
    terminal.expect("\x1b[?2004l");
    terminal.expect(">>> ");
    more(&mut terminal, "class A:");
    more(&mut terminal, "def __init__(self): self.an_attribute = 7");
    line(&mut terminal, "", "");
    line(&mut terminal, "a = A()", "");
    if kind != Kind::Microbit {
        terminal.send(format!("a.an_a{TAB} + 1\r"));
        terminal.expect("a.an_attribute");
        terminal.expect("\n8");
        terminal.expect(">>> ");
    }
    leave(terminal);
}

#[test]
fn a_tab_runs_nothing_of_the_users() {
    let board = Board::start(Kind::SimPty);
    let code = "class A:\n    @property\n    def danger(self):\n        print('ran')\n        open('ran', 'w').close()\n        return self\n    def __getattr__(self, name):\n        open('ran', 'w').close()\n        raise AttributeError\na = A()";
    board.mpr().args(["exec", code]).ok();
    let mut terminal = repl(board.mpr(), &[]);
    terminal.send(format!("a.dan{TAB}"));
    terminal.expect("a.danger");
    terminal.send(format!(".x{TAB}"));
    terminal.send(CTRL_C);
    terminal.expect("\x1b[?2004l");
    terminal.expect(">>> ");
    leave(terminal);
    let listing = board.mpr().arg("ls").ok();
    assert!(!listing.text().contains("ran"), "{listing}");
}

#[test]
fn a_running_program_gets_the_keys() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(board.mpr(), &[]);
    terminal.send("name = input('who? ')\r");
    terminal.expect("\nwho? ");
    terminal.send("Ada\r");
    terminal.expect(">>> ");
    line(&mut terminal, "name", "'Ada'");
    // Leaving stops what runs.
    terminal.send("exec(\"print('be' + 'gun')\\nwhile True: pass\")\r");
    terminal.expect("begun");
    terminal.send(CTRL_X);
    terminal.ends_sane(0);
    let mut console = board.console();
    console.send(b"\r\nprint(6 * 7)\r");
    console.expect(b"42\r\n>>> ");
}

#[test]
fn a_window_that_changes_its_size_keeps_the_line() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(board.mpr(), &[]);
    terminal.resize(24, 80);
    terminal.send("print('a line that is longer than the narrow window', ");
    terminal.expect("narrow window', ");
    terminal.resize(10, 20);
    terminal.send("40 + 2)");
    line(&mut terminal, "", "a line that is longer than the narrow window 42");
    terminal.send("import time; print('be' + 'gun'); time.sleep(0.5); print('through')\r");
    terminal.expect("begun");
    terminal.resize(50, 200);
    terminal.expect("through");
    terminal.expect(">>> ");
    leave(terminal);
}

#[test]
fn what_is_pasted_runs_as_a_program() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = repl(board.mpr(), &[]);
    terminal.send("\x1b[200~def f():\n    return 6\n\nprint(f() *\n7)\n\x1b[201~");
    terminal.expect("7)");
    terminal.send("\r");
    terminal.expect("\n42");
    terminal.expect(">>> ");
    leave(terminal);
}

#[test]
fn lines_are_kept_for_the_next_time_and_captured() {
    let board = Board::start(Kind::SimPty);
    let capture = board.dir().join("session.txt");
    let mpr = board.mpr();
    let mut terminal = repl(mpr.clone(), &["--capture", &capture.display().to_string()]);
    line(&mut terminal, "40 + 2", "42");
    leave(terminal);
    let captured = fs::read_to_string(&capture).expect("a capture");
    assert_eq!(captured.replace('\r', ""), ">>> 40 + 2\n42\n");
    let mut terminal = repl(mpr.clone(), &[]);
    terminal.send(UP);
    terminal.expect("40 + 2");
    terminal.send("\r");
    terminal.expect("\n42");
    terminal.expect(">>> ");
    leave(terminal);
    assert!(mpr.home().join("state/mpr/repl_history").is_file());
}

#[test]
fn the_programs_of_a_restart_have_the_terminal() {
    let board = Board::start(Kind::SimPty);
    let main = board.dir().join("main.py");
    fs::write(&main, "print('main', input('go? '))\n").expect("a file can be written");
    board.mpr().args(["cp", &main.display().to_string(), ":main.py"]).ok();
    let mut terminal = repl(board.mpr(), &[]);
    terminal.send(CTRL_D);
    terminal.expect("go? ");
    terminal.send("yes\r");
    terminal.expect("main yes");
    terminal.expect("\x1b[?2004h");
    terminal.expect(">>> ");
    line(&mut terminal, "6 * 7", "42");
    leave(terminal);
}

#[test]
fn a_lost_board_and_signals_leave_a_sane_terminal() {
    let board = Board::start(Kind::SimLink);
    let mut terminal = repl(board.mpr(), &[]);
    board.link().cut();
    terminal.send("1 + 1\r");
    terminal.expect("error: ");
    terminal.ends_sane(3);
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let board = Board::start(Kind::SimPty);
        let mut terminal = repl(board.mpr(), &[]);
        terminal.process().signal(signal);
        terminal.ends_sane(code);
        let mut terminal = repl(board.mpr(), &[]);
        terminal.send("exec(\"print('be' + 'gun')\\nwhile True: pass\")\r");
        terminal.expect("begun");
        terminal.process().signal(signal);
        terminal.ends_sane(code);
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let board = Board::start(Kind::SimPty);
    for option in [["--inject-code", "x"], ["--inject-file", "x.py"]] {
        let outcome = board.mpr().args(["repl", "--line"]).args(option).run();
        outcome.expect_code(2);
        outcome.expect_stderr(option[0]);
        outcome.expect_stderr("hint: ");
    }
    board.mpr().args(["repl", "--line"]).fails(2, &["standard input is no terminal", "hint: "]);
}
