//! The prompt: a second console of the board.

use std::time::Duration;

use mpr_tests::{Board, Kind, WebSocket};

use super::{BOTH, log_in, log_in_again};

#[test]
fn a_prompt() {
    for kind in BOTH {
        let board = Board::start(kind);
        let mut client = log_in(&board);
        assert_eq!(client.run("6*7"), "6*7\r\n42\r\n>>> ");
        assert_eq!(client.run("print('\\xe4')"), "print('\\xe4')\r\n\u{e4}\r\n>>> ");
        // Any byte, in text frames.
        let all = "__import__('sys').stdout.buffer.write(bytes(range(256)))";
        client.say(WebSocket::TEXT, format!("{all}\r").as_bytes());
        let out = client.expect(b">>> ");
        let bytes: Vec<u8> = (0..=255).collect();
        assert!(out.windows(256).any(|window| window == bytes), "{out:?}");
    }
}

#[test]
fn a_loop_is_interrupted() {
    for kind in BOTH {
        let board = Board::start(kind);
        let mut client = log_in(&board);
        client.say(WebSocket::TEXT, b"while True: pass\r\r");
        client.expect(b"... \r\n");
        client.say(WebSocket::TEXT, b"\x03");
        let text = client.expect(b">>> ");
        assert!(text.windows(17).any(|word| word == b"KeyboardInterrupt"), "{}", text.escape_ascii());
        // And one that prints without end, to a client that does not read for a while.
        client.say(WebSocket::TEXT, b"while True: print('x' * 200)\r\r");
        std::thread::sleep(Duration::from_millis(300));
        client.say(WebSocket::TEXT, b"\x03");
        client.expect(b"KeyboardInterrupt: \r\n>>> ");
        assert_eq!(client.run("1+1"), "1+1\r\n2\r\n>>> ");
    }
}

/// Types 200 lines while nobody reads; says how many of them ran. `wait`: the statement that waits meanwhile; `over` ends it.
fn typed_ahead(client: &mut WebSocket, wait: &str, over: impl FnOnce(&mut WebSocket)) -> usize {
    client.say(WebSocket::TEXT, format!("{wait};print('g''o')\r").as_bytes());
    // Echoed: the program runs, and reads nothing.
    client.expect(b"print('g''o')\r\n");
    client.say(WebSocket::TEXT, b"n=1000\r");
    for _ in 0..200 {
        client.say(WebSocket::TEXT, b"n+=1;#xxxxxxxxxxxxxxxxxxxxxxxxxxx\r");
    }
    over(client);
    client.expect(b"go\r\n");
    // What was held back comes in order, so this is the last; with quirks there is room for it by now.
    std::thread::sleep(Duration::from_millis(500));
    client.say(WebSocket::TEXT, b"\r\rprint('n', 'is', n)\r");
    let text = client.expect_through(b"n is ", b">>> ");
    text.split('\r').next().and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
fn nothing_that_is_typed_ahead_is_lost_but_with_quirks() {
    let board = Board::start(Kind::SimWs);
    assert_eq!(typed_ahead(&mut log_in(&board), "import time;time.sleep(1)", |_| {}), 1200);
    let stock = Board::start(Kind::SimWsStock);
    let mut client = log_in(&stock);
    let wait = b"import os,time\nwhile 'go' not in os.listdir():\n time.sleep_ms(5)\n";
    assert_eq!(client.put("wait.py", wait), (0, 0));
    // 255 bytes: the first line, seven more, and the start of another. All has come when the file has.
    let ran = typed_ahead(&mut client, "import wait", |client| assert_eq!(client.put("go", b""), (0, 0)));
    assert_eq!(ran, 1008);
}

#[test]
fn one_client_at_a_time() {
    let board = Board::start(Kind::SimWsStock);
    let mut first = log_in(&board);
    // The second is answered, and that is all.
    assert_eq!(WebSocket::open(board.address()).frame(), None);
    assert_eq!(first.run("1+1"), "1+1\r\n2\r\n>>> ");
    drop(first);
    // The server hears of the end when it comes.
    let mut next = log_in_again(&board);
    assert_eq!(next.run("1+2"), "1+2\r\n3\r\n>>> ");
}

#[test]
fn the_server_is_there_after_every_reset() {
    for kind in BOTH {
        let board = Board::start(kind);
        for reset in ["\x04", "import machine; machine.reset()\r", "import machine; machine.soft_reset()\r"] {
            let mut client = log_in_again(&board);
            client.say(WebSocket::TEXT, reset.as_bytes());
            assert!(client.ends());
        }
        assert_eq!(log_in_again(&board).run("1+1"), "1+1\r\n2\r\n>>> ");
    }
}

#[test]
fn a_ping_is_answered_but_with_quirks() {
    let board = Board::start(Kind::SimWs);
    let mut client = log_in(&board);
    client.say(9, b"are you there?");
    assert!(matches!(client.frame(), Some((10, payload)) if payload == b"are you there?"));
    let board = Board::start(Kind::SimWs);
    let mut client = log_in(&board);
    client.say(8, b"");
    assert_eq!(client.frame(), Some((8, Vec::new())));
    assert_eq!(client.frame(), None);
    let stock = Board::start(Kind::SimWsStock);
    let mut client = log_in(&stock);
    client.say(9, b"are you there?");
    assert_eq!(client.run("1+1"), "1+1\r\n2\r\n>>> ");
}
