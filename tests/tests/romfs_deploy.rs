//! `mpr romfs query` and `deploy`: partitions that hold what was sent, and what cuts and wrong images leave.
#![cfg(unix)]

use std::fs;

use mpr_tests::{
    Board, BoardOptions, Desk, Faults, Kind, Schedule, all_bytes, mpr, python_program, sim_program,
};
use nix::sys::signal::Signal;

/// A board whose partition has this size, and a folder.
fn desk(kind: Kind, size: &str) -> Desk {
    let sim_options = vec!["--romfs".to_owned(), size.to_owned()];
    Desk::with(kind, BoardOptions { sim_options, ..BoardOptions::default() })
}

#[test]
fn an_image_is_deployed_and_imported_from() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("tree/m.py", b"def f(): return 'from rom'\n");
    desk.write("tree/lib/n.py", b"here = __file__\n");
    desk.write("tree/noise.bin", &all_bytes(90_001));
    let empty = desk.run(&["romfs", "query"]);
    assert!(empty.contains("  Raw contents: ff:ff:") && empty.ends_with("  Not a valid ROMFS\n"), "{empty}");
    let compiling = || {
        let mut folders = vec![python_program().parent().expect("it is in a folder").to_owned()];
        folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let path = std::env::join_paths(folders).expect("a search path");
        desk.mpr().env("PATH", path).args(["romfs", "-m", "deploy", "tree"]).ok()
    };
    let out = compiling();
    assert!(out.text().contains("m.py -> .mpy") && out.text().ends_with("ROMFS image deployed\n"), "{out}");
    assert_eq!(out.stderr(), "");
    let code = "import m,n,sys; print(m.f(), n.here, sys.path[2:4])";
    assert_eq!(desk.run(&["soft-reset", "exec", code]), "from rom /rom/lib/n.mpy ['/rom', '/rom/lib']\n");
    assert!(desk.on_board("/rom/noise.bin") == all_bytes(90_001));
    // The same again need not be written.
    let again = compiling();
    again.expect_stderr("holds this image already");
    assert!(again.text().ends_with("ROMFS image deployed\n"));
    // Another one, from a file, by a chain.
    desk.write("other/only.txt", b"1");
    let out = desk.run(&[
        "romfs",
        "--no-mpy",
        "build",
        "other",
        "+",
        "romfs",
        "deploy",
        "other.romfs",
        "+",
        "soft-reset",
        "ls",
        "/rom",
    ]);
    assert!(out.ends_with("ls :/rom\n           1 only.txt\n"), "{out}");
}

/// Standard output without the lines that mpremote writes over and over to show how far it is.
fn without_progress(out: &[u8]) -> String {
    let text = String::from_utf8_lossy(out).replace("\r\n", "\n");
    text.split_inclusive('\n').filter(|line| !line.starts_with('\r')).collect()
}

