//! Tests of filesystems that others wrote, in a mounted folder.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use mpr_tests::{BoardOptions, Desk, Folder, Kind, contents, suite_program, system_program};

fn desk(options: &[&str]) -> Option<(Desk, Folder)> {
    let board = BoardOptions { flash_size: Some("4M".to_owned()), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimPty, board);
    let folder = Folder::mount(&desk.board, options)?;
    Some((desk, folder))
}

/// Operations of one run of fsx.
const OPERATIONS: &str = "2500";

/// Everything that it can do and a board can, with files of up to 64 KB.
const FSX: &str = "\
flen = 65536
[opsize]
max = 16384
[weights]
close_open = 2
read = 10
write = 10
mapread = 5
mapwrite = 3
invalidate = 1
truncate = 5
fsync = 1
fdatasync = 1
sendfile = 2
posix_fadvise = 2
copy_file_range = 2
";

/// A file is written, mapped, cut and read at random, and has to be what it should be. `MPR_SOAK_FIRST` and `MPR_SOAK_SEEDS` choose
/// other seeds.
fn fsx(first: u64) {
    let Some((desk, mut folder)) = desk(&[]) else { return };
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    let first = first + number("MPR_SOAK_FIRST").unwrap_or(0);
    desk.write("fsx.toml", FSX.as_bytes());
    let in_desk = |name: &str| desk.dir().join(name);
    for seed in first..first + number("MPR_SOAK_SEEDS").map_or(2, |seeds| seeds.div_ceil(2)) {
        let output = Command::new(suite_program("fsx"))
            .args(["-N", OPERATIONS, "-S", &seed.to_string(), "-f"])
            .arg(in_desk("fsx.toml"))
            .arg("-P")
            .arg(desk.dir())
            .arg(folder.join("file"))
            .output()
            .expect("it starts");
        assert!(output.status.success(), "seed {seed}: {output:?}");
        let here = fs::read(folder.join("file")).expect("it is read");
        desk.run(&["cp", "-f", ":file", "copy"]);
        assert!(fs::read(in_desk("copy")).expect("it was copied") == here, "seed {seed}: the board differs");
    }
    folder.unmount();
}

#[test]
fn fsx_finds_no_difference() {
    fsx(1);
}

#[test]
fn fsx_finds_no_difference_second_half() {
    fsx(1_000_001);
}

#[test]
fn fio_reads_what_it_wrote() {
    let Some((desk, mut folder)) = desk(&[]) else { return };
    let files = folder.join("files");
    fs::create_dir(&files).expect("it is made");
    let jobs: [&[&str]; 4] = [
        &["--rw=randwrite", "--bs=1k", "--ioengine=psync"],
        &["--rw=write", "--bs=3k", "--ioengine=mmap"],
        &["--rw=randrw", "--bsrange=512-4k", "--ioengine=psync", "--fsync=16"],
        &["--rw=randwrite", "--bs=700", "--ioengine=sync", "--numjobs=3", "--thread"],
    ];
    for job in jobs {
        let output = Command::new(system_program("fio"))
            .args(["--name=job", "--size=96k", "--nrfiles=2", "--end_fsync=1", "--fallocate=none"])
            .args(["--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0"])
            .args(job)
            .arg("--directory")
            .arg(&files)
            .output()
            .expect("it starts");
        assert!(output.status.success(), "{job:?}: {output:?}");
        desk.run(&["cp", "-r", ":files", "copy"]);
        assert!(contents(&desk.dir().join("copy")) == contents(&files), "{job:?}: the board differs");
        fs::remove_dir_all(desk.dir().join("copy")).expect("it is removed");
        for entry in fs::read_dir(&files).expect("it is listed").flatten() {
            fs::remove_file(entry.path()).expect("it is removed");
        }
    }
    folder.unmount();
}

/// Cases that can't pass. Each stands below its reason.
fn excluded() -> BTreeSet<String> {
    let mut has_reason = false;
    let mut cases = BTreeSet::new();
    for line in include_str!("pjdfstest.txt").lines().filter(|line| !line.is_empty()) {
        match line.starts_with("# ") {
            true => has_reason = true,
            false => {
                assert!(has_reason, "{line} has no reason");
                assert!(cases.insert(line.to_owned()), "{line} is there twice");
            }
        }
    }
    cases
}

/// What POSIX says of names. As root it changes to other users, and so needs a folder that they may use.
#[test]
fn pjdfstest_finds_what_is_known() {
    let is_root = nix::unistd::geteuid().is_root();
    let options: &[&str] = if is_root { &["--allow-other", "--umask", "022"] } else { &[] };
    let Some((desk, mut folder)) = desk(options) else { return };
    desk.write(
        "pjdfstest.toml",
        b"[features]\n[settings]\nnaptime = 0.05\n[dummy_auth]\n\
          entries = [[\"nobody\", \"nogroup\"], [\"daemon\", \"daemon\"]]\n",
    );
    let output = Command::new(suite_program("pjdfstest"))
        .arg("-c")
        .arg(desk.dir().join("pjdfstest.toml"))
        .arg("-p")
        .arg(folder.path())
        .arg("-s")
        .arg(desk.dir())
        .args(["open", "mkdir", "rmdir", "unlink", "rename", "truncate", "ftruncate"])
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let cases = |result: &str| -> BTreeSet<String> {
        let words = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        words
            .filter(|words| words.len() == 2 && words[0].contains("::") && words[1] == result)
            .map(|words| words[0].to_owned())
            .collect()
    };
    let (failed, skipped, passed) = (cases("FAILED"), cases("skipped"), cases("ok"));
    assert!(passed.len() > 40, "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let excluded = excluded();
    if is_root {
        assert_eq!(&failed | &skipped, excluded, "{text}");
    } else {
        // What it can't try without root's rights it skips.
        assert!(failed.is_subset(&excluded) && passed.is_disjoint(&excluded), "{text}");
    }
    folder.unmount();
}
