//! `mpr mount :PATH FOLDER`, `mpr umount FOLDER` and `mpr doctor fuse` as commands.

use std::fs::{self, File};

use mpr_tests::{Board, Desk, Folder, Kind, can_mount, contents, eventually, mpr};
use nix::sys::signal::Signal;

#[test]
fn the_folder_is_made_and_goes_again_however_the_mount_ends() {
    for (signal, code) in [(Signal::SIGINT, 0), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let desk = Desk::new(Kind::SimPty);
        let Some(mut folder) = Folder::mount(&desk.board, &[]) else { return };
        fs::write(folder.join("a"), "x").expect("it is written");
        folder.end_by(signal).expect_code(code);
        assert!(!folder.path().exists(), "{signal}");
        // The board is at its prompt, and free.
        assert_eq!(desk.run(&["exec", "print(open('a').read())"]), "x\n");
    }
}

#[test]
fn open_files_do_not_keep_a_mount_from_ending() {
    let desk = Desk::new(Kind::SimPty);
    let Some(mut folder) = Folder::mount(&desk.board, &[]) else { return };
    fs::write(folder.join("a"), "x").expect("it is written");
    let open = File::open(folder.join("a")).expect("it opens");
    mpr().arg("umount").arg(folder.path()).run().expect_failure(2, &folder.path().display().to_string());
    assert!(folder.join("a").exists(), "it is still mounted");
    mpr().args(["umount", "--force"]).arg(folder.path()).ok();
    drop(open);
    folder.running().process().wait_for(mpr_tests::PATIENCE).expect("it ends");
    desk.run(&["exec", "pass"]);
}

#[test]
fn a_folder_that_was_there_stays() {
    let desk = Desk::new(Kind::SimPty);
    if !can_mount() {
        return;
    }
    let path = desk.dir().join("here");
    fs::create_dir(&path).expect("it is made");
    let running = desk.mpr().args(["mount", ":", "here"]).spawn();
    running.wait_for_stdout("is in");
    mpr().arg("umount").arg(&path).ok();
    running.wait().expect_code(0);
    assert!(path.is_dir());
}

#[test]
fn a_mount_goes_on_in_the_background() {
    let desk = Desk::new(Kind::SimPty);
    if !can_mount() {
        return;
    }
    let told = desk.mpr().args(["mount", ":", "here", "--background", "--log", "log"]).ok();
    told.expect_stdout("is in here");
    let path = desk.dir().join("here");
    fs::write(path.join("a"), "x").expect("it is written");
    assert_eq!(desk.run(&["exec", "print(open('a').read())"]), "x\n");
    mpr().arg("umount").arg(&path).ok();
    assert!(!path.exists());
    assert!(desk.dir().join("log").exists());
    // Words without a slash are commands.
    desk.write("board/file", b"x");
    desk.mpr().args(["umount", "board"]).fails(2, &["`board` is not a command", "hint:", "./board"]);
    // One that can't mount says why, and with which code.
    desk.write("full/file", b"x");
    desk.mpr().args(["mount", ":", "full", "--background"]).fails(2, &["`full` is not empty", "hint:"]);
    desk.mpr().args(["mount", ":nothing", "here", "--background"]).fails(1, &["nothing"]);
}

#[test]
fn what_a_killed_mount_left_is_repaired() {
    let desk = Desk::new(Kind::SimPty);
    let Some(mut folder) = Folder::mount(&desk.board, &[]) else { return };
    let path = folder.path().to_owned();
    fs::write(folder.join("a"), "x").expect("it is written");
    folder.kill();
    eventually("the end of the connection", || fs::metadata(&path).is_err());
    let running = desk.board.mpr().args(["mount", ":"]).arg(&path).spawn();
    running.wait_for_stdout("is in");
    assert_eq!(fs::read_to_string(path.join("a")).expect("it is read"), "x");
    mpr().arg("umount").arg(&path).ok();
    running.wait().expect_code(0);
    // Or taken away.
    let mut running = desk.board.mpr().args(["mount", ":"]).arg(&path).spawn();
    running.wait_for_stdout("is in");
    running.process().kill();
    mpr().arg("umount").arg(&path).ok();
    assert!(fs::read_dir(&path).map_or(true, |mut entries| entries.next().is_none()));
}

