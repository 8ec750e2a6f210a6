//! `mpr complete` itself: on every board, and silent when there is nothing to say.

use std::fs;

use mpr_tests::{Board, Kind, Mpr, mpr};
use tempfile::TempDir;

/// The values that a line is completed with; nothing may be on stderr.
fn complete(mpr: &Mpr, words: &[&str]) -> Vec<String> {
    let outcome = mpr.clone().args(["complete", "--shell", "zsh", "--"]).args(words).ok();
    assert_eq!(outcome.stderr(), "", "{words:?}");
    let value = |line: &str| line.split('\t').nth(1).expect("a mark and a value").to_owned();
    outcome.stdout().lines().map(value).collect()
}

/// A command line with time for a slow machine.
fn patient() -> Mpr {
    mpr().env("MPR_COMPLETE_WAIT", "60")
}

#[test]
fn every_board_names_its_files() {
    for kind in Kind::FIRMWARES.into_iter().chain([Kind::Sim, Kind::SimTcp]) {
        let board = Board::start(kind);
        board.mpr().args(["touch", "some file.py", "other.py"]).ok();
        let line = ["connect", board.address(), "cat", "some"];
        assert_eq!(complete(&patient(), &line), ["some file.py"], "{kind:?}");
        let device = format!("--device={}", board.address());
        assert_eq!(complete(&patient(), &["cat", &device, ":oth"]), [":other.py"], "{kind:?}");
        // The board is as it was.
        assert_eq!(board.mpr().args(["eval", "6*7"]).ok().text(), "42\n", "{kind:?}");
    }
}

#[test]
fn a_running_program_is_not_disturbed_and_not_waited_for() {
    let board = Board::start(Kind::SimPty);
    let program = "import time\nwhile True:\n n = time.ticks_ms()";
    board.mpr().args(["exec", "--no-follow", program]).ok();
    let line = ["connect", board.address(), "cat", ":"];
    assert_eq!(complete(&mpr(), &line), [""; 0]);
    // It still runs: only an interrupt gets the prompt back.
    let mut console = board.console();
    console.send(b"\x03");
    console.expect(b"KeyboardInterrupt");
    console.expect(b">>> ");
    drop(console);
    assert!(complete(&patient(), &["connect", board.address(), "eval", "1", "ls", ""]).is_empty());
}

#[test]
fn a_simulated_board_runs_no_programs_for_it() {
    let board = Board::start(Kind::Sim);
    let folder = TempDir::new().expect("a temporary folder can be made");
    let program = "open('ran', 'w').close()\nwhile True: pass\n";
    fs::write(folder.path().join("main.py"), program).expect("a file can be written");
    board.mpr().dir(folder.path()).args(["cp", "main.py", ":"]).ok();
    let line = ["connect", board.address(), "cat", ":"];
    assert_eq!(complete(&patient(), &line), [":main.py"]);
    assert_eq!(complete(&patient(), &line), [":main.py"], "the first has not run main.py");
}

#[test]
fn nothing_is_said_and_made_without_a_board() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let image = folder.path().join("no.img");
    let sim = format!("sim:{}", image.display());
    let mark = folder.path().join("mark");
    let exec = format!("exec:touch {}", mark.display());
    for device in [
        &sim,
        "/dev/no-such-port",
        "id:nobody",
        "auto",
        "tcp://127.0.0.1:1",
        &exec,
        "sim:-",
        "foo://",
        "list",
    ] {
        assert_eq!(complete(&mpr(), &["connect", device, "cat", ":"]), [""; 0], "{device}");
    }
    assert_eq!(complete(&mpr(), &["cat", ":"]), [""; 0]);
    assert_eq!(complete(&mpr().env("MPR_DEVICE", "foo://x"), &["cat", ":"]), [""; 0]);
    assert!(!image.exists(), "a TAB makes no flash image");
    assert!(!mark.exists(), "a TAB runs no command");
    // `sim:` keeps its image in the home folder, which has none.
    let at_home = mpr();
    assert_eq!(complete(&at_home, &["connect", "sim:", "cat", ":"]), [""; 0]);
    assert!(!at_home.home().join("data").exists(), "a TAB makes no folder");
}

#[test]
fn a_board_that_is_in_use_or_does_not_answer_has_no_names() {
    let board = Board::start(Kind::Sim);
    board.mpr().args(["touch", "a.py"]).ok();
    let user = board.mpr().args(["exec", "print('there')\nimport time\ntime.sleep(100)"]).spawn();
    user.wait_for_stdout("there");
    assert_eq!(complete(&mpr(), &["connect", board.address(), "cat", ":"]), [""; 0]);
    drop(user);

    let mut board = Board::start(Kind::SimPty);
    board.mpr().args(["touch", "a.py"]).ok();
    board.freeze();
    let address = board.address().to_owned();
    let line = ["connect", &address, "cat", ":"];
    assert_eq!(complete(&mpr(), &line), [""; 0]);
    board.thaw();
    assert_eq!(board.mpr().args(["eval", "6*7"]).ok().text(), "42\n");
    assert_eq!(complete(&patient(), &line), [":a.py"]);
    assert_eq!(complete(&mpr().env("MPR_COMPLETE_WAIT", "0"), &line), [""; 0], "switched off");
}

#[test]
fn words_that_mean_nothing_are_answered_with_nothing() {
    for words in [&[][..], &["x"], &["--shell"], &["--shell", "csh", "--", "x"], &["--shell", "bash", "--"]] {
        let outcome = mpr().arg("complete").args(words).ok();
        assert_eq!((outcome.stdout(), outcome.stderr()), (String::new(), String::new()), "{words:?}");
    }
}

#[test]
fn scripts_are_printed_and_an_unknown_shell_is_an_error() {
    assert!(mpr().args(["completions", "bash"]).ok().stdout().contains("complete -o nospace -F _mpr mpr"));
    mpr().args(["completions", "csh"]).fails(2, &["`csh` is none of bash, zsh, fish, powershell"]);
}
