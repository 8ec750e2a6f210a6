//! The firmware's modules that touch the board: time, machine, and what interrupts and resets do on the console.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpListener;

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

#[test]
fn timer_scripts() {
    run_script(include_str!("../firmware/timer.py"));
}

/// A timer of the old life does not fire in the new one, and timers work there.
#[test]
fn resets_stop_timers() {
    let (_board, mut console) = sim();
    for reset in ["machine.soft_reset()", "machine.reset()"] {
        for round in 0..20 {
            let start =
                "import machine\nt=[machine.Timer(period=0.1,callback=lambda t:None) for i in range(9)]\n";
            console.send(format!("{start}for i in range({}): pass\n{reset}\x04", round * 97).as_bytes());
            console.expect(if reset.contains("soft") { b"MPY: soft reboot\r\n" } else { b"\n>>> " });
            console.enter_raw_repl();
        }
    }
    let code = "import machine, time\nr = []\nt = machine.Timer(mode=0, period=1, callback=lambda t: r.append(1))\n\
                while not r: time.sleep_ms(1)\nprint(r)";
    assert_eq!(console.exec(code).0, b"[1]\r\n");
}

#[test]
fn dupterm_scripts() {
    run_script(include_str!("../firmware/dupterm.py"));
}

/// A REPL over a socket, beside the console: it echoes, runs code, and interrupts it.
#[test]
fn a_socket_can_be_a_second_console() {
    let (_board, mut console) = sim();
    let host = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = host.local_addr().expect("a bound socket has an address").port();
    let code = format!(
        "import os, socket\ns = socket.socket()\ns.connect(('127.0.0.1', {port}))\ns.setblocking(False)\nos.dupterm(s)"
    );
    console.exec(&code);
    console.send(b"\x02");
    console.expect(b">>> ");
    let (stream, _) = host.accept().expect("the board connects");
    let mut second = Console::over(stream.into());
    second.expect(b">>> ");
    second.send(b"print(6 * 7)\r");
    second.expect(b"\r\n42\r\n>>> ");
    console.expect(b"\r\n42\r\n>>> ");
    console.send(b"s.getpeername\r");
    second.expect(b"AttributeError");
    second.expect(b">>> ");
    second.send(b"input()\r");
    second.expect(b"input()\r\n");
    second.send(b"\x03");
    second.expect(b"KeyboardInterrupt");
    second.expect(b">>> ");
    drop(second);
    console.expect(b"deactivating");
    console.send(b"1 + 1\r");
    console.expect(b"\r\n2\r\n>>> ");
}

#[test]
fn select_scripts() {
    run_script(include_str!("../firmware/select.py"));
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
        "p = select.poll()\np.register(sys.stdin, 1)\np.poll()",
        "select.select([sys.stdin], [], [])",
        "select.poll().poll()",
        "s = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen(1)\ns.accept()",
        "s = socket.socket(2, 2)\ns.bind(('127.0.0.1', 0))\ns.recv(1)",
        "s = socket.socket(2, 2)\ns.bind(('127.0.0.1', 0))\ns.recvfrom(1)",
        "s = socket.socket(2, 2)\ns.bind(('127.0.0.1', 0))\ns.read(1)",
        "s = socket.socket(2, 2)\ns.bind(('127.0.0.1', 0))\nselect.select([s, sys.stdin], [], [])",
        "s = socket.socket(2, 2)\ns.settimeout(1000)\ns.bind(('127.0.0.1', 0))\ns.readinto(bytearray(5))",
    ] {
        console
            .send(format!("import time, machine, sys, select, socket\nprint('go')\n{code}\x04").as_bytes());
        console.expect(b"go");
        console.send(b"\x03");
        console.expect(b"KeyboardInterrupt");
        console.expect(b"\x04>");
        assert_eq!(eval(&mut console, "1 + 1"), "2", "{code}");
    }
}

/// An interrupt that comes when code is just ending belongs to that code or to the prompt; it must not end the session.
#[test]
fn an_interrupt_at_the_end_of_code_keeps_the_session() {
    let (_board, mut console) = sim();
    console.exec("kept = 'kept'");
    for round in 0..500 {
        let code = format!("for i in range({}): pass\x04", round * 37 % 4000);
        console.send(code.as_bytes());
        console.expect(b"OK");
        console.send(b"\x03");
        console.expect(b"\x04");
        console.expect(b"\x04>");
    }
    assert_eq!(eval(&mut console, "kept"), "kept");
}

