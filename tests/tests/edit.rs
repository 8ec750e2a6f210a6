//! `edit`: files of the board in an editor of this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use mpr_tests::{Board, BoardOptions, Desk, Kind, Mpr, all_bytes, on};
use nix::sys::signal::Signal;

on!(
    sim,
    mpr_tests::Kind::SimPty,
    [a_change_goes_to_the_board, a_new_file_is_made, what_is_not_changed_stays, bytes_survive]
);
on!(
    wasm,
    mpr_tests::Kind::Wasm,
    [a_change_goes_to_the_board, a_new_file_is_made, what_is_not_changed_stays, bytes_survive]
);
on!(
    microbit,
    mpr_tests::Kind::Microbit,
    [a_change_goes_to_the_board, a_new_file_is_made, what_is_not_changed_stays, bytes_survive]
);

/// An editor: a program of the shell that gets the file's name as `$1`.
fn editor(desk: &Desk, program: &str) -> PathBuf {
    let path = desk.dir().join("my editor");
    fs::write(&path, format!("#!/bin/sh\n{program}\n")).expect("a file can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a file can be made executable");
    path
}

/// `mpr edit WORDS` with this editor.
fn edit(desk: &Desk, program: &str, words: &[&str]) -> Mpr {
    let editor = editor(desk, program);
    desk.mpr().env("EDITOR", format!("'{}'", editor.display())).arg("edit").args(words)
}

/// Puts a file on the board.
fn put(desk: &Desk, name: &str, content: &[u8]) {
    desk.write("source", content);
    desk.run(&["cp", "-f", "source", &format!(":{name}")]);
}

/// The file that a failure says it has kept.
fn kept(stderr: &str) -> PathBuf {
    let line = stderr.lines().find_map(|line| line.trim().strip_prefix("the edited text is kept in `"));
    let name = line.and_then(|line| line.strip_suffix('`'));
    PathBuf::from(name.unwrap_or_else(|| panic!("no kept file in {stderr}")))
}

fn take(file: &Path) -> Vec<u8> {
    let content = fs::read(file).expect("the kept file can be read");
    fs::remove_dir_all(file.parent().expect("it is in a folder")).expect("it can be removed");
    content
}

fn a_change_goes_to_the_board(kind: Kind) {
    let desk = Desk::new(kind);
    put(&desk, "main.py", b"print(1)\n");
    let outcome = edit(&desk, "echo 'print(2)' >> \"$1\"", &["main.py"]).ok();
    assert_eq!(outcome.text(), "edit :main.py\n");
    assert_eq!(desk.on_board("main.py"), b"print(1)\nprint(2)\n");
    assert_eq!(desk.names(""), ["main.py"]);
}

fn a_new_file_is_made(kind: Kind) {
    let desk = Desk::new(kind);
    edit(&desk, "test ! -e \"$1\" && printf new > \"$1\"", &[":made.py"]).ok();
    assert_eq!(desk.on_board("made.py"), b"new");
    // An editor that is left without saving makes nothing; one that saves nothing makes an empty file.
    edit(&desk, "true", &["unsaved.py"]).ok().expect_stderr("`:unsaved.py` is unchanged");
    edit(&desk, ": > \"$1\"", &["empty.py"]).ok();
    assert_eq!(desk.names(""), ["empty.py", "made.py"]);
}

fn what_is_not_changed_stays(kind: Kind) {
    let desk = Desk::new(kind);
    put(&desk, "a", b"as it was");
    // Written anew with the same content.
    let outcome = edit(&desk, "printf 'as it was' > \"$1\"", &[":a"]).ok();
    outcome.expect_stderr("`:a` is unchanged");
    assert_eq!(desk.on_board("a"), b"as it was");
}

fn bytes_survive(kind: Kind) {
    let desk = Desk::new(kind);
    let content = all_bytes(600);
    put(&desk, "binary", &content);
    edit(&desk, "printf '\\r\\n\\000\\377' >> \"$1\"", &[":binary"]).ok();
    assert_eq!(desk.on_board("binary"), [&content[..], b"\r\n\0\xff"].concat());
}

