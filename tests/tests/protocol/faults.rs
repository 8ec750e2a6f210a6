//! Lines that lose, double and change bytes: every operation is right or fails with a typed error, and a healed line works.

use std::time::Duration;

use mpr_protocol::{ConnectOptions, Error, Timeouts};
use mpr_tests::{Board, Faults, Kind, Schedule};

use crate::{connect, connect_with, run};

fn hasty() -> ConnectOptions {
    let timeouts = Timeouts { idle: Duration::from_millis(300), overall: Some(Duration::from_secs(3)) };
    ConnectOptions { timeouts, ..ConnectOptions::default() }
}

/// An error that a damaged line may cause.
fn is_honest(error: &Error) -> bool {
    matches!(
        error,
        Error::Timeout { .. }
            | Error::Protocol { .. }
            | Error::Verify { .. }
            | Error::Exception(_)
            | Error::Os { .. }
            | Error::Reset { .. }
            | Error::Unsupported { .. }
    )
}

#[test]
fn a_file_is_right_or_not_there() {
    let board = Board::start(Kind::SimLink);
    let content: Vec<u8> = (0..20_000).map(|i| (i % 253) as u8).collect();
    let old = b"old".repeat(10);
    let mut written = 0;
    for seed in 0..12 {
        board.link().heal();
        let mut device = connect(&board);
        device.write_file("f", &mut &old[..], None, &mut |_| {}).expect("a good line");
        device.close().expect("it closes");
        let rate = 2e-5 * f64::from(1 + u32::try_from(seed % 3).expect("small"));
        let faults = match seed % 4 {
            0 => Faults { lose: rate, ..Faults::default() },
            1 => Faults { double: rate, ..Faults::default() },
            2 => Faults { corrupt: rate, ..Faults::default() },
            _ => Faults { lose: rate, double: rate, corrupt: rate, ..Faults::default() },
        };
        board.link().set(Schedule { seed, to_board: faults, from_board: Faults::default() });
        let mut device = connect_with(&board, &hasty());
        let result = device.write_file("f", &mut &content[..], None, &mut |_| {});
        drop(device);
        board.link().heal();
        let mut device = connect(&board);
        let mut now = Vec::new();
        device.read_file("f", &mut now, &mut |_| {}).expect("a good line");
        match result {
            Ok(_) => {
                written += 1;
                assert!(now == content, "seed {seed}: {} bytes", now.len());
            }
            Err(error) => {
                assert!(is_honest(&error), "seed {seed}: {error:?}");
                assert!(now == content || now == old, "seed {seed}: {} bytes after {error}", now.len());
            }
        }
    }
    assert!(written > 0, "not one write came through");
}

#[test]
fn what_is_read_is_right_or_an_error() {
    let board = Board::start(Kind::SimLink);
    let content: Vec<u8> = (0..20_000).map(|i| (i % 253) as u8).collect();
    let mut device = connect(&board);
    device.write_file("f", &mut &content[..], None, &mut |_| {}).expect("a good line");
    device.close().expect("it closes");
    let mut right = 0;
    for seed in 0..12 {
        let rate = 2e-5;
        let faults = match seed % 3 {
            0 => Faults { lose: rate, ..Faults::default() },
            1 => Faults { double: rate, ..Faults::default() },
            _ => Faults { corrupt: rate, ..Faults::default() },
        };
        board.link().set(Schedule { seed, to_board: Faults::default(), from_board: faults });
        let mut device = connect_with(&board, &hasty());
        let mut got = Vec::new();
        match device.read_file("f", &mut got, &mut |_| {}) {
            Ok(_) => {
                right += 1;
                assert!(got == content, "seed {seed}: {} bytes", got.len());
            }
            Err(error) => assert!(is_honest(&error), "seed {seed}: {error:?}"),
        }
    }
    assert!(right > 0, "not one read came through");
    board.link().heal();
    assert_eq!(run(&mut connect(&board), "print(1)"), "1\n");
}

/// Damaged code does not run: what it would do could be anything.
#[test]
fn damaged_code_does_not_run() {
    let board = Board::start(Kind::SimLink);
    for seed in 0..15 {
        let faults = Faults { lose: 4e-4, double: 4e-4, corrupt: 4e-4, ..Faults::default() };
        board.link().set(Schedule { seed, to_board: faults, from_board: Faults::default() });
        let mut device = connect_with(&board, &hasty());
        // The program knows whether it is whole.
        let body = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(12);
        let code = format!(
            "s='{body}'\nif s!='0123456789abcdefghijklmnopqrstuvwxyz'*12:open('damaged','w').close()"
        );
        match device.exec(code.as_bytes(), &mut Vec::new()) {
            Ok(()) => {}
            Err(error) => assert!(is_honest(&error), "seed {seed}: {error:?}"),
        }
        let _ = device.mkdir("the_right_name");
        let _ = device.rmdir("the_right_name");
        drop(device);
        board.link().heal();
        let mut device = connect(&board);
        let names: Vec<String> = device.list("").expect("a good line").into_iter().map(|e| e.name).collect();
        assert!(names.iter().all(|name| name == "the_right_name"), "seed {seed}: {names:?}");
    }
}

#[test]
fn a_slow_and_late_line_works() {
    let board = Board::start(Kind::SimLink);
    let faults = Faults { baud: Some(115_200), delay: Duration::from_millis(20), ..Faults::default() };
    board.link().set(Schedule::both(1, &faults));
    let mut device = connect(&board);
    assert_eq!(run(&mut device, "print('a'*1000)").len(), 1001);
    let content = vec![b'x'; 3000];
    device.write_file("f", &mut &content[..], None, &mut |_| {}).expect("it comes through");
    let mut got = Vec::new();
    device.read_file("f", &mut got, &mut |_| {}).expect("it comes back");
    assert!(got == content);
}

#[test]
fn a_uart_that_drops_what_overflows_loses_nothing() {
    let board = Board::start(Kind::SimUart { baud: 921_600 });
    let mut device = connect(&board);
    let content: Vec<u8> = (0..20_000).map(|i| (i % 249) as u8).collect();
    device.write_file("f", &mut &content[..], None, &mut |_| {}).expect("it comes through");
    let mut got = Vec::new();
    device.read_file("f", &mut got, &mut |_| {}).expect("it comes back");
    assert!(got == content);
}
