//! The power goes at a write to flash; the flash is full at some block.

use std::fs;
use std::path::Path;

use mpr_tests::{Outcome, all_bytes, mpr, sim_program};
use tempfile::TempDir;

use crate::jobs::{self, Job, OLD_ON_BOARD};
use crate::{at_image, is_soak, on_board, settle};

/// A folder, and in it the image of a board with what it has before all jobs.
fn scene() -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    jobs::lay_out(dir.path());
    let program = sim_program();
    let image = dir.path().join("base.img");
    let address = format!("exec:'{}' --flash '{}' --flash-size 256K", program.display(), image.display());
    mpr().dir(dir.path()).args(["connect", &address, "sync", OLD_ON_BOARD, ":"]).ok();
    dir
}

fn copy_of_base(dir: &Path) -> std::path::PathBuf {
    let image = dir.join("board.img");
    fs::copy(dir.join("base.img"), &image).expect("an image can be copied");
    image
}

/// True when the power stayed on to the end.
fn with_power_cut(dir: &Path, job: &Job, cut: u64) -> bool {
    let image = copy_of_base(dir);
    let address =
        format!("exec:'{}' --flash '{}' --power-cut {cut}", sim_program().display(), image.display());
    let outcome = mpr().dir(dir).args(["connect", &address]).args(&job.words).run();
    settle(job, &|| at_image(&image, dir), dir, &outcome, &format!("power cut at write {cut}"));
    outcome.status.success()
}

#[test]
fn a_power_cut_at_any_write() {
    let scene = scene();
    let dir = scene.path();
    for job in jobs::all().iter().filter(|job| job.board_after != job.board_before) {
        let mut cut = 1;
        while !with_power_cut(dir, job, cut) {
            // All of them, or some: the first writes are the most different ones.
            cut += if is_soak() { 1 } else { 1 + cut };
        }
        assert!(cut > 2, "{}: {cut}", job.name);
    }
}

fn free_blocks(dir: &Path) -> usize {
    let image = copy_of_base(dir);
    let outcome = at_image(&image, dir).args(["exec", "import os; print(os.statvfs('/')[3])"]).ok();
    outcome.text().trim().parse().expect("a number")
}

fn with_filler(dir: &Path, job: &Job, blocks: usize) -> Option<Outcome> {
    let image = copy_of_base(dir);
    fs::write(dir.join("filler"), all_bytes(blocks * 4096)).expect("a file can be written");
    let at = || at_image(&image, dir);
    if blocks > 0 && !at().args(["cp", "filler", ":filler"]).run().status.success() {
        return None;
    }
    let outcome = at().args(&job.words).run();
    let what = format!("{}, a filler of {blocks} blocks: {outcome}", job.name);
    // Before there is room again nothing temporary takes any.
    let found = on_board(&at, &what);
    assert!(!found.keys().any(|path| path.ends_with(".part")), "{what}: {found:?}");
    if blocks > 0 {
        at().args(["rm", ":filler"]).ok();
    }
    settle(job, &at, dir, &outcome, &format!("a filler of {blocks} blocks"));
    Some(outcome)
}

#[test]
fn a_flash_that_is_full_at_any_block() {
    let scene = scene();
    let dir = scene.path();
    let (mut full, mut fitting) = (0, 0);
    for job in jobs::all().iter().filter(|job| job.board_after != job.board_before) {
        // From a flash that is just full with the filler down to one where all fits.
        let most = free_blocks(dir) - 1;
        let step = if is_soak() { 1 } else { 3 };
        for blocks in (most.saturating_sub(11)..=most).rev().step_by(step) {
            let Some(outcome) = with_filler(dir, job, blocks) else { continue };
            match outcome.status.code() {
                Some(0) => fitting += 1,
                _ => full += 1,
            }
        }
    }
    assert!(full > 3 && fitting > 3, "{full} were full, {fitting} fitted");
}