#[test]
fn several_files_in_turn_under_their_own_names() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&["mkdir", ":lib dir"]);
    put(&desk, "lib dir/it's.py", b"1");
    let note = desk.dir().join("seen");
    let program = format!("basename \"$1\" >> '{}'; printf x >> \"$1\"", note.display());
    let outcome = edit(&desk, &program, &["lib dir/it's.py", ":é.txt"]).ok();
    assert_eq!(outcome.text(), "edit :lib dir/it's.py\nedit :é.txt\n");
    assert_eq!(desk.read("seen"), "it's.py\né.txt\n".as_bytes());
    assert_eq!(desk.on_board("lib dir/it's.py"), b"1x");
    assert_eq!(desk.on_board("é.txt"), b"x");
}

#[test]
fn the_editor_is_chosen_as_users_know_it() {
    let desk = Desk::new(Kind::SimPty);
    let editor = editor(&desk, "shift $(($# - 1)); printf \"$0\" > \"$1\"");
    let folder = desk.dir().join("bin");
    fs::create_dir(&folder).expect("a folder can be made");
    fs::copy(&editor, folder.join("nano")).expect("a file can be copied");
    let run = |variables: &[(&str, &str)]| {
        let mpr = variables.iter().fold(desk.mpr(), |mpr, (name, value)| mpr.env(name, value));
        mpr.args(["edit", ":by"]).ok();
        String::from_utf8(desk.on_board("by")).expect("a name")
    };
    let ours = editor.display().to_string();
    // With arguments and quotes.
    assert_eq!(run(&[("EDITOR", &format!("\"{ours}\" --wait 'a b'"))]), ours);
    // What only a shell understands.
    assert_eq!(
        run(&[("EDITOR", "\"$HERE/my editor\" -n"), ("HERE", &desk.dir().display().to_string())]),
        ours
    );
    // $VISUAL comes first; an empty one says nothing.
    let nano = folder.join("nano").display().to_string();
    assert_eq!(run(&[("VISUAL", &nano), ("EDITOR", "false")]), nano);
    assert_eq!(run(&[("VISUAL", ""), ("EDITOR", &nano)]), nano);
    // Without either, one that is there.
    let outcome = desk.mpr().env("PATH", folder.display().to_string()).args(["edit", ":by"]).run();
    outcome.expect_code(0);
    assert_eq!(desk.on_board("by"), nano.as_bytes());
    // None at all.
    let empty = desk.dir().join("empty");
    fs::create_dir(&empty).expect("a folder can be made");
    let outcome = desk.mpr().env("PATH", empty.display().to_string()).args(["edit", ":by"]).run();
    outcome.expect_failure(2, "$EDITOR");
}

#[test]
fn an_editor_that_cannot_be_started_is_named() {
    let desk = Desk::new(Kind::SimPty);
    put(&desk, "a", b"1");
    for (value, object) in [("no-such-editor -w", "no-such-editor -w"), ("vi 'x", "vi 'x")] {
        let outcome = desk.mpr().env("EDITOR", value).args(["edit", ":a"]).run();
        outcome.expect_failure(2, object);
        outcome.expect_stderr("$EDITOR");
    }
    assert_eq!(desk.on_board("a"), b"1");
}

#[test]
fn what_cannot_be_edited_is_told_before_the_editor_starts() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let desk = Desk::new(kind);
        desk.run(&["mkdir", ":dir"]);
        let note = desk.dir().join("started");
        let program = format!("touch '{}'", note.display());
        edit(&desk, &program, &[":no/file.py"]).run().expect_failure(1, ":no");
        edit(&desk, &program, &[":dir"]).run().expect_failure(1, ":dir");
        edit(&desk, &program, &[":"]).run().expect_failure(1, ":");
        assert!(!note.exists(), "the editor was started");
    }
}

#[test]
fn an_editor_that_fails_keeps_what_it_saved() {
    let desk = Desk::new(Kind::SimPty);
    put(&desk, "a b.py", b"old");
    for (program, words) in [
        ("printf new > \"$1\"; exit 3", "ended with status 3"),
        ("printf new > \"$1\"; kill -9 $$", "was killed"),
    ] {
        let outcome = edit(&desk, program, &[":a b.py"]).run();
        outcome.expect_failure(2, ":a b.py");
        outcome.expect_stderr(words);
        let file = kept(&outcome.stderr());
        assert_eq!(file.file_name().expect("a name"), "a b.py");
        assert_eq!(take(&file), b"new");
        assert_eq!(desk.on_board("a b.py"), b"old");
    }
    let outcome = edit(&desk, "exit 3", &[":a b.py"]).run();
    outcome.expect_failure(2, ":a b.py");
    assert!(!outcome.stderr().contains("kept"), "nothing was edited: {outcome}");
}

