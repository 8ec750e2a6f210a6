//! The firmware's filesystems: scripts in `tests/firmware/files`, and what must survive the end of a board.
#![cfg(unix)]

use std::path::Path;

use mpr_tests::{Board, Console, Kind};

/// A script with what all of them share.
fn script(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware");
    let read = |path: &Path| {
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let script = folder.join("files").join(name).with_extension("py");
    format!("{}{}", read(&folder.join("helpers/files.py")), read(&script))
}

fn open(board: &Board) -> Console {
    let mut console = board.console();
    console.enter_raw_repl();
    console
}

/// What the code prints; a traceback fails the test.
fn output(console: &mut Console, code: &str) -> String {
    let (output, traceback) = console.exec(code);
    let output = String::from_utf8_lossy(&output).replace("\r\n", "\n");
    assert!(traceback.is_empty(), "{output}{}", String::from_utf8_lossy(&traceback));
    output
}

/// Runs a script that asserts by itself and prints `ok` last; then again with a collection at every allocation.
fn asserts_hold(name: &str) {
    let code = script(name);
    let board = Board::start(Kind::SimTcp);
    let mut console = open(&board);
    for before in ["", "import gc\ngc.threshold(1)\n"] {
        let printed = output(&mut console, &format!("{before}{code}"));
        assert!(printed.ends_with("ok\n"), "{before}{printed}");
    }
}

macro_rules! scripts {
    ($($name:ident)*) => {
        mod scripts {
            $(#[test]
            fn $name() {
                super::asserts_hold(stringify!($name));
            })*

            #[test]
            fn every_script_has_its_test() {
                let folder = super::Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware/files");
                let entries = std::fs::read_dir(folder).expect("the scripts are there");
                let mut found: Vec<_> = entries
                    .map(|entry| entry.expect("the folder can be read").path())
                    .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
                    .collect();
                found.sort();
                assert_eq!(found, [$(stringify!($name)),*]);
            }
        }
    };
}

scripts!(devices finalisers full imports mounts open_files os_paths rom);
