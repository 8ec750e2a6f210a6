//! Memory does not grow with what is copied, nor a board's with each command.

use std::fs;

use mpr_tests::{Board, BoardOptions, Desk, Kind, Mpr, agent_heap_behind, all_bytes};

/// Bytes in the large file. Held in memory they would show.
const LARGE: usize = 4_000_000;

/// So much more may be in use with the large file than with an empty one, in KB: buffers, and content that waits for a
/// moment.
const BUFFERS: u64 = 2_500;

/// The largest resident set, in KB, as often as it can be asked; it only grows.
fn peak_kb(mpr: &Mpr) -> u64 {
    let mut running = mpr.spawn();
    let path = format!("/proc/{}/status", running.process().id());
    let mut peak = 0;
    while running.process().is_running() {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(kb.unwrap_or(0));
    }
    running.wait().expect_code(0);
    peak
}

fn desk() -> Desk {
    let options = BoardOptions { flash_size: Some("12M".into()), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimPty, options);
    desk.write("empty", b"");
    desk.run(&["cp", "empty", ":empty"]);
    let write = format!(
        "b=bytes(range(250))*16\nf=open('large','wb')\nfor _ in range({}):f.write(b)\nf.close()",
        LARGE / 4000
    );
    desk.run(&["exec", &write]);
    desk
}

#[test]
fn cat_keeps_no_file_in_memory() {
    let desk = desk();
    let (small, large) =
        (peak_kb(&desk.mpr().args(["cat", ":empty"])), peak_kb(&desk.mpr().args(["cat", ":large"])));
    assert!(large < small + BUFFERS, "{small} KB for an empty file, {large} KB for a large one");
    assert_eq!(desk.on_board("large").len(), LARGE);
}

#[test]
fn backup_and_restore_keep_no_file_in_memory() {
    let desk = desk();
    let small = peak_kb(&desk.mpr().args(["backup", "small.tar", ":empty"]));
    for archive in ["large.tar", "large.tgz"] {
        let large = peak_kb(&desk.mpr().args(["backup", archive, ":large"]));
        assert!(
            large < small + BUFFERS,
            "{archive}: {small} KB for an empty file, {large} KB for a large one"
        );
    }
    // All of it goes over the line again, for the board has another content of this size.
    desk.run(&["exec", "f=open('large','r+b')\nf.write(b'x')\nf.close()"]);
    let small = peak_kb(&desk.mpr().args(["restore", "small.tar"]));
    let large = peak_kb(&desk.mpr().args(["restore", "large.tar"]));
    assert!(large < small + BUFFERS, "{small} KB for an empty file, {large} KB for a large one");
    desk.run(&["restore", "large.tgz"]);
    assert_eq!(desk.on_board("large").len(), LARGE);
}

/// How many strings the board keeps for good: names, and short texts of every program that it has compiled.
fn kept_strings(desk: &Desk) -> String {
    let shown = desk.run(&["exec", "import micropython\nmicropython.qstr_info()"]);
    let count = shown.split_once("n_qstr=").and_then(|(_, rest)| rest.split(',').next());
    count.unwrap_or_else(|| panic!("no count of strings: {shown}")).to_owned()
}

fn a_command_leaves_nothing_on_the_board(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("small", b"old");
    desk.write("large", &all_bytes(12_000));
    // What a board before 1.14 has room for.
    let file = if kind == Kind::Microbit { "small" } else { "large" };
    let commands: [&[&str]; 5] = [
        &["eval", "1+1"],
        &["cp", "-f", file, ":file"],
        &["cat", ":file"],
        &["ls", ":"],
        &["exec", "print('a text that is longer')"],
    ];
    let mut counts = Vec::new();
    for _ in 0..3 {
        commands.iter().for_each(|words| drop(desk.run(words)));
        counts.push(kept_strings(&desk));
    }
    // The first time each of them brings its names.
    assert_eq!(counts[1], counts[2], "{kind:?}: {counts:?}");
}

mpr_tests::on!(sim, mpr_tests::Kind::SimPty, [a_command_leaves_nothing_on_the_board]);
mpr_tests::on!(wasm, mpr_tests::Kind::Wasm, [a_command_leaves_nothing_on_the_board]);
mpr_tests::on!(microbit, mpr_tests::Kind::Microbit, [a_command_leaves_nothing_on_the_board]);

#[test]
fn a_reader_that_goes_away_or_an_interrupt_ends_cat() {
    use mpr_tests::{Faults, Schedule};
    use nix::sys::signal::Signal;

    for kind in [Kind::SimLink, Kind::Wasm] {
        let desk = Desk::new(kind);
        let content = [b"begin".to_vec(), all_bytes(150_000)].concat();
        desk.write("local", &content);
        desk.run(&["cp", "local", ":large"]);
        let slow = Faults { baud: Some(921_600), ..Faults::default() };
        desk.board.link().set(Schedule::both(0, &slow));
        let mut running = desk.mpr().args(["cat", ":large"]).spawn();
        running.wait_for_stdout("begin");
        running.signal(Signal::SIGINT);
        let outcome = running.wait();
        desk.board.link().heal();
        // What was printed is right as far as it goes.
        assert!(matches!(outcome.status.code(), Some(0 | 130)), "{kind:?}: {outcome}");
        assert!(content.starts_with(&outcome.stdout), "{kind:?}");
        answers(&desk.board);
        desk.mpr().args(["cat", ":large"]).run_with_closed_stdout_after("begin").expect_code(0);
        answers(&desk.board);
    }
}

fn answers(board: &Board) {
    assert_eq!(board.mpr().args(["exec", "print(7)"]).ok().text(), "7\n", "{:?}", board.kind());
}

/// What the agent may take beside its code and the window, in bytes.
const AGENT: u64 = 4096;

fn the_agent_takes_little(kind: Kind, text: usize) {
    let board = Board::start(kind);
    let address = board.address().parse().expect("an address");
    let (heap, window) = agent_heap_behind(&address, text).expect("it answers").expect("it runs here");
    assert!(heap - window <= AGENT, "{heap} bytes, {window} of them for the window");
}

#[test]
fn the_agent_takes_little_on_the_simulator() {
    the_agent_takes_little(Kind::SimPty, 100_000);
}

/// This port collects no garbage while a program runs, so only what comes first tells.
#[test]
fn the_agent_takes_little_on_wasm() {
    the_agent_takes_little(Kind::Wasm, 0);
}