#[test]
fn the_command_that_a_failure_names_puts_the_text_there() {
    let desk = Desk::new(Kind::SimPty);
    let outcome = edit(&desk, "printf new > \"$1\"; exit 1", &[":it's.py"]).run();
    outcome.expect_failure(2, ":it's.py");
    let stderr = outcome.stderr();
    let hint = stderr.lines().find_map(|line| line.strip_prefix("hint: `mpr ")).expect("a hint");
    let words = hint.strip_suffix("` puts it on the board").expect("a command");
    let program = mpr_tests::mpr_program();
    let line = format!("'{}' {words}", program.display());
    let mut shell = std::process::Command::new("sh");
    // A network's board asks for it.
    shell.args(["-c", &line]).env("MPR_WEBREPL_PASSWORD", Board::PASSWORD);
    let status = shell.output().expect("sh runs");
    assert!(status.status.success(), "{status:?}");
    assert_eq!(desk.on_board("it's.py"), b"new");
    take(&kept(&stderr));
}

/// Unplugs the board and plugs it in again, under the same name.
fn replug(desk: &Desk) {
    desk.board.link().cut();
    desk.board.link().restore();
}

#[test]
fn a_board_that_was_unplugged_meanwhile_is_reached_again() {
    for kind in [Kind::SimLink, Kind::Microbit, Kind::Wasm] {
        let desk = Desk::new(kind);
        put(&desk, "a", b"old");
        edit_while(&desk, "printf new > \"$1\"", replug).expect_code(0);
        assert_eq!(desk.on_board("a"), b"new");
    }
}

#[test]
fn a_board_that_runs_a_program_meanwhile_is_stopped() {
    let desk = Desk::new(Kind::SimLink);
    put(&desk, "a", b"old");
    let outcome = edit_while(&desk, "printf new > \"$1\"", |desk| {
        replug(desk);
        desk.run(&["exec", "--no-follow", "while True: pass"]);
    });
    outcome.expect_code(0);
    assert_eq!(desk.on_board("a"), b"new");
}

#[test]
fn a_file_that_changed_on_the_board_meanwhile_is_kept_too() {
    for kind in [Kind::SimLink, Kind::Microbit, Kind::Wasm] {
        let desk = Desk::new(kind);
        put(&desk, "a", b"old");
        let outcome = edit_while(&desk, "printf mine > \"$1\"", |desk| {
            replug(desk);
            put(desk, "a", b"theirs");
        });
        outcome.expect_failure(1, ":a");
        outcome.expect_stderr("changed on the board while it was edited");
        assert_eq!(take(&kept(&outcome.stderr())), b"mine");
        assert_eq!(desk.on_board("a"), b"theirs");
    }
}

#[test]
fn a_file_that_appeared_on_the_board_meanwhile_is_not_replaced() {
    let desk = Desk::new(Kind::SimLink);
    let outcome = edit_while(&desk, "printf mine > \"$1\"", |desk| {
        replug(desk);
        put(desk, "a", b"theirs");
    });
    outcome.expect_failure(1, ":a");
    assert_eq!(take(&kept(&outcome.stderr())), b"mine");
    assert_eq!(desk.on_board("a"), b"theirs");
}

#[test]
fn a_link_that_stays_cut_leaves_the_text_here() {
    let desk = Desk::new(Kind::SimLink);
    put(&desk, "a", b"old");
    let outcome = edit_while(&desk, "printf new > \"$1\"", |desk| desk.board.link().cut());
    outcome.expect_code(3);
    outcome.expect_stderr("hint: `mpr connect ");
    assert_eq!(take(&kept(&outcome.stderr())), b"new");
    desk.board.link().restore();
    assert_eq!(desk.on_board("a"), b"old");
}

