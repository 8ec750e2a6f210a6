//! Entering, leaving, sending code.

use super::model::Paste;
use super::*;
use crate::repl::{Failure, NotReady};

const ALL: [Paste; 5] = [Paste::Window(128), Paste::Window(1), Paste::Window(1024), Paste::Off, Paste::Old];

#[test]
fn code_arrives_whole_on_every_kind_of_board() {
    let code: Vec<u8> = (0..5000).map(|i| b'a' + (i % 23) as u8).collect();
    for paste in ALL {
        let mut bench = Bench::new(Model::new(paste));
        bench.enter();
        for n in [0, 1, 127, 128, 129, 255, 256, 257, 5000] {
            if n == 0 && !matches!(paste, Paste::Window(_)) {
                // An empty program is a soft reset there.
                continue;
            }
            bench.exec(&code[..n], Framing::Text);
            assert_eq!(bench.model.programs.last().map(Vec::as_slice), Some(&code[..n]), "{paste:?} {n}");
        }
        assert_eq!(bench.repl.raw_paste(), Some(matches!(paste, Paste::Window(_))));
    }
}

#[test]
fn never_more_than_two_windows_are_under_way() {
    let mut model = Model::new(Paste::Window(32));
    model.output = b"x".to_vec();
    let mut bench = Bench::new(model);
    bench.enter();
    bench.exec(&[b'a'; 3000], Framing::Text);
    assert!(!bench.model.overrun);
}

#[test]
fn without_raw_paste_code_is_paced() {
    for (paste, piece) in [(Paste::Off, 256), (Paste::Old, 32)] {
        let mut bench = Bench::new(Model::new(paste));
        bench.enter();
        bench.exec(b"pass", Framing::Text);
        bench.start(Op::Exec { code: vec![b'a'; 1000], framing: Framing::Text });
        let mut sent = Vec::new();
        assert!(bench.repl.poll_transmit(bench.now, &mut sent));
        assert_eq!(sent.len(), piece);
        assert!(!bench.repl.poll_transmit(bench.now, &mut sent), "the next piece has its time");
        assert!(bench.repl.poll_timeout().is_some_and(|at| at > bench.now));
    }
}

#[test]
fn a_board_that_gives_up_gets_its_end_and_tells_why() {
    let mut model = Model::new(Paste::Window(64));
    model.refuse_after = Some(100);
    let mut bench = Bench::new(model);
    bench.enter();
    let (out, stderr, _) = bench.exec(&[b'a'; 1000], Framing::Text);
    assert_eq!(out, b"");
    assert!(stderr.ends_with(b"SyntaxError: invalid syntax\r\n"));
    assert!(bench.model.in_raw_mode() && bench.repl.is_ready());
}

/// A window of 1024, of which the first byte comes twice, reads as none, and what follows as an early end. The board has then taken
/// an empty program for the code, and ran it without complaint.
#[test]
fn a_damaged_window_does_not_pass_for_success() {
    let mut model = Model::new(Paste::Window(1024));
    model.double_windows = 2;
    let mut bench = Bench::new(model);
    bench.enter();
    bench.exec(b"os.remove('a')", Framing::Text);
    assert_eq!(bench.model.programs, [b"os.remove('a')"]);
    // Always so.
    bench.model.double_windows = 9;
    bench.start(Op::Exec { code: b"os.remove('b')".to_vec(), framing: Framing::Text });
    bench.run(Duration::from_secs(60));
    assert!(
        matches!(bench.events.last(), Some(Event::Failed(Failure::Unexpected { .. }))),
        "{:?}",
        bench.events
    );
    assert!(bench.repl.is_ready());
}

#[test]
fn a_busy_board_is_interrupted_and_entered() {
    let printed = b"raw REPL\r\nR\x01OK raw raw REPL; CTRL-B\x04\x04>".repeat(50);
    let mut bench = Bench::new(Model::new(Paste::Window(128)).busy(&printed));
    bench.enter();
    assert!(bench.model.in_raw_mode());
    assert_eq!(bench.exec(b"pass", Framing::Text).1, b"");
}

#[test]
fn a_board_that_comes_late_is_asked_again_and_its_late_answers_do_no_harm() {
    let mut bench = Bench::new(Model::new(Paste::Window(128)));
    bench.start(Op::Enter);
    let mut sent = Vec::new();
    // The first two requests are answered late, together.
    for _ in 0..2 {
        assert!(bench.repl.poll_transmit(bench.now, &mut sent));
        bench.now = bench.repl.poll_timeout().expect("it asks again");
        bench.repl.handle_timeout(bench.now);
    }
    bench.model.receive(&sent);
    bench.run(Duration::from_secs(5));
    assert_eq!(bench.events, [Event::Entered]);
    assert_eq!(bench.exec(b"pass", Framing::Text).1, b"");
    assert_eq!(bench.model.programs, [b"pass".to_vec()]);
}