#[test]
fn partitions_are_shown_and_written_as_by_mpremote() {
    let desks = [(); 2].map(|()| desk(Kind::SimPty, "64K"));
    for desk in &desks {
        desk.write("tree/lib/a.py", b"a = 1\n");
        desk.write("tree/b.bin", &noise(10_000));
        desk.write("large/b.bin", &noise(70_000));
        desk.write("text.img", b"text");
    }
    let lines: [&[&str]; 16] = [
        &["romfs", "query"],
        &["romfs", "--no-mpy", "deploy", "large"],
        &["romfs", "--no-mpy", "deploy", "tree"],
        &["romfs", "query"],
        &["romfs", "query", "+", "ls", "/"],
        &["soft-reset", "tree", "/rom"],
        &["exec", "import a; print(a.a, a.__file__)"],
        &["df"],
        &["romfs", "--no-mpy", "-o", "image.romfs", "build", "tree"],
        &["romfs", "deploy", "image.romfs"],
        &["romfs", "-p", "0", "deploy", "image.romfs"],
        &["romfs", "--partition", "1", "deploy", "image.romfs"],
        &["romfs", "deploy", "text.img"],
        &["romfs", "--no-mpy", "deploy", "tree", "+", "soft-reset", "cat", ":/rom/lib/a.py"],
        &["romfs", "deploy"],
        &["romfs", "nonsense"],
    ];
    for words in lines {
        let ours = desks[0].mpr().args(words).run();
        let theirs = std::process::Command::new(python_program())
            .args(["-m", "mpremote", "connect", desks[1].board.address()])
            .args(words)
            .current_dir(desks[1].dir())
            .output()
            .expect("mpremote runs");
        // What is wrong is told on standard error here.
        let said = ["ROMFS image is too big for the target partition\n", "Invalid ROMFS image\n"];
        let expected = said.iter().fold(without_progress(&theirs.stdout), |out, text| out.replace(text, ""));
        assert_eq!(without_progress(&ours.stdout), expected, "{words:?}: {ours} {theirs:?}");
        assert_eq!(ours.status.success(), theirs.status.success(), "{words:?}: {ours}");
    }
    let partition = |desk: &Desk| {
        let mut name = desk.board.flash().into_os_string();
        name.push(".rom");
        fs::read(name).expect("the partition is kept")
    };
    let [ours, theirs] = [partition(&desks[0]), partition(&desks[1])];
    let image = desks[0].read("image.romfs");
    assert!(ours.starts_with(&image) && theirs.starts_with(&image));
}

#[test]
fn globals_of_the_board_stay_as_they_are() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("tree/a.txt", b"1");
    let out = desk.run(&[
        "exec",
        "vfs = 'mine'",
        "romfs",
        "deploy",
        "tree",
        "+",
        "exec",
        "print(vfs, sorted(dir()))",
    ]);
    assert!(out.ends_with("mine ['__name__', 'vfs']\n"), "{out}");
}

