//! Stopping: the interrupt flag, refused output, and boards that do not answer or do not stop.

use std::io;
use std::thread;

use mpr_protocol::{ConnectOptions, Device, Error, InterruptFlag, Output};
use mpr_tests::{Board, BoardOptions, Kind, Port};

use crate::{connect, connect_with, impatient, run};

/// Raises the flag once the program has printed this, and keeps what comes. It is the end of a line: an interrupt between a word
/// and its line end would cut the line.
struct RaiseOn<'a> {
    text: &'a [u8],
    flag: Option<InterruptFlag>,
    out: Vec<u8>,
}

impl Output for RaiseOn<'_> {
    fn stdout(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.extend_from_slice(bytes);
        if self.out.windows(self.text.len()).any(|window| window == self.text) {
            // Once: a second time would mean impatience.
            if let Some(flag) = self.flag.take() {
                flag.raise();
            }
        }
        Ok(())
    }
}

fn interrupt(device: &mut Device, options: &ConnectOptions, code: &str) -> (Error, String) {
    let mut out = RaiseOn { text: b"\n", flag: Some(options.interrupt.clone()), out: Vec::new() };
    let error = device.exec(code.as_bytes(), &mut out).expect_err("an interrupted program");
    // The board would print on otherwise; what came after the flag counts as well.
    (error, String::from_utf8(out.out).expect("text"))
}

/// In mpremote, Ctrl-C leaves the program running on the board.
#[test]
fn a_program_is_stopped_and_the_board_is_at_its_prompt() {
    for (kind, code) in [
        (Kind::SimPty, "print('go')\nwhile True: pass"),
        (Kind::SimPty, "print('go')\nimport time\ntime.sleep(100)"),
        (Kind::SimPty, "print('go')\nimport sys\nsys.stdin.read(1)"),
        (Kind::SimPty, "while True: print('go' * 20)"),
        (Kind::Microbit, "print('go')\nwhile True: pass"),
        (Kind::Wasm, "while True: print('go')"),
    ] {
        let board = Board::start(kind);
        let options = ConnectOptions::default();
        let mut device = connect_with(&board, &options);
        let (error, _) = interrupt(&mut device, &options, code);
        assert!(matches!(error, Error::Interrupted), "{kind:?} {code}: {error:?}");
        assert!(!options.interrupt.is_raised(), "the flag has been served");
        assert_eq!(run(&mut device, "print(1)"), "1\n", "{kind:?} {code}");
    }
}

#[test]
fn the_last_words_of_a_stopped_program_are_handed_on() {
    let board = Board::start(Kind::SimPty);
    let options = ConnectOptions::default();
    let mut device = connect_with(&board, &options);
    let code = "try:\n  print('go')\n  while True: pass\nfinally:\n  print('clean')";
    let (error, out) = interrupt(&mut device, &options, code);
    assert!(matches!(error, Error::Interrupted), "{error:?}");
    assert_eq!(out, "go\r\nclean\r\n");
}

#[test]
fn a_program_that_resists_for_a_while_is_stopped() {
    let board = Board::start(Kind::SimPty);
    let options = ConnectOptions::default();
    let mut device = connect_with(&board, &options);
    let code =
        "print('go')\nfor i in range(3):\n  try:\n    while True: pass\n  except KeyboardInterrupt: print(i)";
    let (error, _) = interrupt(&mut device, &options, code);
    assert!(matches!(error, Error::Interrupted), "{error:?}");
    assert_eq!(run(&mut device, "print(1)"), "1\n");
}

