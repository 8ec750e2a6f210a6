//! Long campaigns: fault schedules by seed, fuzz targets. CI runs a fixed sample of both as ordinary tests.

use std::fs;
use std::time::{Duration, Instant};

use crate::run::{Result, cargo, run, succeeds};
use crate::{paths, setup, test};

/// Seeds tried by one run of the fault tests.
const SEEDS_PER_RUN: u64 = 50;

/// CI tries the first few.
const FIRST_SEED: u64 = 1000;

/// Seeds of the networks in front of WebREPL's server that every soak tries, from 0 on; CI tries the first few.
const NETWORK_SEEDS: u64 = 200;

/// Tests whose faults follow from a seed.
const FAULT_TESTS: [&[&str]; 5] = [
    &["--test", "reliability", "random::"],
    &["--test", "reliability", "damage::"],
    &["--test", "reliability", "over_a_bad_line"],
    &["--test", "bad_links", "--test", "agent"],
    &["--test", "fuse", "fsx"],
];

/// Tests that try every place once: each byte, each write to flash, each block.
const EVERY_PLACE: [&str; 6] =
    ["--test", "reliability", "--", "cuts::", "flash::", "a_small_file_cut_somewhere"];

/// Tries new seeds and new fuzz inputs for this many minutes.
pub fn soak(minutes: &str) -> Result {
    let minutes: u64 = minutes.parse().map_err(|_| format!("error: `{minutes}` is no number of minutes"))?;
    let time = Duration::from_secs(minutes * 60);
    setup::all()?;
    run(&mut cargo(test::PROGRAMS))?;
    let targets = fuzz_targets();
    let has_fuzzer = succeeds(&mut cargo(["fuzz", "--version"]));
    if !targets.is_empty() && !has_fuzzer {
        println!("no fuzzing: `cargo install cargo-fuzz` brings the fuzzer, which needs a nightly toolchain");
    }
    let shares = if has_fuzzer { targets.len() as u32 + 1 } else { 1 };
    let share = time / shares;
    faults(share)?;
    if has_fuzzer {
        for target in targets {
            fuzz(&target, share)?;
        }
    }
    Ok(())
}

/// Runs the fault tests with seeds that grow from run to run; a failure names its seed.
fn faults(time: Duration) -> Result {
    let end = Instant::now() + time;
    let mut first = FIRST_SEED;
    while Instant::now() < end {
        println!("seeds {first} to {}", first + SEEDS_PER_RUN - 1);
        // The random schedules first: what comes behind them does not all depend on seeds.
        for filter in FAULT_TESTS {
            let mut command = cargo(["test", "-p", "mpr-tests"]);
            command.args(filter.iter());
            command.env("MPR_SOAK_FIRST", first.to_string()).env("MPR_SOAK_SEEDS", SEEDS_PER_RUN.to_string());
            run(&mut command)?;
        }
        if first == FIRST_SEED {
            let mut command = cargo(["test", "-p", "mpr-tests"]);
            command.args(EVERY_PLACE).env("MPR_SOAK_SEEDS", "1");
            run(&mut command)?;
        }
        // The first run has the fixed seeds, the others have new ones.
        let (first_network, networks) =
            if first == FIRST_SEED { (0, NETWORK_SEEDS) } else { (first, SEEDS_PER_RUN) };
        let mut command = cargo(["test", "-p", "mpr-tests", "--test", "webrepl", "networks"]);
        command.env("MPR_SOAK_FIRST", first_network.to_string()).env("MPR_SOAK_SEEDS", networks.to_string());
        run(&mut command)?;
        first += SEEDS_PER_RUN;
    }
    Ok(())
}

/// The fuzz targets, by their files.
fn fuzz_targets() -> Vec<String> {
    let dir = paths::root().join("tests/fuzz/fuzz_targets");
    let files = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names: Vec<String> =
        files.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

fn fuzz(target: &str, time: Duration) -> Result {
    let mut command = cargo(["+nightly", "fuzz", "run", "--fuzz-dir", "tests/fuzz", target, "--"]);
    command.arg(format!("-max_total_time={}", time.as_secs()));
    run(&mut command)
}