#[test]
fn a_full_board_keeps_the_old_file_and_the_text_is_kept_here() {
    let options = BoardOptions { flash_size: Some("64K".into()), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimPty, options);
    put(&desk, "a", b"old");
    let outcome = edit(&desk, "head -c 100000 /dev/urandom > \"$1\"", &[":a"]).run();
    outcome.expect_failure(1, ":a");
    outcome.expect_stderr("No space left");
    assert_eq!(take(&kept(&outcome.stderr())).len(), 100_000);
    assert_eq!(desk.on_board("a"), b"old");
    assert_eq!(desk.names(""), ["a"]);
}

#[test]
fn json_tells_what_was_done() {
    let desk = Desk::new(Kind::SimPty);
    put(&desk, "a", b"1");
    let program = "case \"$1\" in *c) ;; *) printf 2 >> \"$1\";; esac";
    put(&desk, "c", b"345");
    let outcome = edit(&desk, program, &["a", ":b", "c", "--json"]).ok();
    let lines = outcome.stdout();
    let values: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |path: &str, status: &str, size: u64| {
        serde_json::json!({
            "schema": 1, "command": "edit", "path": path, "status": status, "size": size
        })
    };
    assert_eq!(values, [of(":a", "changed", 2), of(":b", "created", 1), of(":c", "unchanged", 3)]);
}

#[test]
fn ctrl_c_is_the_editors() {
    let desk = Desk::new(Kind::SimPty);
    put(&desk, "a", b"old");
    let program = "trap 'printf interrupted > \"$1\"; exit 0' INT; echo ready; while :; do sleep 0.01; done";
    let mut terminal = edit(&desk, program, &[":a"]).terminal();
    terminal.expect("ready");
    terminal.send("\x03");
    terminal.ends_sane(0);
    assert_eq!(desk.on_board("a"), b"interrupted");
    // One that dies of it is one that failed, and the next command of ours is not meant.
    let mut terminal = edit(&desk, "printf new > \"$1\"; echo ready; exec sleep 60", &[":a"]).terminal();
    terminal.expect("ready");
    terminal.send("\x03");
    terminal.expect("was killed");
    terminal.ends_sane(2);
    assert_eq!(take(&kept(&terminal.text().replace('\r', ""))), b"new");
}

#[test]
fn a_signal_ends_the_editor_and_keeps_the_text() {
    let desk = Desk::new(Kind::SimPty);
    put(&desk, "a", b"old");
    let mut terminal =
        edit(&desk, "stty raw; printf new > \"$1\"; echo ready; exec sleep 60", &[":a"]).terminal();
    terminal.expect("ready");
    terminal.process().signal(Signal::SIGTERM);
    terminal.ends_sane(143);
    assert_eq!(take(&kept(&terminal.text().replace('\r', ""))), b"new");
}

#[test]
fn a_real_editor_on_a_terminal() {
    for kind in Kind::FIRMWARES {
        let desk = Desk::new(kind);
        put(&desk, "main.py", b"print('old')\n");
        let mpr = desk.mpr().env("TERM", "xterm").env("EDITOR", "nano --ignorercfiles");
        let mut terminal = mpr.args(["edit", ":main.py"]).terminal();
        terminal.expect("main.py");
        terminal.expect("print('old')");
        terminal.send("# new\r");
        // Save under the same name, then leave.
        terminal.send("\x0f");
        terminal.expect("Write");
        terminal.send("\r");
        terminal.expect("Wrote");
        terminal.send("\x18");
        terminal.ends_sane(0);
        assert_eq!(desk.on_board("main.py"), b"# new\nprint('old')\n");
    }
}

/// Edits `:a`; while the editor has it, something else happens.
fn edit_while(desk: &Desk, program: &str, meanwhile: impl FnOnce(&Desk)) -> mpr_tests::Outcome {
    let (begun, go) = (desk.dir().join("begun"), desk.dir().join("go"));
    let program = format!(
        "{program}; touch '{}'; while ! test -e '{}'; do sleep 0.01; done",
        begun.display(),
        go.display()
    );
    let running = edit(desk, &program, &[":a"]).spawn();
    let start = std::time::Instant::now();
    while !begun.exists() {
        assert!(start.elapsed() < mpr_tests::PATIENCE, "the editor was not started");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    meanwhile(desk);
    fs::write(&go, "").expect("a file can be written");
    running.wait()
}