#[test]
fn output_that_is_refused_stops_the_program() {
    struct Closed;
    impl Output for Closed {
        fn stdout(&mut self, _bytes: &[u8]) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    let error = device.exec(b"while True: print('x')", &mut Closed).expect_err("refused output");
    assert!(matches!(&error, Error::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe), "{error:?}");
    assert_eq!(run(&mut device, "print(1)"), "1\n");
}

#[test]
fn a_board_that_is_busy_from_before_is_stopped() {
    for (kind, program, shows) in [
        (Kind::SimPty, "while True: print('x' * 50)\r\r", "xxx"),
        (Kind::SimPty, "while True: pass\r\r", "... "),
        (Kind::Microbit, "while True: print('x' * 50)\r\r", "xxx"),
        (Kind::SimPty, "half a line", "line"),
    ] {
        let board = Board::start(kind);
        let mut console = board.console();
        console.send(program.as_bytes());
        console.expect(shows.as_bytes());
        drop(console);
        let mut device = connect(&board);
        assert_eq!(run(&mut device, "print(1)"), "1\n", "{kind:?} {program}");
    }
}

/// A host that dies in the middle leaves the board in the raw REPL, or in the middle of a paste.
#[test]
fn a_board_that_another_program_left_in_the_middle_is_entered() {
    for left in [&b"\r\x03\r\x01"[..], b"\r\x03\r\x01print(", b"\r\x03\r\x01\x05A\x01print(1", b"\x05print("]
    {
        let board = Board::start(Kind::SimPty);
        let mut console = board.console();
        console.send(left);
        drop(console);
        let mut device = connect(&board);
        assert_eq!(run(&mut device, "print(1)"), "1\n", "{}", left.escape_ascii());
    }
}

#[test]
fn a_board_that_never_answers_is_told_with_what_was_awaited() {
    let mut board = Board::start(Kind::SimPty);
    board.freeze();
    let mut device = connect_with(&board, &impatient());
    let error = device.enter_raw_repl().expect_err("a silent board");
    let Error::Timeout { awaited, after, received } = &error else { panic!("{error:?}") };
    assert_eq!((awaited.as_str(), *received), ("raw REPL prompt", 0));
    assert!(*after >= impatient().timeouts.idle);
    board.thaw();
    assert_eq!(run(&mut device, "print(1)"), "1\n");
}

#[test]
fn a_board_that_falls_silent_in_the_middle_is_told() {
    let mut board = Board::start(Kind::SimPty);
    let mut device = connect_with(&board, &impatient());
    run(&mut device, "print(1)");
    board.freeze();
    let error = device.list("").expect_err("a silent board");
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    board.thaw();
    assert_eq!(run(&mut device, "print(1)"), "1\n");
}

#[test]
fn a_board_that_prints_without_end_is_given_up_with_a_count() {
    let board = Board::start(Kind::SimPty);
    let mut console = board.console();
    // Deaf to Ctrl-C.
    console.send(b"exec('import micropython\\nmicropython.kbd_intr(-1)\\nwhile True: print(50*\\'x\\')')\r");
    console.expect(b"xxx");
    drop(console);
    let options = impatient();
    let mut device = connect_with(&board, &options);
    let error = device.enter_raw_repl().expect_err("a board that floods");
    let Error::Timeout { awaited, after, received } = &error else { panic!("{error:?}") };
    assert_eq!(awaited, "raw REPL prompt");
    assert!(*received > 10_000, "{received}");
    assert!(Some(*after) >= options.timeouts.overall);
}

#[test]
fn waiting_for_a_silent_board_can_be_interrupted() {
    let mut board = Board::start(Kind::SimPty);
    board.freeze();
    let options = ConnectOptions::default();
    let mut device = connect_with(&board, &options);
    let flag = options.interrupt.clone();
    let raiser = thread::spawn(move || flag.raise());
    let error = device.enter_raw_repl().expect_err("interrupted");
    raiser.join().expect("it ends");
    assert!(matches!(error, Error::Interrupted), "{error:?}");
}

#[test]
fn a_link_that_is_cut_is_told_with_what_it_cut() {
    for port in [Port::Pty, Port::Tcp] {
        let board = Board::with(Kind::SimLink, BoardOptions { port, ..BoardOptions::default() });
        let mut device = connect(&board);
        run(&mut device, "print(1)");
        board.link().cut();
        let error = device.exec(b"print(1)", &mut Vec::new()).expect_err("a cut link");
        let Error::Lost { during, .. } = &error else { panic!("{port:?}: {error:?}") };
        assert_eq!(during, "running the program");
    }
}

#[test]
fn a_board_that_dies_in_the_middle_is_told() {
    let mut board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    run(&mut device, "print(1)");
    board.kill();
    let error = device.exec(b"print(1)", &mut Vec::new()).expect_err("a dead board");
    assert!(matches!(error, Error::Lost { .. }), "{error:?}");
    assert!(device.close().is_err() || !board.address().is_empty());
}
