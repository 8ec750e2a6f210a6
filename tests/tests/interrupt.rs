//! Ctrl-C at every stage: exit code 130, the board at a prompt, no file lost.

use mpr_tests::{Board, BoardOptions, Desk, Faults, Kind, Running, Schedule, all_bytes};
use nix::sys::signal::Signal;

fn interrupted(mut running: Running) {
    running.signal(Signal::SIGINT);
    let outcome = running.wait();
    outcome.expect_code(130);
    assert!(!outcome.stderr().contains("panicked"), "{outcome}");
}

fn answers(board: &Board) {
    let outcome = board.mpr().args(["exec", "print(7)"]).ok();
    assert_eq!(outcome.stdout().trim_end(), "7", "{:?}", board.kind());
}

#[test]
fn while_it_waits_for_a_silent_board() {
    let mut board = Board::start(Kind::SimLink);
    board.mpr().args(["exec", "1"]).ok();
    board.freeze();
    let sent = board.link().traffic().0;
    let running = board.mpr().args(["exec", "1"]).spawn();
    board.link().wait_until_sent(sent + 1);
    interrupted(running);
    board.thaw();
    answers(&board);
}

#[test]
fn while_a_program_runs() {
    for kind in [Kind::SimPty, Kind::SimTcp, Kind::Microbit] {
        let board = Board::start(kind);
        let running = board.mpr().args(["exec", "print('go')\nwhile True: pass"]).spawn();
        running.wait_for_stdout("go");
        interrupted(running);
        answers(&board);
    }
}

#[test]
fn while_a_file_of_this_machine_runs() {
    for kind in Kind::FIRMWARES {
        let desk = Desk::new(kind);
        desk.write("endless.py", b"print('go')\nwhile True: print('spam')\n");
        let running = desk.mpr().args(["run", "endless.py"]).spawn();
        running.wait_for_stdout("spam");
        interrupted(running);
        answers(&desk.board);
        let mut terminal = desk.mpr().args(["run", "endless.py"]).terminal();
        terminal.expect("spam");
        terminal.send(b"\x03");
        terminal.ends_sane(130);
        answers(&desk.board);
    }
}

#[test]
fn while_a_tree_goes_to_the_board() {
    for kind in [Kind::SimLink, Kind::Wasm] {
        let desk = Desk::new(kind);
        for n in 0..8 {
            desk.write(&format!("old/lib/f{n}"), b"old content");
            desk.write(&format!("new/lib/f{n}"), &all_bytes(10_000 + n));
        }
        desk.run(&["cp", "-r", "old/lib", ":"]);
        for command in [&["cp", "-r", "new/lib", ":"][..], &["sync", "new/lib", ":lib"]] {
            let slow = Faults { baud: Some(230_400), ..Faults::default() };
            desk.board.link().set(Schedule::both(0, &slow));
            let sent = desk.board.link().traffic().0;
            let running = desk.mpr().args(command).spawn();
            desk.board.link().wait_until_sent(sent + 6_000);
            interrupted(running);
            desk.board.link().heal();
            let mut names = desk.names("lib");
            names.sort();
            assert_eq!(names, (0..8).map(|n| format!("f{n}")).collect::<Vec<_>>(), "{kind:?} {command:?}");
            let is_old = |n: usize| {
                let content = desk.on_board(&format!("lib/f{n}"));
                assert!(
                    content == b"old content" || content == all_bytes(10_000 + n),
                    "{kind:?} {command:?}: half a file"
                );
                content == b"old content"
            };
            assert!((0..8).filter(|n| is_old(*n)).count() > 0, "{kind:?} {command:?}: it came too late");
            desk.run(&["cp", "-r", "-f", "old/lib", ":"]);
        }
    }
}

#[test]
fn while_a_tree_comes_from_the_board() {
    let desk = Desk::new(Kind::SimLink);
    for n in 0..8 {
        desk.write(&format!("lib/f{n}"), &all_bytes(10_000 + n));
    }
    desk.run(&["cp", "-r", "lib", ":"]);
    let slow = Faults { baud: Some(230_400), ..Faults::default() };
    desk.board.link().set(Schedule::both(0, &slow));
    let came = desk.board.link().traffic().1;
    let running = desk.mpr().args(["cp", "-r", ":lib", "back"]).spawn();
    desk.board.link().wait_until_came(came + 15_000);
    interrupted(running);
    desk.board.link().heal();
    for entry in std::fs::read_dir(desk.dir().join("back")).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        assert_eq!(std::fs::read(&path).expect("a file"), desk.read(&format!("lib/{name}")), "{name}");
    }
    answers(&desk.board);
}

