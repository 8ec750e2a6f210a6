//! `webrepl.start()`, its configuration, and `webrepl_setup`, as a user meets them on a board.

use mpr_tests::{Board, Kind, WebSocket};

/// The address that a program on the board printed.
fn address(printed: &str) -> String {
    let at = printed.find("ws://").unwrap_or_else(|| panic!("no address: {printed}"));
    let end = printed[at..].find(['\r', '\n']).map_or(printed.len(), |n| at + n);
    printed[at..end].replace("0.0.0.0", "127.0.0.1")
}

/// A port that was free just now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port()
}

#[test]
fn a_program_starts_and_stops_it() {
    let board = Board::start(Kind::SimPty);
    let mut console = board.console();
    console.enter_raw_repl();
    let (printed, _) = console.exec("import webrepl\nwebrepl.start()");
    assert_eq!(printed, b"WebREPL has no password yet: run 'import webrepl_setup'\r\n");
    let (_, error) = console.exec("webrepl.start(password='abc')");
    assert!(error.ends_with(b"ValueError: password must have 4 to 63 bytes, and be one line\r\n"));
    let port = free_port();
    let (printed, _) = console.exec(&format!("webrepl.start({port}, 'geheim', '127.0.0.1')"));
    let address = address(&String::from_utf8_lossy(&printed));
    assert_eq!(address, format!("ws://127.0.0.1:{port}"));
    let mut client = WebSocket::log_in(&address, "geheim");
    // What the board prints comes to both.
    console.send(b"print('both')\x04");
    client.expect(b"both\r\n");
    console.expect(b"OKboth\r\n\x04\x04>");
    let (_, error) = console.exec("webrepl.stop()");
    assert_eq!(error, b"");
    assert!(client.ends());
    assert!(std::net::TcpStream::connect(&address[5..]).is_err());
}

#[test]
fn setup_writes_what_boards_have() {
    let board = Board::start(Kind::SimPty);
    let mut console = board.console();
    console.send(b"\r\x03\x02");
    console.expect(b">>> ");
    console.send(b"f = open('boot.py', 'w'); _ = f.write('x = 1\\n'); f.close()\r");
    console.expect(b">>> ");
    for (question, answer) in [
        (&b">>> "[..], "import webrepl_setup"),
        (b"(E)nable or (D)isable it? ", "E"),
        (b"stock boards take 9): ", "abc"),
        (b"stock boards take 9): ", "geheim"),
        (b"Once more: ", "geheim"),
    ] {
        if question != b">>> " {
            console.expect(question);
        }
        console.send(answer.as_bytes());
        console.send(b"\r");
    }
    console.expect(b"with the next reset.\r\n>>> ");
    console.enter_raw_repl();
    let (files, _) = console.exec("print(open('boot.py').read(), open('webrepl_cfg.py').read())");
    assert_eq!(files, b"x = 1\r\nimport webrepl; webrepl.start()\r\n PASS = 'geheim'\r\n\r\n");
    // Started from its configuration, on a port of its own.
    let port = free_port();
    let (printed, error) = console.exec(&format!("import webrepl\nwebrepl.start({port}, host='127.0.0.1')"));
    assert_eq!(String::from_utf8_lossy(&error), "");
    drop(WebSocket::log_in(&address(&String::from_utf8_lossy(&printed)), "geheim"));
    let (_, error) = console.exec("import webrepl_setup\nwebrepl_setup.enable(False)");
    assert_eq!(String::from_utf8_lossy(&error), "");
}
