//! Whole boards there and back.

use mpr_tests::{BoardOptions, Desk, Kind, all_bytes, on};
use serde_json::{Value, json};

use crate::{all, filled, put, tar};

on!(sim, mpr_tests::Kind::SimPty, [a_board_comes_back, what_is_the_same_stays, other_programs_archives]);
on!(uart, mpr_tests::Kind::SimUart { baud: 115_200 }, [a_board_comes_back]);
on!(wasm, mpr_tests::Kind::Wasm, [what_is_the_same_stays, other_programs_archives]);
on!(microbit, mpr_tests::Kind::Microbit, [a_flat_board_comes_back]);

fn a_board_comes_back(kind: Kind) {
    let desk = Desk::new(kind);
    filled(&desk);
    assert_eq!(desk.run(&["backup", "all.tar"]), "backup all.tar\n4 files, 2 directories, 5012 bytes\n");
    assert_eq!(all(&desk), desk.read("all.tar"), "the same board, the same archive");
    tar(&desk, &["-xf", "all.tar"]);
    assert_eq!(desk.read("lib/large.bin"), all_bytes(5_000));
    assert_eq!(desk.read("lib/it's \u{1f40d}\n.txt"), b"odd");
    assert!(desk.dir().join("lib/empty").is_dir());
    let modes = tar(&desk, &["-tvf", "all.tar", "main.py", "lib/empty"]);
    assert!(modes.contains("-rw-r--r-- 0/0") && modes.contains("drwxr-xr-x 0/0"), "{modes}");
    // An empty board gets everything.
    let other = Desk::new(kind);
    other.write("all.tar", &desk.read("all.tar"));
    let lines = other.run(&["restore", "all.tar"]);
    assert!(lines.starts_with("restore all.tar\nmade :/lib\nmade :/lib/empty\nwrote :/lib/"), "{lines}");
    assert!(lines.ends_with("4 files written (5012 bytes), 0 unchanged, 0 removed\n"), "{lines}");
    for name in ["main.py", "lib/large.bin", "lib/empty.py", "lib/it's \u{1f40d}\n.txt"] {
        assert_eq!(other.on_board(name), desk.on_board(name), "{name:?}");
    }
    assert_eq!(other.names("lib/empty"), [""; 0]);
}

fn what_is_the_same_stays(kind: Kind) {
    let desk = Desk::new(kind);
    filled(&desk);
    desk.run(&["backup", "all.tar", ":main.py", ":lib"]);
    let nothing = "restore all.tar\n0 files written (0 bytes), 4 unchanged, 0 removed\n";
    assert_eq!(desk.run(&["restore", "all.tar"]), nothing);
    assert_eq!(desk.run(&["restore", "--delete", "all.tar"]), nothing);
    put(&desk, "main.py", b"print(2)\n");
    put(&desk, "lib/large.bin", b"shorter");
    put(&desk, "lib/extra", b"extra");
    put(&desk, "other", b"other");
    desk.run(&["rm", "-r", ":lib/empty", ":lib/empty.py", "+", "mkdir", ":lib/new", ":lib/new/deep"]);
    let plan = "would make :/lib/empty\nwould write :/lib/empty.py\nwould replace :/lib/large.bin\n\
                would replace :/main.py\n";
    let shown = desk.run(&["restore", "-n", "all.tar"]);
    assert_eq!(
        shown,
        format!("restore all.tar\n{plan}would be: 3 files written (5009 bytes), 1 unchanged, 0 removed\n")
    );
    assert_eq!(desk.on_board("main.py"), b"print(2)\n");
    let removals = "would remove :/lib/new/deep\nwould remove :/lib/new\nwould remove :/lib/extra\n";
    assert_eq!(
        desk.run(&["restore", "--dry-run", "--delete", "all.tar"]),
        format!(
            "restore all.tar\n{removals}{plan}would be: 3 files written (5009 bytes), 1 unchanged, 3 removed\n"
        )
    );
    assert_eq!(desk.on_board("lib/extra"), b"extra", "nothing happened so far");
    desk.run(&["restore", "all.tar"]);
    assert_eq!(desk.on_board("main.py"), b"print(1)\n");
    assert_eq!(desk.on_board("lib/large.bin"), all_bytes(5_000));
    assert_eq!(desk.on_board("lib/extra"), b"extra");
    let json = desk.run(&["--json", "restore", "--delete", "all.tar"]);
    assert_eq!(
        serde_json::from_str::<Value>(&json).expect("JSON"),
        json!({"schema": 1, "command": "restore", "archive": "all.tar", "target": ":/", "dry_run": false,
               "removed": [":/lib/new/deep", ":/lib/new", ":/lib/extra"], "made": [], "written": [],
               "unchanged": [":/lib/empty.py", ":/lib/it's \u{1f40d}\n.txt", ":/lib/large.bin", ":/main.py"],
               "skipped": []})
    );
    // The archive is of two paths: what is beside them is not its business.
    assert_eq!(desk.on_board("other"), b"other");
}