#[test]
fn what_is_no_source_is_refused_before_it_is_sent() {
    for (paste, byte) in [(Paste::Window(128), 3), (Paste::Window(128), 4), (Paste::Old, 1), (Paste::Old, 5)]
    {
        let mut bench = Bench::new(Model::new(paste));
        bench.enter();
        bench.start(Op::Exec { code: vec![b'a', byte], framing: Framing::Text });
        bench.run(Duration::from_secs(1));
        assert_eq!(bench.events, [Event::Failed(Failure::ControlByte(byte))]);
        assert_eq!(bench.model.programs, [] as [Vec<u8>; 0]);
        assert!(bench.repl.is_ready(), "the prompt is still there");
        bench.exec(b"pass", Framing::Text);
    }
}

#[test]
fn code_wants_the_prompt() {
    let mut repl = RawRepl::new(1);
    let op = Op::Exec { code: b"pass".to_vec(), framing: Framing::Text };
    assert_eq!(repl.start(Instant::now(), op), Err(NotReady));
    assert_eq!(repl.start(Instant::now(), Op::SoftReset), Err(NotReady));
}

#[test]
fn a_soft_reset_ends_at_the_prompt() {
    for paste in ALL {
        let mut bench = Bench::new(Model::new(paste));
        bench.enter();
        bench.start(Op::SoftReset);
        bench.run(Duration::from_secs(1));
        assert_eq!(bench.events, [Event::Entered]);
        bench.exec(b"pass", Framing::Text);
    }
}

#[test]
fn leaving_gives_the_friendly_prompt_back() {
    let mut bench = Bench::new(Model::new(Paste::Window(128)));
    bench.enter();
    bench.start(Op::Leave { interrupt: true });
    bench.run(Duration::from_secs(1));
    assert!(!bench.model.in_raw_mode());
    assert!(!bench.repl.is_ready());
}

/// A board without flow control may lose the end mark as well.
#[test]
fn code_whose_end_mark_is_lost_is_sent_again_unless_it_ran() {
    for paste in [Paste::Off, Paste::Old] {
        let mut bench = Bench::new(Model::new(paste));
        bench.enter();
        bench.exec(b"pass", Framing::Text);
        bench.model.lose_ends = 2;
        assert_eq!(bench.exec(b"program", Framing::Text).1, b"");
        assert_eq!(bench.model.programs, [b"pass".to_vec(), b"program".to_vec()]);
        // Always lost is not by chance; the driver's deadline tells.
        bench.model.lose_ends = 1000;
        bench.start(Op::Exec { code: b"program".to_vec(), framing: Framing::Text });
        bench.run(Duration::from_secs(60));
        assert_eq!(bench.events, []);
        assert_eq!(bench.repl.awaits(), "`OK` for the code sent");
        assert_eq!(bench.model.programs.len(), 2);
    }
}

/// A board may have restarted since it was last spoken to.
#[test]
fn a_board_that_has_left_the_raw_repl_is_entered_again() {
    let mut bench = Bench::new(Model::new(Paste::Window(128)));
    bench.enter();
    bench.exec(b"pass", Framing::Text);
    bench.model.receive(b"\x02");
    while !bench.model.transmit(100).is_empty() {}
    bench.exec(b"program", Framing::Text);
    assert_eq!(bench.model.programs.last().map(Vec::as_slice), Some(&b"program"[..]));
    assert_eq!(bench.repl.raw_paste(), Some(true));
}

#[test]
fn code_that_ran_without_an_answer_is_not_sent_again() {
    let mut model = Model::new(Paste::Old);
    model.endless = true;
    let mut bench = Bench::new(model);
    bench.enter();
    bench.start(Op::Exec { code: b"program".to_vec(), framing: Framing::Text });
    // The board's `OK` is lost.
    while bench.model.programs.is_empty() {
        let mut sent = Vec::new();
        if bench.repl.poll_transmit(bench.now, &mut sent) {
            bench.model.receive(&sent);
        } else {
            bench.now = bench.repl.poll_timeout().expect("it goes on");
            bench.repl.handle_timeout(bench.now);
        }
        let answer = bench.model.transmit(1000);
        let lost = answer.iter().position(|b| *b == b'O').unwrap_or(answer.len());
        bench.repl.handle_input(bench.now, &answer[..lost]);
    }
    bench.run(Duration::from_secs(10));
    assert!(matches!(bench.events[..], [Event::Failed(Failure::Unexpected { .. })]), "{:?}", bench.events);
    assert_eq!(bench.model.programs.len(), 1);
    assert!(bench.repl.is_ready());
}

