//! Clients that mean harm, or are broken.

use mpr_tests::{Board, Kind, WebSocket};

use super::{BOTH, log_in, log_in_again};

/// The answer to a password.
fn answer(board: &Board, password: &[u8]) -> String {
    let mut client = WebSocket::open(board.address());
    client.expect(b"Password: ");
    client.say(WebSocket::TEXT, password);
    client.say(WebSocket::TEXT, b"\r");
    let (_, text) = client.frame().expect("an answer");
    assert!(client.ends());
    String::from_utf8(text).expect("text")
}

#[test]
fn wrong_passwords_are_refused_and_soon_cost_time() {
    let board = Board::start(Kind::SimWs);
    for wrong in [&b""[..], b"secre", b"secrets"] {
        assert_eq!(answer(&board, wrong), "\r\nAccess denied\r\n");
    }
    // Now also the right one is not looked at.
    assert_eq!(answer(&board, b"secret"), "\r\nAccess denied: try again in 001 s\r\n");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(answer(&board, &[b'x'; 5000]), "\r\nAccess denied\r\n");
    assert_eq!(answer(&board, b"secret"), "\r\nAccess denied: try again in 002 s\r\n");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    // The right one makes it all forgotten.
    drop(log_in(&board));
}

#[test]
fn nothing_is_open_before_the_password() {
    for kind in BOTH {
        let board = Board::start(kind);
        let mut client = WebSocket::open(board.address());
        client.expect(b"Password: ");
        client.request(3, "", 0);
        client.request(1, "evil", 4);
        client.say(WebSocket::BINARY, b"evil");
        client.say(WebSocket::TEXT, b"import os\x03\x04");
        drop(client);
        let mut client = log_in_again(&board);
        assert_eq!(client.run("__import__('os').listdir()"), "__import__('os').listdir()\r\n[]\r\n>>> ");
        assert_eq!(client.run("'os' in globals()"), "'os' in globals()\r\nFalse\r\n>>> ");
    }
}

#[test]
fn what_is_no_websocket_is_told_so() {
    let board = Board::start(Kind::SimWs);
    let mut client = WebSocket::connect(board.address());
    client.send(b"GET / HTTP/1.1\r\nHost: board\r\n\r\n");
    let header = client.header();
    assert!(header.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{header}");
    for broken in [&[0; 20_000][..], &[b'\n'; 10_000], b"\r\n\r\n", &[b'x'; 100_000]] {
        let mut client = WebSocket::connect(board.address());
        client.send(broken);
    }
    drop(log_in(&board));
}

#[test]
fn frames_that_break_the_rules_end_the_connection_and_nothing_else() {
    for kind in BOTH {
        let board = Board::start(kind);
        for broken in [
            // A length of 64 bits, a long ping, a continuation of nothing, unknown kinds, extensions.
            &[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0][..],
            &[0x89, 0xfe, 1, 0],
            &[0x80, 0x80, 0, 0, 0, 0],
            &[0x83, 0x80, 0, 0, 0, 0],
            &[0xc1, 0x80, 0, 0, 0, 0],
        ] {
            let mut client = log_in_again(&board);
            client.send(broken);
            assert_eq!(client.frame(), None, "{broken:?}");
        }
        // A request that is none.
        let mut client = log_in_again(&board);
        client.say(WebSocket::BINARY, &[b'x'; 82]);
        assert_eq!(client.frame(), None);
        let mut client = log_in_again(&board);
        assert_eq!(client.run("1+1"), "1+1\r\n2\r\n>>> ");
    }
}

#[test]
fn who_waits_at_the_door_does_not_close_it() {
    let board = Board::start(Kind::SimWs);
    let mut waiting: Vec<WebSocket> = (0..10)
        .map(|n| match n % 2 {
            0 => WebSocket::connect(board.address()),
            _ => WebSocket::open(board.address()),
        })
        .collect();
    let mut client = log_in(&board);
    assert_eq!(client.run("1+1"), "1+1\r\n2\r\n>>> ");
    // The first was sent away for it.
    assert_eq!(waiting[0].frame(), None);
}
