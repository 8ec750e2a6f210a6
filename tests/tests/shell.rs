//! `shell`: scripts, and a person at a terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mpr_tests::{Board, BoardOptions, Desk, Kind, Mpr, Terminal, mpr, on};
use nix::sys::signal::Signal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const UP: &str = "\x1b[A";
const TAB: &str = "\t";

on!(sim, mpr_tests::Kind::SimPty, [a_script_runs, a_session_at_a_terminal, directories_are_walked]);
on!(wasm, mpr_tests::Kind::Wasm, [a_script_runs, a_session_at_a_terminal, directories_are_walked]);
on!(microbit, mpr_tests::Kind::Microbit, [a_script_runs, a_session_at_a_terminal]);

/// `mpr shell` with these lines on standard input.
fn script(desk: &Desk, lines: &str) -> Mpr {
    desk.mpr().arg("shell").stdin(lines)
}

/// `mpr shell` on a terminal that can edit lines, at its first prompt.
fn shell(mpr: Mpr) -> Terminal {
    let mut terminal = mpr.arg("shell").env("TERM", "xterm").terminal();
    terminal.expect("`exit` or Ctrl-D leaves");
    terminal.expect("mpr:/> ");
    terminal
}

/// Runs a line that prints this.
fn line(terminal: &mut Terminal, text: &str, printed: &str) {
    terminal.send(format!("{text}\r"));
    terminal.expect("\r\n");
    terminal.expect(printed);
    terminal.expect("> ");
}

/// Gives up the line that is being typed.
fn give_up(terminal: &mut Terminal) {
    terminal.send(CTRL_C);
    // The line editor is done with it, and what is shown behind that is new.
    terminal.expect("\x1b[?2004l");
    terminal.expect("mpr:/> ");
}

fn a_script_runs(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("it's here.txt", b"content\n");
    let outcome = script(
        &desk,
        "# a comment, and an empty line\n\n\
         cp \"it's here.txt\" :a\\ b.txt\n\
         cat 'a b.txt' + mv 'a b.txt' c.txt\n\
         exec \"for i in range(3):\n  print('line', i)\"\n\
         !echo from the host\n\
         rm c.txt\n\
         exit\n\
         rm never.txt\n",
    )
    .ok();
    assert_eq!(
        outcome.text(),
        "cp it's here.txt :a b.txt\ncontent\nmv :a b.txt :c.txt\nline 0\nline 1\nline 2\n\
         from the host\nrm :c.txt\n"
    );
    assert!(outcome.stderr.is_empty(), "{outcome}");
}

fn directories_are_walked(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("folder/x.py", b"x = 5\n");
    let outcome = script(
        &desk,
        "mkdir lib\ncd lib\npwd\ncp folder/x.py :\nls\ncd :\npwd\ncd lib + eval \"open('x.py').read()\"\n\
         lcd folder\nlls\nlpwd\ncp :x.py y.py\ncd ../nope\n",
    )
    .run();
    outcome.expect_failure(1, ":../nope");
    outcome.expect_stderr("in line 13 of standard input");
    // Advice is for this place.
    outcome.expect_stderr("hint: `ls :..`");
    let folder = fs::canonicalize(desk.dir().join("folder")).expect("a folder");
    assert_eq!(
        outcome.text(),
        format!(
            "mkdir :lib\n/lib\ncp folder/x.py :\nls :\n           6 x.py\n/\nx = 5\n\n           6 x.py\n{}\n\
             cp :x.py y.py\n",
            folder.display()
        )
    );
    assert_eq!(desk.read("folder/y.py"), b"x = 5\n");
}

fn a_session_at_a_terminal(kind: Kind) {
    let desk = Desk::new(kind);
    let mut terminal = shell(desk.mpr());
    line(&mut terminal, "touch a.txt", "touch :a.txt");
    line(&mut terminal, "ls", "0 a.txt");
    line(&mut terminal, "cat nope.txt", "error: cat: `:nope.txt`: No such file");
    line(&mut terminal, "nonsense", "error: `nonsense` is not a command");
    terminal.send("cat 'open\r");
    terminal.expect("\r\n");
    terminal.expect("> ");
    terminal.send(CTRL_C);
    terminal.expect("mpr:/> ");
    line(&mut terminal, "eval 6*7", "42");
    // The program is stopped, and the shell goes on.
    terminal.send("exec \"print('be' + 'gun')\nwhile True: print('.', end='')\"\r");
    terminal.expect("begun");
    assert!(terminal.is_sane(), "Ctrl-C must be a signal while a command runs");
    terminal.send(CTRL_C);
    terminal.expect("interrupted");
    terminal.expect("mpr:/> ");
    terminal.send("half a line");
    give_up(&mut terminal);
    line(&mut terminal, "rm a.txt", "rm :a.txt");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
    assert!(desk.names("").is_empty());
}