/// A board that is known to have raw paste, behind a link that keeps so many bytes.
fn kept(bytes: usize) -> Bench {
    let mut bench = Bench::new(Model::new(Paste::Window(128)));
    bench.repl.set_kept(bytes);
    bench.enter();
    bench.exec_guarded(b"first");
    bench
}

#[test]
fn code_goes_out_with_the_request_as_far_as_the_link_keeps_it() {
    let code: Vec<u8> = (0..5000).map(|i| b'a' + (i % 23) as u8).collect();
    for (bytes, most) in [(0, 0), (100, 95), (255, 250), (1000, 251), (usize::MAX, usize::MAX)] {
        for n in [1, 95, 96, 250, 251, 252, 300, 5000] {
            let mut bench = kept(bytes);
            bench.start(Op::ExecGuarded { code: code[..n].to_vec(), framing: Framing::Text });
            let mut sent = Vec::new();
            assert!(bench.repl.poll_transmit(bench.now, &mut sent));
            let mut expected = [b"\x05A\x01", &code[..n.min(most)]].concat();
            if n <= most {
                expected.push(4);
            }
            assert!(sent == expected, "{bytes} {n}: {}", sent.len());
            // Lost in the board's window, it would not be whole.
            bench.model.receive(&sent);
            bench.run(Duration::from_secs(5));
            assert!(matches!(bench.events[..], [.., Event::Done { .. }]), "{bytes} {n}");
            assert_eq!(bench.model.programs[1..], [code[..n].to_vec()], "{bytes} {n}");
        }
    }
}

#[test]
fn code_that_is_not_guarded_waits_for_the_answer() {
    let mut bench = kept(usize::MAX);
    bench.start(Op::Exec { code: b"pass".to_vec(), framing: Framing::Text });
    let mut sent = Vec::new();
    assert!(bench.repl.poll_transmit(bench.now, &mut sent));
    assert_eq!(sent, b"\x05A\x01");
    // Neither does what goes to a board that was never asked.
    let mut bench = Bench::new(Model::new(Paste::Window(128)));
    bench.repl.set_kept(usize::MAX);
    bench.enter();
    bench.start(Op::ExecGuarded { code: b"pass".to_vec(), framing: Framing::Text });
    sent.clear();
    assert!(bench.repl.poll_transmit(bench.now, &mut sent));
    assert_eq!(sent, b"\x05A\x01");
}

#[test]
fn code_that_a_friendly_prompt_got_runs_once_after_all() {
    for bytes in [255, usize::MAX] {
        let mut bench = kept(bytes);
        bench.model.receive(b"\x02");
        while !bench.model.transmit(100).is_empty() {}
        let program = [b'p'; 400];
        bench.exec_guarded(&program);
        assert_eq!(bench.model.programs[1..], [program.to_vec()], "{bytes}");
    }
}

#[test]
fn code_that_was_sent_ahead_runs_once_where_raw_paste_is_off_by_now() {
    for bytes in [255, usize::MAX] {
        let mut bench = kept(bytes);
        bench.model.paste = Paste::Off;
        let program = [b'p'; 400];
        bench.exec_guarded(&program);
        assert_eq!(bench.model.programs[1..], [program.to_vec()], "{bytes}");
        assert_eq!(bench.repl.raw_paste(), Some(false));
    }
}

#[test]
fn code_that_was_sent_ahead_is_never_sent_again_after_silence() {
    let mut bench = kept(usize::MAX);
    bench.start(Op::ExecGuarded { code: b"program".to_vec(), framing: Framing::Text });
    let mut sent = Vec::new();
    assert!(bench.repl.poll_transmit(bench.now, &mut sent));
    // The answer comes after a minute; the driver's deadline is not this machine's.
    assert_eq!(bench.repl.poll_timeout(), None);
    bench.now += Duration::from_secs(60);
    bench.repl.handle_timeout(bench.now);
    bench.model.receive(&sent);
    bench.run(Duration::from_secs(5));
    assert!(matches!(bench.events[..], [Event::Started, Event::Done { .. }]), "{:?}", bench.events);
    assert_eq!(bench.model.programs.len(), 2);
}
