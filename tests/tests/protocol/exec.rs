//! Running code.

use mpr_protocol::{Error, SystemExit};
use mpr_tests::{Board, BoardOptions, Kind};

use crate::{connect, fails, on_every_board, run};

#[test]
fn code_runs_and_prints() {
    on_every_board(|kind, device| {
        assert_eq!(run(device, "print(1+1)"), "2\n", "{kind:?}");
        assert_eq!(run(device, ""), "", "{kind:?}");
        assert_eq!(run(device, "# only a comment"), "", "{kind:?}");
        assert_eq!(run(device, "print(*range(3), end=' ')"), "0 1 2 ", "{kind:?}");
        assert_eq!(
            run(device, "print(\"it's\", 'a \"b\"', '''c''', '\\\\')\r\nprint(2)"),
            "it's a \"b\" c \\\n2\n"
        );
        assert_eq!(device.eval("[1, 'a']").expect("an expression"), b"[1, 'a']", "{kind:?}");
        let lines = device.eval("'a\\nb\\n'").expect("an expression");
        assert_eq!(String::from_utf8_lossy(&lines).replace("\r\n", "\n"), "a\nb\n", "{kind:?}");
    });
}

#[test]
fn names_stay_from_one_execution_to_the_next() {
    on_every_board(|kind, device| {
        run(device, "a_name = 41\ndef a_function():\n  return a_name + 1\n");
        assert_eq!(run(device, "print(a_function(), __name__)"), "42 __main__\n", "{kind:?}");
        run(device, "del a_name, a_function");
    });
}

#[test]
fn an_exception_is_told_with_the_programs_own_lines() {
    on_every_board(|kind, device| {
        let Error::Exception(traceback) = fails(device, "x = 1\ndef f():\n  raise ValueError('no')\nf()\n")
        else {
            panic!("{kind:?}: an exception")
        };
        assert_eq!((traceback.exception.as_str(), traceback.message.as_str()), ("ValueError", "no"));
        let expected = "Traceback (most recent call last):\r\n  \
            File \"<stdin>\", line 4, in <module>\r\n  \
            File \"<stdin>\", line 3, in f\r\n\
            ValueError: no\r\n";
        assert_eq!(traceback.text, expected, "{kind:?}");
        let Error::Exception(traceback) = fails(device, "a = 1\nif a print()\n") else {
            panic!("{kind:?}: an exception")
        };
        assert_eq!(traceback.exception, "SyntaxError", "{kind:?}");
        assert!(traceback.text.contains("File \"<stdin>\", line 2"), "{kind:?}: {}", traceback.text);
        let Error::Exception(traceback) = fails(device, "raise OSError(28)") else {
            panic!("{kind:?}: an exception")
        };
        assert_eq!(traceback.errno.map(|errno| errno.number), Some(28), "{kind:?}");
        run(device, "del f, x\n");
    });
}

#[test]
fn system_exit_gives_its_status() {
    on_every_board(|kind, device| {
        let exit = |device: &mut _, code| match fails(device, code) {
            Error::SystemExit(exit) => exit,
            other => panic!("{kind:?} {code}: {other}"),
        };
        let status = |code| SystemExit { code, message: None };
        assert_eq!(exit(device, "raise SystemExit(3)"), status(3));
        assert_eq!(exit(device, "print('x')\nraise SystemExit(255)"), status(255));
        assert_eq!(exit(device, "raise SystemExit(True)"), status(1));
        let message = SystemExit { code: 1, message: Some("it's \\ over".into()) };
        assert_eq!(exit(device, "raise SystemExit(\"it's \\\\ over\")"), message);
        assert_eq!(run(device, "raise SystemExit"), "");
        assert_eq!(run(device, "raise SystemExit(0)"), "");
        assert_eq!(run(device, "raise SystemExit(None)"), "");
        // It comes from inside as well, after the clean-up.
        let mut out = Vec::new();
        let code = b"def f():\n  try:\n    raise SystemExit(7)\n  finally:\n    print('clean')\nf()";
        let result = device.exec(code, &mut out);
        assert!(matches!(result, Err(Error::SystemExit(SystemExit { code: 7, .. }))), "{kind:?}");
        assert_eq!(String::from_utf8_lossy(&out).trim_end(), "clean", "{kind:?}");
        run(device, "del f");
    });
}

/// In mpremote, output with 0x04 breaks the exchange.
#[test]
fn any_bytes_may_be_printed() {
    on_every_board(|kind, device| {
        for text in [
            "\\x04",
            "a\\x04b\\x04",
            "\\x04\\x04>",
            "\\x04Traceback (most recent call last):\\r\\nX: y\\r\\n\\x04>",
        ] {
            let mut out = Vec::new();
            let code = format!("print('{text}', end='')\nprint('{text}', end='')\nprint('.', end='')");
            device.exec(code.as_bytes(), &mut out).unwrap_or_else(|error| panic!("{kind:?} {text}: {error}"));
            let plain = text.replace("\\x04", "\x04").replace("\\r", "\r").replace("\\n", "\n");
            // Some boards turn a line end into two characters, also behind a carriage return.
            let out = String::from_utf8(out).expect("text").replace("\r\r\n", "\r\n");
            assert_eq!(out, format!("{plain}{plain}."), "{kind:?}");
        }
    });
}

