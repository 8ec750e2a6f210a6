//! What `cp` makes of its paths: the rules of mpremote, and what it must not do.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use mpr_tests::{Desk, Kind};

/// A board and a folder with a small tree in it.
fn desk() -> Desk {
    let desk = Desk::new(Kind::SimPty);
    desk.write("app/main.py", b"print('main')\n");
    desk.write("app/lib/a.py", b"a = 1\n");
    fs::create_dir(desk.dir().join("app/empty")).expect("a folder can be made");
    desk.write("one.txt", b"one");
    desk.write("two.txt", b"two");
    desk
}

const TREE: &str = "├── empty\n├── lib\n│   └── a.py\n└── main.py\n";

fn tree(desk: &Desk, path: &str) -> String {
    let shown = desk.run(&["tree", "--no-verbose", &format!(":{path}")]);
    shown.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

#[test]
fn a_tree_becomes_the_destination_or_goes_inside_it() {
    let desk = desk();
    desk.run(&["cp", "-r", "app", ":new"]);
    assert_eq!(tree(&desk, "new"), TREE);
    desk.run(&["cp", "-r", "app", ":new"]);
    assert_eq!(desk.names("new"), ["app/", "empty/", "lib/", "main.py"]);
    assert_eq!(tree(&desk, "new/app"), TREE);
    // A slash at the end of either changes nothing.
    desk.run(&["cp", "-r", "app/", ":other/"]);
    assert_eq!(tree(&desk, "other"), TREE);
    desk.run(&["cp", "-r", "app/", ":"]);
    assert_eq!(tree(&desk, "app"), TREE);
}

#[test]
fn a_tree_comes_back_the_same_way() {
    let desk = desk();
    desk.run(&["cp", "-r", "app", ":"]);
    desk.run(&["cp", "-r", ":app", "back"]);
    assert_eq!(desk.read("back/lib/a.py"), b"a = 1\n");
    assert!(desk.dir().join("back/empty").is_dir());
    desk.run(&["cp", "-r", ":app/", "back/"]);
    assert_eq!(desk.read("back/app/main.py"), b"print('main')\n");
    // The whole board: what it holds, not a folder without a name.
    desk.run(&["cp", "-r", ":", "all"]);
    assert_eq!(desk.read("all/app/main.py"), b"print('main')\n");
}

#[test]
fn what_a_folder_holds_goes_up_without_the_folder() {
    let desk = desk();
    desk.mpr().dir(desk.dir().join("app")).args(["cp", "-r", ".", ":"]).ok();
    assert_eq!(desk.names(""), ["empty/", "lib/", "main.py"]);
}

#[test]
fn copies_on_the_board_and_on_the_host() {
    let desk = desk();
    desk.run(&["cp", "-r", "app", ":"]);
    desk.run(&["cp", "-r", ":app", ":copy"]);
    assert_eq!(tree(&desk, "copy"), TREE);
    desk.run(&["cp", ":app/main.py", ":second.py"]);
    assert_eq!(desk.on_board("second.py"), b"print('main')\n");
    assert_eq!(
        desk.run(&["cp", ":app/main.py", ":second.py"]),
        "cp :app/main.py :second.py\nUp to date: second.py\n"
    );
    desk.run(&["cp", "-r", "app", "folder"]);
    assert_eq!(desk.read("folder/lib/a.py"), b"a = 1\n");
}

#[test]
fn several_sources_need_a_directory() {
    let desk = desk();
    let missing = desk.mpr().args(["cp", "one.txt", "two.txt", ":dir"]).run();
    missing.expect_failure(1, ":dir");
    missing.expect_stderr("cp: destination does not exist");
    desk.run(&["touch", ":file"]);
    let file = desk.mpr().args(["cp", "one.txt", "two.txt", ":file"]).run();
    file.expect_failure(1, ":file");
    file.expect_stderr("cp: destination is not a directory");
    desk.run(&["cp", "one.txt", "two.txt", ":"]);
    assert_eq!(desk.names(""), ["file", "one.txt", "two.txt"]);
    let local = desk.mpr().args(["cp", ":one.txt", ":two.txt", "nowhere"]).run();
    local.expect_failure(2, "nowhere");
    desk.mpr().args(["cp", ":one.txt", ":two.txt", "one.txt"]).run().expect_failure(2, "one.txt");
    assert_eq!(desk.read("one.txt"), b"one");
}

#[test]
fn a_slash_at_the_end_means_a_directory() {
    let desk = desk();
    desk.mpr().args(["cp", "one.txt", ":none/"]).run().expect_failure(1, ":none");
    desk.run(&["touch", ":file"]);
    desk.mpr().args(["cp", "one.txt", ":file/"]).run().expect_failure(1, ":file");
    desk.run(&["mkdir", ":dir"]);
    desk.run(&["cp", "one.txt", ":dir/"]);
    assert_eq!(desk.on_board("dir/one.txt"), b"one");
    desk.mpr().args(["cp", ":dir/one.txt", "none/"]).run().expect_failure(2, "none");
    assert_eq!(desk.on_board("file"), b"", "nothing was written");
}

#[test]
fn directories_without_r_are_left_out() {
    let desk = desk();
    let up = desk.mpr().args(["cp", "app", ":"]).run();
    up.expect_failure(2, "app");
    up.expect_stderr("cp: -r not specified; omitting directory");
    desk.run(&["cp", "-r", "app", ":"]);
    let down = desk.mpr().args(["cp", ":app", "."]).run();
    down.expect_failure(2, ":app");
    down.expect_stderr("cp: -r not specified; omitting directory");
    let elsewhere = desk.mpr().args(["cp", ":app", "new"]).run();
    elsewhere.expect_failure(2, ":app");
    assert!(!desk.dir().join("new").exists());
}

#[test]
fn only_what_differs_is_written() {
    let desk = desk();
    desk.run(&["cp", "-r", "app", ":"]);
    let again = desk.run(&["cp", "-r", "app", ":"]);
    assert_eq!(again, "cp app :\nUp to date: ./app/lib/a.py\nUp to date: ./app/main.py\n");
    // The same size, another content.
    desk.write("app/lib/a.py", b"a = 2\n");
    let changed = desk.run(&["cp", "-r", "app", ":"]);
    assert_eq!(changed, "cp app :\nUp to date: ./app/main.py\n");
    assert_eq!(desk.on_board("app/lib/a.py"), b"a = 2\n");
    assert_eq!(desk.run(&["cp", "-rf", "app", ":"]), "cp app :\n");
}

#[test]
fn files_are_replaced_whole_and_keep_their_rights() {
    let desk = desk();
    desk.run(&["cp", "one.txt", ":"]);
    let target = desk.dir().join("tool");
    desk.write("tool", b"an old and longer content");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).expect("rights can be set");
    symlink("tool", desk.dir().join("link")).expect("a link can be made");
    desk.run(&["cp", ":one.txt", "link"]);
    assert_eq!(desk.read("tool"), b"one");
    assert_eq!(fs::metadata(&target).expect("it exists").permissions().mode() & 0o777, 0o755);
    assert!(fs::symlink_metadata(desk.dir().join("link")).expect("it exists").is_symlink());
    let names: Vec<_> =
        fs::read_dir(desk.dir()).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{names:?}");
}

