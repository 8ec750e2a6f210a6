//! The protocol library against real boards: code, files, links, and everything that goes wrong.

mod exec;
mod faults;
mod files;
mod idle;
mod interrupt;
mod links;
mod write;

use std::time::Duration;

use mpr_protocol::{ConnectOptions, Device, Error, Timeouts};
use mpr_tests::{Board, Kind};

/// A connection as a user makes it.
fn connect(board: &Board) -> Device {
    connect_with(board, &ConnectOptions::default())
}

fn connect_with(board: &Board, options: &ConnectOptions) -> Device {
    let address = board.address().parse().expect("the harness gives a good address");
    Device::connect(&address, options).unwrap_or_else(|error| panic!("{:?}: {error}", board.kind()))
}

/// Deadlines for tests that wait for them.
fn impatient() -> ConnectOptions {
    let timeouts = Timeouts { idle: Duration::from_millis(700), overall: Some(Duration::from_secs(2)) };
    ConnectOptions { timeouts, ..ConnectOptions::default() }
}

/// What code prints.
fn run(device: &mut Device, code: &str) -> String {
    let mut out = Vec::new();
    device.exec(code.as_bytes(), &mut out).unwrap_or_else(|error| panic!("{code}: {error}"));
    String::from_utf8(out).expect("text").replace("\r\n", "\n")
}

fn fails(device: &mut Device, code: &str) -> Error {
    device.exec(code.as_bytes(), &mut Vec::new()).expect_err(code)
}

/// The names in the board's globals, sorted.
fn globals(device: &mut Device) -> Vec<String> {
    let mut names: Vec<String> = run(device, "for n in dir():print(n)").lines().map(str::to_owned).collect();
    names.retain(|name| name != "n");
    names.sort();
    names
}

/// Every firmware, one after the other.
fn on_every_board(test: impl Fn(Kind, &mut Device)) {
    for kind in Kind::FIRMWARES {
        let board = Board::start(kind);
        let mut device = connect(&board);
        let before = globals(&mut device);
        test(kind, &mut device);
        assert_eq!(globals(&mut device), before, "{kind:?}: names are left behind");
    }
}