/// After a hard reset in the middle of a program, Ctrl-C at the prompt is the prompt's.
#[test]
fn an_interrupt_after_a_hard_reset_keeps_the_session() {
    let (_board, mut console) = sim();
    console.send(b"import machine\nmachine.reset()\x04");
    console.expect(b"MicroPython v");
    console.expect(b">>> ");
    console.send(b"\x03\x03kept = 1\r");
    console.expect(b"\r\n>>> \r\n>>> kept = 1\r\n>>> ");
    console.send(b"kept\r");
    console.expect(b"1\r\n>>> ");
}

#[test]
fn a_long_print_on_a_slow_line_can_be_interrupted() {
    let board = Board::start(Kind::SimUart { baud: 115_200 });
    let mut console = board.console();
    console.enter_raw_repl();
    for print in ["print('x' * 300000)", "sys.stdout.buffer.write(b'x' * 300000)", "print('x\\n' * 100000)"] {
        console.send(format!("import sys\n{print}\x04").as_bytes());
        console.expect(b"OKx");
        console.send(b"\x03");
        let printed = console.expect(b"\x04");
        assert!(printed.len() < 250_000, "{print}: {}", printed.len());
        let traceback = console.expect(b"\x04>");
        assert!(String::from_utf8_lossy(&traceback).contains("KeyboardInterrupt"), "{print}");
    }
}

/// What a callback or a finaliser prints is not cut, and the scheduler goes on after it.
#[test]
fn an_interrupt_during_a_print_of_a_callback_leaves_the_scheduler_working() {
    let (_board, mut console) = sim();
    console.send(
        b"import micropython, time\ndef f(n):\n print('x' * n)\n raise ValueError('y' * 100000)\n\
          micropython.schedule(f, 100000)\nwhile True: pass\x04",
    );
    console.expect(b"OKx");
    console.send(b"\x03");
    console.expect(b"KeyboardInterrupt");
    console.expect(b"\x04>");
    let code =
        "import micropython, time\nr = []\nmicropython.schedule(r.append, 1)\ntime.sleep_ms(1)\nprint(r)";
    assert_eq!(console.exec(code).0, b"[1]\r\n");
}

#[test]
fn a_poll_ends_when_the_console_receives() {
    let (_board, mut console) = sim();
    for wait in [
        "p = select.poll()\np.register(sys.stdin, 1)\nprint(p.poll() == [(sys.stdin, 1)])",
        "p = select.poll()\np.register(sys.stdin.buffer, 1)\nprint(list(p.ipoll(60000)) == [(sys.stdin.buffer, 1)])",
        "print(select.select([sys.stdin], [], []) == ([sys.stdin], [], []))",
    ] {
        let read = "while s.poll(0): sys.stdout.write(sys.stdin.read(1))";
        let code = format!(
            "import select, sys\ns = select.poll()\ns.register(sys.stdin, 1)\nprint('go')\n{wait}\n{read}\n\x04"
        );
        console.send(code.as_bytes());
        console.expect(b"go\r\n");
        console.send(b"abc");
        let answer = console.expect(b"c\x04");
        assert_eq!(String::from_utf8_lossy(&answer), "True\r\nab", "{wait}");
        console.expect(b"\x04>");
    }
}

