//! Python's `websockets`.

use std::process::Command;

use mpr_tests::{Board, python_program};

use super::BOTH;

#[test]
fn the_websockets_of_python() {
    for kind in BOTH {
        let board = Board::start(kind);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/devices/webrepl/client.py");
        let output = Command::new(python_program())
            .args([script, board.address(), Board::PASSWORD])
            .output()
            .expect("Python starts");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{kind:?}: {words}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{words}");
    }
}
