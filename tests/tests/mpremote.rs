//! The same command lines by `mpr` and by mpremote, on boards of the same kind: scripts that read the one's output
//! can read the other's.

use std::process::Command;

use mpr_tests::{Desk, Kind, python_program};

/// A board with a folder of files for each tool.
struct Pair {
    ours: Desk,
    theirs: Desk,
}

impl Pair {
    fn new() -> Pair {
        let desk = || {
            let desk = Desk::new(Kind::SimPty);
            desk.write("a.py", b"print('hi')\n");
            desk.write("b.bin", &[0, 3, 4, 0xff, b'\n', 24]);
            desk.write("dir/c.txt", b"c");
            desk.write("dir/sub/d.txt", b"d");
            desk
        };
        Pair { ours: desk(), theirs: desk() }
    }

    /// Runs a line by both. Stdout must be the same but for line ends, and both or none succeed. Returns it.
    fn same(&self, words: &[&str]) -> String {
        let ours = self.ours.mpr().args(words).run();
        let theirs = Command::new(python_program())
            .args(["-m", "mpremote", "connect", self.theirs.board.address()])
            .args(words)
            .current_dir(self.theirs.dir())
            .output()
            .expect("mpremote runs");
        let theirs_out = String::from_utf8_lossy(&theirs.stdout)
            .replace("\r\n", "\n")
            .replace(self.theirs.board.address(), self.ours.board.address());
        let ours_out = ours.stdout().replace("\r\n", "\n");
        assert_eq!(ours_out, theirs_out, "{words:?}: {ours}");
        assert_eq!(ours.status.success(), theirs.status.success(), "{words:?}: {ours}");
        ours_out
    }
}

#[test]
fn file_commands_print_the_same() {
    let pair = Pair::new();
    let lines: [&[&str]; 46] = [
        &["ls"],
        &["mkdir", ":d", "e"],
        &["mkdir", ":d"],
        &["cp", "a.py", ":"],
        &["cp", "a.py", ":"],
        &["cp", "-f", "a.py", ":"],
        &["cp", "a.py", "b.bin", ":d"],
        &["cp", "a.py", ":d/"],
        &["cp", "a.py", ":renamed.py"],
        &["cp", "a.py", ":nowhere/"],
        &["cp", "a.py", ":nowhere/a.py"],
        &["cp", "missing", ":"],
        &["cp", "dir", ":"],
        &["cp", "-r", "dir", ":"],
        &["cp", "-r", "dir/", ":copy"],
        &["cp", "-r", "dir", ":copy"],
        &["cp", "-r", "dir", ":copy/"],
        &["cp", ":a.py", ":d/again.py"],
        &["cp", ":a.py", ":d/again.py"],
        &["cp", "-r", ":copy", ":third"],
        &["cp", "-r", ":copy", "back"],
        &["cp", "-r", ":copy", "back"],
        &["cp", "--no-verbose", ":b.bin", "x"],
        &["cp", ":d/b.bin", "x"],
        &["ls"],
        &["ls", ":d", "copy", "/"],
        &["ls", "missing"],
        &["fs", "ls", "--no-verbose", "copy"],
        &["tree"],
        &["tree", ":copy"],
        &["tree", "-s", "copy", "d"],
        &["tree", "-h"],
        &["tree", "-v", "d"],
        &["tree", "a.py"],
        &["fs", "tree", "--size", "/"],
        &["sha256sum", "a.py", ":d/b.bin"],
        &["fs", "sha1sum", "a.py"],
        &["sha256sum", "missing"],
        &["touch", "t1", ":t2"],
        &["df"],
        &["rm", "t1", ":t2"],
        &["rm", "t1"],
        &["rm", "-r", "-v", "copy"],
        &["rm", "-rv", ":third", "a.py"],
        &["rmdir", "e"],
        &["rmdir", "d"],
    ];
    for line in lines {
        pair.same(line);
    }
    // Everything that is left, on both sides.
    pair.same(&["tree", "-s"]);
    let cat = |desk: &Desk, name| desk.mpr().args(["cat", name]).ok().stdout;
    for name in [":d/b.bin", ":d/again.py", ":renamed.py", ":dir/sub/d.txt"] {
        assert_eq!(cat(&pair.ours, name), cat(&pair.theirs, name), "{name}");
    }
    for name in ["x", "back/c.txt", "back/copy/c.txt", "back/copy/dir/sub/d.txt"] {
        assert_eq!(pair.ours.read(name), pair.theirs.read(name), "{name}");
    }
    let removed = pair.same(&["rm", "-r", "-v", ":"]);
    assert!(removed.contains("removed directory: './dir/sub'"), "{removed}");
}

#[test]
fn programs_print_the_same() {
    let pair = Pair::new();
    let lines: [&[&str]; 17] = [
        &["eval", "1 + 1"],
        &["eval", "'text'"],
        &["eval", "-1"],
        &["eval", "(1, 'a', None)"],
        &["exec", "print(1); print('two')"],
        &["exec", "--follow", "print(1)"],
        &["exec", "-f", "print(1)"],
        &["exec", "x = 3", "eval", "x"],
        &["exec", "x = 4", "+", "eval", "x", "+", "eval", "x * 2"],
        &["exec", "--no-follow", "y = 5"],
        &["run", "a.py"],
        &["run", "--follow", "a.py", "eval", "1"],
        &["run", "missing.py"],
        &["sleep", "1", "eval", "2"],
        &["soft-reset", "eval", "3"],
        &["cat", ":missing"],
        &["nonsense"],
    ];
    for line in lines {
        pair.same(line);
    }
}
