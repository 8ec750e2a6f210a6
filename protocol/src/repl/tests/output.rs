//! Output and its end.

use proptest::prelude::*;

use super::model::Paste;
use super::*;

const TRACEBACK: &[u8] =
    b"Traceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\nValueError: x\r\n";

fn run(output: &[u8], stderr: &[u8], piece: usize, framing: Framing) -> (Vec<u8>, Vec<u8>, Option<Vec<u8>>) {
    let mut model = Model::new(Paste::Window(128));
    model.output = output.to_vec();
    model.stderr = stderr.to_vec();
    let mut bench = Bench::new(model);
    bench.piece = piece;
    bench.enter();
    let result = bench.exec(b"program", framing);
    assert!(bench.repl.is_ready());
    result
}

fn token() -> Framing {
    Framing::Token(b"0123456789abcdef:".to_vec())
}

/// What a wrapped program puts on the wire.
fn wrapped(output: &[u8], status: &[u8]) -> Vec<u8> {
    [output, b"\x040123456789abcdef:", status].concat()
}

#[test]
fn plain_output_and_tracebacks() {
    for piece in [1, 2, 3, 1000] {
        assert_eq!(run(b"hello\r\n", b"", piece, Framing::Text), (b"hello\r\n".to_vec(), vec![], None));
        assert_eq!(run(b"", TRACEBACK, piece, Framing::Text), (vec![], TRACEBACK.to_vec(), None));
        assert_eq!(
            run(b"OK>\x01R", b"MemoryError: \r\n", piece, Framing::Text),
            (b"OK>\x01R".to_vec(), b"MemoryError: \r\n".to_vec(), None)
        );
    }
}

/// mpremote takes everything after the first 0x04 for the traceback.
#[test]
fn output_may_hold_the_end_mark() {
    let outputs: [&[u8]; 9] = [
        b"\x04",
        b"a\x04b",
        b"\x04\x04",
        b"\x04\x04\x04\x04",
        b"\x04\x04x>",
        b"\x04>",
        b"\x04hello",
        b"\x04Traceback",
        b"a\x04\r\n\x04\r\n",
    ];
    for output in outputs {
        for stderr in [b"", TRACEBACK] {
            for piece in [1, 7, 1000] {
                let result = run(output, stderr, piece, Framing::Text);
                assert_eq!(result, (output.to_vec(), stderr.to_vec(), None), "{}", output.escape_ascii());
            }
        }
    }
}

/// Even complete endings in the output are output when something follows at once...
#[test]
fn an_ending_that_something_follows_was_output() {
    let output = b"\x04\x04>and more\x04ValueError: x\r\n\x04>\x04\x04>x";
    assert_eq!(run(output, TRACEBACK, 1000, Framing::Text), (output.to_vec(), TRACEBACK.to_vec(), None));
}

/// ...and with a token they are output anyway.
#[test]
fn with_a_token_any_output_is_told_from_the_end() {
    let output = b"\x04\x04>\x04Traceback (most recent call last):\r\n\x04>\x04\x04>";
    for piece in [1, 2, 1000] {
        for stderr in [b"", TRACEBACK] {
            let on_the_wire = wrapped(output, b"");
            let result = run(&on_the_wire, stderr, piece, token());
            assert_eq!(result, (output.to_vec(), stderr.to_vec(), Some(vec![])), "{piece}");
        }
    }
}

#[test]
fn a_status_follows_the_token() {
    let on_the_wire = wrapped(b"out", b"'a (3)'");
    assert_eq!(run(&on_the_wire, b"", 1, token()), (b"out".to_vec(), vec![], Some(b"'a (3)'".to_vec())));
}

/// An exception's message is not escaped either.
#[test]
fn a_traceback_may_hold_the_end_mark() {
    let stderr = b"Traceback (most recent call last):\r\nValueError: a\x04b: \x04\x04> c\r\n";
    for piece in [1, 1000] {
        assert_eq!(run(b"x", stderr, piece, Framing::Text), (b"x".to_vec(), stderr.to_vec(), None));
        let on_the_wire = wrapped(b"x", b"");
        assert_eq!(run(&on_the_wire, stderr, piece, token()), (b"x".to_vec(), stderr.to_vec(), Some(vec![])));
    }
}