#[test]
fn while_a_program_reads_from_a_mounted_folder() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let desk = Desk::new(kind);
        desk.write("src/large", &[b'x'; 40_000]);
        let program = "while 1:\n n = len(open('large').read())\n print('round')";
        let mut terminal = desk.mpr().args(["mount", "src", "exec", program]).terminal();
        for _ in 0..2 {
            terminal.expect("round");
        }
        terminal.send(b"\x03");
        terminal.ends_sane(130);
        answers(&desk.board);
        // The folder went with `mpr`, and may be mounted anew.
        let outcome = desk.mpr().args(["exec", "import os; print(os.listdir('/'))"]).ok();
        assert!(!outcome.stdout().contains("remote"), "{kind:?}: {outcome}");
        let outcome = desk.mpr().args(["mount", "src", "exec", "print(len(open('large').read()))"]).ok();
        assert!(outcome.stdout().trim_end().ends_with("40000"), "{kind:?}: {outcome}");
    }
}

#[test]
fn while_a_program_sleeps() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let board = Board::start(kind);
        let code = "print('go')\nimport time\ntime.sleep(1000)";
        let running = board.mpr().args(["exec", code]).spawn();
        running.wait_for_stdout("go");
        interrupted(running);
        answers(&board);
    }
}

#[test]
fn while_a_program_prints_without_end() {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        let running = board.mpr().args(["exec", "while True: print('spam')"]).spawn();
        running.wait_for_stdout("spam");
        interrupted(running);
        answers(&board);
    }
}

#[test]
fn while_a_program_reads() {
    let board = Board::start(Kind::SimPty);
    let running = board.mpr().args(["exec", "import sys\nprint('go')\nsys.stdin.read(1)"]).spawn();
    running.wait_for_stdout("go");
    interrupted(running);
    answers(&board);
}

#[test]
fn while_mpr_itself_sleeps() {
    let board = Board::start(Kind::SimPty);
    let running = board.mpr().args(["exec", "print('go')", "sleep", "1000000"]).spawn();
    running.wait_for_stdout("go");
    interrupted(running);
    answers(&board);
}

#[test]
fn while_a_file_goes_to_the_board() {
    for kind in [Kind::SimLink, Kind::Wasm] {
        let slow = Faults { baud: Some(230_400), ..Faults::default() };
        let options = BoardOptions { schedule: Schedule::both(0, &slow), ..BoardOptions::default() };
        let desk = Desk::with(kind, options);
        desk.write("old", b"old content");
        desk.run(&["cp", "old", ":kept"]);
        desk.write("new", &all_bytes(100_000));
        let sent = desk.board.link().traffic().0;
        let running = desk.mpr().args(["cp", "new", ":kept"]).spawn();
        desk.board.link().wait_until_sent(sent + 6_000);
        interrupted(running);
        assert_eq!(desk.on_board("kept"), b"old content", "{kind:?}");
        assert_eq!(desk.names(""), ["kept"], "{kind:?}");
    }
}

#[test]
fn while_a_file_comes_from_the_board() {
    for kind in [Kind::SimLink, Kind::Wasm] {
        let desk = Desk::new(kind);
        desk.write("local", &all_bytes(40_000));
        desk.run(&["cp", "local", ":remote"]);
        let slow = Faults { baud: Some(230_400), ..Faults::default() };
        desk.board.link().set(Schedule::both(0, &slow));
        desk.write("kept", b"old content");
        let came = desk.board.link().traffic().1;
        let running = desk.mpr().args(["cp", ":remote", "kept"]).spawn();
        desk.board.link().wait_until_came(came + 6_000);
        interrupted(running);
        desk.board.link().heal();
        assert_eq!(desk.read("kept"), b"old content", "{kind:?}");
        let left = std::fs::read_dir(desk.dir()).expect("the folder is there").count();
        assert_eq!(left, 2, "{kind:?}: more than `local` and `kept` is left");
        answers(&desk.board);
    }
}

#[test]
fn on_a_terminal_it_ends_the_program_and_leaves_the_terminal_sane() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = board.mpr().args(["exec", "print('go')\nwhile True: pass"]).terminal();
    terminal.expect("go");
    terminal.send(b"\x03");
    terminal.ends_sane(130);
    answers(&board);
}

#[test]
fn sigterm_leaves_the_board_at_a_prompt_too() {
    let board = Board::start(Kind::SimPty);
    let mut running = board.mpr().args(["exec", "print('go')\nwhile True: pass"]).spawn();
    running.wait_for_stdout("go");
    running.signal(Signal::SIGTERM);
    running.wait().expect_code(143);
    answers(&board);
}

#[test]
fn a_second_signal_leaves_a_hung_board_at_once() {
    let mut board = Board::start(Kind::SimPty);
    let mut terminal = board.mpr().args(["exec", "print('begun')\nwhile True: pass"]).terminal();
    terminal.expect("begun");
    board.freeze();
    terminal.process().signal(Signal::SIGINT);
    terminal.expect("waiting for the board to stop; once more leaves at once");
    terminal.process().signal(Signal::SIGINT);
    // Waiting for the board would end with 3.
    terminal.ends_sane(130);
    board.thaw();
    answers(&board);
}
