//! `mv` on the board: renames where it can, copies and removes where it must.

use mpr_tests::{Desk, Kind, all_bytes, on};

on!(
    sim,
    mpr_tests::Kind::SimPty,
    [files_are_renamed, what_exists_is_replaced_by_force_only, trees_are_renamed]
);
on!(
    wasm,
    mpr_tests::Kind::Wasm,
    [files_are_renamed, what_exists_is_replaced_by_force_only, trees_are_renamed]
);
on!(microbit, mpr_tests::Kind::Microbit, [files_are_renamed, what_exists_is_replaced_by_force_only]);

fn put(desk: &Desk, name: &str, content: &[u8]) {
    desk.write("source", content);
    desk.run(&["cp", "-f", "source", &format!(":{name}")]);
}

fn files_are_renamed(kind: Kind) {
    let desk = Desk::new(kind);
    let content = all_bytes(700);
    put(&desk, "old", &content);
    assert_eq!(desk.run(&["mv", "old", ":new name"]), "mv :old :new name\n");
    assert_eq!(desk.names(""), ["new name"]);
    assert_eq!(desk.on_board("new name"), content);
    desk.mpr().args(["mv", "old", "x"]).run().expect_failure(1, ":old");
    desk.mpr().args(["mv", "new name", "./new name"]).run().expect_failure(1, ":new name");
    let json = desk.run(&["--json", "mv", "new name", "b"]);
    let way = if kind == Kind::Microbit { "copied" } else { "renamed" };
    let report = serde_json::json!({
        "schema": 1, "command": "mv", "from": ":new name", "to": ":b", "way": way
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("JSON"), report);
}

fn what_exists_is_replaced_by_force_only(kind: Kind) {
    let desk = Desk::new(kind);
    put(&desk, "a", b"a");
    put(&desk, "b", b"longer b");
    let outcome = desk.mpr().args(["mv", ":a", ":b"]).run();
    outcome.expect_failure(1, ":b");
    assert_eq!((desk.on_board("a"), desk.on_board("b")), (b"a".to_vec(), b"longer b".to_vec()));
    desk.run(&["mv", "-f", ":a", ":b"]);
    assert_eq!(desk.names(""), ["b"]);
    assert_eq!(desk.on_board("b"), b"a");
}

fn trees_are_renamed(kind: Kind) {
    let desk = Desk::new(kind);
    desk.run(&["mkdir", ":lib", ":lib/sub", ":other"]);
    put(&desk, "lib/sub/x.py", b"x");
    put(&desk, "y.py", b"y");
    // Into a directory that exists, under the same name.
    assert_eq!(desk.run(&["mv", "lib/", "y.py", ":other/"]), "mv :lib :other/lib\nmv :y.py :other/y.py\n");
    assert_eq!(desk.on_board("other/lib/sub/x.py"), b"x");
    assert_eq!(desk.names("other"), ["lib/", "y.py"]);
    desk.run(&["mv", ":other/lib", ":lib2"]);
    assert_eq!(desk.names(""), ["lib2/", "other/"]);
    // What makes no sense is refused, and nothing is lost.
    for (words, object) in [
        (&["mv", "lib2", "lib2/sub/deeper"][..], ":lib2"),
        (&["mv", "lib2", "other/y.py"], ":other/y.py"),
        (&["mv", "other/y.py", "no/such"], ":no/such"),
        (&["mv", "other/y.py", "none/"], ":none/"),
        (&["mv", "other/y.py", "lib2/sub", "none"], ":none"),
        (&["mv", "/", "lib2"], ":/"),
    ] {
        desk.mpr().args(words).run().expect_failure(1, object);
    }
    assert_eq!(desk.on_board("lib2/sub/x.py"), b"x");
    assert_eq!(desk.on_board("other/y.py"), b"y");
}

#[test]
fn one_path_is_too_few() {
    let desk = Desk::new(Kind::SimPty);
    desk.mpr().args(["mv", ":a"]).fails(2, &["mv: missing destination path", "hint: "]);
    desk.mpr().arg("mv").fails(2, &["mv: missing destination path", "hint: "]);
}

/// Mounts another filesystem, in the board's memory.
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
fn to_another_filesystem_is_a_copy_and_a_removal() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&["exec", RAM_DISK]);
    desk.run(&["mkdir", ":lib", ":lib/sub"]);
    put(&desk, "lib/sub/x.py", &all_bytes(3000));
    desk.run(&["mv", "lib", "/ram"]);
    assert_eq!(desk.on_board("/ram/lib/sub/x.py"), all_bytes(3000));
    assert_eq!(desk.names(""), ["ram/"]);
    desk.run(&["mv", "/ram/lib/sub/x.py", ":back.py"]);
    assert_eq!(desk.on_board("back.py"), all_bytes(3000));
    assert!(desk.names("/ram/lib/sub").is_empty());
    // FAT does not replace by a rename.
    put(&desk, "/ram/a", b"a");
    put(&desk, "/ram/b", b"b");
    desk.run(&["mv", "-f", "/ram/a", "/ram/b"]);
    assert_eq!(desk.on_board("/ram/b"), b"a");
    // Without room, everything is where it was.
    put(&desk, "large", &all_bytes(90_000));
    desk.mpr().args(["mv", "large", "/ram/large"]).run().expect_failure(1, ":/ram/large");
    assert_eq!(desk.on_board("large"), all_bytes(90_000));
    assert_eq!(desk.names("/ram"), ["b", "lib/"]);
    // A filesystem as a whole stays.
    desk.mpr().args(["mv", "/ram", "/elsewhere"]).run().expect_failure(1, ":/ram");
    assert_eq!(desk.on_board("/ram/b"), b"a");
}

#[test]
fn a_folder_of_this_machine_is_not_emptied() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("folder/sub/x.py", b"x");
    let outcome = desk.mpr().args(["mount", "folder", "mv", "/remote/sub", "/sub"]).run();
    outcome.expect_code(1);
    outcome.expect_stderr("is a folder of this machine");
    assert_eq!(desk.read("folder/sub/x.py"), b"x");
    // A file is moved, for that is what was asked.
    desk.run(&["mount", "folder", "mv", "/remote/sub/x.py", "/x.py"]);
    assert_eq!(desk.on_board("/x.py"), b"x");
    assert!(!desk.dir().join("folder/sub/x.py").exists());
}
