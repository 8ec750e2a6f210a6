//! `os.dupterm`: a second stream in the REPL.
#![cfg(unix)]

use mpr_tests::{Board, Console, Kind};

/// A stream that types what it is given, then nothing, or its end.
const TYPIST: &str = "
import io, os
class Typist(io.IOBase):
    def __init__(self, typed, end=None):
        self.typed, self.end, self.closed, self.seen = typed, end, 0, b''
    def write(self, buf):
        self.seen += bytes(buf)
        return len(buf)
    def readinto(self, buf):
        if not self.typed:
            return self.end
        buf[0] = self.typed[0]
        self.typed = self.typed[1:]
        return 1
    def ioctl(self, op, arg):
        self.closed += op == 4
        return 0
";

fn sim() -> (Board, Console) {
    let board = Board::start(Kind::SimLink);
    let mut console = board.console();
    console.enter_raw_repl();
    (board, console)
}

fn exec(console: &mut Console, code: &str) -> String {
    let (output, traceback) = console.exec(code);
    assert_eq!(String::from_utf8_lossy(&traceback), "");
    String::from_utf8_lossy(&output).replace("\r\n", "\n")
}

#[test]
fn the_repl_listens_to_the_stream_too() {
    let (_board, mut console) = sim();
    exec(&mut console, &format!("{TYPIST}\nt = Typist(b'print(6 * 7)\\x04')"));
    console.send(b"os.dupterm(t)\x04");
    // The answer to what was typed comes on both.
    console.expect(b"OK42\r\n\x04\x04>");
    assert_eq!(exec(&mut console, "print(b'OK42\\r\\n' in t.seen)"), "True\n");
    exec(&mut console, "os.dupterm(None)");
}

#[test]
fn the_interrupt_character_of_the_stream_interrupts() {
    let (_board, mut console) = sim();
    exec(&mut console, &format!("{TYPIST}\nimport sys"));
    let (_, traceback) = console.exec("os.dupterm(Typist(b'\\x03'))\nsys.stdin.read(1)");
    assert!(String::from_utf8_lossy(&traceback).contains("KeyboardInterrupt"));
    exec(&mut console, "os.dupterm(None)");
}

#[test]
fn a_stream_that_ends_leaves_the_repl() {
    let (_board, mut console) = sim();
    exec(&mut console, &format!("{TYPIST}\nt = Typist(b'', 0)"));
    console.send(b"os.dupterm(t)\x04");
    console.expect(b"dupterm: EOF received, deactivating\r\n");
    assert_eq!(exec(&mut console, "print(t.closed, os.dupterm(None))"), "1 None\n");
}

#[test]
fn an_interrupt_meant_for_the_program_leaves_the_stream_alone() {
    let (_board, mut console) = sim();
    exec(&mut console, &format!("{TYPIST}\nt = Typist(b'')\nos.dupterm(t)"));
    console.send(b"while True: print('busy')\x04");
    console.expect(b"busy\r\nbusy\r\n");
    console.send(b"\x03");
    console.expect(b"KeyboardInterrupt: \r\n\x04>");
    assert_eq!(exec(&mut console, "print(os.dupterm(None) is t)"), "True\n");
}

#[test]
fn a_soft_reset_takes_the_stream_out() {
    let (_board, mut console) = sim();
    exec(&mut console, &format!("{TYPIST}\nt = Typist(b'')\nos.dupterm(t)"));
    console.send(b"\x04");
    console.expect(b"soft reboot\r\n");
    console.expect(b"raw REPL; CTRL-B to exit\r\n>");
    assert_eq!(exec(&mut console, "import os\nprint(os.dupterm(None))"), "None\n");
}
