//! Archives that nobody should restore, and boards that don't give everything.

use mpr_tests::{Desk, Kind};
use serde_json::{Value, json};
use tar::EntryType;

use crate::{all, filled, member, put, tar};

#[test]
fn a_bad_archive_changes_nothing() {
    let desk = Desk::new(Kind::SimPty);
    filled(&desk);
    let before = all(&desk);
    let cut = &before[..before.len() - 1024];
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (member(b"../x", EntryType::Regular, b"1"), "`../x` climbs out of the directory"),
        (member(b"lib/../../x", EntryType::Regular, b"1"), "climbs out"),
        (member(b"/main.py", EntryType::Regular, b"1"), "`/main.py` is an absolute path"),
        (member(b"a", EntryType::Symlink, b""), "`a` is a link"),
        (member(b"a", EntryType::Link, b""), "`a` is a link"),
        (member(b"a", EntryType::Char, b""), "`a` is neither a file nor a directory"),
        (member(b"a", EntryType::Fifo, b""), "`a` is neither a file nor a directory"),
        (member(b"a\xff", EntryType::Regular, b"1"), "has a name that is not UTF-8"),
        (
            [&member(b"a", EntryType::Regular, b"1")[..1024], &member(b"./a", EntryType::Regular, b"2")]
                .concat(),
            "`a` is there twice",
        ),
        (cut.to_vec(), "its end is missing"),
        (cut[..cut.len() / 2].to_vec(), "damaged or incomplete"),
        (cut[..700].to_vec(), "damaged or incomplete"),
        (Vec::new(), "it is empty"),
        (b"print('no archive')\n".to_vec(), "is no archive"),
        (vec![0x1f, 0x8b, 8, 0, 0], "damaged or incomplete"),
    ];
    for (bytes, text) in cases {
        // The good member comes first: a check that stops at the bad one would have written it.
        let good = member(b"main.py", EntryType::Regular, b"changed");
        for bytes in [bytes.clone(), [&good[..1024], &bytes].concat()] {
            let input = if bytes.len() == 1024 { b"x".to_vec() } else { bytes };
            desk.write("bad.tar", &input);
            for words in [&["restore", "bad.tar"][..], &["restore", "--delete", "bad.tar"]] {
                let outcome = desk.mpr().args(words).run();
                outcome.expect_failure(2, "bad.tar");
                outcome.expect_stderr("nothing was changed on the board");
            }
        }
        desk.mpr().args(["restore", "-"]).stdin(bytes).fails(2, &[text, "hint: "]);
    }
    assert_eq!(all(&desk), before);
}

#[test]
fn sparse_files_are_refused() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("sparse", b"");
    let file = std::fs::OpenOptions::new().write(true).open(desk.dir().join("sparse"));
    file.and_then(|file| file.set_len(1 << 20)).expect("a file with a hole");
    for format in ["gnu", "pax"] {
        tar(&desk, &["--format", format, "--sparse", "-cf", "sparse.tar", "sparse"]);
        desk.mpr().args(["restore", "sparse.tar"]).fails(2, &["is a sparse file", "hint: "]);
    }
    assert_eq!(desk.names(""), [""; 0]);
}

#[test]
fn missing_archives_are_named() {
    let desk = Desk::new(Kind::SimPty);
    desk.mpr().args(["restore", "missing.tar"]).run().expect_failure(2, "missing.tar");
    desk.mpr().args(["restore", "."]).run().expect_failure(2, ".");
    desk.mpr().arg("restore").fails(2, &["restore: missing argument", "hint: "]);
    desk.mpr().arg("backup").fails(2, &["backup: missing argument", "hint: "]);
    put(&desk, "file", b"1");
    desk.write("src/a", b"1");
    tar(&desk, &["-cf", "a.tar", "-C", "src", "a"]);
    desk.mpr().args(["restore", "a.tar", ":file"]).run().expect_failure(1, ":/file");
    desk.mpr().args(["restore", "a.tar", ":no/such"]).run().expect_failure(1, ":/no/such");
}

/// A filesystem whose file `bad` can't be opened.
const FAILING: &str = "\
import os, io
class Fs:
    def mount(self, readonly, mkfs): pass
    def umount(self): pass
    def statvfs(self, path): return (512, 512, 9, 9, 9, 0, 0, 0, 0, 255)
    def stat(self, path):
        if path in ('/', ''): return (0x4000,) + (0,) * 9
        return (0x8000, 0, 0, 0, 0, 0, 4, 0, 0, 0)
    def ilistdir(self, path):
        return iter([('bad', 0x8000, 0, 4), ('good', 0x8000, 0, 4)])
    def open(self, path, mode):
        if path.endswith('bad'): raise OSError(5)
        return io.BytesIO(b'good')
os.mount(Fs(), '/odd')";

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_rest_goes_on() {
    let desk = Desk::new(Kind::SimPty);
    filled(&desk);
    desk.run(&["exec", FAILING]);
    let outcome = desk.mpr().args(["--json", "backup", "a.tar", ":/odd", ":/main.py"]).run();
    outcome.expect_failure(1, ":/odd/bad");
    let report: Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    assert_eq!(report["failed"][0]["path"], ":/odd/bad");
    assert_eq!(
        report["files"],
        json!([{"path": ":/main.py", "bytes": 9}, {"path": ":/odd/good", "bytes": 4}])
    );
    assert_eq!(tar(&desk, &["-tf", "a.tar"]), "main.py\nodd/\nodd/good\n");
}