#[test]
fn an_ending_in_the_output_and_a_pause_end_nothing() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        for (text, printed) in [
            ("\\x04\\x04>", "\x04\x04>"),
            ("\\x04ValueError: x\\r\\n\\x04>", "\x04ValueError: x\n\x04>"),
            (
                "Type \"help()\" for more information.\\r\\n>>> ",
                "Type \"help()\" for more information.\n>>> ",
            ),
        ] {
            let code =
                format!("import time\nprint('{text}', end='')\ntime.sleep(1.5)\nprint('more', end='')");
            let out = run(&mut device, &code).replace('\r', "");
            assert_eq!(out, format!("{printed}more"), "{kind:?}");
        }
    }
}

#[test]
fn output_need_not_be_text() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        let mut out = Vec::new();
        let code = b"import sys\nfor i in range(300):sys.stdout.buffer.write(bytes(range(256)))";
        device.exec(code, &mut out).expect("it runs");
        let expected: Vec<u8> = (0..300).flat_map(|_| 0..=255).collect();
        assert!(out == expected, "{kind:?}: {} bytes", out.len());
    }
}

#[test]
fn source_may_hold_any_character() {
    on_every_board(|kind, device| {
        let code = "s = 'tab\tcontrol \x01\x02\x05\x0b\x1b\x7f'\nprint([ord(c) for c in s[12:]], s[3] == '\\t')\ndel s";
        assert_eq!(run(device, code), "[1, 2, 5, 11, 27, 127] True\n", "{kind:?}");
        if kind != Kind::Microbit {
            assert_eq!(
                run(device, "# grüße €😀\nprint('grüße €😀' == 'gr\\xfc\\xdfe \\u20ac\\U0001f600')"),
                "True\n"
            );
            // The bytes that interrupt or end source are data inside a string.
            assert_eq!(run(device, "print([ord(c) for c in '\x03\x04'])"), "[3, 4]\n", "{kind:?}");
        }
    });
}

#[test]
fn a_large_program_runs_and_tells_its_status() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        let mut code: String = (0..1000).map(|i| format!("# line {i} of some length\nx = {i}\n")).collect();
        code.push_str("print(x)\nraise SystemExit(9)\n");
        let mut out = Vec::new();
        let result = device.exec(code.as_bytes(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out).trim_end(), "999", "{kind:?}");
        assert!(matches!(result, Err(Error::SystemExit(SystemExit { code: 9, .. }))), "{kind:?}: {result:?}");
    }
}

/// With too little memory for a copy of the source, the program runs as it is.
#[test]
fn a_program_that_just_fits_runs_all_the_same() {
    let options =
        BoardOptions { sim_options: vec!["--heap".into(), "128K".into()], ..BoardOptions::default() };
    let board = Board::with(Kind::SimPty, options);
    let mut device = connect(&board);
    let mut code = "# a comment that takes room in the source and none in the program\n".repeat(900);
    code.push_str("print('ran')\n");
    assert_eq!(run(&mut device, &code), "ran\n");
}

#[test]
fn a_soft_reset_forgets_names_and_keeps_the_prompt() {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        let device = &mut connect(&board);
        run(device, "a_name = 1");
        device.soft_reset().unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(run(device, "print('a_name' in globals())"), "False\n", "{kind:?}");
    }
}

#[test]
fn a_program_may_restart_the_interpreter() {
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    let code = "a_name = 1\nprint('before')\nimport machine\nmachine.soft_reset()";
    assert_eq!(run(&mut device, code), "before\n");
    assert_eq!(run(&mut device, "print('a_name' in globals())"), "False\n");
}

#[test]
fn a_board_that_restarts_in_the_middle_is_told() {
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    let error = fails(&mut device, "import machine\nmachine.reset()");
    assert!(matches!(error, Error::Reset { .. }), "{error:?}");
    assert_eq!(run(&mut device, "print(1)"), "1\n");
}

#[test]
fn a_program_that_nobody_follows_goes_on() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        let code = "import time\ntime.sleep(0.3)\nf = open('done', 'w')\nf.write('yes')\nf.close()";
        device.exec_no_follow(code.as_bytes()).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        device.close().expect("it closes");
        let mut console = board.console();
        // The friendly prompt reads this when the program has ended.
        console.send(b"print('al' + 'ive')\r");
        console.expect(b"alive");
        drop(console);
        let mut device = connect(&board);
        assert_eq!(run(&mut device, "print(open('done').read())"), "yes\n", "{kind:?}");
    }
}

#[test]
fn the_friendly_prompt_comes_back() {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        let mut device = connect(&board);
        run(&mut device, "print(1)");
        device.close().expect("it closes");
        let mut console = board.console();
        console.send(b"40+2\r");
        console.expect(b"42");
        console.expect(b">>> ");
    }
}
