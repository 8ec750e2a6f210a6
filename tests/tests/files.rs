//! Every file command on every firmware: ours, the micro:bit's old one, a modern stock one.

use std::fs;
use std::path::Path;

use mpr_tests::{Desk, Kind, all_bytes, on};

on!(
    sim,
    mpr_tests::Kind::SimPty,
    [
        cp_there_and_back,
        cp_replaces,
        cp_skips_what_is_there,
        cp_several,
        ls_lists,
        cat_is_exact,
        rm_removes,
        touch_makes_and_keeps,
        sha256sum_is_right,
        mkdir_and_rmdir,
        cp_and_rm_whole_trees,
        tree_draws,
        df_counts
    ]
);
on!(
    sim_ws,
    mpr_tests::Kind::SimWs,
    [
        cp_there_and_back,
        cp_replaces,
        cp_skips_what_is_there,
        cp_several,
        ls_lists,
        cat_is_exact,
        rm_removes,
        touch_makes_and_keeps,
        sha256sum_is_right,
        mkdir_and_rmdir,
        cp_and_rm_whole_trees,
        tree_draws,
        df_counts
    ]
);
on!(
    sim_ws_stock,
    mpr_tests::Kind::SimWsStock,
    [
        cp_there_and_back,
        cp_replaces,
        cp_skips_what_is_there,
        cp_several,
        ls_lists,
        cat_is_exact,
        rm_removes,
        touch_makes_and_keeps,
        sha256sum_is_right,
        mkdir_and_rmdir,
        cp_and_rm_whole_trees,
        tree_draws,
        df_counts
    ]
);
on!(
    sim_rfc2217,
    mpr_tests::Kind::SimRfc2217,
    [
        cp_there_and_back,
        cp_replaces,
        cp_skips_what_is_there,
        cp_several,
        ls_lists,
        cat_is_exact,
        rm_removes,
        touch_makes_and_keeps,
        sha256sum_is_right,
        mkdir_and_rmdir,
        cp_and_rm_whole_trees,
        tree_draws,
        df_counts
    ]
);
on!(
    wasm,
    mpr_tests::Kind::Wasm,
    [
        cp_there_and_back,
        cp_replaces,
        cp_skips_what_is_there,
        cp_several,
        ls_lists,
        cat_is_exact,
        rm_removes,
        touch_makes_and_keeps,
        sha256sum_is_right,
        mkdir_and_rmdir,
        cp_and_rm_whole_trees,
        tree_draws,
        df_counts
    ]
);
on!(
    microbit,
    mpr_tests::Kind::Microbit,
    [
        cp_there_and_back,
        cp_replaces,
        cp_skips_what_is_there,
        cp_several,
        ls_lists,
        cat_is_exact,
        rm_removes,
        touch_makes_and_keeps,
        sha256sum_is_right,
        directories_are_refused
    ]
);

fn cp_there_and_back(kind: Kind) {
    let desk = Desk::new(kind);
    for size in [0, 1, 63, 64, 65, 255, 256, 257, 1024, 5000] {
        let content = all_bytes(size);
        desk.write("there", &content);
        desk.run(&["cp", "there", ":file.bin"]);
        desk.run(&["cp", ":file.bin", "back"]);
        assert_eq!(desk.read("back"), content, "{size} bytes");
    }
}

fn cp_replaces(kind: Kind) {
    let desk = Desk::new(kind);
    for content in [&b"first, the longer one"[..], b"second", b""] {
        desk.write("local", content);
        desk.run(&["cp", "local", ":remote"]);
        assert_eq!(desk.on_board("remote"), content);
    }
    // Nothing is left of the way there.
    assert_eq!(desk.names(""), ["remote"]);
}

fn cp_skips_what_is_there(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("local", b"the same");
    let first = desk.run(&["cp", "local", ":remote"]);
    assert_eq!(first, "cp local :remote\n");
    let second = desk.run(&["cp", "local", ":remote"]);
    assert_eq!(second, "cp local :remote\nUp to date: remote\n");
    let forced = desk.run(&["cp", "-f", "local", ":remote"]);
    assert_eq!(forced, "cp local :remote\n");
}

fn cp_several(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("a.txt", b"a");
    desk.write("b.txt", b"bb");
    desk.run(&["cp", "a.txt", "b.txt", ":"]);
    assert_eq!(desk.names(""), ["a.txt", "b.txt"]);
    desk.write("back/keep", b"");
    desk.run(&["cp", ":a.txt", ":b.txt", "back"]);
    assert_eq!(desk.read("back/a.txt"), b"a");
    assert_eq!(desk.read("back/b.txt"), b"bb");
}

fn ls_lists(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("local", &all_bytes(1234));
    desk.run(&["cp", "local", ":listed.bin"]);
    let listing = desk.run(&["ls"]);
    assert_eq!(listing.lines().next(), Some("ls :"));
    assert!(listing.lines().any(|line| line == "        1234 listed.bin"), "{listing}");
}

fn cat_is_exact(kind: Kind) {
    let desk = Desk::new(kind);
    let content = all_bytes(700);
    desk.write("local", &content);
    desk.run(&["cp", "local", ":binary"]);
    assert_eq!(desk.on_board("binary"), content);
    desk.mpr().args(["cat", ":missing.txt"]).run().expect_failure(1, ":missing.txt");
}

fn rm_removes(kind: Kind) {
    let desk = Desk::new(kind);
    for name in ["one", "two", "three"] {
        desk.write(name, name.as_bytes());
        desk.run(&["cp", name, ":"]);
    }
    assert_eq!(desk.run(&["rm", ":one", ":two"]), "rm :one\nrm :two\n");
    assert_eq!(desk.names(""), ["three"]);
    desk.mpr().args(["rm", ":one"]).run().expect_failure(1, ":one");
    assert_eq!(desk.on_board("three"), b"three");
}