#[test]
fn errors_name_the_object_and_a_next_step() {
    let desk = Desk::new(Kind::SimPty);
    let fails =
        |code, words: &[&str], object: &str| desk.mpr().args(words).run().expect_failure(code, object);
    fails(2, &["mount", ":"], ":");
    fails(2, &["mount", ":", ":lib"], ":lib");
    fails(2, &["mount", "-l", ":", "x"], "--unsafe-links");
    fails(2, &["doctor", "teeth"], "teeth");
    if !can_mount() {
        return;
    }
    fails(1, &["mount", ":nothing", "x"], ":/nothing");
    fails(2, &["mount", ":", "no/such/folder"], "no/such/folder");
    desk.write("full/file", b"x");
    fails(2, &["mount", ":", "full"], "full");
    desk.write("file", b"x");
    fails(2, &["mount", ":", "file"], "file");
    assert!(!desk.dir().join("x").exists());
    mpr().args(["doctor", "fuse"]).ok().expect_stdout("/dev/fuse: can be opened");
    mpr().args(["doctor", "fuse", "--json"]).ok().expect_stdout("\"usable\":true");
}

#[test]
fn a_result_is_told_as_json() {
    let desk = Desk::new(Kind::SimPty);
    if !can_mount() {
        return;
    }
    let told = desk.mpr().args(["--json", "mount", ":", "here", "--background"]).ok().text();
    let told: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
    assert_eq!(told["command"], "mount");
    assert_eq!(told["path"], "/");
    let folder = told["folder"].as_str().expect("a folder").to_owned();
    mpr().args(["umount", &folder]).ok();
}

/// Every kind of board: what can be written is, and all can be read.
fn on(kind: Kind) {
    let desk = Desk::new(kind);
    // Some boards have other directories in the root.
    desk.run(&["mkdir", ":/shelf"]);
    let Some(mut folder) = Folder::mount_path(&desk.board, ":/shelf", &[]) else { return };
    let content: Vec<u8> = (0..30_000u32).map(|n| (n * 31 + n / 256) as u8).collect();
    fs::create_dir(folder.join("dir")).expect("it is made");
    fs::write(folder.join("dir/ü b.bin"), &content).expect("it is written");
    fs::write(folder.join("short.py"), "print(1)\n").expect("it is written");
    fs::rename(folder.join("short.py"), folder.join("dir/long.py")).expect("it is renamed");
    assert_eq!(board_has(&desk.board, "/shelf/dir/long.py"), "b'print(1)\\n'\n");
    let before = contents(folder.path());
    assert_eq!(before.len(), 3);
    folder.unmount();
    let folder = Folder::mount_path(&desk.board, ":/shelf", &[]).expect("it was mounted before");
    assert!(contents(folder.path()) == before);
    fs::remove_dir_all(folder.join("dir")).expect("it is removed");
    assert_eq!(desk.run(&["exec", "import os;print(os.listdir('/shelf'))"]).trim(), "[]");
}

fn board_has(board: &Board, path: &str) -> String {
    board.mpr().args(["exec", &format!("print(open({path:?},'rb').read())")]).ok().text()
}

#[test]
fn a_board_by_webrepl() {
    on(Kind::SimWs);
}

#[test]
fn a_board_by_webrepl_as_stock_boards_serve_it() {
    on(Kind::SimWsStock);
}

#[test]
fn a_board_behind_rfc2217() {
    on(Kind::SimRfc2217);
}

#[test]
fn a_simulated_board_that_mpr_starts() {
    on(Kind::Sim);
}

#[test]
fn a_stock_board() {
    on(Kind::Wasm);
}

#[test]
fn a_board_that_can_only_be_read() {
    let desk = Desk::new(Kind::Microbit);
    desk.write("hello.py", b"print('hello')\n");
    desk.run(&["cp", "hello.py", ":"]);
    let Some(mut folder) = Folder::mount(&desk.board, &[]) else { return };
    folder.running().wait_for_stderr("can only be read");
    assert_eq!(fs::read_to_string(folder.join("hello.py")).expect("it is read"), "print('hello')\n");
    let refused = fs::write(folder.join("x"), "x").expect_err("it can only be read");
    assert_eq!(refused.raw_os_error(), Some(nix::errno::Errno::EROFS as i32));
}

#[test]
fn a_terminal_shows_what_a_mount_does() {
    let desk = Desk::new(Kind::SimPty);
    if !can_mount() {
        return;
    }
    let mut terminal = desk.mpr().env("TERM", "xterm").args(["mount", ":", "here"]).terminal();
    terminal.expect("0 bytes read, 0 bytes written in 0 files");
    fs::write(desk.dir().join("here/main.py"), [b'x'; 1234]).expect("it is written");
    terminal.expect("1.2 KB written in 1 file");
    let mut visitor = desk.mpr().args(["exec", "print('begun')\nwhile True: pass"]).spawn();
    visitor.wait_for_stdout("begun");
    terminal.expect("another command uses the device");
    visitor.signal(Signal::SIGINT);
    visitor.wait().expect_code(130);
    terminal.send("\x03");
    terminal.ends_sane(0);
    assert!(!desk.dir().join("here").exists());
}
