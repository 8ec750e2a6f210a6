//! Bad networks: delay, packets of one byte, cuts, holes. `MPR_SOAK_FIRST` and `MPR_SOAK_SEEDS` choose other seeds.

use std::time::Duration;

use mpr_tests::{Board, Gate, Kind, Trouble, WebSocket, all_bytes};

use super::mpr_at;

/// The cases that are always tried.
const SEEDS: u64 = 6;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn trouble(seed: u64) -> Trouble {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut trouble = Trouble {
        delay: Duration::from_micros(random.u64(0..3000)),
        single_bytes: random.bool(),
        ..Trouble::default()
    };
    match random.u8(0..3) {
        0 => {}
        1 => trouble.cut_after = Some(random.usize(0..4000)),
        _ => trouble.hole_after = Some(random.usize(0..4000)),
    }
    trouble
}

/// Whatever happens: the file on the board is the old one or the new one, and `mpr` ends with a code of its own.
#[test]
fn a_file_is_old_or_new_whatever_the_network_does() {
    let first = number("MPR_SOAK_FIRST", 0);
    for seed in first..first + number("MPR_SOAK_SEEDS", SEEDS) {
        let kind = if seed % 2 == 0 { Kind::SimWs } else { Kind::SimWsStock };
        let board = Board::start(kind);
        let (old, new) = (all_bytes(700), all_bytes(3000));
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("f"), &old).expect("a file can be written");
        board.mpr().dir(dir.path()).args(["cp", "f", ":"]).ok();
        std::fs::write(dir.path().join("f"), &new).expect("a file can be written");
        let met = trouble(seed);
        let gate = Gate::with_trouble(board.address(), move |_| met);
        let address = format!("ws://127.0.0.1:{}", gate.port());
        let outcome = mpr_at(&address).dir(dir.path()).args(["--timeout", "3", "cp", "-f", "f", ":"]).run();
        let harmless = met.cut_after.is_none() && met.hole_after.is_none();
        match outcome.status.code() {
            Some(0) => {}
            Some(3) if !harmless => {}
            other => panic!("seed {seed}, {met:?}: {other:?}: {outcome}"),
        }
        // A stock board keeps a client that has gone without a word until it hears of the end.
        drop(WebSocket::log_in_again(board.address(), Board::PASSWORD));
        let there = loop {
            let outcome = board.mpr().args(["cat", ":f"]).run();
            if outcome.status.success() {
                break outcome.stdout;
            }
            assert!(outcome.stderr().contains("another WebREPL client"), "seed {seed}: {outcome}");
        };
        let complete = outcome.status.success();
        assert!(there == new || !complete && there == old, "seed {seed}, {met:?}: {outcome}");
    }
}

#[test]
fn a_slow_network_is_only_slow() {
    let board = Board::start(Kind::SimWs);
    let met = Trouble { delay: Duration::from_millis(5), ..Trouble::default() };
    let gate = Gate::with_trouble(board.address(), move |_| met);
    let address = format!("ws://127.0.0.1:{}", gate.port());
    assert_eq!(mpr_at(&address).args(["exec", "print(6 * 7)"]).ok().text(), "42\n");
}
