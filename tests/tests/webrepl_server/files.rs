//! The file protocol.

use mpr_tests::{Board, Kind, WebSocket, all_bytes};

use super::{BOTH, log_in, log_in_again, small};

#[test]
fn files_come_and_go() {
    for kind in BOTH {
        let board = Board::start(kind);
        let mut client = log_in(&board);
        for len in [0, 1, 255, 256, 257, 3000] {
            let content = &all_bytes(3000)[..len];
            assert_eq!(client.put("a b.bin", content), (0, 0));
            assert_eq!(client.get("a b.bin").as_deref(), Ok(content), "{len}");
        }
        client.request(3, "", 0);
        assert_eq!(client.frame(), Some((WebSocket::BINARY, vec![1, 23, 0])));
        assert_eq!(
            client.run("__import__('os').listdir()"),
            "__import__('os').listdir()\r\n['a b.bin']\r\n>>> "
        );
    }
}

#[test]
fn files_come_and_go_while_a_program_runs() {
    let board = Board::start(Kind::SimWs);
    let mut client = log_in(&board);
    client.say(WebSocket::TEXT, b"while True: pass\r\r");
    client.expect(b"... \r\n");
    assert_eq!(client.put("/x", b"content"), (0, 0));
    assert_eq!(client.get("x"), Ok(b"content".to_vec()));
    client.say(WebSocket::TEXT, b"\x03");
    client.expect(b">>> ");
}

#[test]
fn what_goes_wrong_is_told() {
    let board = small(Kind::SimWs);
    let mut client = log_in(&board);
    assert_eq!(client.get("missing"), Err(2));
    assert_eq!(client.put("no/such/folder", b"x"), (2, 2));
    client.run("__import__('os').mkdir('d')");
    assert_eq!(client.get("d"), Err(21));
    assert_eq!(client.put("d", b"x"), (21, 21));
    assert_eq!(client.put("old", b"old"), (0, 0));
    // A full disk; the old file is whole, and nothing else is left.
    assert_eq!(client.put("old", &all_bytes(200_000)), (0, 28));
    assert_eq!(client.get("old"), Ok(b"old".to_vec()));
    let listed = client.run("sorted(__import__('os').listdir())");
    assert!(listed.ends_with("\r\n['d', 'old']\r\n>>> "), "{listed}");
}

#[test]
fn a_cut_leaves_the_old_file() {
    let board = Board::start(Kind::SimWs);
    let mut client = log_in(&board);
    assert_eq!(client.put("f", b"old"), (0, 0));
    client.request(1, "f", 10_000);
    assert_eq!(client.status(), 0);
    client.say(WebSocket::BINARY, &[b'n'; 5000]);
    // The server has it all by the time that it answers this.
    assert_eq!(client.run("1"), "1\r\n1\r\n>>> ");
    drop(client);
    let mut client = log_in_again(&board);
    assert_eq!(client.get("f"), Ok(b"old".to_vec()));
    let listed = client.run("__import__('os').listdir()");
    assert!(listed.ends_with("\r\n['f']\r\n>>> "), "{listed}");
}

#[test]
fn with_quirks_nobody_is_told() {
    let board = small(Kind::SimWsStock);
    let mut client = log_in(&board);
    let content = all_bytes(80_000);
    assert_eq!(client.put("f", &content), (0, 0), "as if there were room");
    let got = client.get("f").expect("what there was room for");
    assert!(got.len() < content.len() && content.starts_with(&got), "{}", got.len());
    client.request(2, "missing", 0);
    assert_eq!(client.frame(), None);
}
