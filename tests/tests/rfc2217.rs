//! Serial ports of another machine: `rfc2217://` through ser2net and through pyserial's server, in front of a board on a
//! pseudo-terminal.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mpr_tests::{Board, Kind, Mpr, PATIENCE, Process, all_bytes, mpr, python_program};
use nix::sys::signal::Signal;
use socket2::SockRef;
use tempfile::TempDir;

/// A server of serial ports.
#[derive(Clone, Copy, Debug)]
enum Server {
    Ser2net,
    Pyserial,
}

/// A board's port, served.
struct Served {
    address: String,
    process: Process,
    board: Board,
    dir: TempDir,
}

impl Served {
    fn new(server: Server) -> Served {
        Served::of(Board::start(Kind::SimPty), server)
    }

    fn of(board: Board, server: Server) -> Served {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (port, process) = match server {
            Server::Ser2net => ser2net(board.address(), dir.path()),
            Server::Pyserial => pyserial(board.address()),
        };
        let served = Served { address: format!("rfc2217://127.0.0.1:{port}"), process, board, dir };
        let start = Instant::now();
        loop {
            let outcome = served.mpr().args(["exec", "print(7)"]).run();
            if outcome.status.success() {
                assert_eq!(outcome.text(), "7\n");
                return served;
            }
            assert!(start.elapsed() < PATIENCE, "{server:?}: {outcome}");
        }
    }

    fn mpr(&self) -> Mpr {
        mpr().args(["connect", &self.address]).dir(self.dir.path())
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }
}

fn ser2net(board: &str, dir: &Path) -> (u16, Process) {
    // It takes no port 0; this one was free just now.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    let config = dir.join("ser2net.yaml");
    let text = format!(
        "connection: &board\n  accepter: telnet(rfc2217),tcp,127.0.0.1,{port}\n  \
         connector: serialdev,{board},9600n81,local\n"
    );
    std::fs::write(&config, text).expect("a file can be written");
    let program = "/usr/sbin/ser2net";
    assert!(Path::new(program).exists(), "{program} is missing: run `cargo xtask setup`");
    let mut command = Command::new(program);
    command.args(["-n", "-d", "-c"]).arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    (port, Process::spawn(&mut command))
}

fn pyserial(board: &str) -> (u16, Process) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/devices/rfc2217/server.py");
    let mut command = Command::new(python_program());
    command.args([script, board]).stdout(Stdio::piped());
    let mut process = Process::spawn(&mut command);
    let mut line = String::new();
    let stdout = process.child().stdout.take().expect("stdout is a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("the server tells its port");
    (line.trim().parse().expect("a port"), process)
}

const SERVERS: [Server; 2] = [Server::Ser2net, Server::Pyserial];

#[test]
fn files_and_programs_pass() {
    for server in SERVERS {
        let served = Served::new(server);
        let content = all_bytes(20_000);
        served.file("all bytes", &content);
        served.mpr().args(["cp", "all bytes", ":"]).ok();
        assert!(served.mpr().args(["cat", ":all bytes"]).ok().stdout == content, "{server:?}");
        served.mpr().args(["cp", ":all bytes", "back"]).ok();
        assert!(std::fs::read(served.dir.path().join("back")).expect("copied") == content, "{server:?}");
        let code = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 4)";
        let every_byte: Vec<u8> = (0..=255).collect();
        assert!(served.mpr().args(["exec", code]).ok().stdout == every_byte.repeat(4), "{server:?}");
        served.mpr().args(["exec", "import sys; sys.exit(3)"]).fails(3, &[]);
    }
}

#[test]
fn a_folder_is_mounted_and_the_prompt_works() {
    for server in SERVERS {
        let served = Served::new(server);
        served.file("greeting.py", b"print('hello', 6 * 7)");
        let outcome = served.mpr().args(["mount", ".", "exec", "import greeting"]).ok();
        assert!(outcome.text().ends_with("hello 42\n"), "{outcome}");
        let mut terminal = served.mpr().arg("repl").terminal();
        terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
        terminal.send("\rprint(40 + 2)\r");
        terminal.expect("\n42");
        terminal.send("\x1d");
        terminal.ends_sane(0);
    }
}

#[test]
fn ctrl_c_stops_the_program() {
    for server in SERVERS {
        let served = Served::new(server);
        let mut running = served.mpr().args(["exec", "print('go')\nwhile True: pass"]).spawn();
        running.wait_for_stdout("go");
        running.signal(Signal::SIGINT);
        running.wait().expect_code(130);
        assert_eq!(served.mpr().args(["exec", "print(8)"]).ok().text(), "8\n", "{server:?}");
    }
}