fn other_programs_archives(kind: Kind) {
    let desk = Desk::new(kind);
    let long = format!("{}/{}.py", "d".repeat(110), "n".repeat(90));
    desk.write("src/main.py", b"1");
    desk.write(&format!("src/{long}"), b"long");
    desk.write("src/\u{fc}\u{65e5}.txt", b"unicode");
    for (format, options) in [("gnu", "-cf"), ("pax", "-czf"), ("posix", "-cf")] {
        tar(&desk, &["--format", format, options, "a.tar", "-C", "src", "."]);
        desk.run(&["restore", "a.tar", ":/from"]);
        assert_eq!(desk.on_board("from/main.py"), b"1", "{format}");
        assert_eq!(desk.on_board(&format!("from/{long}")), b"long", "{format}");
        assert_eq!(desk.on_board("from/\u{fc}\u{65e5}.txt"), b"unicode", "{format}");
        desk.run(&["rm", "-r", ":/from"]);
    }
    // As they come: from standard input, in a pipe.
    let bytes = desk.read("a.tar");
    desk.mpr().args(["restore", "-", ":/from"]).stdin(bytes).ok();
    assert_eq!(desk.on_board("from/main.py"), b"1");
}

fn a_flat_board_comes_back(kind: Kind) {
    let desk = Desk::new(kind);
    put(&desk, "main.py", b"print(1)\n");
    put(&desk, "with space", &all_bytes(1_000));
    assert_eq!(desk.run(&["backup", "all.tar"]), "backup all.tar\n2 files, 0 directories, 1009 bytes\n");
    let nothing = "restore all.tar\n0 files written (0 bytes), 2 unchanged, 0 removed\n";
    assert_eq!(desk.run(&["restore", "all.tar"]), nothing);
    put(&desk, "main.py", b"other");
    put(&desk, "extra", b"extra");
    desk.run(&["restore", "--delete", "all.tar"]);
    assert_eq!(desk.names(""), ["main.py", "with space"]);
    assert_eq!(desk.on_board("main.py"), b"print(1)\n");
    assert_eq!(desk.on_board("with space"), all_bytes(1_000));
    // Directories and long names are refused before anything happens.
    desk.write("src/a", b"1");
    desk.write("src/sub/b", b"2");
    tar(&desk, &["-cf", "dirs.tar", "-C", "src", "a", "sub"]);
    desk.mpr().args(["restore", "dirs.tar"]).run().expect_failure(1, "sub");
    desk.write(&format!("long/{}", "n".repeat(121)), b"1");
    tar(&desk, &["-cf", "long.tar", "-C", "long", "."]);
    desk.mpr().args(["restore", "long.tar"]).run().expect_failure(1, &"n".repeat(121));
    assert_eq!(desk.names(""), ["main.py", "with space"]);
}

#[test]
fn an_exact_board() {
    let desk = Desk::new(Kind::SimPty);
    filled(&desk);
    desk.run(&["backup", "all.tgz"]);
    let before = all(&desk);
    desk.run(&["rm", "-r", ":lib", "+", "mkdir", ":main.py2", ":main.py2/x"]);
    put(&desk, "lib", b"a file where a directory was");
    put(&desk, "main.py2/x/y", b"y");
    desk.mpr().args(["restore", "all.tgz"]).run().expect_failure(1, ":/lib");
    desk.run(&["restore", "--delete", "all.tgz"]);
    assert_eq!(tar_names(&all(&desk)), tar_names(&before));
    assert_eq!(desk.on_board("lib/large.bin"), all_bytes(5_000));
    // A file in a directory's place, the other way.
    desk.run(&["rm", ":main.py", "+", "mkdir", ":main.py", ":main.py/deep"]);
    desk.mpr().args(["restore", "all.tgz"]).run().expect_failure(1, ":/main.py");
    desk.run(&["restore", "--delete", "all.tgz"]);
    assert_eq!(desk.on_board("main.py"), b"print(1)\n");
}

fn tar_names(bytes: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().expect("an archive");
    entries
        .map(|entry| String::from_utf8_lossy(&entry.expect("an entry").path_bytes()).into_owned())
        .collect()
}

/// Mounts a filesystem in the board's memory at `/ram`.
const RAM_DISK: &str = "\
import os
class Disk:
    def __init__(self, count):
        self.data = bytearray(count * 512)
    def readblocks(self, n, buf, off=0):
        buf[:] = self.data[n * 512 + off:n * 512 + off + len(buf)]
    def writeblocks(self, n, buf, off=None):
        at = n * 512 + (off or 0)
        self.data[at:at + len(buf)] = buf
    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // 512
        if op == 5:
            return 512
        if op == 6:
            return 0
disk = Disk(100)
os.VfsFat.mkfs(disk)
os.mount(os.VfsFat(disk), '/ram')";

