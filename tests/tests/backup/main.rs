//! `backup` and `restore`: a board's files as an archive and back.

mod bad;
mod faults;
mod whole;

use std::process::Command;

use mpr_tests::{Desk, all_bytes};

/// Copies content to a file of the board.
fn put(desk: &Desk, name: &str, content: &[u8]) {
    desk.write("put", content);
    desk.run(&["cp", "-f", "--", "put", &format!(":{name}")]);
}

/// Runs the system's `tar`, which must succeed; its output.
fn tar(desk: &Desk, words: &[&str]) -> String {
    let output = Command::new("tar").args(words).current_dir(desk.dir()).output();
    let output = output.unwrap_or_else(|error| panic!("`tar`: {error}; `apt-get install tar`"));
    assert!(output.status.success(), "tar {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Everything on the board, as an archive's bytes.
fn all(desk: &Desk) -> Vec<u8> {
    desk.mpr().args(["backup", "-"]).ok().stdout
}

/// A board with a few files in directories.
fn filled(desk: &Desk) {
    desk.run(&["mkdir", ":lib", ":lib/empty"]);
    put(desk, "main.py", b"print(1)\n");
    put(desk, "lib/large.bin", &all_bytes(5_000));
    put(desk, "lib/empty.py", b"");
    put(desk, "lib/it's \u{1f40d}\n.txt", b"odd");
}

/// An archive of one member, made by hand: its name may be one that no program writes.
fn member(name: &[u8], kind: tar::EntryType, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_link_name("main.py").expect("a short name");
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, content).expect("memory takes bytes");
    builder.into_inner().expect("memory takes bytes")
}
