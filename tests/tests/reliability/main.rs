//! Every kind of transfer, and all that can happen to it: after a cut cable, damaged bytes, a reset, a power cut, a killed `mpr` or on
//! a full flash each file is the old or the new one, the board is at its prompt, and a rerun completes and leaves nothing behind.

mod boards;
mod cuts;
mod damage;
mod flash;
mod jobs;
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use mpr_tests::{BoardOptions, Desk, Kind, Mpr, Outcome, mpr};
use sha2::{Digest, Sha256};

use crate::jobs::{Job, OLD_ON_BOARD};

/// Paths with digests of contents.
type Files = BTreeMap<String, String>;

/// Prints every path of the board's with the digest of its content.
const WALK: &str = "
def walk(d):
    import os, hashlib, binascii
    for e in os.ilistdir(d):
        p = d + e[0]
        if e[1] == 0x4000: walk(p + '/')
        else:
            h = hashlib.sha256()
            with open(p, 'rb') as f:
                while 1:
                    b = f.read(512)
                    if not b: break
                    h.update(b)
            print(binascii.hexlify(h.digest()).decode(), p)
walk('/')
del walk
";

/// How many seeds a run tries, and the first one; `cargo xtask soak` asks for more and for others.
fn seeds(count: u64) -> Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("MPR_SOAK_FIRST").unwrap_or(0);
    first..first + number("MPR_SOAK_SEEDS").unwrap_or(count)
}

/// Whether every place is to be tried and not a sample.
fn is_soak() -> bool {
    std::env::var_os("MPR_SOAK_SEEDS").is_some()
}

/// A few of these numbers, always the same ones; or all.
fn sample(numbers: Range<u64>, count: u64, all: bool) -> Vec<u64> {
    if all {
        return numbers.collect();
    }
    let mut random = fastrand::Rng::with_seed(numbers.end);
    let length = (numbers.end - numbers.start).max(1);
    (0..count).map(|n| numbers.start + n * length / count + random.u64(0..length.div_ceil(count))).collect()
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A board behind a link with what it has before all jobs.
fn desk() -> Desk {
    let desk = Desk::with(Kind::SimLink, BoardOptions::default());
    jobs::lay_out(desk.dir());
    desk.run(&["sync", OLD_ON_BOARD, ":"]);
    desk
}

/// What is on the board; it answers at its prompt.
fn on_board(to: &dyn Fn() -> Mpr, what: &str) -> Files {
    let outcome = to().args(["eval", "1+1", "+", "exec", WALK]).run();
    assert!(outcome.status.success(), "{what}: the board does not answer: {outcome}");
    files(&outcome)
}

fn files(outcome: &Outcome) -> Files {
    let text = outcome.text();
    let lines = text.lines().filter_map(|line| line.split_once(" /"));
    lines
        .filter(|(digest, _)| digest.len() == 64)
        .map(|(digest, path)| (path.into(), digest.into()))
        .collect()
}

/// What is in a folder of the host.
fn on_host(dir: &Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(dir).expect("below").display().to_string();
                found.insert(name, digest(&fs::read(entry.path()).unwrap_or_default()));
            }
        }
    }
    found
}

fn is_temporary(path: &str) -> bool {
    path.ends_with(".part")
}

/// Each file is the old or the new one; nothing else is there but temporary files.
fn old_or_new(found: &Files, old: &Files, new: &Files, what: &str) {
    for (path, digest) in found.iter().filter(|(path, _)| !is_temporary(path)) {
        let is_known = old.get(path) == Some(digest) || new.get(path) == Some(digest);
        assert!(is_known, "{what}: `{path}` is neither the old nor the new one");
    }
    for (path, digest) in old {
        let stays = new.get(path) == Some(digest) || new.contains_key(path);
        assert!(!stays || found.contains_key(path), "{what}: `{path}` is lost");
    }
}

/// Names the files that are other than wanted.
fn same(found: &Files, wanted: &Files, what: &str) {
    let others = found.iter().filter(|(path, digest)| wanted.get(*path) != Some(digest));
    let lacking = wanted.keys().filter(|path| !found.contains_key(*path));
    let differing: Vec<&String> = others.map(|(path, _)| path).chain(lacking).collect();
    assert!(differing.is_empty(), "{what}: {differing:?}");
}

/// After whatever has happened to a job: what is there, and what a rerun makes of it. All is as before then.
fn settle(job: &Job, to: &dyn Fn() -> Mpr, dir: &Path, outcome: &Outcome, what: &str) {
    let back = dir.join(jobs::BACK);
    assert!(!outcome.stderr().contains("panicked"), "{what}: {outcome}");
    let what = &format!("{}, {what}: {outcome}", job.name);
    match outcome.status.code() {
        Some(0) => {
            same(&on_board(to, what), &job.board_after, &format!("{what}: done, and the board differs"));
            same(&on_host(&back), &job.host_after, &format!("{what}: done, and the host's files differ"));
        }
        // Nothing when it was killed.
        Some(1 | 3) | None => {
            old_or_new(&on_board(to, what), &job.board_before, &job.board_after, what);
            old_or_new(&on_host(&back), &job.host_before, &job.host_after, what);
            rerun(job, to, &back, what);
        }
        _ => panic!("{what}"),
    }
    jobs::lay_back(dir);
    to().dir(dir).args(["sync", "--delete", OLD_ON_BOARD, ":"]).ok();
}

fn rerun(job: &Job, to: &dyn Fn() -> Mpr, back: &Path, what: &str) {
    let outcome = to().args(&job.words).args(["+", "exec", WALK]).run();
    // What an earlier run has removed is not there.
    let is_gone = job.removes && outcome.status.code() == Some(1);
    assert!(outcome.status.success() || is_gone, "{what}\nthe rerun failed: {outcome}");
    let found = if is_gone { on_board(to, what) } else { files(&outcome) };
    assert_eq!(found, job.board_after, "{what}\nafter the rerun: {outcome}");
    assert_eq!(on_host(back), job.host_after, "{what}\nafter the rerun: {outcome}");
}

/// `mpr` for a board whose flash is a file.
fn at_image(image: &Path, dir: &Path) -> Mpr {
    mpr().args(["connect", &format!("sim:{}", image.display())]).dir(dir)
}