#[test]
fn other_filesystems_are_named_and_left_alone() {
    let desk = Desk::new(Kind::SimPty);
    filled(&desk);
    let before = all(&desk);
    desk.run(&["exec", RAM_DISK]);
    put(&desk, "/ram/kept", b"kept");
    let outcome = desk.mpr().args(["backup", "all.tar"]).ok();
    outcome.expect_stderr("skipped `:/ram`: another filesystem");
    assert_eq!(desk.read("all.tar"), before);
    let outcome = desk.mpr().args(["restore", "--delete", "all.tar"]).ok();
    outcome.expect_stderr("left alone: `:/ram`");
    assert_eq!(desk.on_board("/ram/kept"), b"kept");
    // Named, it is taken.
    let outcome = desk.mpr().args(["--json", "backup", "both.tar", ":/", ":/ram"]).ok();
    let report: Value = serde_json::from_slice(&outcome.stdout).expect("JSON");
    assert_eq!(report["skipped"], json!([]));
    assert!(tar(&desk, &["-tf", "both.tar"]).contains("ram/kept\n"));
    desk.run(&["rm", ":/ram/kept", "+", "restore", "both.tar"]);
    assert_eq!(desk.on_board("/ram/kept"), b"kept");
    // FAT has its own idea of names.
    for names in [&["x:y"][..], &["a.py", "A.PY"]] {
        for name in names {
            desk.write(&format!("{}/{name}", names[0]), b"1");
        }
        tar(&desk, &["-cf", "fat.tar", "-C", names[0], "."]);
        desk.run(&["restore", "-n", "fat.tar"]);
        let last = names.iter().max().expect("a name");
        desk.mpr().args(["restore", "fat.tar", ":/ram"]).run().expect_failure(1, last);
        assert_eq!(desk.names("/ram"), ["kept"]);
    }
}

#[test]
fn a_folder_of_this_machine_is_left_alone() {
    let desk = Desk::new(Kind::SimPty);
    filled(&desk);
    desk.write("folder/kept", b"kept");
    let outcome =
        desk.mpr().args(["mount", "folder", "backup", "a.tar", "restore", "--delete", "a.tar"]).ok();
    outcome.expect_stderr("skipped `:/remote`: another filesystem");
    outcome.expect_stderr("left alone: `:/remote`");
    assert_eq!(desk.read("folder/kept"), b"kept");
}

#[test]
fn paths_and_chains() {
    let desk = Desk::new(Kind::SimPty);
    filled(&desk);
    // Words without a colon are the next command.
    let text = desk.run(&["backup", "lib.tar", ":lib", ":/main.py", "ls", ":lib/empty"]);
    assert_eq!(text, "backup lib.tar\n4 files, 2 directories, 5012 bytes\nls :lib/empty\n");
    assert!(!tar(&desk, &["-tf", "lib.tar"]).contains("./"));
    desk.run(&["exec", "import os; os.chdir('/lib')", "backup", "here.tar", ":large.bin"]);
    desk.run(&["exec", "import os; os.chdir('/')"]);
    assert_eq!(tar(&desk, &["-tf", "here.tar"]), "lib/large.bin\n");
    desk.mpr().args(["backup", "x.tar", ":missing"]).run().expect_failure(1, ":/missing");
    desk.mpr().args(["backup", "no/x.tar"]).run().expect_failure(2, "no/x.tar");
    desk.mpr().args(["--json", "backup", "-"]).fails(2, &["error: ", "hint: "]);
    assert!(!desk.dir().join("x.tar").exists());
    let json = desk.run(&["--json", "backup", "one.tar", ":main.py"]);
    assert_eq!(
        serde_json::from_str::<Value>(&json).expect("JSON"),
        json!({"schema": 1, "command": "backup", "archive": "one.tar", "bytes": 9,
               "files": [{"path": ":/main.py", "bytes": 9}], "directories": [], "skipped": [], "failed": []})
    );
}

#[test]
fn names_like_those_of_copies_on_their_way() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/a.part", b"a file of this name");
    desk.write("src/a", b"new");
    tar(&desk, &["-cf", "a.tar", "-C", "src", "a.part", "a"]);
    desk.run(&["restore", "a.tar"]);
    assert_eq!(desk.on_board("a.part"), b"a file of this name");
    put(&desk, "b", b"old");
    desk.run(&["mv", "-f", "b", "a"]);
    desk.run(&["restore", "a.tar"]);
    assert_eq!((desk.on_board("a"), desk.on_board("a.part")), (b"new".into(), b"a file of this name".into()));
}

#[test]
fn a_board_with_little_room_is_asked_first() {
    let options = BoardOptions { flash_size: Some("128K".into()), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimPty, options);
    put(&desk, "old", &all_bytes(60_000));
    desk.write("src/a", b"1");
    desk.write("src/large", &all_bytes(70_000));
    tar(&desk, &["-cf", "a.tar", "-C", "src", "."]);
    let before = all(&desk);
    let outcome = desk.mpr().args(["restore", "a.tar"]).run();
    outcome.expect_failure(1, ":/large");
    outcome.expect_stderr("nothing was changed");
    assert_eq!(all(&desk), before);
    // What is removed makes room.
    desk.run(&["restore", "--delete", "a.tar"]);
    assert_eq!(desk.on_board("large"), all_bytes(70_000));
    assert_eq!(desk.names(""), ["a", "large"]);
}
