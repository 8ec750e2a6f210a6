//! A page in a browser: Chromium, without a screen.

use std::process::Command;

use mpr_tests::{Board, all_bytes, browser_package, system_program};

use super::BOTH;

#[test]
fn a_page_logs_in_types_and_downloads() {
    for kind in BOTH {
        let board = Board::start(kind);
        let dir = tempfile::tempdir().expect("a temporary folder");
        let content = all_bytes(3000);
        std::fs::write(dir.path().join("data.bin"), &content).expect("a file can be written");
        board.mpr().dir(dir.path()).args(["cp", "data.bin", ":"]).ok();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/devices/browser/drive.mjs");
        let output = Command::new(system_program("node"))
            .arg(script)
            .arg(browser_package())
            .arg(system_program("chromium"))
            .args([board.address(), Board::PASSWORD, "data.bin"])
            .arg(dir.path())
            // Where the browser keeps what it does not keep in its profile.
            .env("HOME", dir.path())
            .output()
            .expect("node starts");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{kind:?}: {words}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{words}");
        let downloaded = std::fs::read(dir.path().join("downloaded")).expect("it was downloaded");
        assert!(downloaded == content, "{kind:?}: {} bytes", downloaded.len());
    }
}
