//! The firmware's modules that touch the board: time, machine, and what interrupts and resets do on the console.
#![cfg(unix)]

use mpr_tests::{Board, Console, Kind};

/// Runs a script of `tests/firmware` in the raw REPL, once as it is and once with a collection at every allocation. Its last
/// line is `ok` if its assertions hold.
fn run_script(script: &str) {
    let board = Board::start(Kind::SimLink);
    let mut console = board.console();
    console.enter_raw_repl();
    for before in ["", "import gc\ngc.threshold(1)\n"] {
        let (output, traceback) = console.exec(&format!("{before}{script}"));
        let (output, traceback) = (String::from_utf8_lossy(&output), String::from_utf8_lossy(&traceback));
        assert_eq!(traceback, "", "{before}");
        assert!(output.ends_with("ok\r\n"), "{before}{output}");
    }
}

#[test]
fn time_scripts() {
    run_script(include_str!("../firmware/time.py"));
}

#[test]
fn machine_scripts() {
    run_script(include_str!("../firmware/machine.py"));
}

fn sim() -> (Board, Console) {
    let board = Board::start(Kind::SimLink);
    let mut console = board.console();
    console.enter_raw_repl();
    (board, console)
}

fn eval(console: &mut Console, expression: &str) -> String {
    let (output, traceback) = console.exec(&format!("print({expression})"));
    assert_eq!(String::from_utf8_lossy(&traceback), "");
    String::from_utf8_lossy(&output).trim_end().to_owned()
}

/// A hard reset: the friendly REPL starts, whatever the mode was.
fn expect_hard_reset(console: &mut Console) {
    console.expect(b"MicroPython v");
    console.expect(b">>> ");
    console.enter_raw_repl();
}

#[test]
fn a_hard_reset_starts_again_in_the_friendly_repl() {
    let (_board, mut console) = sim();
    assert_eq!(eval(&mut console, "__import__('machine').reset_cause()"), "1");
    console.exec("import machine\nkept=1");
    for (code, cause) in [("reset()", "2"), ("bootloader()", "2"), ("deepsleep(1)", "4")] {
        console.send(format!("import machine\nkept=1\nmachine.{code}\nprint('not reached')\x04").as_bytes());
        expect_hard_reset(&mut console);
        let (_, traceback) = console.exec("kept");
        assert!(String::from_utf8_lossy(&traceback).contains("NameError"), "{code}");
        assert_eq!(eval(&mut console, "__import__('machine').reset_cause()"), cause, "{code}");
    }
}

#[test]
fn a_hard_reset_skips_finally_and_works_wherever_it_is_called() {
    let (_board, mut console) = sim();
    for code in [
        "try:\n machine.reset()\nfinally:\n print('finally')",
        "micropython.schedule(lambda _: machine.reset(), 0)\ntime.sleep(1000)",
        "class C:\n def __getattr__(self, name): machine.reset()\nC().x",
        "machine.disable_irq()\nmachine.reset()",
        "def f(n):\n try:\n  f(n + 1)\n except RuntimeError:\n  machine.reset()\nf(0)",
        "list(map(lambda _: machine.reset(), [1]))",
    ] {
        console.send(format!("import machine, micropython, time\n{code}\n\x04").as_bytes());
        let before = console.expect(b"MicroPython v");
        assert!(!String::from_utf8_lossy(&before).contains("finally"), "{code}");
        console.expect(b">>> ");
        console.enter_raw_repl();
        // Callbacks run again, also when the old life held them back.
        let ran =
            "import micropython, time\nr=[]\nmicropython.schedule(r.append, 1)\ntime.sleep_ms(1)\nprint(r)";
        assert_eq!(console.exec(ran).0, b"[1]\r\n", "{code}");
    }
}

#[test]
fn a_soft_reset_stays_in_the_raw_repl_and_runs_finally() {
    let (_board, mut console) = sim();
    console.send(b"import machine\nkept=1\ntry:\n machine.soft_reset()\nfinally:\n print('finally')\x04");
    console.expect(b"OKfinally\r\n");
    console.expect(b"MPY: soft reboot\r\n");
    console.expect(b"raw REPL; CTRL-B to exit\r\n>");
    let (_, traceback) = console.exec("kept");
    assert!(String::from_utf8_lossy(&traceback).contains("NameError"));
    assert_eq!(eval(&mut console, "__import__('machine').reset_cause()"), "5");
}

#[test]
fn a_soft_reset_from_the_friendly_repl_comes_back_to_it() {
    let (_board, mut console) = sim();
    console.send(b"\x02");
    console.expect(b">>> ");
    console.send(b"import machine\r");
    console.expect(b">>> ");
    console.send(b"machine.soft_reset()\r");
    console.expect(b"MPY: soft reboot\r\n");
    console.expect(b"MicroPython v");
    console.expect(b">>> ");
}

#[test]
fn control_c_interrupts_whatever_runs() {
    let (_board, mut console) = sim();
    for code in [
        "while True: pass",
        "time.sleep(1000)",
        "time.sleep_ms(1000000)",
        "time.sleep_us(1000000000)",
        "machine.lightsleep(1000000)",
        "machine.deepsleep(1000000)",
        "sys.stdin.read(1)",
        "sys.stdin.buffer.read(1)",
        "sys.stdin.readline()",
        "while True: print('x' * 1000)",
    ] {
        console.send(format!("import time, machine, sys\nprint('go')\n{code}\x04").as_bytes());
        console.expect(b"go");
        console.send(b"\x03");
        console.expect(b"KeyboardInterrupt");
        console.expect(b"\x04>");
        assert_eq!(eval(&mut console, "1 + 1"), "2", "{code}");
    }
}
