//! The transfers, with what they leave.

use std::fs;
use std::path::Path;

use mpr_tests::all_bytes;

use crate::{Files, digest};

/// The folder with what the board has before; with what it is sent; where copies from it go.
pub const OLD_ON_BOARD: &str = "old";
const NEW: &str = "new";
pub const BACK: &str = "back";

#[derive(Clone, Debug)]
pub struct Job {
    pub name: &'static str,
    pub words: Vec<&'static str>,
    /// A rerun finds nothing to do.
    pub removes: bool,
    pub board_before: Files,
    pub board_after: Files,
    pub host_before: Files,
    pub host_after: Files,
}

/// Python source that deflates well.
fn source(size: usize, seed: usize) -> Vec<u8> {
    let line = |i: usize| format!("def function_{i}_{seed}(value):\n    return value * {i}\n\n").into_bytes();
    (seed..).flat_map(line).take(size).collect()
}

fn patched() -> Vec<u8> {
    let mut content = source(20_000, 7);
    content[9_000..9_100].fill(b'#');
    content
}

/// What the board has before.
fn old() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("small", b"old".repeat(60)),
        ("patched", source(20_000, 7)),
        ("tree/a.py", b"old = 1\n".to_vec()),
        ("tree/same.py", source(700, 3)),
        ("app/changed.py", source(900, 1)),
        ("app/same.bin", all_bytes(1_500)),
        ("app/removed.py", source(300, 2)),
        ("got/one.bin", all_bytes(6_000)),
        ("got/deep/two.py", source(9_000, 5)),
        ("gone/a", b"a".to_vec()),
        ("gone/b/c", source(500, 4)),
        ("gone/b/d/e", b"e".to_vec()),
    ]
}

/// What is sent.
fn new() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("small", b"the new content".repeat(20)),
        ("large", all_bytes(20_000)),
        ("patched", patched()),
        ("tree/a.py", source(800, 11)),
        ("tree/b.bin", all_bytes(2_600)),
        ("tree/same.py", source(700, 3)),
        ("tree/sub/c.py", source(5_000, 12)),
        ("app/changed.py", source(900, 21)),
        ("app/new.bin", all_bytes(4_500)),
        ("app/same.bin", all_bytes(1_500)),
    ]
}

fn write(dir: &Path, files: &[(&str, Vec<u8>)]) {
    for (name, content) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
    }
}

/// Writes the folders of the host.
pub fn lay_out(dir: &Path) {
    write(&dir.join(OLD_ON_BOARD), &old());
    write(&dir.join(NEW), &new());
    lay_back(dir);
}

/// Makes what is copied to the host's folder undone.
pub fn lay_back(dir: &Path) {
    let back = dir.join(BACK);
    let _ = fs::remove_dir_all(&back);
    write(&back, &[("one.bin", b"old here".to_vec())]);
}

fn digests(files: &[(&str, Vec<u8>)]) -> Files {
    files.iter().map(|(name, content)| ((*name).to_owned(), digest(content))).collect()
}

fn job(name: &'static str, words: &[&'static str]) -> Job {
    let board = digests(&old());
    let host = digests(&[("one.bin", b"old here".to_vec())]);
    Job {
        name,
        words: words.to_vec(),
        removes: false,
        board_before: board.clone(),
        board_after: board,
        host_before: host.clone(),
        host_after: host,
    }
}

/// One that puts those of the new files that this says, in place of the old ones.
fn put(name: &'static str, words: &[&'static str], what: &str) -> Job {
    let mut job = job(name, words);
    job.board_after.extend(digests(&new()).into_iter().filter(|(path, _)| path.starts_with(what)));
    job
}

pub fn all() -> Vec<Job> {
    let mut sync = put("sync", &["sync", "--delete", "new/app", ":app"], "app/");
    sync.board_after.remove("app/removed.py");
    let old = digests(&old());
    let mut get = job("get", &["cp", ":got/one.bin", "back/one.bin"]);
    get.host_after.insert("one.bin".into(), old["got/one.bin"].clone());
    let mut get_tree = job("get a tree", &["cp", "-r", ":got", "back"]);
    get_tree
        .host_after
        .extend(old.iter().filter(|(path, _)| path.starts_with("got/")).map(|(p, d)| (p.clone(), d.clone())));
    let mut remove = job("rm -r", &["rm", "-r", ":gone"]);
    remove.removes = true;
    remove.board_after.retain(|path, _| !path.starts_with("gone/"));
    vec![
        small(),
        put("put", &["cp", "new/large", ":large"], "large"),
        put("patch", &["cp", "new/patched", ":patched"], "patched"),
        put("put a tree", &["cp", "-r", "new/tree", ":"], "tree/"),
        sync,
        get,
        get_tree,
        remove,
    ]
}

/// A file of a few hundred bytes.
pub fn small() -> Job {
    put("put a small file", &["cp", "new/small", ":small"], "small")
}
