//! `sync --watch`: every change travels, and the commands behind it run anew.

use std::fs;

use mpr_tests::{Desk, Kind};
use nix::sys::signal::Signal;

/// Prints a value of a module, and goes on for ever.
const MAIN: &[u8] = b"import part, time\nprint('part', part.X)\nwhile True: time.sleep(0.01)\n";

fn filled(kind: Kind) -> Desk {
    let desk = Desk::new(kind);
    desk.write("src/part.py", b"X = 1\n");
    desk.write("src/main.py", MAIN);
    desk
}

const LINE: [&str; 9] = ["sync", "--watch", "src", ":", "+", "soft-reset", "+", "exec", "import main"];

#[test]
fn a_change_stops_the_program_travels_and_starts_it_anew() {
    let desk = filled(Kind::SimPty);
    let mut running = desk.mpr().args(LINE).spawn();
    running.wait_for_stdout("part 1");
    desk.write("src/part.py", b"X = 2\n");
    running.wait_for_stdout("changed :part.py");
    running.wait_for_stdout("part 2");
    // What is ignored is no change; what comes after it is.
    desk.write("src/__pycache__/part.pyc", b"x");
    desk.write("src/part.py", b"X = 3x\n");
    running.wait_for_stdout("part 2\r\nsync src :\nchanged :part.py\n1 changed, 1 unchanged\n");
    desk.write("src/part.py", b"X = 4\n");
    running.wait_for_stdout("part 4");
    running.signal(Signal::SIGINT);
    let outcome = running.wait();
    outcome.expect_code(130);
    outcome.expect_stderr("watching `src`; Ctrl-C ends it");
    outcome.expect_stderr("SyntaxError");
    // The board is at its prompt.
    let mut console = desk.board.console();
    console.send(b"\r");
    console.expect(b">>> ");
    drop(console);
    assert_eq!(desk.on_board("part.py"), b"X = 4\n");
}

#[test]
fn without_commands_files_travel_and_the_board_is_at_its_prompt() {
    let desk = filled(Kind::SimPty);
    let mut running = desk.mpr().args(["sync", "--watch", "--delete", "src", ":"]).spawn();
    running.wait_for_stdout("2 new, 0 unchanged\n");
    desk.write("src/deep/new.py", b"new");
    running.wait_for_stdout("new :deep/new.py\n1 new, 2 unchanged\n");
    fs::remove_file(desk.dir().join("src/part.py")).expect("it was written");
    running.wait_for_stdout("removed :part.py\n1 removed, 2 unchanged\n");
    running.signal(Signal::SIGINT);
    running.wait().expect_code(130);
    assert_eq!(desk.names(""), ["deep/", "main.py"]);
}

#[test]
fn a_folder_that_vanishes_is_named() {
    for words in [&["sync", "--watch", "src", ":"][..], &LINE] {
        let desk = filled(Kind::SimPty);
        let running = desk.mpr().args(words).spawn();
        running.wait_for_stdout(if words.len() > 4 { "part 1" } else { "2 new, 0 unchanged\n" });
        fs::remove_dir_all(desk.dir().join("src")).expect("it was written");
        let outcome = running.wait();
        outcome.expect_failure(2, "src");
        outcome.expect_stderr("`src`: No such file or directory");
        assert_eq!(desk.run(&["eval", "1"]), "1\n");
    }
}

#[test]
fn a_board_that_was_unplugged_is_waited_for() {
    for words in [&["sync", "--watch", "src", ":"][..], &LINE] {
        let desk = filled(Kind::SimLink);
        let mut running = desk.mpr().args(words).spawn();
        running.wait_for_stdout(if words.len() > 4 { "part 1" } else { "2 new, 0 unchanged\n" });
        desk.board.link().cut();
        desk.write("src/part.py", b"X = 2\n");
        desk.board.link().restore();
        running.wait_for_stdout("changed :part.py\n1 changed, 1 unchanged\n");
        if words.len() > 4 {
            running.wait_for_stdout("part 2");
        }
        running.signal(Signal::SIGINT);
        let outcome = running.wait();
        outcome.expect_code(130);
        assert_eq!(desk.on_board("part.py"), b"X = 2\n");
    }
}

/// Nothing changes meanwhile.
#[test]
fn a_board_that_goes_away_is_missed_at_once_and_found_again() {
    for kind in [Kind::SimLink, Kind::Wasm] {
        let desk = filled(kind);
        let mut running = desk.mpr().args(["sync", "--watch", "src", ":app"]).spawn();
        running.wait_for_stdout("2 new, 0 unchanged\n");
        desk.board.link().cut();
        running.wait_for_stderr("the connection was lost");
        running.wait_for_stderr("waiting for the device");
        desk.board.link().restore();
        running.wait_for_stdout("sync src :app\n2 unchanged\n");
        desk.write("src/part.py", b"X = 2\n");
        running.wait_for_stdout("changed :app/part.py\n1 changed, 1 unchanged\n");
        running.signal(Signal::SIGINT);
        running.wait().expect_code(130);
        assert_eq!(desk.on_board("app/part.py"), b"X = 2\n");
    }
}

#[test]
fn ctrl_c_ends_the_wait_for_a_board() {
    let desk = filled(Kind::SimLink);
    let mut running = desk.mpr().args(["sync", "--watch", "src", ":"]).spawn();
    running.wait_for_stdout("2 new, 0 unchanged\n");
    desk.board.link().cut();
    desk.write("src/part.py", b"X = 2\n");
    running.wait_for_stderr("waiting for the device");
    running.signal(Signal::SIGINT);
    running.wait().expect_code(130);
}

#[test]
fn words_that_make_no_sense() {
    let desk = filled(Kind::Sim);
    let fails = |words: &[&str], object| desk.mpr().args(words).run().expect_failure(2, object);
    fails(&["sync", "--watch", ":", "src"], "--watch");
    fails(&["sync", "--watch", "-n", "src", ":"], "--dry-run");
    fails(&["sync", "--watch", "src", ":", "+", "sync", "--watch", "src", ":"], "--watch");
    fails(&["sync", "--watch", "none", ":"], "none");
}
