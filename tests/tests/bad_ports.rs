//! Ports that are not there, are taken, or are too many.

use std::fs;
use std::path::PathBuf;

use mpr_tests::{Board, Kind, Machine, UsbPort, mpr};

fn usb(name: &'static str, serial: &'static str, device: &str) -> UsbPort {
    UsbPort {
        name,
        serial,
        vid: 0x2e8a,
        pid: 0x0005,
        manufacturer: "MicroPython",
        product: "Board in FS mode",
        device: PathBuf::from(device),
    }
}

#[test]
fn a_missing_port_is_named() {
    for address in ["/dev/ttyNOPE", "port:/dev/ttyNOPE"] {
        mpr().args(["connect", address, "exec", "1"]).run().expect_failure(3, "/dev/ttyNOPE");
    }
}

#[test]
fn a_closed_tcp_port_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    let address = format!("tcp://{}", listener.local_addr().expect("a bound listener"));
    drop(listener);
    mpr().args(["connect", &address, "exec", "1"]).run().expect_failure(3, &address);
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let outcome = mpr().args(["connect", "exec:no-such-program --flag", "exec", "1"]).run();
    outcome.expect_code(3);
    outcome.expect_stderr("no-such-program");
    outcome.expect_stderr("hint: ");
}

#[test]
fn a_command_that_ends_at_once_is_told_with_its_last_words() {
    let outcome = mpr().args(["connect", "exec:sh -c 'echo out of order >&2; exit 4'", "exec", "1"]).run();
    outcome.expect_code(3);
    outcome.expect_stderr("out of order");
}

#[test]
fn no_device_at_all() {
    let machine = Machine::with(&[]);
    let outcome = mpr().on(&machine).args(["exec", "1"]).run();
    outcome.expect_code(3);
    outcome.expect_stderr("error: no device found");
    outcome.expect_stderr("hint: ");
    let outcome = mpr().on(&machine).args(["connect", "auto", "exec", "1"]).run();
    outcome.expect_code(3);
    assert_eq!(mpr().on(&machine).arg("devs").ok().text(), "");
}

#[test]
fn several_devices_are_listed_and_one_must_be_named() {
    let (first, second) = (Board::start(Kind::SimPty), Board::start(Kind::SimPty));
    let machine =
        Machine::with(&[usb("ttyACM0", "e661", first.address()), usb("ttyACM1", "e662", second.address())]);
    let outcome = mpr().on(&machine).args(["connect", "auto", "exec", "1"]).run();
    outcome.expect_code(3);
    for text in ["/dev/ttyACM0", "/dev/ttyACM1", "hint: "] {
        outcome.expect_stderr(text);
    }
    let listed = mpr().on(&machine).arg("devs").ok().stdout();
    assert_eq!(
        listed,
        "/dev/ttyACM0 e661 2e8a:0005 MicroPython Board in FS mode\n\
         /dev/ttyACM1 e662 2e8a:0005 MicroPython Board in FS mode\n"
    );
}

#[test]
fn one_device_is_found_by_auto_and_each_by_its_serial_number() {
    let (first, second) = (Board::start(Kind::SimPty), Board::start(Kind::Wasm));
    let ports = [usb("ttyACM0", "e661", first.address()), usb("ttyACM1", "e662", second.address())];
    let platform = "import sys; print('JS' in sys.implementation._machine)";
    let one = Machine::with(&ports[1..]);
    assert_eq!(mpr().on(&one).args(["exec", platform]).ok().text(), "True\n");
    let both = Machine::with(&ports);
    for (serial, expected) in [("id:e661", "False\n"), ("id:e662", "True\n")] {
        let outcome = mpr().on(&both).args(["connect", serial, "exec", platform]).ok();
        assert_eq!(outcome.text(), expected, "{serial}");
    }
    let outcome = mpr().on(&both).args(["connect", "id:e663", "exec", "1"]).run();
    outcome.expect_failure(3, "e663");
}

#[test]
fn a_busy_port_is_named_and_its_user_is_not_disturbed() {
    let board = Board::start(Kind::SimPty);
    let code = "print('ready')\nimport time\nfor i in range(40): time.sleep_ms(50)\nprint('done')";
    let first = board.mpr().args(["exec", code]).spawn();
    first.wait_for_stdout("ready");
    board.mpr().args(["exec", "1"]).run().expect_failure(3, board.address());
    let outcome = first.wait();
    outcome.expect_code(0);
    outcome.expect_stdout("done");
}

#[test]
fn a_busy_flash_is_named_and_its_user_is_not_disturbed() {
    let board = Board::start(Kind::Sim);
    let code = "print('ready')\nimport time\nfor i in range(40): time.sleep_ms(50)\nprint('done')";
    let first = board.mpr().args(["exec", code]).spawn();
    first.wait_for_stdout("ready");
    let outcome = board.mpr().args(["exec", "1"]).run();
    outcome.expect_code(3);
    outcome.expect_stderr("flash.img");
    outcome.expect_stderr("in use");
    outcome.expect_stderr("hint: ");
    let outcome = first.wait();
    outcome.expect_code(0);
    outcome.expect_stdout("done");
}

#[test]
fn a_file_that_is_no_port_is_told_apart() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("not-a-port");
    fs::write(&path, "text").expect("a file can be written");
    let address = path.to_str().expect("a UTF-8 path");
    mpr().args(["connect", address, "exec", "1"]).run().expect_failure(3, address);
}