fn touch_makes_and_keeps(kind: Kind) {
    let desk = Desk::new(kind);
    desk.run(&["touch", ":new.txt"]);
    assert_eq!(desk.on_board("new.txt"), b"");
    desk.write("local", b"content");
    desk.run(&["cp", "local", ":new.txt"]);
    desk.run(&["touch", ":new.txt"]);
    assert_eq!(desk.on_board("new.txt"), b"content");
}

fn sha256sum_is_right(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("abc", b"abc");
    desk.write("empty", b"");
    desk.run(&["cp", "abc", "empty", ":"]);
    // The digests of FIPS 180's examples.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(desk.run(&["sha256sum", ":abc"]), format!("sha256sum :abc\n{abc}\n"));
    assert_eq!(desk.run(&["sha256sum", ":empty"]), format!("sha256sum :empty\n{empty}\n"));
    desk.mpr().args(["sha256sum", ":missing"]).run().expect_failure(1, ":missing");
}

fn mkdir_and_rmdir(kind: Kind) {
    let desk = Desk::new(kind);
    desk.run(&["mkdir", ":lib", ":lib/inner"]);
    assert_eq!(desk.names("lib"), ["inner/"]);
    desk.mpr().args(["mkdir", ":lib"]).run().expect_failure(1, ":lib");
    desk.mpr().args(["mkdir", ":no/where"]).run().expect_failure(1, ":no/where");
    desk.mpr().args(["rmdir", ":lib"]).run().expect_failure(1, ":lib");
    desk.run(&["rmdir", ":lib/inner", ":lib"]);
    desk.mpr().args(["ls", ":lib"]).run().expect_failure(1, ":lib");
    desk.mpr().args(["rmdir", ":lib"]).run().expect_failure(1, ":lib");
}

fn same_trees(left: &Path, right: &Path) {
    let sorted = |dir: &Path| {
        let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("`{}`: {error}", dir.display()));
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(sorted(left), sorted(right), "{} and {}", left.display(), right.display());
    for name in sorted(left) {
        let (left, right) = (left.join(&name), right.join(&name));
        match left.is_dir() {
            true => same_trees(&left, &right),
            false => assert_eq!(fs::read(&left).ok(), fs::read(&right).ok(), "{}", left.display()),
        }
    }
}

fn cp_and_rm_whole_trees(kind: Kind) {
    let desk = Desk::new(kind);
    for (name, size) in [("main.py", 300), ("lib/a.py", 0), ("lib/deep/er/b.bin", 2000), ("lib/c d.txt", 7)] {
        desk.write(&format!("app/{name}"), &all_bytes(size));
    }
    fs::create_dir(desk.dir().join("app/hollow")).expect("a folder can be made");
    desk.mpr().args(["cp", "app", ":"]).run().expect_failure(2, "app");
    // The destination exists: the folder comes inside it.
    desk.run(&["cp", "-r", "app", ":"]);
    assert_eq!(desk.names("app"), ["hollow/", "lib/", "main.py"]);
    // It does not exist: it becomes the copy.
    desk.run(&["cp", "-r", ":app", "copy"]);
    same_trees(&desk.dir().join("app"), &desk.dir().join("copy"));
    // Again: nothing to do for files that are there.
    let again = desk.run(&["cp", "-r", "app", ":"]);
    assert_eq!(again.matches("Up to date:").count(), 4, "{again}");
    desk.mpr().args(["rm", ":app"]).run().expect_failure(1, ":app");
    desk.run(&["rm", "-r", ":app"]);
    assert_eq!(desk.names(""), Vec::<String>::new());
}

fn tree_draws(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("top/b.txt", b"12345");
    desk.write("top/sub/a.txt", b"1");
    desk.run(&["cp", "-r", "top", ":"]);
    let drawn = desk.run(&["tree", ":top"]);
    assert_eq!(drawn, "tree :top\n:top\n├── b.txt\n└── sub\n    └── a.txt\n");
    let sized = desk.run(&["tree", "-s", ":top"]);
    assert!(sized.contains("├── [        5]  b.txt\n"), "{sized}");
    desk.mpr().args(["tree", ":top/b.txt"]).run().expect_failure(1, ":top/b.txt");
}

fn df_counts(kind: Kind) {
    let desk = Desk::new(kind);
    let table = desk.run(&["df"]);
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    assert_eq!(header, ["filesystem", "size", "used", "avail", "use%", "mounted", "on"]);
    assert!(lines.any(|line| line.ends_with(" /")), "{table}");
}

fn directories_are_refused(kind: Kind) {
    let desk = Desk::new(kind);
    for words in [["mkdir", ":lib"], ["rmdir", ":lib"]] {
        let outcome = desk.mpr().args(words).run();
        outcome.expect_failure(1, ":lib");
        outcome.expect_stderr("the board has no");
    }
    desk.write("app/main.py", b"");
    let outcome = desk.mpr().args(["cp", "-r", "app", ":"]).run();
    outcome.expect_code(1);
    outcome.expect_stderr("the board has no");
}

#[test]
fn entries_that_have_no_status_are_listed_all_the_same() {
    // The WebAssembly board lists its open files, and knows nothing else of them.
    let desk = Desk::new(Kind::Wasm);
    assert!(desk.names("/proc/self/fd").starts_with(&["0", "1", "2"].map(String::from)));
    desk.run(&["tree", ":/proc"]);
}
