//! Damaged lines: nothing panics, nothing spins, and a good line afterwards works.

use proptest::prelude::*;

use super::model::Paste;
use super::*;
use crate::repl::fuzz;

/// What happens to one byte on the way.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    Lost,
    Doubled,
    Changed(u8),
    /// The machine's next timer comes first.
    Delayed,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        40 => Just(Fault::None),
        1 => Just(Fault::Lost),
        1 => Just(Fault::Doubled),
        1 => any::<u8>().prop_map(Fault::Changed),
        1 => Just(Fault::Delayed),
    ]
}

fn paste() -> impl Strategy<Value = Paste> {
    prop_oneof![(1u16..200).prop_map(Paste::Window), Just(Paste::Off), Just(Paste::Old)]
}

/// Both sides with faults, for a limited number of moves.
fn run_damaged(bench: &mut Bench, to_board: &[Fault], from_board: &[Fault]) {
    let mut to_board = to_board.iter().cycle();
    let mut from_board = from_board.iter().cycle();
    for _ in 0..3000 {
        while bench.repl.poll().is_some() {}
        let mut sent = Vec::new();
        let _ = bench.repl.poll_transmit(bench.now, &mut sent);
        for byte in sent {
            match to_board.next() {
                Some(Fault::Lost) => {}
                Some(Fault::Doubled) => bench.model.receive(&[byte, byte]),
                Some(Fault::Changed(other)) => bench.model.receive(&[*other]),
                _ => bench.model.receive(&[byte]),
            }
        }
        let answer = bench.model.transmit(1);
        let fault = if answer.is_empty() { Some(&Fault::Delayed) } else { from_board.next() };
        match fault {
            Some(Fault::Lost) => {}
            Some(Fault::Doubled) => bench.repl.handle_input(bench.now, &answer.repeat(2)),
            Some(Fault::Changed(other)) => bench.repl.handle_input(bench.now, &[*other]),
            Some(Fault::Delayed) => {
                if let Some(at) = bench.repl.poll_timeout() {
                    bench.now = bench.now.max(at);
                    bench.repl.handle_timeout(bench.now);
                }
                bench.repl.handle_input(bench.now, &answer);
            }
            _ => bench.repl.handle_input(bench.now, &answer),
        }
    }
}

proptest! {
    #[test]
    fn after_a_damaged_line_a_good_one_works(
        paste in paste(),
        output in prop::collection::vec(any::<u8>(), 0..100),
        code in prop::collection::vec(b'a'..=b'z', 1..400),
        to_board in prop::collection::vec(fault(), 1..80),
        from_board in prop::collection::vec(fault(), 1..80),
    ) {
        let mut model = Model::new(paste);
        model.output = output;
        let mut bench = Bench::new(model);
        let _ = bench.repl.start(bench.now, Op::Enter);
        run_damaged(&mut bench, &to_board, &from_board);
        let _ = bench.repl.start(bench.now, Op::Exec { code, framing: Framing::Text });
        run_damaged(&mut bench, &to_board, &from_board);
        // A driver forgets what a failed operation left, and enters anew.
        bench.repl = RawRepl::new(2);
        bench.events.clear();
        while !bench.model.transmit(1000).is_empty() {}
        bench.model.output = b"fine".to_vec();
        bench.enter();
        prop_assert_eq!(bench.exec(b"good", Framing::Text).0, b"fine");
        prop_assert_eq!(bench.model.programs.last().map(Vec::as_slice), Some(&b"good"[..]));
    }

    #[test]
    fn the_fuzz_targets_hold(data in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz::raw_repl(&data);
        fuzz::raw_paste(&data);
    }
}

/// Seeds that reach every state; the same as the fuzz targets' corpus.
#[test]
fn the_fuzz_targets_hold_on_their_corpus() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus");
    let mut seeds = 0;
    for target in ["raw_repl", "raw_paste"] {
        for entry in std::fs::read_dir(format!("{folder}/{target}")).expect("the corpus is there") {
            let data = std::fs::read(entry.expect("a readable folder").path()).expect("a readable seed");
            match target {
                "raw_repl" => fuzz::raw_repl(&data),
                _ => fuzz::raw_paste(&data),
            }
            seeds += 1;
        }
    }
    assert!(seeds >= 8, "{seeds} seeds");
}
