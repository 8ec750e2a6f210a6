//! Bad networks: delay, packets of one byte, cuts, holes. `MPR_SOAK_FIRST` and `MPR_SOAK_SEEDS` choose other seeds.

use std::time::Duration;

use mpr_tests::{Board, Gate, Kind, Trouble, WebSocket, all_bytes};

use super::mpr_at;

/// The cases that are always tried.
const SEEDS: u64 = 12;

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

/// What is done over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Put,
    Get,
    /// By WebREPL's own protocol. A stock board writes to the file itself, so a cut leaves half of it there; not tried with the quirks.
    OwnPut,
    Program,
}

impl Job {
    const ALL: [Job; 4] = [Job::Put, Job::Get, Job::OwnPut, Job::Program];

    fn words(self) -> &'static [&'static str] {
        match self {
            Job::Put => &["cp", "-f", "f", ":"],
            Job::Get => &["cp", "-f", ":g", "g"],
            Job::OwnPut => &["webrepl", "put", "f"],
            Job::Program => &["exec", "for n in range(300): print(n)"],
        }
    }
}

/// Whatever happens: a file, there or here, is the old one or the new one, what a program printed is not other than it printed, and
/// `mpr` ends with a code of its own.
#[test]
fn everything_is_old_or_new_whatever_the_network_does() {
    let first = number("MPR_SOAK_FIRST", 0);
    for seed in first..first + number("MPR_SOAK_SEEDS", SEEDS) {
        let kind = if seed % 2 == 0 { Kind::SimWs } else { Kind::SimWsStock };
        let job = Job::ALL[(seed / 2 % 4) as usize];
        try_one(seed, kind, if kind == Kind::SimWsStock && job == Job::OwnPut { Job::Put } else { job });
    }
}

fn try_one(seed: u64, kind: Kind, job: Job) {
    let board = Board::start(kind);
    let (old, new) = (all_bytes(700), all_bytes(3000));
    let dir = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, content: &[u8]| {
        std::fs::write(dir.path().join(name), content).expect("a file can be written");
    };
    write("f", &old);
    write("g", &new);
    board.mpr().dir(dir.path()).args(["cp", "f", "g", ":"]).ok();
    write("f", &new);
    write("g", &old);
    let met = trouble(seed);
    let gate = Gate::with_trouble(board.address(), move |_| met);
    let address = format!("ws://127.0.0.1:{}", gate.port());
    let outcome = mpr_at(&address).dir(dir.path()).args(["--timeout", "3"]).args(job.words()).run();
    let told = format!("seed {seed}, {job:?}, {met:?}: {outcome}");
    let harmless = met.cut_after.is_none() && met.hole_after.is_none();
    match outcome.status.code() {
        Some(0) => {}
        Some(3) if !harmless => {}
        _ => panic!("{told}"),
    }
    // A stock board keeps a client that has gone without a word until it hears of the end; ours gives it some time to answer.
    drop(WebSocket::log_in_again(board.address(), Board::PASSWORD));
    let there = loop {
        let outcome = board.mpr().args(["cat", ":f"]).run();
        if outcome.status.success() {
            break outcome.stdout;
        }
        assert!(outcome.stderr().contains("another WebREPL client"), "{told}\n{outcome}");
    };
    let complete = outcome.status.success();
    let right = |content: &[u8], changes: bool| match complete {
        true => *content == if changes { new.clone() } else { old.clone() },
        false => *content == old || changes && *content == new,
    };
    assert!(right(&there, matches!(job, Job::Put | Job::OwnPut)), "{told}");
    let here = std::fs::read(dir.path().join("g")).expect("it is there");
    assert!(right(&here, job == Job::Get), "{told}");
    if job == Job::Program {
        let printed: String = (0..300).map(|n| format!("{n}\r\n")).collect();
        let came = outcome.stdout.clone();
        assert!(
            if complete { came == printed.as_bytes() } else { printed.as_bytes().starts_with(&came) },
            "{told}"
        );
    }
    // Nothing is left of what was cut, once the board has heard of the cut and something was copied anew.
    board.mpr().dir(dir.path()).args(["cp", "-f", "f", ":"]).ok();
    let left = board.mpr().args(["ls", ":"]).ok().text();
    assert!(!left.contains(".part"), "{told}\n{left}");
}

#[test]
fn a_slow_network_is_only_slow() {
    let board = Board::start(Kind::SimWs);
    let met = Trouble { delay: Duration::from_millis(5), ..Trouble::default() };
    let gate = Gate::with_trouble(board.address(), move |_| met);
    let address = format!("ws://127.0.0.1:{}", gate.port());
    assert_eq!(mpr_at(&address).args(["exec", "print(6 * 7)"]).ok().text(), "42\n");
}