#[test]
fn reports_are_json() {
    let desk = desk(Kind::SimPty, "64K");
    desk.write("tree/a.txt", b"1");
    let mut seen = Vec::new();
    let words = [
        "--json", "romfs", "query", "+", "romfs", "--no-mpy", "build", "tree", "+", "romfs", "deploy",
        "tree", "+",
    ];
    let out = desk.mpr().args(words).args(["romfs", "deploy", "tree.romfs", "+", "romfs", "query"]).ok();
    for line in out.text().lines() {
        seen.push(serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    }
    assert_eq!(seen.len(), 5, "{out}");
    let before = &seen[0]["partitions"][0];
    assert_eq!((&before["size"], &before["block_size"]), (&65536.into(), &4096.into()));
    assert!(seen[0]["enabled"] == true && before["image_size"].is_null());
    assert_eq!(
        (&seen[1]["size"], &seen[1]["files"], &seen[1]["compiled"]),
        (&16.into(), &1.into(), &0.into())
    );
    assert_eq!((&seen[2]["written"], &seen[3]["written"]), (&true.into(), &false.into()));
    assert_eq!(seen[1]["sha256"], seen[2]["sha256"]);
    assert_eq!(seen[4]["partitions"][0]["image_size"], 11);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let desk = desk(Kind::SimPty, "16K");
    desk.write("small/a", b"1");
    desk.run(&["romfs", "deploy", "small"]);
    desk.write("large/a", &all_bytes(16_384));
    let fails = |words: &[&str], code, texts: &[&str]| {
        desk.mpr().arg("romfs").args(words).fails(code, texts);
    };
    let unchanged = "the partition is as it was";
    let big = "ROMFS image is too big for the target partition";
    fails(&["deploy", "large"], 1, &[big, "16384", unchanged]);
    fails(&["deploy", "small", "-p", "1"], 1, &["ROMFS1 partition not found on device"]);
    desk.write("text.romfs", b"text");
    fails(&["deploy", "text.romfs"], 2, &["`text.romfs`: Invalid ROMFS image", unchanged]);
    desk.write("cut.img", b"\xd2\xcd\x31\x20cut");
    fails(&["deploy", "cut.img"], 2, &["`cut.img`: Invalid ROMFS image"]);
    fails(&["deploy", "missing.romfs"], 2, &["`missing.romfs`: No such file or directory"]);
    desk.write("old/m.mpy", b"M\x05\x02\x1f...");
    fails(
        &["deploy", "old"],
        1,
        &["can't run `/m.mpy`", "mpy version 5, the device takes mpy version 6", unchanged],
    );
    desk.write("alien/lib/m.mpy", b"M\x06\x1b\x1f...");
    fails(&["deploy", "alien"], 1, &["can't run `/lib/m.mpy`", "processor 6"]);
    desk.write("fake/m.mpy", b"print(1)\n");
    fails(&["deploy", "fake"], 1, &["`/m.mpy` in the image is not a compiled module"]);
    assert_eq!(desk.run(&["soft-reset", "cat", ":/rom/a"]), "1");
    // To the last byte.
    desk.write("exact/a", &all_bytes(16_384 - 14));
    desk.run(&["romfs", "--no-mpy", "build", "exact"]);
    assert_eq!(desk.read("exact.romfs").len(), 16_384);
    desk.run(&["romfs", "deploy", "exact.romfs"]);
    assert_eq!(desk.run(&["soft-reset", "eval", "len(open('/rom/a','rb').read())"]), "16370\n");
}

#[test]
fn a_board_without_romfs_says_so() {
    for kind in [Kind::SimPty, Kind::Wasm, Kind::Microbit] {
        let desk = desk(kind, "0");
        desk.write("tree/a", b"1");
        assert_eq!(desk.run(&["romfs", "query"]), "ROMFS is not enabled on this device\n", "{kind:?}");
        let json = desk.run(&["--json", "romfs", "query"]);
        assert!(json.ends_with("\"enabled\":false,\"partitions\":[]}\n"), "{json}");
        let deploy = desk.mpr().args(["romfs", "deploy", "tree"]);
        deploy.fails(1, &["ROMFS is not enabled on this device", "hint: "]);
    }
}

/// Images that differ from the first byte of their content on.
fn two_trees(desk: &Desk) {
    for name in ["one", "two"] {
        desk.write(&format!("{name}/which.py"), format!("which = '{name}'\n").as_bytes());
        desk.write(&format!("{name}/data.bin"), &noise(60_000));
    }
}

/// The partition holds nothing that is mounted, or one of the trees, whole.
fn is_whole(desk: &Desk, word: &str) {
    let code = "\
import os
try:names=sorted(os.listdir('/rom'))
except OSError:names=[]
print(names)
if names:
 import which,hashlib
 print(which.which,hashlib.sha256(memoryview(open('/rom/data.bin','rb'))).digest())";
    let out = desk.run(&["soft-reset", "exec", code]);
    let digest = desk.run(&["exec", &format!("print(bytes({:?}))", &sha256(&noise(60_000))[..])]);
    let whole = |name: &str| out == format!("['data.bin', 'which.py']\n{name} {digest}");
    assert!(out == "[]\n" || whole("one") || whole("two"), "{word}: {out}");
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    <sha2::Sha256 as sha2::Digest>::digest(bytes).to_vec()
}

#[test]
fn a_cut_link_leaves_no_half_image_and_a_rerun_completes() {
    let desk = Desk::new(Kind::SimLink);
    two_trees(&desk);
    desk.run(&["romfs", "--no-mpy", "deploy", "one"]);
    let mut failures = 0;
    for cut_after in [300, 2_500, 3_500, 5_000, 20_000, 60_000, 66_000] {
        let to_board = Faults { cut_after: Some(cut_after), ..Faults::default() };
        desk.board.link().set(Schedule { to_board, ..Schedule::default() });
        let cut = desk.mpr().args(["--timeout", "5", "romfs", "--no-mpy", "deploy", "two"]).run();
        desk.board.link().heal();
        desk.board.link().restore();
        if !cut.status.success() {
            failures += 1;
            cut.expect_code(3);
            let told = ["the partition is as it was", "holds no image now", "may hold the whole image"];
            let asked = cut.stderr().contains("asking") || cut.stderr().contains("entering");
            assert!(asked || told.iter().any(|text| cut.stderr().contains(text)), "{cut_after}: {cut}");
        }
        is_whole(&desk, &cut_after.to_string());
        desk.run(&["romfs", "--no-mpy", "deploy", "two", "+", "soft-reset"]);
        assert_eq!(desk.run(&["exec", "import which; print(which.which)"]), "two\n", "{cut_after}");
        desk.run(&["romfs", "--no-mpy", "deploy", "one"]);
    }
    assert!(failures >= 5, "{failures} cuts");
}

#[test]
fn a_power_cut_at_any_write_leaves_no_half_image() {
    for cut in [1, 2, 15, 16, 17, 18, 19, 20, 21] {
        let board = Board::start(Kind::Sim);
        let desk = tempfile::tempdir().expect("a temporary folder can be made");
        let write = |name: &str, content: &[u8]| fs::write(desk.path().join(name), content).expect("written");
        fs::create_dir(desk.path().join("tree")).expect("a folder can be made");
        write("tree/a.bin", &all_bytes(60_000));
        write("tree/x.py", b"x = 5\n");
        // This formats the flash, so that only writes to the partition are counted below.
        board.mpr().args(["exec", "x = 1"]).ok();
        let (program, flash) = (sim_program(), board.flash());
        let address = format!("exec:'{}' --flash '{}' --power-cut {cut}", program.display(), flash.display());
        let words = ["romfs", "--no-mpy", "deploy", "tree"];
        let run = mpr().dir(desk.path()).args(["connect", &address]).args(words).run();
        if !run.status.success() {
            run.expect_code(3);
            let last = run.stderr().contains("may hold the whole image");
            assert!(last || run.stderr().contains("holds no image now"), "{cut}: {run}");
        }
        let names = board.mpr().args(["exec", "import os; print(os.listdir('/'))"]).ok().text();
        assert_eq!(names, if run.status.success() { "['rom']\n" } else { "[]\n" }, "{cut}: {run}");
        board.mpr().dir(desk.path()).args(words).ok();
        let code = "import x; print(x.x, len(open('/rom/a.bin','rb').read()))";
        assert_eq!(board.mpr().args(["exec", code]).ok().text(), "5 60000\n", "{cut}");
    }
}

#[test]
fn a_line_that_damages_bytes_damages_no_image() {
    let desk = Desk::new(Kind::SimLink);
    two_trees(&desk);
    let mut complete = 0;
    for seed in 1..=4 {
        let faults = Faults { corrupt: 1.0 / 20_000.0, ..Faults::default() };
        desk.board.link().set(Schedule { seed, to_board: faults, ..Schedule::default() });
        let run = desk.mpr().args(["--timeout", "5", "romfs", "--no-mpy", "deploy", "one"]).run();
        desk.board.link().heal();
        is_whole(&desk, &seed.to_string());
        if run.status.success() {
            complete += 1;
            let out = desk.run(&["soft-reset", "exec", "import which; print(which.which)"]);
            assert_eq!(out, "one\n", "{seed}");
        }
        desk.run(&["romfs", "--no-mpy", "deploy", "two"]);
    }
    assert!(complete > 0, "no deployment got through");
}

#[test]
fn little_memory_takes_longer_and_works() {
    let sim_options = ["--heap", "48K"].map(str::to_owned).to_vec();
    let desk = Desk::with(Kind::SimPty, BoardOptions { sim_options, ..BoardOptions::default() });
    two_trees(&desk);
    desk.run(&["exec", "keep = bytearray(20000)", "romfs", "--no-mpy", "deploy", "one"]);
    is_whole(&desk, "48K");
    assert_eq!(desk.run(&["exec", "import which; print(which.which)"]), "one\n");
}

/// A board of ours that looks as others do: this code runs before the tool asks.
fn disguised(code: &str) -> Desk {
    let desk = desk(Kind::SimPty, "64K");
    desk.write("tree/a.bin", &noise(20_000));
    desk.write("tree/x.py", b"x = 7\n");
    desk.run(&["exec", code]);
    desk
}

fn check_disguised(desk: &Desk) {
    let out = desk.run(&["romfs", "--no-mpy", "deploy", "tree"]);
    assert!(out.ends_with("ROMFS image deployed\n"), "{out}");
    let out = desk.run(&["soft-reset", "exec", "import x; print(x.x, len(open('/rom/a.bin','rb').read()))"]);
    assert_eq!(out, "7 20000\n");
}

/// Replaces `vfs` by a module of Python's whose `rom_ioctl` is this function of the real one.
fn disguise(function: &str) -> String {
    format!(
        "import vfs,sys\nr=vfs.rom_ioctl\nclass V:\n def __getattr__(s,n):return getattr(vfs,n)\n{function}\nv=V()\n\
         v.rom_ioctl=f\nsys.modules['vfs']=v\n"
    )
}

#[test]
fn boards_of_version_1_25_erase_in_one_piece() {
    check_disguised(&disguised(&disguise(
        "def f(*a):\n if a[0]==6 or a[0]==3 and len(a)>3:return -22\n return r(*a)",
    )));
}

#[test]
fn boards_with_a_block_device_are_written_by_it() {
    let desk = disguised(&disguise(
        "class D:\n def ioctl(s,o,b):\n  if o==4:return len(r(2,0))//4096\n  if o==5:return 4096\n  \
         return 0 if r(3,0,b*4096,4096)>0 else -5\n def writeblocks(s,b,d,o):\n  assert o+len(d)<=4096\n  \
         assert r(4,0,b*4096+o,d)==0\n def readblocks(s,b,q):q[:]=r(2,0)[b*4096:b*4096+len(q)]\n\
         d=D()\ndef f(*a):\n assert a[0]<3\n return d if a[0]==2 else r(*a)",
    ));
    let out = desk.run(&["romfs", "query"]);
    assert!(
        out.starts_with("ROMFS0 partition has size 65536 bytes (16 blocks of 4096 bytes each)\n"),
        "{out}"
    );
    check_disguised(&desk);
}

#[test]
fn what_a_board_refuses_is_told() {
    let fails = |function: &str, texts: &[&str]| {
        let desk = disguised(&disguise(function));
        desk.mpr().args(["romfs", "--no-mpy", "deploy", "tree"]).fails(1, texts);
    };
    let gone = "holds no image now";
    fails(
        "def f(*a):return -5 if a[0]==3 else r(*a)",
        &["erasing the partition: ", "Input/output error", gone],
    );
    fails("def f(*a):return -5 if a[0]==4 else r(*a)", &["writing the image: ", "Input/output error", gone]);
    fails(
        "def f(*a):return -5 if a[0]==5 else r(*a)",
        &["completing the image: ", "Input/output error", "may hold"],
    );
    // A board that says that it writes and does not.
    fails("def f(*a):return 0 if a[0]==4 else r(*a)", &["does not hold what was sent", gone]);
}

#[test]
fn interrupted_in_the_middle_the_board_is_at_its_prompt() {
    let desk = Desk::new(Kind::SimLink);
    two_trees(&desk);
    desk.run(&["romfs", "--no-mpy", "deploy", "two"]);
    let slow = Faults { baud: Some(460_800), ..Faults::default() };
    desk.board.link().set(Schedule::both(0, &slow));
    let before = desk.board.link().traffic().0;
    let mut running = desk.mpr().args(["romfs", "--no-mpy", "deploy", "one"]).spawn();
    desk.board.link().wait_until_sent(before + 25_000);
    running.signal(Signal::SIGINT);
    let outcome = running.wait();
    outcome.expect_code(130);
    outcome.expect_stderr("the partition holds no image now");
    desk.board.link().heal();
    assert_eq!(desk.run(&["exec", "print(dir())"]), "['__name__']\n");
    assert_eq!(desk.run(&["soft-reset", "exec", "import os; print(os.listdir('/'))"]), "[]\n");
}

/// Bytes that can't be compressed, always the same.
fn noise(len: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(1);
    std::iter::repeat_with(|| random.u8(..)).take(len).collect()
}