#[test]
fn standard_input_gives_bytes_and_lines() {
    let (_board, mut console) = sim();
    for (read, sent, expected) in [
        ("sys.stdin.read(3)", &b"a\rb"[..], "'a\\nb'"),
        ("sys.stdin.buffer.read(3)", b"a\rb", "b'a\\rb'"),
        ("sys.stdin.buffer.read(5)", b"\x00\xff\x04\x01\x80", "b'\\x00\\xff\\x04\\x01\\x80'"),
        ("(sys.stdin.buffer.readinto(b), b)", b"12345678", "(8, bytearray(b'12345678'))"),
        ("(sys.stdin.buffer.readinto(b, 8), b)", b"abcdefgh", "(8, bytearray(b'abcdefgh'))"),
        ("sys.stdin.readline()", b"line\r", "'line\\n'"),
        ("sys.stdin.readline(2)", b"li", "'li'"),
        ("sys.stdin.buffer.readline()", b"line\n", "b'line\\n'"),
        ("[next(sys.stdin), sys.stdin.readline()]", b"one\ntwo\n", "['one\\n', 'two\\n']"),
        ("input()", b"typed\r", "'typed'"),
    ] {
        console.send(format!("import sys\nb=bytearray(8)\nprint('go')\nprint(repr({read}))\x04").as_bytes());
        console.expect(b"go\r\n");
        console.send(sent);
        let answer = console.expect(b"\r\n\x04");
        let answer = String::from_utf8_lossy(&answer);
        // `input` echoes what is typed.
        assert_eq!(answer.rsplit("\r\n").next(), Some(expected), "{read}");
        console.expect(b"\x04>");
    }
}

#[test]
fn standard_output_writes_text_and_bytes() {
    let (_board, mut console) = sim();
    for (write, expected) in [
        ("sys.stdout.write('a\\n')", &b"a\r\n"[..]),
        ("sys.stdout.buffer.write(b'a\\n\\xff')", b"a\n\xff"),
        ("sys.stderr.write('e\\n')", b"e\r\n"),
        ("print('x', end='')", b"x"),
        ("sys.stdout.buffer.write(bytes(range(5, 256)))", &(5..=255).collect::<Vec<u8>>()),
    ] {
        let (output, traceback) = console.exec(&format!("import sys\n_ = {write}"));
        assert_eq!(String::from_utf8_lossy(&traceback), "", "{write}");
        assert_eq!(output, expected, "{write}");
    }
}

#[test]
fn the_interrupt_character_can_be_data() {
    let (_board, mut console) = sim();
    console.send(
        b"import sys, micropython\nmicropython.kbd_intr(-1)\nprint('go')\n\
          print(sys.stdin.buffer.read(3))\nmicropython.kbd_intr(3)\nprint('on')\nsys.stdin.buffer.read(1)\x04",
    );
    console.expect(b"go\r\n");
    console.send(b"\x03\x04\x03");
    assert_eq!(console.expect(b"on\r\n"), b"b'\\x03\\x04\\x03'\r\n");
    console.send(b"\x03");
    console.expect(b"KeyboardInterrupt");
    console.expect(b"\x04>");
    // Another character in its place.
    console.send(b"import micropython, time\nmicropython.kbd_intr(17)\nprint('go')\ntime.sleep(1000)\x04");
    console.expect(b"go\r\n");
    console.send(b"\x03\x11");
    console.expect(b"KeyboardInterrupt");
    console.expect(b"\x04>");
}

/// What a board's server answers to a client of the host's.
#[test]
fn sockets_talk_to_the_outside() {
    let (_board, mut console) = sim();
    let host = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = host.local_addr().expect("a bound socket has an address").port();
    console.send(format!("import socket\ns=socket.socket()\ns.connect(('localhost', {port}))\n").as_bytes());
    console.send(b"print(s.readline())\ns.sendall(b'answer')\ns.close()\x04");
    let (mut stream, _) = host.accept().expect("the board connects");
    stream.write_all(b"question\n").expect("the board is there");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the board sends and closes");
    assert_eq!(answer, "answer");
    console.expect(b"b'question\\n'\r\n\x04\x04>");
}

#[test]
fn resets_close_sockets() {
    let (_board, mut console) = sim();
    let host = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = host.local_addr().expect("a bound socket has an address").port();
    for (reset, sign) in [("machine.soft_reset()", "MPY: soft reboot"), ("machine.reset()", "MicroPython v")]
    {
        console.send(
            format!(
                "import socket, machine\ns=socket.socket()\ns.connect(('127.0.0.1', {port}))\n{reset}\x04"
            )
            .as_bytes(),
        );
        let (mut stream, _) = host.accept().expect("the board connects");
        let mut received = Vec::new();
        stream.read_to_end(&mut received).expect("the board closes");
        console.expect(sign.as_bytes());
        console.enter_raw_repl();
    }
}

#[test]
fn socket_scripts() {
    run_script(include_str!("../firmware/socket.py"));
}