#[test]
fn a_wrapper_that_fails_before_the_program_ends_without_its_token() {
    let result = run(b"", b"MemoryError: \r\n", 1, token());
    assert_eq!(result, (vec![], b"MemoryError: \r\n".to_vec(), None));
}

#[test]
fn output_is_handed_on_while_it_might_still_be_an_ending() {
    let mut model = Model::new(Paste::Window(128));
    model.output = b"one\x04Traceback (most".to_vec();
    model.endless = true;
    let mut bench = Bench::new(model);
    bench.enter();
    bench.start(Op::Exec { code: b"x".to_vec(), framing: Framing::Text });
    bench.run(Duration::from_secs(2));
    let out: Vec<u8> = bench
        .events
        .iter()
        .flat_map(|event| if let Event::Stdout(bytes) = event { bytes.clone() } else { vec![] })
        .collect();
    assert_eq!(out, b"one\x04Traceback (most");
    assert!(bench.repl.is_running());
    // What was shown already does not hide the end.
    let now = bench.now;
    bench.repl.handle_input(now, b" recent call last):\r\nValueError: \r\n\x04>");
    let done = std::iter::from_fn(|| bench.repl.poll()).last();
    assert!(matches!(done, Some(Event::Done { stderr, .. }) if stderr.ends_with(b"ValueError: \r\n")));
}

#[test]
fn a_program_that_restarts_the_interpreter_is_seen() {
    for framing in [Framing::Text, token()] {
        let mut model = Model::new(Paste::Window(128));
        model.output = if framing == Framing::Text { b"bye".to_vec() } else { wrapped(b"bye", b"") };
        model.soft_resets = true;
        let mut bench = Bench::new(model);
        bench.enter();
        bench.start(Op::Exec { code: b"x".to_vec(), framing });
        bench.run(Duration::from_secs(2));
        let out: Vec<u8> = bench
            .events
            .iter()
            .flat_map(|event| if let Event::Stdout(bytes) = event { bytes.clone() } else { vec![] })
            .collect();
        assert_eq!(out, b"bye");
        assert_eq!(bench.events[bench.events.len() - 2..], [Event::SoftReset, Event::Entered]);
        assert!(bench.repl.is_ready());
    }
}

const START_UP: &[u8] = b"MicroPython v1.23\r\nType \"help()\" for more information.\r\n>>> ";

#[test]
fn a_board_that_restarts_is_seen() {
    let mut model = Model::new(Paste::Window(128));
    model.output = START_UP.to_vec();
    model.restarts = true;
    let mut bench = Bench::new(model);
    bench.enter();
    bench.start(Op::Exec { code: b"x".to_vec(), framing: token() });
    bench.run(Duration::from_secs(2));
    assert_eq!(bench.events.last(), Some(&Event::Failed(crate::repl::Failure::Restarted)));
    assert!(bench.repl.is_ready() && bench.model.in_raw_mode());
    bench.model.restarts = false;
    bench.exec(b"pass", Framing::Text);
}

/// What a program prints that only looks like an end, or like a restart, ends nothing, however long it then pauses.
#[test]
fn a_pause_behind_something_like_an_end_ends_nothing() {
    let endings: [&[u8]; 4] =
        [b"\x04\x04>", b"\x04ValueError: x\r\n\x04>", START_UP, b"a\x04\x04>b\x04\x04>"];
    for printed in endings {
        for piece in [1, 1000] {
            let mut model = Model::new(Paste::Window(128));
            model.output = printed.to_vec();
            model.endless = true;
            let mut bench = Bench::new(model);
            bench.piece = piece;
            bench.enter();
            bench.start(Op::Exec { code: b"x".to_vec(), framing: token() });
            bench.run(Duration::from_secs(30));
            assert!(bench.repl.is_running(), "{}", printed.escape_ascii());
            bench.model.end_program(&wrapped(b"more", b""));
            bench.run(Duration::from_secs(5));
            let mut out = Vec::new();
            for event in &bench.events {
                if let Event::Stdout(bytes) = event {
                    out.extend_from_slice(bytes);
                }
            }
            assert_eq!(out, [printed, b"more"].concat(), "{}", out.escape_ascii());
            assert!(matches!(bench.events.last(), Some(Event::Done { status: Some(_), .. })));
            bench.model.endless = false;
            bench.model.output.clear();
            assert_eq!(bench.exec(b"pass", Framing::Text).1, b"");
        }
    }
}

