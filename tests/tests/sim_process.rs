//! The simulated board as a process: its consoles, its flash image, its UART, how it ends.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use mpr_tests::{Board, BoardOptions, Kind, PATIENCE, sim_program};

/// Runs `mpr-sim` with this input on its standard input until it ends.
fn sim(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(sim_program())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mpr-sim starts");
    let mut stdin = child.stdin.take().expect("a piped child has pipes");
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("mpr-sim ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_pipe_is_a_console_and_its_end_ends_the_board() {
    let output = sim(&[], b"import myport\rmyport.info()\rprint(6 * 7)\r");
    assert!(output.status.success(), "{output:?}");
    let stdout = text(&output.stdout);
    assert!(stdout.contains("\r\ninfo about my port\r\n"), "{stdout}");
    assert!(stdout.contains("\r\n42\r\n"), "{stdout}");
}

#[test]
fn a_board_whose_console_is_gone_does_not_run_on() {
    let mut child = Command::new(sim_program())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("mpr-sim starts");
    let mut stdin = child.stdin.take().expect("a piped child has pipes");
    stdin.write_all(b"while True: pass\r\r").expect("the board reads");
    drop(stdin);
    drop(child.stdout.take());
    // Returns: a busy loop that nobody can reach any more would hold the flash for ever.
    child.wait().expect("mpr-sim ends");
}

#[test]
fn control_c_stops_a_busy_loop_on_every_console() {
    for kind in [Kind::SimPty, Kind::SimTcp, Kind::SimUart { baud: 115_200 }, Kind::SimLink] {
        let board = Board::start(kind);
        let mut console = board.console();
        console.enter_raw_repl();
        // The REPL listens for Ctrl-C once the code runs, not while it compiles.
        console.send(b"print('go')\nwhile True: pass\x04");
        console.expect(b"go\r\n");
        console.send(b"\x03");
        console.expect(b"KeyboardInterrupt");
        console.expect(b">");
        assert_eq!(console.exec("print(1)").0, b"1\r\n", "{kind:?}");
    }
}

#[test]
fn clients_come_and_go_and_the_board_runs_on() {
    for kind in [Kind::SimPty, Kind::SimTcp] {
        let board = Board::start(kind);
        for round in 0..5 {
            let mut console = board.console();
            console.enter_raw_repl();
            console.exec(&format!("x{round} = {round}"));
        }
        let mut console = board.console();
        console.enter_raw_repl();
        assert_eq!(console.exec("print(x0, x4)").0, b"0 4\r\n", "{kind:?}");
    }
}

#[test]
fn a_program_goes_on_printing_when_nobody_listens() {
    for kind in [Kind::SimPty, Kind::SimTcp] {
        let board = Board::start(kind);
        let mut console = board.console();
        console.enter_raw_repl();
        // Much more than the console's buffers hold.
        console.send(b"for i in range(20000): print('line', i)\ndone = 1\x04");
        console.expect(b"OK");
        drop(console);
        let mut console = board.console();
        console.send(b"\r\x01");
        console.expect(b"raw REPL; CTRL-B to exit\r\n>");
        assert_eq!(console.exec("print(done)").0, b"1\r\n", "{kind:?}");
    }
}

#[test]
fn a_slow_reader_loses_nothing() {
    let board = Board::start(Kind::SimPty);
    let mut console = board.console();
    console.enter_raw_repl();
    console.send(b"for i in range(20000): print(i)\x04");
    console.expect(b"OK");
    let output = text(&console.expect(b"\x04"));
    let wanted: String = (0..20000).map(|i| format!("{i}\r\n")).collect();
    assert!(output == wanted, "{} bytes instead of {}", output.len(), wanted.len());
}

#[test]
fn a_uart_loses_what_its_fifo_cannot_hold() {
    let board = Board::start(Kind::SimUart { baud: 115_200 });
    let mut console = board.console();
    console.enter_raw_repl();
    // The program does not read while 1000 bytes arrive; the FIFO keeps the first 256.
    let code = "import sys, micropython\nmicropython.kbd_intr(-1)\nprint('go')\n\
                n = 0\nfor i in range(3000000): pass\n\
                b = sys.stdin.buffer.read(256)\nprint(b == bytes([65] * 256))\nmicropython.kbd_intr(3)";
    console.send(code.as_bytes());
    console.send(b"\x04");
    console.expect(b"go\r\n");
    console.send(&[b'A'; 256]);
    console.send(&[b'B'; 744]);
    assert_eq!(console.expect(b"\x04"), b"True\r\n");
}

#[test]
fn an_unpaced_console_pushes_back_and_loses_nothing() {
    let board = Board::start(Kind::SimPty);
    let mut console = board.console();
    console.enter_raw_repl();
    let code = "import sys\nprint('go')\nfor i in range(300000): pass\n\
                n = 0\nwhile n < 600000:\n n += len(sys.stdin.buffer.read(1000))\nprint(n)";
    console.send(code.as_bytes());
    console.send(b"\x04");
    console.expect(b"go\r\n");
    console.send(&[b'x'; 600_000]);
    assert_eq!(console.expect(b"\x04"), b"600000\r\n");
}

#[test]
fn a_link_is_made_and_removed_by_a_signal() {
    let mut board = Board::start(Kind::SimPty);
    let link = board.address().to_owned();
    assert!(fs::symlink_metadata(&link).is_ok());
    board.process().signal(nix::sys::signal::Signal::SIGTERM);
    let status = board.process().wait_for(PATIENCE).expect("a signal ends it");
    assert!(status.success());
    assert!(fs::symlink_metadata(&link).is_err(), "`{link}` was left behind");
}

#[test]
fn a_flash_image_in_use_is_refused() {
    let board = Board::start(Kind::SimPty);
    let flash = board.flash().display().to_string();
    let output = sim(&["--flash", &flash], b"");
    assert_eq!(output.status.code(), Some(3));
    let stderr = text(&output.stderr);
    assert_eq!(stderr, format!("error: flash image `{flash}` is in use by another process\n"));
}

#[test]
fn a_flash_image_keeps_its_size() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let flash = dir.path().join("flash.img");
    let name = flash.display().to_string();
    assert!(sim(&["--flash", &name, "--flash-size", "512K"], b"").status.success());
    assert_eq!(fs::metadata(&flash).expect("the image is there").len(), 512 << 10);
    assert!(sim(&["--flash", &name], b"").status.success());
    assert_eq!(fs::metadata(&flash).expect("the image is there").len(), 512 << 10);
    let output = sim(&["--flash", &name, "--flash-size", "1M"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("not the 1048576 of --flash-size"), "{output:?}");
}

#[test]
fn what_is_not_a_flash_image_is_not_touched() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let file = dir.path().join("letter.txt");
    fs::write(&file, "dear board").expect("a file can be written");
    let output = sim(&["--flash", &file.display().to_string()], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("is not a flash image"), "{output:?}");
    assert_eq!(fs::read(&file).expect("it is still there"), b"dear board");
}

#[test]
fn impossible_options_are_usage_errors() {
    let missing = "/nonexistent-folder/flash.img";
    for args in [
        &["--uart", "7"][..],
        &["--fifo", "2"],
        &["--flash-size", "5000"],
        &["--flash-size", "ten"],
        &["--pty", "--tcp", "0"],
        &["--link", "x"],
        &["--flash", missing],
    ] {
        let output = sim(args, b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
        assert!(text(&output.stderr).starts_with("error: "), "{args:?}: {output:?}");
    }
}

#[test]
fn options_of_a_board_reach_the_simulator() {
    let options =
        BoardOptions { sim_options: vec!["--heap".into(), "64K".into()], ..BoardOptions::default() };
    let board = Board::with(Kind::SimPty, options);
    let mut console = board.console();
    console.enter_raw_repl();
    let (output, _) = console.exec("import gc\nprint(gc.mem_free() + gc.mem_alloc() < 65536)");
    assert_eq!(output, b"True\r\n");
}
