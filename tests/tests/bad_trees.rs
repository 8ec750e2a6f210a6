//! Whole trees with something in them that can't be copied: it is named, the rest goes on, and the exit code is 1.

use std::fs;
use std::os::unix::fs::symlink;

use mpr_tests::{BoardOptions, Desk, Faults, Kind, Outcome, Schedule, all_bytes, on};

on!(sim, mpr_tests::Kind::SimPty, [what_is_no_file_is_left_out, kinds_that_differ_are_left_out]);
on!(wasm, mpr_tests::Kind::Wasm, [what_is_no_file_is_left_out, kinds_that_differ_are_left_out]);

/// A folder `tree` with two files.
fn filled(kind: Kind) -> Desk {
    let desk = Desk::new(kind);
    desk.write("tree/a", b"first");
    desk.write("tree/z/last", b"last");
    desk
}

/// The two commands that bring `tree` to `:tree`.
const COMMANDS: [&[&str]; 2] = [&["cp", "-r", "tree", ":"], &["sync", "tree", ":tree"]];

/// Runs one of them, which must name each of these and bring the rest.
fn brings_the_rest(desk: &Desk, words: &[&str], named: &[&str]) -> Outcome {
    let outcome = desk.mpr().args(words).run();
    outcome.expect_code(1);
    for text in named {
        outcome.expect_stderr(text);
    }
    outcome.expect_stderr("hint: ");
    assert_eq!(desk.on_board("tree/a"), b"first", "{outcome}");
    assert_eq!(desk.on_board("tree/z/last"), b"last", "{outcome}");
    outcome
}

fn what_is_no_file_is_left_out(kind: Kind) {
    for words in COMMANDS {
        let desk = filled(kind);
        let link = |to: &str, name: &str| symlink(to, desk.dir().join(name)).expect("a link can be made");
        link("nowhere", "tree/dangling");
        link("..", "tree/z/loop");
        link("self", "tree/z/self");
        // It can be opened, but nobody can read it.
        link("/proc/self/mem", "tree/unreadable");
        fs::create_dir(desk.dir().join("tree/empty")).expect("a folder can be made");
        let pipe = desk.dir().join("tree/pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe can be made");
        let outcome = brings_the_rest(
            &desk,
            words,
            &[
                "`tree/dangling`: No such file or directory",
                "`tree/z/loop` leads back to a folder above it",
                "`tree/z/self`: ",
                "`tree/unreadable`: Input/output error",
                "`tree/pipe` is neither a file nor a folder",
            ],
        );
        assert_eq!(desk.names("tree"), ["a", "empty/", "z/"], "{outcome}");
        assert_eq!(desk.names("tree/z"), ["last"], "{outcome}");
    }
}

fn kinds_that_differ_are_left_out(kind: Kind) {
    for words in COMMANDS {
        let desk = filled(kind);
        desk.write("tree/b", b"a file here");
        desk.write("tree/c/x", b"in a folder here");
        desk.write("tree/c/d/y", b"deeper");
        desk.run(&["mkdir", ":tree", ":tree/b"]);
        desk.write("there", b"content there");
        desk.run(&["cp", "there", ":tree/b/kept"]);
        desk.run(&["cp", "there", ":tree/c"]);
        brings_the_rest(&desk, words, &[":tree/b", ":tree/c` is a file where a directory must be"]);
        assert_eq!(desk.names("tree"), ["a", "b/", "c", "z/"]);
        assert_eq!(desk.on_board("tree/b/kept"), b"content there");
        assert_eq!(desk.on_board("tree/c"), b"content there");
    }
}

/// A disk with FAT at `/tree`.
const FAT: &str = "
import vfs
class D:
 def __init__(s):s.b=bytearray(131072)
 def readblocks(s,n,b):b[:]=memoryview(s.b)[n*512:n*512+len(b)]
 def writeblocks(s,n,b):s.b[n*512:n*512+len(b)]=b
 def ioctl(s,o,a):return{4:256,5:512}.get(o,0)
d=D()
vfs.VfsFat.mkfs(d)
vfs.mount(vfs.VfsFat(d),'/tree')
";

#[test]
fn names_that_the_board_can_not_have_are_left_out() {
    for words in COMMANDS {
        let desk = filled(Kind::SimPty);
        desk.run(&["exec", FAT]);
        desk.write("tree/what?", b"x");
        desk.write("tree/dir: one/x", b"x");
        desk.write("tree/A", b"another");
        desk.write("tree/Z/other", b"another");
        let outcome = desk.mpr().args(words).run();
        outcome.expect_code(1);
        for text in [":tree/what?", ":tree/dir: one", "differs from another name in case only"] {
            outcome.expect_stderr(text);
        }
        // Of each pair one is there, whole: nothing has replaced anything.
        assert_eq!(desk.on_board("/tree/A"), b"another", "{outcome}");
        assert_eq!(desk.on_board("/tree/Z/other"), b"another", "{outcome}");
        assert_eq!(desk.names("/tree"), ["A", "Z/"], "{outcome}");
    }
    // The board's own filesystem keeps them apart, but not every length.
    for words in COMMANDS {
        let desk = filled(Kind::SimPty);
        let long = "n".repeat(255);
        desk.write(&format!("tree/{long}"), b"x");
        desk.write("tree/A", b"another");
        brings_the_rest(&desk, words, &[&long]);
        assert_eq!(desk.names("tree"), ["A", "a", "z/"]);
    }
}

