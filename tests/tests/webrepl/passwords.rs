//! Where the password comes from, and where it must not be.

use std::fs;

use mpr_tests::{Board, Kind, mpr};

#[test]
fn the_password_comes_from_a_file_the_environment_or_the_configuration() {
    let board = Board::start(Kind::SimWs);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("pw");
    fs::write(&file, "secret\nmore\n").expect("a file can be written");
    let mpr = || mpr().dir(dir.path());
    let words = ["connect", board.address(), "exec", "print(1)"];
    assert_eq!(mpr().args(["--password-file", "pw"]).args(words).ok().text(), "1\n");
    // The file goes before the environment.
    let wrong = mpr().env("MPR_WEBREPL_PASSWORD", "wrong");
    assert_eq!(wrong.args(words).args(["--password-file", "pw"]).ok().text(), "1\n");
    assert_eq!(mpr().env("MPR_WEBREPL_PASSWORD", "secret").args(words).ok().text(), "1\n");

    let config = dir.path().join("config.toml");
    for secret in ["password = 'secret'", "password_file = 'pw'"] {
        let text = format!("[devices]\nlamp = {{ address = '{}', {secret} }}\n", board.address());
        fs::write(&config, text).expect("a file can be written");
        let configured = mpr().args(["--config", "config.toml"]);
        assert_eq!(configured.args(["connect", "lamp", "exec", "print(1)"]).ok().text(), "1\n");
        let shown = mpr().args(["--config", "config.toml", "--json", "config"]).ok();
        assert!(shown.text().contains("lamp") && !shown.text().contains("secret"), "{shown}");
    }
    let both = format!(
        "[devices]\nlamp = {{ address = '{}', password = 'a', password_file = 'b' }}\n",
        board.address()
    );
    fs::write(&config, both).expect("a file can be written");
    mpr().args(["--config", "config.toml", "config"]).fails(2, &["one of `password` and `password_file`"]);
}

#[test]
fn without_a_password_the_user_is_asked_and_nothing_is_shown() {
    let board = Board::start(Kind::SimWs);
    let mut terminal = mpr().args(["connect", board.address(), "exec", "print(6 * 7)"]).terminal();
    terminal.expect(&format!("Password for {}: ", board.address()));
    terminal.send("secret\n");
    terminal.expect("42");
    terminal.ends_sane(0);
    assert!(!terminal.text().contains("secret"), "{}", terminal.text());
    // Ctrl-C instead, and the terminal is as it was.
    let mut terminal = mpr().args(["connect", board.address(), "exec", "print(6 * 7)"]).terminal();
    terminal.expect("Password for");
    terminal.send("\x03");
    terminal.ends_sane(130);
    // Nobody to ask.
    mpr().args(["connect", board.address(), "ls"]).fails(2, &[board.address(), "MPR_WEBREPL_PASSWORD"]);
}

#[test]
fn no_trace_and_no_message_has_the_password() {
    let board = Board::start(Kind::SimWs);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let words =
        ["--verbose", "--trace", "trace", "connect", board.address(), "exec", "print(1)", "soft-reset", "ls"];
    let outcome = mpr().dir(dir.path()).env("MPR_WEBREPL_PASSWORD", "secret").args(words).ok();
    let trace = fs::read_to_string(dir.path().join("trace")).expect("a trace was written");
    assert!(trace.contains("raw REPL"), "{trace}");
    for text in [trace, outcome.text(), outcome.stderr()] {
        assert!(!text.contains("secret"), "{text}");
    }
    mpr().args(["connect", "ws://user:secret@host", "ls"]).fails(2, &["`ws://HOST`"]);
}
