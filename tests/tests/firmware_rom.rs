//! The board's partition for read-only files: what start-up does with it, where the simulator keeps it, power cuts.
#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use mpr_tests::{Board, BoardOptions, Kind, sim_program};

/// What the board keeps beside its flash image.
fn partition(board: &Board) -> PathBuf {
    let mut name = board.flash().into_os_string();
    name.push(".rom");
    name.into()
}

/// Code that writes this image, given as Python, to the partition.
fn writes(image: &str) -> String {
    format!(
        "import vfs\ni={image}\nu=vfs.rom_ioctl(3,0,len(i))\nprint(vfs.rom_ioctl(4,0,0,i+bytes(-len(i)%u)),vfs.rom_ioctl(5,0))"
    )
}

/// `x.py` and `lib/y.py`, as MicroPython's own tool packs them.
const IMAGE: &str =
    r"b'\xd2\xcd\x31\x24\x05\x0d\x04x.py\x02\x06x = 1\n\x04\x13\x03lib\x05\x0d\x04y.py\x02\x06y = 2\n'";

fn with(options: &[&str]) -> BoardOptions {
    BoardOptions {
        sim_options: options.iter().map(|word| (*word).to_owned()).collect(),
        ..BoardOptions::default()
    }
}

/// Runs the simulator until its input ends.
fn sim(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(sim_program());
    let output = command.args(args).stdin(Stdio::null()).output().expect("the simulator runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_image_is_mounted_at_start_up_and_imported_from() {
    let board = Board::start(Kind::SimPty);
    let mut console = board.console();
    console.enter_raw_repl();
    let paths = "import sys,os\nprint(sys.path,os.listdir('/'))";
    assert_eq!(console.exec(paths).0, b"['', '.frozen', '/lib'] []\r\n");
    assert_eq!(console.exec(&writes(IMAGE)).0, b"0 0\r\n");
    // It is looked at when the board starts.
    assert_eq!(console.exec("print(os.listdir('/'))").0, b"[]\r\n");
    drop(console);
    board.mpr().args(["soft-reset"]).ok();
    let out = board.mpr().args(["exec", paths]).ok().stdout;
    assert_eq!(out, b"['', '.frozen', '/rom', '/rom/lib', '/lib'] ['rom']\r\n");
    let out = board.mpr().args(["exec", "import x, y; print(x.x, y.y, y.__file__)"]).ok().stdout;
    assert_eq!(out, b"1 2 /rom/lib/y.py\r\n");
    // The file commands take it as any other folder, as far as it can be read.
    let out = board.mpr().args(["tree", ":/rom"]).ok().text();
    assert!(out.contains("lib\n") && out.contains("y.py"), "{out}");
    let refused = board.mpr().args(["rm", ":/rom/x.py"]).run();
    assert_eq!(refused.status.code(), Some(1), "{refused}");
    assert!(refused.stderr().contains("Read-only file system"), "{refused}");
}

#[test]
fn the_partition_stays_beside_the_flash() {
    let board = Board::start(Kind::Sim);
    board.mpr().args(["exec", "x = 1"]).ok();
    // Nothing is kept before anything was written: old images stay what they were.
    assert!(board.flash().exists() && !partition(&board).exists());
    let out = board.mpr().args(["exec", &writes(IMAGE)]).ok().stdout;
    assert_eq!(out, b"0 0\r\n");
    assert_eq!(fs::metadata(partition(&board)).expect("it is kept").len(), 256 << 10);
    let out = board.mpr().args(["exec", "import y; print(y.y)"]).ok().stdout;
    assert_eq!(out, b"2\r\n");
    fs::remove_file(partition(&board)).expect("it can be removed");
    let gone = board.mpr().args(["exec", "import y"]).run();
    assert_eq!(gone.status.code(), Some(1), "{gone}");
}

#[test]
fn the_partition_has_the_size_that_is_asked_for() {
    let board = Board::with(Kind::SimTcp, with(&["--romfs", "64K"]));
    let out = board.mpr().args(["exec", "import vfs; print(len(vfs.rom_ioctl(2,0)), vfs.rom_ioctl(1))"]).ok();
    assert_eq!(out.stdout, b"65536 1\r\n");
    let board = Board::with(Kind::SimTcp, with(&["--romfs", "0"]));
    let out =
        board.mpr().args(["exec", "import vfs; print(hasattr(vfs,'rom_ioctl'), hasattr(vfs,'VfsRom'))"]).ok();
    assert_eq!(out.stdout, b"False True\r\n");
}

#[test]
fn what_is_no_partition_is_not_touched() {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let flash = dir.path().join("flash.img").display().to_string();
    let rom = format!("{flash}.rom");
    for (content, args, says) in [
        (&b"text"[..], &["--flash", &flash][..], "is not a ROMFS partition"),
        (b"", &["--flash", &flash], "is not a ROMFS partition"),
        (&[0xff; 8192], &["--flash", &flash, "--romfs", "64K"], "not the 65536 of --romfs"),
    ] {
        fs::write(&rom, content).expect("a file can be written");
        let (code, stderr) = sim(args);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(says) && stderr.contains(&rom), "{stderr}");
        assert_eq!(fs::read(&rom).expect("it is there"), content);
    }
    // Without a ROMFS the file means nothing.
    assert_eq!(sim(&["--flash", &flash, "--romfs", "0"]).0, Some(0));
    for wrong in ["5000", "20001", "none", "-1"] {
        let (code, stderr) = sim(&["--romfs", wrong]);
        assert_eq!(code, Some(2), "{wrong}: {stderr}");
    }
    fs::write(&rom, [0xff; 8192]).expect("a file can be written");
    let file = fs::File::open(&rom).expect("it is there");
    file.lock().expect("it can be locked");
    let (code, stderr) = sim(&["--flash", &flash]);
    assert_eq!((code, stderr.contains("in use by another process")), (Some(3), true), "{stderr}");
}

#[test]
fn a_power_cut_at_any_write_leaves_a_board_that_starts() {
    // Three blocks are erased and written in one piece: four writes.
    for cut in 1..=4 {
        let board = Board::start(Kind::Sim);
        // This formats the flash, so that only writes to the partition are counted below.
        board.mpr().args(["exec", "x = 1"]).ok();
        let (program, flash) = (sim_program(), board.flash());
        let address = format!("exec:'{}' --flash '{}' --power-cut {cut}", program.display(), flash.display());
        let code = writes("b'\\xd2\\xcd\\x31'+bytes(12000)");
        let run = mpr_tests::mpr().args(["connect", &address, "exec", &code]).run();
        assert_eq!(run.status.code(), Some(3), "{cut}: {run}");
        // The next life takes a new image.
        let words = ["exec", &writes(IMAGE), "soft-reset", "exec", "import y; print(y.y)"];
        assert_eq!(board.mpr().args(words).ok().stdout, b"0 0\r\n2\r\n", "{cut}");
    }
}