#[test]
fn a_script_ends_at_its_first_failure_or_goes_on() {
    let desk = Desk::new(Kind::SimPty);
    let lines = "exec 'import sys; sys.exit(7)'\ntouch a\nnonsense\n'open\n";
    let outcome = script(&desk, lines).run();
    outcome.expect_code(7);
    assert!(desk.names("").is_empty());
    let outcome = desk.mpr().args(["shell", "--keep-going"]).stdin(lines).run();
    outcome.expect_code(7);
    outcome.expect_stderr("`nonsense` is not a command");
    outcome.expect_stderr("in line 3 of standard input");
    outcome.expect_stderr("`'open` is not a whole line");
    assert_eq!(desk.names(""), ["a"]);
    script(&desk, "!exit 4\n").run().expect_failure(2, "!exit 4");
    script(&desk, "shell\n").run().expect_code(2);
    script(&desk, "--device sim: ls\n").run().expect_code(2);
    desk.mpr().arg("shell").stdin(b"ls\n\xff\n".to_vec()).run().expect_code(2);
}

#[test]
fn options_hold_for_their_line() {
    let desk = Desk::new(Kind::SimPty);
    let outcome = script(&desk, "touch a\nls --json\n-q ls\nls\nls --help\nhelp cd\n").ok();
    let text = outcome.text();
    let mut lines = text.lines().skip(1);
    assert!(lines.next().expect("a line").starts_with("{\"schema\":1,\"command\":\"ls\""), "{text}");
    assert_eq!(lines.by_ref().take(3).collect::<Vec<_>>(), ["           0 a", "ls :", "           0 a"]);
    assert!(text.contains("Usage: cd [OPTIONS] [DIRECTORY]"), "{text}");
    let outcome = script(&desk, "exec --timeout 0.3 'while 1: pass'\n").run();
    outcome.expect_code(3);
    outcome.expect_stderr("did not end within 0.3 s");
}

#[test]
fn other_commands_follow_the_shell() {
    let desk = Desk::new(Kind::SimPty);
    let outcome = desk.mpr().args(["shell", "eval", "x + 1"]).stdin("exec x=41\n").ok();
    assert_eq!(outcome.text(), "42\n");
}

#[test]
fn commands_that_read_input_read_on() {
    let desk = Desk::new(Kind::SimPty);
    let outcome = script(&desk, "!cat\nrun -\nprint('the rest')\n").ok();
    assert_eq!(outcome.text(), "the rest\n");
}

#[test]
fn the_prompt_shows_where_it_is() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("folder/x.py", b"");
    let mut terminal = shell(desk.mpr());
    line(&mut terminal, "mkdir 'my lib'", "mkdir :my lib");
    line(&mut terminal, "cd 'my lib'", "mpr:/my lib");
    line(&mut terminal, "exec \"import os; os.mkdir('deeper'); os.chdir('deeper')\"", "mpr:/my lib/deeper");
    line(&mut terminal, "cd ../..", "mpr:/");
    line(&mut terminal, "mount folder", "mpr:/remote");
    line(&mut terminal, "ls", "0 x.py");
    line(&mut terminal, "umount", "mpr:/");
    line(&mut terminal, "disconnect", "mpr");
    line(&mut terminal, &format!("connect {}", desk.board.address()), "mpr:/");
    line(&mut terminal, "reset", "mpr");
    line(&mut terminal, "eval 6*7", "42");
    terminal.send("exit\r");
    terminal.ends_sane(0);
}

