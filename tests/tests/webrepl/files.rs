//! `mpr webrepl`: files by WebREPL's own protocol, and the words of `webrepl_cli.py`.

use std::fs;

use mpr_tests::{Board, BoardOptions, Kind, WebSocket, all_bytes, mpr};
use tempfile::TempDir;

const BOTH: [Kind; 2] = [Kind::SimWs, Kind::SimWsStock];

fn folder(name: &str, content: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join(name), content).expect("a file can be written");
    dir
}

#[test]
fn files_come_and_go_and_are_verified() {
    for kind in BOTH {
        let board = Board::start(kind);
        let content = all_bytes(5000);
        let dir = folder("f", &content);
        let mpr = || board.mpr().dir(dir.path());
        let put = mpr().args(["--json", "webrepl", "put", "f", "g h"]).ok();
        assert!(put.text().contains(r#""size":5000,"verified":true"#), "{put}");
        mpr().args(["webrepl", "get", "g h", "back"]).ok();
        assert!(fs::read(dir.path().join("back")).expect("it came") == content, "{kind:?}");
        assert_eq!(mpr().args(["webrepl", "ver"]).ok().text(), "1.23.0\n");
        // Several in one line; the board is as it was between them.
        let words = ["exec", "x = 5", "webrepl", "put", "f", "+", "eval", "x"];
        assert!(mpr().args(words).ok().text().ends_with("5\n"));
    }
}

#[test]
fn a_program_runs_on() {
    let board = Board::start(Kind::SimWs);
    let dir = folder("f", b"content");
    let mut client = WebSocket::log_in(board.address(), Board::PASSWORD).settled();
    client.say(WebSocket::TEXT, b"n = 0\r");
    client.say(WebSocket::TEXT, b"while 'f' not in __import__('os').listdir(): n += 1\r\r");
    client.expect(b"... \r\n");
    drop(client);
    drop(WebSocket::log_in_again(board.address(), Board::PASSWORD));
    let outcome = loop {
        let outcome = board.mpr().dir(dir.path()).args(["webrepl", "put", "f"]).run();
        if !outcome.stderr().contains("another WebREPL client") {
            break outcome;
        }
    };
    outcome.expect_code(0);
    // The program saw the file, and ended by itself.
    assert_eq!(board.mpr().args(["eval", "n > 0"]).ok().text(), "True\n");
}

#[test]
fn what_goes_wrong_is_told_and_leaves_nothing() {
    let options = || BoardOptions { flash_size: Some("64K".into()), ..BoardOptions::default() };
    for kind in BOTH {
        let board = Board::with(kind, options());
        let dir = folder("large", &all_bytes(80_000));
        let mpr = || board.mpr().dir(dir.path());
        mpr()
            .args(["webrepl", "get", "missing", "x"])
            .fails(if kind == Kind::SimWs { 1 } else { 3 }, &[":missing"]);
        assert!(!dir.path().join("x").exists());
        // A stock board says that all is well; the digest does not.
        mpr().args(["webrepl", "put", "large"]).fails(1, &[":large", "df"]);
        mpr().args(["webrepl", "put", "nope"]).fails(2, &["nope"]);
        mpr().args(["webrepl", "put", "large", &"n".repeat(64)]).fails(2, &["63 bytes"]);
    }
    let board = Board::start(Kind::SimPty);
    board.mpr().args(["webrepl", "ver"]).fails(2, &[board.address(), "not reached by WebREPL"]);
}

#[test]
fn old_scripts_work() {
    let board = Board::start(Kind::SimWs);
    let host = board.address().trim_start_matches("ws://");
    let dir = folder("f.py", b"print('old script')");
    let mpr = || mpr().dir(dir.path()).args(["webrepl", "-p", Board::PASSWORD]);
    mpr().args(["f.py", &format!("{host}:/g.py")]).ok();
    mpr().args([&format!("{host}:/g.py"), "h.py"]).ok();
    assert_eq!(fs::read(dir.path().join("h.py")).expect("it came"), b"print('old script')");
    let mut terminal = mpr().arg(host).terminal();
    terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
    terminal.send("\rimport g\r");
    terminal.expect("\nold script");
    terminal.send("\x1d");
    terminal.ends_sane(0);
    mpr().args(["f.py", "g.py"]).fails(2, &["HOST:FILE"]);
}

#[test]
fn two_puts_at_once_beside_somebody_at_the_prompt() {
    let board = Board::start(Kind::SimWs);
    let mut terminal = board.mpr().arg("repl").terminal();
    terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
    terminal.send("\rprint(40 + 2)\r");
    terminal.expect("\n42");
    let contents = [1_u8, 7].map(|n| all_bytes(60_000).iter().map(|byte| byte ^ n).collect::<Vec<u8>>());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let running: Vec<_> = ["a", "b"]
        .iter()
        .zip(&contents)
        .map(|(name, content)| {
            fs::write(dir.path().join(name), content).expect("a file can be written");
            board.mpr().dir(dir.path()).args(["--json", "webrepl", "put", name]).spawn()
        })
        .collect();
    for put in running {
        let outcome = put.wait();
        outcome.expect_code(0);
        assert!(outcome.text().contains(r#""size":60000,"verified":true"#), "{outcome}");
    }
    for (name, content) in ["a", "b"].iter().zip(&contents) {
        let got = board.mpr().dir(dir.path()).args(["--json", "webrepl", "get", name, "back"]).ok();
        assert!(got.text().contains(r#""verified":false"#), "{got}");
        assert!(got.stderr().contains("another client has the prompt"), "{got}");
        assert!(fs::read(dir.path().join("back")).expect("it came") == *content, "{name}");
    }
    // What needs the prompt says who has it.
    board.mpr().args(["ls"]).fails(3, &[board.address(), "another WebREPL client", "hint:"]);
    terminal.send("print('still', 'here')\r");
    terminal.expect("\nstill here");
    terminal.send("\x1d");
    terminal.ends_sane(0);
}

#[test]
fn files_come_and_go_beside_a_mounted_folder() {
    for kind in BOTH {
        let board = Board::start(kind);
        let content = all_bytes(5000);
        let dir = folder("f", &content);
        fs::write(dir.path().join("m.py"), "print('imported')").expect("a file can be written");
        let mpr = || board.mpr().dir(dir.path()).args(["mount", "."]);
        let line = "webrepl put f :/g + webrepl get :/g back + webrepl ver + exec";
        let text = mpr().args(line.split(' ')).arg("import m").ok().text();
        assert!(text.contains("\n1.23.0\n") && text.ends_with("imported\n"), "{kind:?}: {text}");
        assert!(fs::read(dir.path().join("back")).expect("it came") == content, "{kind:?}");
        // What is in the mounted folder would wait for itself.
        for name in ["f", "/remote/f", "/remote"] {
            mpr().args(["webrepl", "get", name, "x"]).fails(2, &["mounted at `:/remote`", "umount"]);
            mpr().args(["webrepl", "put", "f", name]).fails(2, &["mounted at `:/remote`", "umount"]);
        }
    }
}
