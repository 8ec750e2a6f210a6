//! Sessions with a model of the board over lines that lose, double, change and delay bytes.

mod model;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use self::model::Model;
use super::request::{DATA, DONE};
use super::{Event, Session, Setup};

const TOKEN: [u8; 8] = *b"0f1e2d3c";

/// A xorshift generator: always the same numbers for a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn chance(&mut self, of: f64) -> bool {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 <= of && of > 0.0
    }
}

/// What a line does to each byte.
#[derive(Debug, Clone, Copy, Default)]
struct Faults {
    lose: f64,
    double: f64,
    change: f64,
    delay: Duration,
}

struct Line {
    faults: Faults,
    random: Random,
    queue: VecDeque<(Instant, u8)>,
}

impl Line {
    fn new(faults: Faults, seed: u64) -> Self {
        Line { faults, random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), queue: VecDeque::new() }
    }

    fn take(&mut self, now: Instant, bytes: &[u8]) {
        for byte in bytes {
            let (lost, doubled) =
                (self.random.chance(self.faults.lose), self.random.chance(self.faults.double));
            let changed = self.random.chance(self.faults.change);
            let byte = if changed { byte ^ 1 << (self.random.next() % 8) } else { *byte };
            for _ in 0..if lost { 0 } else { 1 + u8::from(doubled) } {
                self.queue.push_back((now + self.faults.delay, byte));
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Case {
    seed: u64,
    unit: u64,
    payload: usize,
    length: usize,
    told_each: usize,
    down: Faults,
    up: Faults,
    /// Chance that a byte of content stops the board, and for how long.
    stall: (f64, Duration),
}

impl Default for Case {
    fn default() -> Self {
        let (down, up) = (Faults::default(), Faults::default());
        Case {
            seed: 1,
            unit: 128,
            payload: 2016,
            length: 12_000,
            told_each: 2500,
            down,
            up,
            stall: (0.0, Duration::ZERO),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// All arrived, and the board said so.
    Done,
    /// All arrived; the board's word on it was lost.
    Drained,
    /// A byte that became Ctrl-C ended the agent.
    Ended,
    /// The host has given up.
    Silent,
}

/// How it ended, after how long, and how many frames were refused.
fn run(case: Case) -> (End, Duration, u32) {
    let mut random = Random(case.seed.wrapping_mul(0xd134_2543_de82_ef95) | 1);
    let content: Vec<u8> = (0..case.length).map(|_| (random.next() >> 32) as u8).collect();
    let start = Instant::now();
    let mut now = start;
    let setup = Setup {
        token: TOKEN,
        unit: case.unit,
        payload: case.payload,
        line_rate: 11_520.0,
        grows: true,
        pushes_back: false,
    };
    let mut session = Session::new(setup, now);
    session.await_answer(now, false);
    let mut board = Model::new(TOKEN, case.unit, case.length, case.told_each);
    let (mut down, mut up) = (Line::new(case.down, case.seed), Line::new(case.up, !case.seed));
    let mut busy_until = now;
    let mut rest = &content[..];
    let mut said_all = false;
    loop {
        while let Some(event) = session.poll() {
            let elapsed = now - start;
            match event {
                Event::Answer(answer) if answer[0] == DONE => {
                    assert!(board.content == content, "done, and the content differs");
                    return (End::Done, elapsed, board.refusals);
                }
                Event::Answer(answer) => assert_eq!(answer[0], DATA),
                Event::Synchronised if said_all && session.is_drained() => {
                    assert!(board.content == content, "drained, and the content differs");
                    return (End::Drained, elapsed, board.refusals);
                }
                Event::Synchronised => {}
                Event::Ended(_) => {
                    assert!(board.has_ended(), "the agent did not end");
                    return (End::Ended, elapsed, board.refusals);
                }
                Event::Silent => return (End::Silent, elapsed, board.refusals),
                Event::Restarted => panic!("the board did not restart"),
            }
        }
        // Chunks of 16 KB, as files are read.
        while !said_all && !session.is_congested() {
            let chunk;
            (chunk, rest) = rest.split_at(rest.len().min(16 << 10));
            let mut chunk = chunk;
            while !chunk.is_empty() {
                let payload;
                (payload, chunk) = chunk.split_at(chunk.len().min(session.payload()));
                session.frame(payload, false, payload.len() as u64);
            }
            if rest.is_empty() {
                said_all = true;
                session.await_answer(now, true);
            }
        }
        let mut out = Vec::new();
        let _ = session.poll_transmit(now, &mut out);
        down.take(now, &out);
        // The next thing that happens.
        let to_board = down.queue.front().map(|(due, _)| (*due).max(busy_until));
        let to_host = up.queue.front().map(|(due, _)| *due);
        let due = to_board.into_iter().chain(to_host).chain(session.poll_timeout()).min();
        let due = due.expect("something is awaited");
        now = now.max(due);
        assert!(now - start < Duration::from_secs(3600), "no end: {case:?}");
        if to_board == Some(due) {
            let (_, byte) = down.queue.pop_front().expect("a byte");
            let mut said = Vec::new();
            let before = board.content.len();
            board.read(byte, &mut said);
            assert!(content.starts_with(&board.content), "another content");
            up.take(now, &said);
            if random.chance(case.stall.0 * (board.content.len() - before) as f64) {
                busy_until = now + case.stall.1;
            }
        } else if to_host == Some(due) {
            let (_, byte) = up.queue.pop_front().expect("a byte");
            session.handle_input(now, &[byte]);
        }
        session.handle_timeout(now);
        assert!(session.accepted() <= case.length as u64);
    }
}

/// The end must be a good one; an agent that was ended may take a while to be noticed.
fn comes_through(case: Case) -> End {
    let (end, after, _) = run(case);
    assert!(matches!(end, End::Done | End::Drained | End::Ended), "{end:?} after {after:?}: {case:?}");
    end
}

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn a_good_line_needs_nothing_twice() {
    for (unit, payload) in [(16, 96), (32, 300), (128, 2016), (4096, 2016), (4096, 8191)] {
        for delay in [Duration::ZERO, MILLISECOND, 20 * MILLISECOND] {
            let faults = Faults { delay, ..Faults::default() };
            let case = Case { unit, payload, down: faults, up: faults, ..Case::default() };
            let (end, _, refusals) = run(case);
            assert_eq!((end, refusals), (End::Done, 0), "{case:?}");
        }
    }
}

fn kinds(rate: f64, delay: Duration) -> [Faults; 3] {
    let none = Faults { delay, ..Faults::default() };
    [Faults { lose: rate, ..none }, Faults { double: rate, ..none }, Faults { change: rate, ..none }]
}

#[test]
fn a_line_that_damages_bytes_is_got_over() {
    for seed in 1..=2 {
        for (unit, payload) in [(32, 2016), (128, 2016), (4096, 2016)] {
            for faults in [1e-3, 1e-4].into_iter().flat_map(|rate| kinds(rate, MILLISECOND)) {
                comes_through(Case { seed, unit, payload, down: faults, up: faults, ..Case::default() });
            }
        }
    }
}

/// One byte in 400: no frame of 2 KB gets through whole, those that wait already are cut.
#[test]
fn frames_are_cut_until_they_get_through() {
    for (seed, (unit, payload)) in (1..).zip([(32, 2016), (128, 2016), (1024, 2016), (4096, 8191)]) {
        let faults = Faults { lose: 1.5e-3, double: 1e-3, delay: MILLISECOND, ..Faults::default() };
        let case = Case { seed, unit, payload, length: 20_000, down: faults, up: faults, ..Case::default() };
        let (end, _, refusals) = run(case);
        assert!(matches!(end, End::Done | End::Drained), "{end:?}: {case:?}");
        // Some 50 places are damaged.
        assert!(refusals < 200, "{refusals} refusals: {case:?}");
    }
}

/// A byte of a length that comes twice makes one frame of more than sixty small ones.
#[test]
fn a_damaged_length_costs_many_small_frames() {
    let down = Faults { double: 6e-4, ..Faults::default() };
    let seed = 3_004_818_663_184_664_910;
    let case = Case { seed, unit: 16, payload: 209, length: 4598, told_each: 100, down, ..Case::default() };
    assert_eq!(run(case).0, End::Done);
}

/// Only what comes back is damaged: acknowledgements that count too much, answers that are none.
#[test]
fn damaged_acknowledgements_are_got_over() {
    for seed in 1..=2 {
        for unit in [32, 128, 1024] {
            for up in kinds(0.01, MILLISECOND) {
                let down = Faults { delay: MILLISECOND, ..kinds(1e-3, MILLISECOND)[(seed % 2) as usize] };
                comes_through(Case { seed, unit, down, up, ..Case::default() });
            }
        }
    }
}

/// Flash that is being erased stops a board for seconds.
#[test]
fn a_board_that_stalls_is_waited_for() {
    for seed in 1..=6 {
        for length in [300, 900, 3000, 7000] {
            let faults = Faults { delay: MILLISECOND, ..Faults::default() };
            let stall = (2e-4, MILLISECOND * length);
            let end = comes_through(Case { seed, down: faults, up: faults, stall, ..Case::default() });
            assert_ne!(end, End::Ended);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(data in proptest::collection::vec(any::<u8>(), 0..600)) {
        super::fuzz::session(&data);
    }
}

#[test]
fn the_fuzz_target_holds_on_its_corpus() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/agent");
    for entry in std::fs::read_dir(folder).expect("the corpus is there") {
        super::fuzz::session(&std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
}

proptest! {
    // The same lines each time: one that damages this much may also leave no way through.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, rng_seed: RngSeed::Fixed(2), ..ProptestConfig::default() })]
    #[test]
    fn sessions_end_well(
        seed: u64, unit in prop::sample::select(vec![16u64, 32, 128, 256, 2048, 4096]),
        payload in 96usize..4000, length in 1usize..10_000, told_each in 100usize..9000,
        rates in [0u32..7, 0u32..7, 0u32..7, 0u32..7, 0u32..7, 0u32..7], delay in 0u32..30,
        stall in (0u32..3, 100u32..4000),
    ) {
        let rate = |at: usize| f64::from(rates[at]) * 1e-4;
        let line = |at: usize| Faults { lose: rate(at), double: rate(at + 1), change: rate(at + 2), delay: MILLISECOND * delay };
        let stall = (f64::from(stall.0) * 1e-5, MILLISECOND * stall.1);
        comes_through(Case { seed, unit, payload, length, told_each, down: line(0), up: line(3), stall });
    }
}