#[test]
fn a_failed_copy_leaves_the_old_file() {
    let desk = desk();
    desk.mpr().args(["cp", ":missing", "one.txt"]).run().expect_failure(1, ":missing");
    assert_eq!(desk.read("one.txt"), b"one");
    assert_eq!(fs::read_dir(desk.dir()).expect("a folder").count(), 3, "nothing is left beside it");
}

#[test]
fn pipes_are_read_to_their_end_and_devices_written_directly() {
    let desk = desk();
    let pipe = desk.dir().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, b"through a pipe").expect("the pipe is read")
    });
    desk.run(&["cp", "pipe", ":piped"]);
    writer.join().expect("the writer is done");
    assert_eq!(desk.on_board("piped"), b"through a pipe");
    let shown = desk.mpr().args(["cp", "--no-verbose", ":piped", "/dev/stdout"]).ok();
    assert_eq!(shown.stdout(), "through a pipe");
    // In a tree a pipe would be waited on for ever.
    fs::create_dir(desk.dir().join("dir")).expect("a folder can be made");
    fs::rename(&pipe, desk.dir().join("dir/pipe")).expect("a pipe can be moved");
    desk.mpr().args(["cp", "-r", "dir", ":"]).run().expect_failure(1, "dir/pipe");
}

#[test]
fn a_file_without_rights_is_named() {
    let desk = desk();
    let outcome = desk.mpr().args(["cp", ":one.txt", "/proc/version"]).run();
    outcome.expect_failure(2, "/proc/version");
}

#[test]
fn names_that_the_board_can_not_have_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let desk = desk();
    let odd = desk.dir().join("app").join(OsStr::from_bytes(b"bad\xff"));
    fs::write(&odd, "").expect("a file can be written");
    let outcome = desk.mpr().args(["cp", "-r", "app", ":"]).run();
    outcome.expect_code(1);
    outcome.expect_stderr("is not valid UTF-8");
    let word = desk.mpr().arg("cp").arg(OsStr::from_bytes(b"bad\xff")).arg(":").run();
    word.expect_code(2);
    word.expect_stderr("is not valid UTF-8");
}
