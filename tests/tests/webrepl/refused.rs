//! Everything that goes wrong before the prompt: each with its own words.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use mpr_tests::{Board, Kind, WebSocket};

use super::mpr_at;

/// A server that reads a little, says this, and hangs up or stays silent.
fn server(says: &'static [u8], stays: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("ws://{}", listener.local_addr().expect("a bound socket has an address"));
    thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(says);
            if stays {
                open.push(stream);
            }
        }
    });
    address
}

#[test]
fn another_client_is_there() {
    let words = |board: &Board| [board.address().to_owned(), "another WebREPL client".into(), "hint:".into()];
    let stock = Board::start(Kind::SimWsStock);
    let _client = WebSocket::log_in(stock.address(), Board::PASSWORD);
    stock.mpr().arg("ls").fails(3, &words(&stock).each_ref().map(String::as_str));
    // Our firmware asks the other client whether it is there.
    let board = Board::start(Kind::SimWs);
    let mut terminal = board.mpr().arg("repl").terminal();
    terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
    board.mpr().arg("ls").fails(3, &words(&board).each_ref().map(String::as_str));
    terminal.send("\x1d");
    terminal.ends_sane(0);
}

#[test]
fn the_password_is_wrong_too_often() {
    let board = Board::start(Kind::SimWs);
    let wrong = board.mpr().env("MPR_WEBREPL_PASSWORD", "wrong").arg("ls");
    for _ in 0..3 {
        wrong.fails(3, &[board.address(), "does not accept the password", "webrepl_setup"]);
    }
    board.mpr().arg("ls").fails(3, &["looks at no password for 1 s"]);
    let stock = Board::start(Kind::SimWsStock);
    stock.mpr().env("MPR_WEBREPL_PASSWORD", "wrong").arg("ls").fails(3, &["does not accept the password"]);
}

#[test]
fn nobody_answers() {
    let silent = server(b"", true);
    mpr_at(&silent)
        .args(["--timeout", "1", "ls"])
        .fails(3, &[&silent, "no answer to the handshake within 1 s"]);
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let address = format!("ws://127.0.0.1:{port}");
    mpr_at(&address)
        .arg("ls")
        .fails(3, &[&address, "Connection refused", &format!("nc -vz 127.0.0.1 {port}")]);
    mpr_at("ws://no-such-host.invalid").arg("ls").fails(3, &["ws://no-such-host.invalid:8266"]);
}

#[test]
fn something_else_answers() {
    let web = server(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false);
    mpr_at(&web).arg("ls").fails(3, &["no WebREPL answers there", "HTTP/1.1 404 Not Found"]);
    let ssh = server(b"SSH-2.0-OpenSSH\r\n", true);
    mpr_at(&ssh).arg("ls").fails(3, &["no WebREPL answers there", "SSH-2.0-OpenSSH"]);
    let board = Board::start(Kind::SimTcp);
    let console = board.address().replace("tcp://", "ws://");
    mpr_at(&console).args(["--timeout", "2", "ls"]).fails(3, &[&console]);
}

#[test]
fn it_ends_in_the_middle() {
    let early = server(b"HTTP/1.1 101 Swi", false);
    mpr_at(&early).arg("ls").fails(3, &["ended the connection during the handshake"]);
}

#[test]
fn the_link_is_lost() {
    let mut board = Board::start(Kind::SimWs);
    let running = board.mpr().args(["exec", "print('go')\nwhile True: pass"]).spawn();
    running.wait_for_stdout("go");
    board.kill();
    let outcome = running.wait();
    outcome.expect_code(3);
    outcome.expect_stderr("the connection was lost");
    assert!(board.mpr().arg("ls").run().stderr().contains("Connection refused"));
}