#[test]
fn a_port_in_use_is_told_and_its_user_not_disturbed() {
    let served = Served::new(Server::Ser2net);
    let mut running = served.mpr().args(["exec", "print('go')\nwhile True: pass"]).spawn();
    running.wait_for_stdout("go");
    served.mpr().args(["exec", "1"]).fails(3, &[&served.address, "in use", "hint: "]);
    assert!(running.process().is_running());
    running.signal(Signal::SIGINT);
    running.wait().expect_code(130);
}

/// How a server hangs up.
#[derive(Clone, Copy, Debug)]
enum HangUp {
    /// The client reads an end.
    Close,
    /// The client gets ECONNRESET or EPIPE.
    Reset,
}

/// A server that says this to its client, waits until the client has said something too, and hangs up.
fn server_that_hangs_up(words: &'static [u8], how: HangUp) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("rfc2217://{}", listener.local_addr().expect("a bound socket has an address"));
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client comes");
        client.write_all(words).expect("the client is there");
        let mut heard = [0; 256];
        match how {
            HangUp::Close => {
                // With bytes unread, the end would be a reset.
                client.shutdown(Shutdown::Write).expect("the client is there");
                while client.read(&mut heard).is_ok_and(|n| n > 0) {}
            }
            HangUp::Reset => {
                client.peek(&mut heard).expect("the client speaks");
                SockRef::from(&client).set_linger(Some(Duration::ZERO)).expect("a socket can linger");
            }
        }
    });
    (address, server)
}

#[test]
fn a_server_that_hangs_up_without_a_word_is_in_use() {
    /// Agrees to binary data and to the COM port option, as a server does whose port is taken.
    const AGREES: &[u8] = &[255, 253, 0, 255, 251, 0, 255, 253, 44];
    for how in [HangUp::Close, HangUp::Reset] {
        for words in [&b""[..], AGREES] {
            let (address, server) = server_that_hangs_up(words, how);
            let outcome = mpr().args(["connect", &address, "exec", "1"]).run();
            server.join().expect("the server does not panic");
            let case = format!("{how:?} {words:?}: {outcome}");
            assert_eq!(outcome.status.code(), Some(3), "{case}");
            for part in [&address[..], "in use", "hint: "] {
                assert!(outcome.stderr().contains(part), "{case}");
            }
        }
    }
}

#[test]
fn the_last_words_of_a_server_are_told() {
    for how in [HangUp::Close, HangUp::Reset] {
        for (words, told) in [
            (&b"\xff\xfd\x2cPort already in use\r\n"[..], "in use"),
            (b"\xff\xfd\x2cyou are not welcome\r\n", "you are not welcome"),
        ] {
            let (address, server) = server_that_hangs_up(words, how);
            mpr().args(["connect", &address, "exec", "1"]).fails(3, &[&address, told, "hint: "]);
            server.join().expect("the server does not panic");
        }
    }
}

#[test]
fn a_server_that_goes_loses_no_file() {
    let mut served = Served::of(Board::start(Kind::SimLink), Server::Pyserial);
    served.file("old", b"old content");
    served.mpr().args(["cp", "old", ":kept"]).ok();
    served.file("new", &all_bytes(1_000_000));
    let before = served.board.link().traffic().0;
    let copying = served.mpr().args(["cp", "new", ":kept"]).spawn();
    served.board.link().wait_until_sent(before + 50_000);
    served.process.kill();
    let outcome = copying.wait();
    outcome.expect_failure(3, &served.address);
    assert_eq!(served.board.mpr().args(["cat", ":kept"]).ok().stdout, b"old content");
}

#[test]
fn what_is_no_such_server_is_told() {
    let board = Board::start(Kind::SimTcp);
    let address = board.address().replace("tcp://", "rfc2217://");
    mpr().args(["connect", &address, "exec", "1"]).fails(3, &[&address, "RFC 2217", "hint: "]);
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let address = format!("rfc2217://{closed}");
    mpr().args(["connect", &address, "exec", "1"]).fails(3, &[&address, "refused", "hint: "]);
    mpr().args(["connect", "rfc2217://host", "exec", "1"]).fails(2, &["rfc2217://HOST:PORT", "hint: "]);
}
