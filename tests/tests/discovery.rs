//! Boards that announce themselves on the network, found by `mpr devs --network`. All of it on the loopback interface, where other
//! tests' boards may be as well: each board has a name of its own.

use std::time::Instant;

use mpr_tests::{Board, BoardOptions, Kind, Outcome, PATIENCE, mpr};
use serde_json::Value;

/// A name that no other board has.
fn own(name: &str) -> String {
    format!("{name} {:x}", fastrand::u64(..))
}

fn announcing(kind: Kind, name: &str) -> Board {
    let sim_options = vec!["--announce".into(), name.into()];
    Board::with(kind, BoardOptions { sim_options, ..BoardOptions::default() })
}

fn network(outcome: &Outcome) -> Vec<Value> {
    let value: Value = serde_json::from_str(&outcome.text()).expect("one JSON object");
    value["network"].as_array().expect("a list").clone()
}

/// Listens until the board of this name is listed, or is not.
fn listen(name: &str, is_wanted: bool) -> Option<Value> {
    let start = Instant::now();
    loop {
        let outcome = mpr().args(["--json", "--timeout", "1.5", "devs", "--network"]).ok();
        let found = network(&outcome).into_iter().find(|board| board["name"] == name);
        if found.is_some() == is_wanted {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{name:?}: {outcome}");
    }
}

#[test]
fn a_board_that_announces_itself_is_found_and_used() {
    for kind in [Kind::SimWs, Kind::SimWsStock] {
        let name = own("Bob's lamp. \u{e4}\\");
        let board = announcing(kind, &name);
        let found = listen(&name, true).expect("it is listed");
        assert_eq!(found["service"], "_webrepl._tcp");
        assert_eq!(found["address"], board.address());
        assert_eq!(found["addresses"], serde_json::json!(["127.0.0.1"]));
        let address = found["address"].as_str().expect("text");
        let mpr = mpr().env("MPR_WEBREPL_PASSWORD", Board::PASSWORD);
        assert_eq!(mpr.args(["connect", address, "eval", "6*7"]).ok().text(), "42\n");
        // Another client has the prompt of a board that was listed: it still is.
        let outcome = mpr_tests::mpr().args(["--timeout", "1.5", "devs", "-n"]).ok();
        let line = outcome.text().lines().find(|line| line.ends_with(&name)).map(str::to_owned);
        let line = line.unwrap_or_else(|| panic!("no line: {outcome}"));
        assert!(line.starts_with(&format!("{address} mpr-sim-")) && line.contains(".local "), "{line}");
    }
}

#[test]
fn a_name_does_nothing_to_the_terminal() {
    let mark = own("m");
    let name = format!("{mark}\x1b[2J\u{202e}\u{9b}");
    let _board = announcing(Kind::SimWs, &name);
    let _ = listen(&name, true);
    let outcome = mpr().args(["--timeout", "1.5", "devs", "--network"]).ok();
    assert!(outcome.text().contains(&format!(r"{mark}\u{{1b}}[2J\u{{202e}}\u{{9b}}")), "{outcome}");
    assert!(!outcome.text().contains(['\x1b', '\u{202e}', '\u{9b}']), "{outcome}");
}

#[test]
fn a_program_announces_its_server_and_takes_that_back() {
    let board = Board::start(Kind::SimPty);
    let mut console = board.console();
    console.enter_raw_repl();
    let name = own("program");
    // The board knows its port only when it listens.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let start = format!("import webrepl\nwebrepl.start({port}, 'geheim', '127.0.0.1', {name:?})");
    let (_, error) = console.exec(&start);
    assert_eq!(error, b"");
    let found = listen(&name, true).expect("it is listed");
    assert_eq!(found["address"], format!("ws://127.0.0.1:{port}"));
    let (_, error) = console.exec("webrepl.stop()");
    assert_eq!(error, b"");
    let _ = listen(&name, false);
    // So does a restart.
    let (_, error) = console.exec(&start);
    assert_eq!(error, b"");
    let _ = listen(&name, true);
    console.send(b"\x04");
    let _ = listen(&name, false);
    let (_, error) = console.exec("import webrepl\nwebrepl.start(0, 'geheim', '127.0.0.1', 'n' * 64)");
    assert!(error.ends_with(b"ValueError: name must have 1 to 63 bytes\r\n"), "{}", error.escape_ascii());
}

#[test]
fn without_boards_the_list_is_that_of_the_ports() {
    let plain = mpr().args(["--json", "devs"]).ok();
    assert!(!plain.text().contains("network"), "{plain}");
    let start = Instant::now();
    let running = mpr().args(["--timeout", "600", "devs", "--network"]).spawn();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut running = running;
    running.signal(nix::sys::signal::Signal::SIGINT);
    running.wait().expect_code(130);
    assert!(start.elapsed() < PATIENCE);
}