#[test]
fn tab_completes_commands_options_and_paths() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("local file.txt", b"local\n");
    desk.run(&["mkdir", ":library", ":library/deep"]);
    desk.write("x", b"on the board\n");
    desk.run(&["cp", "x", ":library/deep/it's one.py"]);
    let mut terminal = shell(desk.mpr());
    let mut completes = |typed: &str, whole: &str| {
        terminal.send(typed);
        terminal.send(TAB);
        terminal.expect(whole);
        give_up(&mut terminal);
    };
    completes("soft-", "soft-reset ");
    completes("rm --rec", "rm --recursive ");
    completes("cat lib", "cat library/");
    completes("ls :lib", "ls :library/");
    completes("cat library/de", "cat library/deep/");
    completes("cat library/deep/", r"cat 'library/deep/it'\''s one.py' ");
    completes("cat 'library/deep/it", r"it'\''s one.py' ");
    completes("cp loc", "cp 'local file.txt' ");
    completes("lls loc", "lls 'local file.txt' ");
    completes("cp 'local file.txt' :li", "'local file.txt' :library/");
    completes("!cat loc", "!cat 'local file.txt' ");
    // And it is what the line means.
    terminal.send(format!("cat library/d{TAB}{TAB}\r"));
    terminal.expect("on the board");
    terminal.expect("mpr:/> ");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn several_possibilities_are_listed() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&["touch", ":data1", ":data2"]);
    let mut terminal = shell(desk.mpr());
    terminal.send(format!("cat da{TAB}"));
    terminal.expect("cat data");
    terminal.send(TAB);
    terminal.expect("data1");
    terminal.expect("data2");
    give_up(&mut terminal);
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn lines_are_kept_for_the_next_time() {
    let board = Board::start(Kind::SimPty);
    let mpr = board.mpr();
    let mut terminal = shell(mpr.clone());
    line(&mut terminal, "eval 'first' * 2", "error");
    line(&mut terminal, "eval 40+2", "42");
    line(&mut terminal, "eval 40+2", "42");
    line(&mut terminal, " eval 1000", "1000");
    terminal.send("exit\r");
    terminal.ends_sane(0);
    let file = mpr.home().join("state/mpr/shell_history");
    let kept = fs::read_to_string(&file).expect("a history");
    assert_eq!(kept.matches("eval 40+2").count(), 1, "{kept}");
    assert!(kept.ends_with("\nexit\n"), "the line that ends a session is kept: {kept}");
    assert!(!kept.contains("1000"), "a line that begins with a blank is not kept: {kept}");
    assert_eq!(fs::metadata(&file).expect("a history").permissions().mode() & 0o777, 0o600);
    let mut terminal = shell(mpr.clone());
    terminal.send(format!("{UP}{UP}"));
    terminal.expect("eval 40+2");
    terminal.send("\r");
    terminal.expect("42");
    terminal.expect("mpr:/> ");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn a_history_that_cannot_be_kept_is_told_and_nothing_else_lacks() {
    let board = Board::start(Kind::SimPty);
    let mpr = board.mpr();
    fs::write(mpr.home().join("state"), "a file where a folder must be").expect("a file can be written");
    let mut terminal = mpr.arg("shell").env("TERM", "xterm").terminal();
    terminal.expect("the lines of this session are not kept: `");
    terminal.expect("mpr:/> ");
    line(&mut terminal, "eval 6*7", "42");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn a_lost_board_is_told_and_found_again() {
    for kind in [Kind::SimLink, Kind::Microbit, Kind::Wasm] {
        let desk = Desk::new(kind);
        let mut terminal = shell(desk.mpr());
        desk.board.link().cut();
        terminal.send("ls\r");
        terminal.expect("error: ");
        terminal.expect(desk.board.address());
        terminal.expect("hint: ");
        terminal.expect("mpr> ");
        desk.board.link().restore();
        line(&mut terminal, "eval 6*7", "42");
        terminal.send(CTRL_D);
        terminal.ends_sane(0);
    }
}

#[test]
fn a_board_that_was_reset_meanwhile_is_no_trouble() {
    let desk = Desk::new(Kind::SimLink);
    let mut terminal = shell(desk.mpr());
    line(&mut terminal, "exec 'x = 1'", "mpr:/");
    desk.board.link().cut();
    desk.board.link().restore();
    let mut console = desk.board.console();
    console.send(b"\r\x02\x04");
    console.expect(b"soft reboot");
    console.expect(b">>> ");
    drop(console);
    // The old link is gone, which the first line tells; the second has a new one.
    terminal.send("eval x\r");
    terminal.expect("error: ");
    terminal.expect("> ");
    line(&mut terminal, "eval x", "NameError");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn without_a_board_there_is_a_shell_to_find_one() {
    let board = Board::start(Kind::SimPty);
    let mut terminal =
        mpr().env("TERM", "xterm").args(["connect", "/dev/no-such-port"]).arg("shell").terminal();
    terminal.expect("error: failed to access `/dev/no-such-port`");
    terminal.ends_sane(3);
    let options = mpr().env("TERM", "xterm").args(["--device", "/dev/no-such-port", "shell"]);
    let mut terminal = options.terminal();
    terminal.expect("error: failed to access `/dev/no-such-port`");
    terminal.expect("mpr> ");
    line(&mut terminal, "lpwd", "/");
    line(&mut terminal, &format!("connect {}", board.address()), "mpr:/");
    line(&mut terminal, "eval 6*7", "42");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn a_program_that_was_left_running_runs_on() {
    let desk = Desk::new(Kind::SimPty);
    let mut terminal = shell(desk.mpr());
    let program = "import time\ntime.sleep(0.3)\nopen('ended', 'w').close()";
    line(&mut terminal, &format!("exec --no-follow \"{program}\""), "mpr:/");
    // Neither the prompt nor a Tab stops it.
    terminal.send(format!("cat en{TAB}"));
    terminal.expect("cat en");
    give_up(&mut terminal);
    terminal.send("sleep 600\r");
    terminal.expect("mpr:/> ");
    line(&mut terminal, "ls", "0 ended");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn the_prompt_the_editor_and_host_commands_have_the_terminal() {
    let desk = Desk::new(Kind::SimPty);
    let mpr = desk.mpr().env("EDITOR", "sh -c 'printf edited > \"$1\"' sh");
    let mut terminal = shell(mpr);
    terminal.send("repl\r");
    terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
    terminal.send("\r");
    terminal.expect(">>> ");
    terminal.send("x = 40 + 2\r");
    terminal.expect(">>> ");
    terminal.send("\x1d");
    terminal.expect("mpr:/> ");
    line(&mut terminal, "eval x", "42");
    line(&mut terminal, "edit new.txt", "edit :new.txt");
    line(&mut terminal, "cat new.txt", "edited");
    // Ctrl-C is the host command's.
    terminal.send("!trap 'echo got it; exit 3' INT; echo ready; while :; do sleep 0.01; done\r");
    terminal.expect("\r\nready");
    terminal.send(CTRL_C);
    terminal.expect("got it");
    terminal.expect("ended with status 3");
    terminal.expect("mpr:/> ");
    line(&mut terminal, "!test -t 0 && echo has a terminal", "has a terminal\r\n");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn a_window_that_changes_its_size_keeps_the_line() {
    let board = Board::start(Kind::SimPty);
    let mut terminal = shell(board.mpr());
    terminal.resize(24, 80);
    terminal.send("eval \"'a line that is longer than the narrow window', ");
    terminal.expect("narrow window', ");
    terminal.resize(10, 20);
    line(&mut terminal, "40 + 2\"", "a line that is longer than the narrow window 42");
    terminal.resize(50, 200);
    line(&mut terminal, "eval 6*8", "48");
    terminal.send("exit\r");
    terminal.ends_sane(0);
}

#[test]
fn signals_leave_terminal_and_board_in_order() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let board = Board::start(Kind::SimPty);
        let mut terminal = shell(board.mpr());
        assert!(!terminal.is_sane());
        terminal.process().signal(signal);
        terminal.ends_sane(code);
        let mut terminal = shell(board.mpr());
        terminal.send("exec \"print('be' + 'gun')\nwhile True: pass\"\r");
        terminal.expect("begun");
        terminal.process().signal(signal);
        terminal.ends_sane(code);
        let mut console = board.console();
        console.send(b"\r\nprint(6 * 7)\r");
        console.expect(b"42\r\n>>> ");
    }
}

#[test]
fn a_terminal_that_cannot_edit_lines_has_a_shell_too() {
    let desk = Desk::new(Kind::SimPty);
    let mut terminal = desk.mpr().arg("shell").terminal();
    terminal.expect("mpr:/> ");
    terminal.send("eval 6*7\n");
    terminal.expect("42");
    terminal.expect("mpr:/> ");
    terminal.send(CTRL_D);
    terminal.ends_sane(0);
}

#[test]
fn a_board_that_is_full_is_an_error_of_its_line() {
    let options = BoardOptions { flash_size: Some("64K".into()), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimPty, options);
    desk.write("large", &vec![7; 100_000]);
    let outcome = desk.mpr().args(["shell", "-k"]).stdin("cp large :\neval 6*7\n").run();
    outcome.expect_code(1);
    outcome.expect_stderr("No space left");
    outcome.expect_stdout("42");
}
