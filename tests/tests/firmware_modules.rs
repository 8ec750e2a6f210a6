//! The firmware's builtin modules: scripts in `tests/firmware`, run on our firmware.
//!
//! A script in `stock/` runs on stock MicroPython too and must print the same there; one in `port/` asserts by itself.
//! Each also runs with a collection at every allocation, which finds objects that nothing holds.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mpr_tests::{Board, Console, Kind};

const COLLECT_ALWAYS: &str = "import gc\ngc.threshold(1)\n";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware").join(name)
}

fn script(folder_name: &str, name: &str) -> String {
    let path = folder(folder_name).join(name).with_extension("py");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the script prints; a traceback fails the test.
fn output(console: &mut Console, code: &str) -> String {
    let (output, traceback) = console.exec(code);
    let output = String::from_utf8_lossy(&output).replace("\r\n", "\n");
    assert!(traceback.is_empty(), "{output}{}", String::from_utf8_lossy(&traceback));
    output
}

fn open(board: &Board) -> Console {
    let mut console = board.console();
    console.enter_raw_repl();
    console
}

fn same_as_stock(name: &str) {
    let code = script("stock", name);
    let stock = Board::start(Kind::Wasm);
    let expected = output(&mut open(&stock), &code);
    assert!(!expected.is_empty(), "the script prints nothing to compare");
    let board = Board::start(Kind::SimTcp);
    let mut console = open(&board);
    for code in [&code, &format!("{COLLECT_ALWAYS}{code}")] {
        let printed = output(&mut console, code);
        let differing = printed.lines().zip(expected.lines()).find(|(ours, stock)| ours != stock);
        assert_eq!(differing, None, "(ours, stock)");
        assert_eq!(printed.lines().count(), expected.lines().count());
    }
}

fn asserts_hold(name: &str) {
    let code = script("port", name);
    let board = Board::start(Kind::SimTcp);
    let mut console = open(&board);
    output(&mut console, &code);
    output(&mut console, &format!("{COLLECT_ALWAYS}{code}"));
}

/// A host sends compressed data to a program's standard input: whatever bytes it has, and not one more is taken.
#[test]
fn deflate_takes_its_stream_from_standard_input_and_no_more() {
    const PROGRAM: &str = "import sys, deflate, micropython\n\
        micropython.kbd_intr(-1)\n\
        stream = deflate.DeflateIO(sys.stdin.buffer, deflate.RAW, 12)\n\
        print('ready')\n\
        data = stream.read()\n\
        print('inflated')\n\
        rest = sys.stdin.buffer.read(4)\n\
        micropython.kbd_intr(3)\n\
        print(data, rest)\n";
    // A stored block with the bytes that control a REPL, then "hello hello hello hello" as CPython's zlib writes it.
    const STREAM: &[u8] = b"\x00\x08\x00\xf7\xff\x01\x03\x04\r\nend\xcbH\xcd\xc9\xc9W\xc8@'\x01";
    for kind in [Kind::SimTcp, Kind::SimPty, Kind::SimUart { baud: 115_200 }] {
        let board = Board::start(kind);
        let mut console = open(&board);
        for _ in 0..2 {
            console.send(PROGRAM.as_bytes());
            console.send(b"\x04");
            console.expect(b"ready\r\n");
            console.send(STREAM);
            console.expect(b"inflated\r\n");
            console.send(b"rest");
            let printed = console.expect(b"\r\n\x04\x04>");
            let expected = r"b'\x01\x03\x04\r\nendhello hello hello hello' b'rest'";
            assert_eq!(String::from_utf8_lossy(&printed), expected, "{kind:?}");
        }
    }
}

macro_rules! scripts {
    ($run:ident, $folder:ident: $($name:ident)*) => {
        mod $folder {
            $(#[test]
            fn $name() {
                super::$run(stringify!($name));
            })*

            #[test]
            fn every_script_has_its_test() {
                let listed = [$(stringify!($name)),*].map(str::to_owned).into();
                assert_eq!(super::scripts_in(stringify!($folder)), listed);
            }
        }
    };
}

fn scripts_in(name: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder(name)).expect("the scripts are there");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    paths.map(|path| path.file_stem().expect("a script has a name").to_string_lossy().into_owned()).collect()
}

scripts!(same_as_stock, stock: binascii deflate hashlib heapq json random re time);
scripts!(asserts_hold, port: binascii deflate hashlib heapq json names platform random re);
