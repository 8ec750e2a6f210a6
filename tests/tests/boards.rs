//! The harness itself: every board starts, answers on its console, and goes when it is dropped.

use std::path::Path;
use std::time::Duration;

use mpr_tests::{Board, BoardOptions, Faults, Kind, Port, Schedule};

const KINDS: [Kind; 2] = [Kind::Microbit, Kind::Wasm];

#[test]
fn boards_run_code_and_keep_their_files_apart() {
    for kind in KINDS {
        let (first, second) = (Board::start(kind), Board::start(kind));
        let write = "f=open('mine.txt','w')\nf.write('here')\nf.close()\nprint(1+1)";
        let mut console = first.console();
        console.enter_raw_repl();
        let (output, traceback) = console.exec(write);
        assert_eq!(String::from_utf8_lossy(&output).trim_end(), "2", "{kind:?}");
        assert_eq!(String::from_utf8_lossy(&traceback), "", "{kind:?}");
        let mut console = second.console();
        console.enter_raw_repl();
        let (_, traceback) = console.exec("open('mine.txt')");
        let traceback = String::from_utf8_lossy(&traceback).into_owned();
        assert!(traceback.contains("OSError"), "{kind:?}: {traceback}");
    }
}

#[test]
fn files_stay_when_the_client_goes_and_comes_again() {
    for kind in KINDS {
        for port in [Port::Pty, Port::Tcp] {
            if port == Port::Tcp && !kind.is_linked() {
                continue;
            }
            let board = Board::with(kind, BoardOptions { port, ..BoardOptions::default() });
            let mut console = board.console();
            console.enter_raw_repl();
            console.exec("f=open('kept.txt','w')\nf.write('kept')\nf.close()");
            drop(console);
            let mut console = board.console();
            console.enter_raw_repl();
            let (output, _) = console.exec("print(open('kept.txt').read())");
            assert_eq!(String::from_utf8_lossy(&output).trim_end(), "kept");
        }
    }
}

#[test]
fn a_soft_reset_forgets_variables_and_keeps_files() {
    for kind in KINDS {
        let board = Board::start(kind);
        let mut console = board.console();
        console.enter_raw_repl();
        console.exec("x=5\nf=open('kept.txt','w')\nf.write('kept')\nf.close()");
        console.send(b"\x04");
        console.expect(b"soft reboot");
        console.expect(b"raw REPL; CTRL-B to exit\r\n>");
        let (output, traceback) = console.exec("print(open('kept.txt').read())\nx");
        assert_eq!(String::from_utf8_lossy(&output).trim_end(), "kept");
        assert!(String::from_utf8_lossy(&traceback).contains("NameError"));
    }
}

#[test]
fn control_c_stops_a_sleep_on_the_wasm_board() {
    let board = Board::start(Kind::Wasm);
    let mut console = board.console();
    console.enter_raw_repl();
    console.send(b"print('go')\nimport time\ntime.sleep(1000)\x04");
    console.expect(b"go");
    console.send(b"\x03");
    console.expect(b"KeyboardInterrupt");
    console.expect(b"\x04>");
}

#[test]
fn the_wasm_board_says_that_raw_paste_is_off() {
    let board = Board::start(Kind::Wasm);
    let mut console = board.console();
    console.enter_raw_repl();
    console.send(b"\x05A\x01");
    assert!(console.expect(b"R\x00").is_empty());
    assert_eq!(console.exec("print('ran')").0, b"ran\n");
}

#[test]
fn a_dropped_board_leaves_no_process_and_no_port() {
    let mut board = Board::start(Kind::Microbit);
    let proc = format!("/proc/{}", board.process().id());
    let port = board.address().to_owned();
    assert!(Path::new(&proc).exists() && Path::new(&port).exists());
    drop(board);
    assert!(!Path::new(&proc).exists() && Path::new(&port).symlink_metadata().is_err());
}

#[test]
fn a_panicking_test_leaves_no_process() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let panicked = std::thread::spawn(move || {
        let mut board = Board::start(Kind::Wasm);
        sender.send(board.process().id()).expect("the test listens");
        panic!("on purpose");
    })
    .join();
    assert!(panicked.is_err());
    let id = receiver.recv().expect("the thread sent its board's id");
    assert!(!Path::new(&format!("/proc/{id}")).exists());
}

#[test]
fn a_cut_link_takes_the_port_away_and_brings_it_back() {
    let board = Board::start(Kind::Wasm);
    let mut console = board.console();
    console.enter_raw_repl();
    console.exec("x=5");
    board.link().cut();
    assert!(Path::new(board.address()).symlink_metadata().is_err());
    drop(console);
    board.link().restore();
    let mut console = board.console();
    console.enter_raw_repl();
    assert_eq!(console.exec("print(x)").0, b"5\n");
}

#[test]
fn a_link_is_cut_behind_the_bytes_asked_for() {
    let schedule =
        Schedule { to_board: Faults { cut_after: Some(30), ..Faults::default() }, ..Schedule::default() };
    let board = Board::with(Kind::Wasm, BoardOptions { schedule, ..BoardOptions::default() });
    let mut console = board.console();
    console.enter_raw_repl();
    console.send(&[b'#'; 100]);
    board.link().wait_until_cut();
    assert_eq!(board.link().traffic().0, 30);
}

#[test]
fn a_paced_and_delayed_link_brings_every_byte() {
    let faults = Faults { baud: Some(57_600), delay: Duration::from_millis(5), ..Faults::default() };
    let board = Board::with(
        Kind::Wasm,
        BoardOptions { schedule: Schedule::both(1, &faults), ..BoardOptions::default() },
    );
    let mut console = board.console();
    console.enter_raw_repl();
    let started = std::time::Instant::now();
    let (output, _) = console.exec("for i in range(600): print('%09d' % i)");
    let expected: String = (0..600).map(|i| format!("{i:09}\n")).collect();
    assert_eq!(String::from_utf8_lossy(&output), expected);
    // The line can't be faster than its rate: 6000 bytes of 10 bits.
    assert!(started.elapsed() >= Duration::from_millis(1000));
}

#[test]
fn a_board_that_ends_takes_its_port_along() {
    let mut board = Board::start(Kind::Wasm);
    let mut console = board.console();
    console.enter_raw_repl();
    board.kill();
    board.link().wait_until_cut();
    assert!(Path::new(board.address()).symlink_metadata().is_err());
}
