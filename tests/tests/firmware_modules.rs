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
