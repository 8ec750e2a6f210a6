//! Several clients: one has the prompt, the others move files; one that has vanished loses it.

use std::thread;

use mpr_tests::{Board, Gate, Kind, Trouble, WebSocket, all_bytes};

use super::{log_in, log_in_again};

const FILES_ONLY: &[u8] = b"\r\nWebREPL connected for files: another client has the prompt\r\n";

/// Logs in while another client has the prompt. That one must answer pings meanwhile, or not be there.
fn knock(address: &str) -> WebSocket {
    let mut client = WebSocket::open(address);
    client.expect(b"Password: ");
    client.say(WebSocket::TEXT, format!("{}\r", Board::PASSWORD).as_bytes());
    client
}

/// Answers one ping, as browsers do by themselves.
fn answer_ping(client: &mut WebSocket) {
    assert_eq!(client.frame(), Some((9, Vec::new())));
    client.say(10, b"");
}

/// Logs in while `first` has the prompt and says so: for files.
fn for_files(board: &Board, first: &mut WebSocket) -> WebSocket {
    let mut other = knock(board.address());
    answer_ping(first);
    other.expect(FILES_ONLY);
    other
}

#[test]
fn further_clients_move_files() {
    let board = Board::start(Kind::SimWs);
    let mut first = log_in(&board);
    let mut others: Vec<WebSocket> = (0..3)
        .map(|_| {
            let mut other = knock(board.address());
            answer_ping(&mut first);
            assert_eq!(other.frame(), Some((WebSocket::TEXT, FILES_ONLY.to_vec())));
            other
        })
        .collect();
    // Blocks of all of them in turns, two of them for the same name.
    let content = all_bytes(9000);
    let names = ["a", "b", "b"];
    for (other, name) in others.iter_mut().zip(names) {
        other.request(1, name, content.len());
    }
    for (n, other) in others.iter_mut().enumerate() {
        assert_eq!(other.status(), 0, "{n}");
    }
    for block in content.chunks(700) {
        for (n, other) in others.iter_mut().enumerate() {
            other.say(WebSocket::BINARY, &block.iter().map(|byte| byte ^ n as u8).collect::<Vec<_>>());
        }
        assert_eq!(first.run("1+1"), "1+1\r\n2\r\n>>> ");
    }
    for (n, other) in others.iter_mut().enumerate() {
        assert_eq!(other.status(), 0, "{n}");
    }
    // What a client without a prompt types goes nowhere.
    others[0].say(WebSocket::TEXT, b"open('evil', 'w')\r\x03\x04");
    assert_eq!(others[0].get("a"), Ok(content.clone()));
    let b = others[1].get("b").expect("it is there");
    assert!(
        [1, 2].iter().any(|n| b.iter().map(|byte| byte ^ n).eq(content.iter().copied())),
        "one of the two"
    );
    let listed = first.run("sorted(__import__('os').listdir())");
    assert!(listed.ends_with("\r\n['a', 'b']\r\n>>> "), "{listed}");
}

#[test]
fn one_that_goes_in_the_middle_costs_the_others_nothing() {
    let board = Board::start(Kind::SimWs);
    let mut first = log_in(&board);
    let mut other = for_files(&board, &mut first);
    other.request(1, "f", 5000);
    assert_eq!(other.status(), 0);
    other.say(WebSocket::BINARY, &[b'n'; 2000]);
    drop(other);
    assert_eq!(first.put("g", b"content"), (0, 0));
    // The end of the other one has come by the time of the second answer at the latest; a `.part` that is left would be seen.
    let listed = loop {
        let listed = first.run("sorted(__import__('os').listdir())");
        if !listed.contains(".part") {
            break listed;
        }
    };
    assert!(listed.ends_with("\r\n['g']\r\n>>> "), "{listed}");
}

#[test]
fn what_comes_right_behind_the_password_waits() {
    let board = Board::start(Kind::SimWs);
    let mut first = log_in(&board);
    let mut other = knock(board.address());
    // As webrepl_cli.py does, which awaits no answer to the password.
    other.request(3, "", 0);
    answer_ping(&mut first);
    other.expect(FILES_ONLY);
    assert_eq!(other.frame(), Some((WebSocket::BINARY, vec![1, 23, 0])));
}

#[test]
fn there_are_eight_clients_at_most() {
    let board = Board::start(Kind::SimWs);
    let mut first = log_in(&board);
    let others: Vec<WebSocket> = (0..7).map(|_| for_files(&board, &mut first)).collect();
    assert_eq!(WebSocket::open(board.address()).frame(), None);
    drop(others);
    // The server hears of their ends when they come.
    loop {
        let mut other = WebSocket::open(board.address());
        if other.frame().is_some() {
            break;
        }
    }
}

/// A client behind a network that carries nothing any more, and tells nobody. Its board.
fn vanished(kind: Kind) -> (Board, WebSocket) {
    let board = Board::start(kind);
    let hole = |_| Trouble { hole_after: Some(400), ..Trouble::default() };
    let gate = Gate::with_trouble(board.address(), hole);
    let mut client = WebSocket::log_in(&format!("127.0.0.1:{}", gate.port()), Board::PASSWORD).settled();
    client.say(WebSocket::TEXT, b"x = 'from before'; print('y' * 500)\r");
    (board, client)
}

#[test]
fn who_has_vanished_loses_the_prompt_to_the_next() {
    let (board, _client) = vanished(Kind::SimWs);
    let mut next = knock(board.address());
    // No word but the prompt, once the first one has had its time to answer.
    assert_eq!(next.frame(), Some((WebSocket::TEXT, b"\r\nWebREPL connected\r\n>>> ".to_vec())));
    let mut next = next.settled();
    assert_eq!(next.run("x"), "x\r\n'from before'\r\n>>> ");
    drop(next);
    // And so does `mpr`.
    let (board, _client) = vanished(Kind::SimWs);
    assert_eq!(board.mpr().args(["eval", "6*7"]).ok().text(), "42\n");
}

#[test]
fn who_prints_is_no_less_there() {
    let board = Board::start(Kind::SimWs);
    let mut first = log_in(&board);
    first.say(WebSocket::TEXT, b"while True: print('x' * 100)\r\r");
    first.expect(b"x\r\n");
    let reader = thread::spawn(move || {
        loop {
            match first.frame() {
                Some((9, payload)) => first.say(10, &payload),
                Some(_) => {}
                None => return,
            }
        }
    });
    let mut other = knock(board.address());
    other.expect(FILES_ONLY);
    assert_eq!(other.put("f", b"content"), (0, 0));
    drop(board);
    let _ = reader.join();
}

#[test]
fn the_prompt_is_free_again_when_its_client_leaves() {
    let board = Board::start(Kind::SimWs);
    let mut first = log_in(&board);
    let mut other = for_files(&board, &mut first);
    drop(first);
    let mut next = log_in_again(&board);
    assert_eq!(next.run("1+2"), "1+2\r\n3\r\n>>> ");
    // The other one stays what it is.
    assert_eq!(other.put("f", b"content"), (0, 0));
}
