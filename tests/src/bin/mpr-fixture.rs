//! Boards and servers of the harness for programs that are no tests: `cargo xtask bench` measures with them.
//!
//! `mpr-fixture slow-board MS FIFO [HEAP]` prints the port of a simulated board behind 115200 baud with so many ms on the way and so
//! many bytes of receive buffer and of heap; `webrepl MS` and `webrepl-stock MS` that of one that is a WebREPL server, so many ms away each way; `wasm`
//! and `microbit` that of another board; `agent-heap PORT BYTES` how many bytes of heap the agent takes there when a text of so many
//! bytes has come, and those of the window that it inflates with; `index` the address of an index with a package `twenty` of 20
//! files. All last until standard input ends.

use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Duration;

use mpr_tests::{Board, BoardOptions, Faults, Gate, Index, Kind, Schedule, Trouble, agent_heap_behind};

const USAGE: &str = "usage: mpr-fixture slow-board MS FIFO [HEAP] | webrepl MS | webrepl-stock MS | wasm | microbit | agent-heap PORT BYTES | index";

const FILES: usize = 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["slow-board", ms, fifo, heap @ ..] if heap.len() < 2 => match ms.parse() {
            Ok(ms) => serve(&slow_board(Duration::from_millis(ms), fifo, heap.first().copied())),
            Err(_) => return usage(),
        },
        ["webrepl", ms] => match ms.parse() {
            Ok(ms) => webrepl(Kind::SimWs, Duration::from_millis(ms)),
            Err(_) => return usage(),
        },
        ["webrepl-stock", ms] => match ms.parse() {
            Ok(ms) => webrepl(Kind::SimWsStock, Duration::from_millis(ms)),
            Err(_) => return usage(),
        },
        ["wasm"] => serve(&Board::start(Kind::Wasm)),
        ["microbit"] => serve(&Board::start(Kind::Microbit)),
        ["agent-heap", port, bytes] => match bytes.parse() {
            Ok(bytes) => return agent_heap(port, bytes),
            Err(_) => return usage(),
        },
        ["index"] => {
            let index = index();
            println!("{}", index.url());
            wait();
        }
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn serve(board: &Board) {
    println!("{}", board.address());
    wait();
}

fn agent_heap(port: &str, bytes: usize) -> ExitCode {
    match agent_heap_behind(&port.parse().expect("an address"), bytes) {
        Ok(Some((heap, window))) => println!("{heap} {window}"),
        Ok(None) => println!("none"),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Until nobody holds the other end of standard input.
fn wait() {
    let _ = io::stdin().read_to_end(&mut Vec::new());
}

fn slow_board(delay: Duration, fifo: &str, heap: Option<&str>) -> Board {
    let wire = Faults { baud: Some(115_200), delay, ..Faults::default() };
    let sim_options = ["--fifo", fifo].into_iter().chain(heap.into_iter().flat_map(|heap| ["--heap", heap]));
    let options = BoardOptions {
        schedule: Schedule::both(0, &wire),
        flash_size: Some("4M".to_owned()),
        sim_options: sim_options.map(str::to_owned).collect(),
        ..BoardOptions::default()
    };
    Board::with(Kind::SimLink, options)
}

/// Serves a board as a WebREPL server behind a delay; its password is [`Board::PASSWORD`].
fn webrepl(kind: Kind, delay: Duration) {
    let options = BoardOptions { flash_size: Some("4M".to_owned()), ..BoardOptions::default() };
    let board = Board::with(kind, options);
    let gate = Gate::with_trouble(board.address(), move |_| Trouble { delay, ..Trouble::default() });
    println!("ws://127.0.0.1:{}", gate.port());
    wait();
}

fn index() -> Index {
    let files: Vec<(String, Vec<u8>)> = (0..FILES)
        .map(|n| {
            let function = |m| format!("def function_{m}(value):\n    return value * {n} + {m}\n\n\n");
            (format!("twenty/part_{n}.py"), (0..30).map(function).collect::<String>().into_bytes())
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), &text[..])).collect();
    let index = Index::start();
    index.add("py", "twenty", "1.0", &files, &[]);
    index
}