/// The same without a token, for a program that has printed an end mark before.
#[test]
fn a_pause_behind_something_like_an_end_ends_nothing_without_a_token_either() {
    for piece in [1, 1000] {
        let mut model = Model::new(Paste::Window(128));
        model.output = b"\x04.\x04\x04>".to_vec();
        model.endless = true;
        let mut bench = Bench::new(model);
        bench.piece = piece;
        bench.enter();
        bench.start(Op::Exec { code: b"x".to_vec(), framing: Framing::Text });
        bench.run(Duration::from_secs(30));
        assert!(bench.repl.is_running());
        bench.model.end_program(b"more");
        bench.run(Duration::from_secs(60));
        assert!(matches!(bench.events.last(), Some(Event::Done { .. })), "{:?}", bench.events);
        bench.model.endless = false;
        bench.model.output.clear();
        assert_eq!(bench.exec(b"pass", Framing::Text).1, b"");
    }
}

#[test]
fn an_interrupted_program_ends() {
    let mut bench = Bench::new(Model::new(Paste::Window(128)));
    bench.enter();
    bench.start(Op::Exec { code: b"x".to_vec(), framing: Framing::Text });
    let mut sent = Vec::new();
    for answer in [&b""[..], b"R\x01\x80\x00\x01", b"\x04tick"] {
        bench.repl.handle_input(bench.now, answer);
        let _ = bench.repl.poll_transmit(bench.now, &mut sent);
    }
    assert!(bench.repl.is_running());
    bench.start(Op::Interrupt);
    sent.clear();
    assert!(bench.repl.poll_transmit(bench.now, &mut sent));
    assert_eq!(sent, [3]);
    bench
        .repl
        .handle_input(bench.now, b"\x04Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n\x04>");
    assert!(bench.repl.is_ready());
}

#[test]
fn records_are_counted_and_text_may_follow() {
    let payload: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let mut wire = Vec::new();
    for part in payload.chunks(300) {
        wire.push(1);
        wire.extend_from_slice(&u16::try_from(part.len()).expect("small").to_le_bytes());
        wire.extend_from_slice(part);
    }
    wire.extend_from_slice(b"(1000, None)\r\n");
    for piece in [1, 5, 1000] {
        let (out, stderr, _) = run(&wire, b"", piece, Framing::Records);
        assert_eq!(out, [&payload[..], b"(1000, None)\r\n"].concat());
        assert_eq!(stderr, b"");
    }
}

/// Bytes that are likely to confuse.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\x04".to_vec()),
        Just(b"\x04\x04>".to_vec()),
        Just(b">".to_vec()),
        Just(TRACEBACK.to_vec()),
        Just(b"Name: \r\n".to_vec()),
        Just(b"0123456789abcdef".to_vec()),
        Just(b"MPY: soft reboot\r\n".to_vec()),
        Just(b"OK".to_vec()),
        prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_output_comes_through_with_a_token(
        output in nasty(),
        fails in any::<bool>(),
        piece in 1usize..40,
    ) {
        let stderr = if fails { TRACEBACK } else { b"" };
        // What only the program itself could know is left out: the token, and a restart of the interpreter.
        prop_assume!(!contains(&output, b"0123456789abcdef:") && !contains(&output, b"soft reboot"));
        let result = run(&wrapped(&output, b""), stderr, piece, token());
        prop_assert_eq!(result, (output, stderr.to_vec(), Some(vec![])));
    }

    /// An ending that the output itself holds is ambiguous (see above), so these pieces hold none.
    #[test]
    fn output_without_an_ending_comes_through_without_a_token(
        parts in prop::collection::vec("(\x04|>|OK|R\x01|[a-z]{1,3}|Traceback| |\r\n|\x00|é)", 0..30),
        fails in any::<bool>(),
        piece in 1usize..40,
    ) {
        let mut output = parts.concat().replace("\x04>", "\x04 ").into_bytes();
        output.push(b'.');
        let stderr = if fails { TRACEBACK } else { b"" };
        let result = run(&output, stderr, piece, Framing::Text);
        prop_assert_eq!(result, (output, stderr.to_vec(), None));
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