#[test]
fn a_file_that_changes_meanwhile_is_left_out() {
    for (words, size) in COMMANDS.into_iter().flat_map(|words| [(words, 90_000), (words, 30_000)]) {
        let slow = Faults { baud: Some(230_400), ..Faults::default() };
        let options = BoardOptions { schedule: Schedule::both(0, &slow), ..BoardOptions::default() };
        let desk = Desk::with(Kind::SimLink, options);
        desk.write("tree/a", b"first");
        desk.write("tree/changing", b"old content");
        desk.run(&["cp", "-r", "tree", ":"]);
        desk.write("tree/changing", &all_bytes(60_000));
        desk.write("tree/z/last", b"last");
        let sent = desk.board.link().traffic().0;
        let running = desk.mpr().args(words).spawn();
        desk.board.link().wait_until_sent(sent + 8_000);
        let file = fs::OpenOptions::new().write(true).open(desk.dir().join("tree/changing"));
        file.and_then(|file| file.set_len(size)).expect("the file can be resized");
        let outcome = running.wait();
        outcome.expect_code(1);
        outcome.expect_stderr("`tree/changing` changed while it was read");
        outcome.expect_stderr("hint: ");
        assert_eq!(desk.on_board("tree/changing"), b"old content", "{size}: {outcome}");
        assert_eq!(desk.on_board("tree/z/last"), b"last", "{size}: {outcome}");
        assert_eq!(desk.names("tree"), ["a", "changing", "z/"], "{size}: {outcome}");
    }
}

#[test]
fn copies_to_this_machine_go_on_too() {
    let desk = filled(Kind::SimPty);
    desk.run(&["cp", "-r", "tree", ":"]);
    desk.write("back/z", b"a file where a folder must be");
    fs::create_dir_all(desk.dir().join("back/a")).expect("a folder can be made");
    desk.write("tree/b", b"more");
    desk.run(&["cp", "tree/b", ":tree/b"]);
    desk.mpr().args(["sync", ":tree", "back"]).run().expect_failure(1, "back/a");
    assert_eq!(desk.read("back/b"), b"more");
    assert_eq!(desk.read("back/z"), b"a file where a folder must be");
}

/// The board's own filesystem once more at `/odd`, where the directory `locked` can't be listed.
const LOCKED: &str = "\
import os
class Fs:
    def at(self, path): return '/below/' + path.lstrip('/')
    def mount(self, readonly, mkfs): pass
    def umount(self): pass
    def statvfs(self, path): return os.statvfs('/')
    def stat(self, path): return os.stat(self.at(path).rstrip('/'))
    def ilistdir(self, path):
        if path.strip('/') == 'locked': raise OSError(13)
        return os.ilistdir(self.at(path).rstrip('/'))
    def open(self, path, mode): return open(self.at(path), mode)
    def mkdir(self, path): os.mkdir(self.at(path))
    def remove(self, path): os.remove(self.at(path))
    def rename(self, a, b): os.rename(self.at(a), self.at(b))
    def rmdir(self, path): os.rmdir(self.at(path))
os.mount(Fs(), '/odd')";

#[test]
fn a_directory_that_cannot_be_listed_hides_nothing_else() {
    let desk = filled(Kind::SimPty);
    desk.write("below/old", b"old");
    desk.write("below/locked/x", b"in it");
    desk.write("below/open/y", b"beside it");
    desk.run(&["cp", "-r", "below", ":"]);
    desk.run(&["exec", LOCKED]);
    // Nothing is to be done there.
    let outcome = desk.mpr().args(["sync", "tree", ":/odd"]).ok();
    assert!(outcome.text().contains("skipped :/odd/locked (Permission denied)"), "{outcome}");
    assert_eq!(desk.on_board("below/z/last"), b"last");
    // What is in it should go.
    let outcome = desk.mpr().args(["sync", "--delete", "tree", ":/odd"]).run();
    outcome.expect_failure(1, ":/odd/locked");
    assert_eq!(desk.names("below"), ["a", "locked/", "z/"], "{outcome}");
    assert_eq!(desk.on_board("below/locked/x"), b"in it");
    // Something goes there.
    desk.write("tree/locked/new", b"new");
    desk.run(&["sync", "tree", ":/odd"]);
    assert_eq!(desk.on_board("below/locked/new"), b"new");
    for words in
        [&["sync", ":/odd", "back"], &["cp", "-r", ":/odd", "copied"], &["tree", ":/odd"]] as [&[&str]; 3]
    {
        let outcome = desk.mpr().args(words).run();
        outcome.expect_failure(1, ":/odd/locked");
        assert!(words[0] != "tree" || outcome.text().contains("last"), "{outcome}");
    }
    assert_eq!(desk.read("back/z/last"), b"last");
    assert_eq!(desk.read("copied/z/last"), b"last");
}

/// Some give bytes without an end.
#[test]
fn devices_of_the_board_are_not_copied() {
    let desk = Desk::new(Kind::Wasm);
    desk.write("file", b"content");
    desk.run(&["cp", "file", ":dev/file"]);
    let named = ["`:dev/random` is neither a file nor a directory", "`:dev/null` is neither", "hint: "];
    desk.mpr().args(["cp", "-r", ":dev", "back"]).fails(1, &named);
    assert_eq!(desk.read("back/file"), b"content");
    assert!(!desk.dir().join("back/random").exists());
}
