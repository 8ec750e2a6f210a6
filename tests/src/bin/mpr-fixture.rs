//! Boards and servers of the harness for programs that are no tests: `cargo xtask bench` measures with them.
//!
//! `mpr-fixture slow-board` prints the port of a simulated board behind 115200 baud with 1 ms on the way, `mpr-fixture index`
//! the address of an index with a package `twenty` of 20 files. Both last until standard input ends.

use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Duration;

use mpr_tests::{Board, BoardOptions, Faults, Index, Kind, Schedule};

const USAGE: &str = "usage: mpr-fixture slow-board|index";

/// mpremote's mount hangs when the receive buffer holds 256 bytes, as on many boards; this is room enough.
const FIFO: &str = "1024";

const FILES: usize = 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("slow-board") => {
            let board = slow_board();
            println!("{}", board.address());
            wait();
        }
        Some("index") => {
            let index = index();
            println!("{}", index.url());
            wait();
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Until nobody holds the other end of standard input.
fn wait() {
    let _ = io::stdin().read_to_end(&mut Vec::new());
}

fn slow_board() -> Board {
    let wire = Faults { baud: Some(115_200), delay: Duration::from_millis(1), ..Faults::default() };
    let options = BoardOptions {
        schedule: Schedule::both(0, &wire),
        flash_size: Some("4M".to_owned()),
        sim_options: vec!["--fifo".to_owned(), FIFO.to_owned()],
        ..BoardOptions::default()
    };
    Board::with(Kind::SimLink, options)
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
