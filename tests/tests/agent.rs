//! The agent: its bytes, what it leaves behind, and what a line that damages bytes does to transfers.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use mpr_tests::{BoardOptions, Desk, Faults, Kind, Schedule, python_source};
use nix::sys::signal::Signal;

fn agent_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../device-agent/agent")
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

/// The agent's own source, run by CPython, has the conversation of the examples.
#[test]
fn the_python_side_speaks_as_in_the_examples() {
    let mut child = Command::new("python3")
        .args(["-B", "-c", "import mpr_agent; mpr_agent.run(b'sometokn', 128, 2016, 0)"])
        .current_dir(agent_folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 can be started");
    let vectors = include_str!("../../device-agent/wire/vectors.txt");
    let (mut said, mut expected) = (Vec::new(), Vec::new());
    for line in vectors.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["frame", _, _, _, wire] => said.extend(bytes(wire)),
            ["answer", _, wire] => expected.push(bytes(wire)),
            _ => {}
        }
    }
    child.stdin.take().expect("a pipe").write_all(&said).expect("the agent reads");
    let mut heard = Vec::new();
    child.stdout.take().expect("a pipe").read_to_end(&mut heard).expect("the agent writes");
    assert!(child.wait().expect("the agent ends").success());
    // It says hello first. An acknowledgement is a byte of its own.
    let hello = 3 + usize::from(u16::from_le_bytes([heard[1], heard[2]])) + 4;
    assert!(heard[hello - 12..hello - 4] == *b"sometokn");
    let mut rest = &heard[hello..];
    let mut units = 0u8;
    for answer in &expected {
        while rest.first().is_some_and(|byte| *byte >= 0x80) {
            units += 1;
            assert_eq!(rest[0], 0x80 | units);
            rest = &rest[1..];
        }
        rest = rest.strip_prefix(&answer[..]).expect("the answer of the examples");
    }
    assert!(rest.is_empty(), "{rest:?}");
    assert_eq!(usize::from(units), said.len() / 128);
}

/// Bytes that went to the board during this.
fn sent(desk: &Desk, words: &[&str]) -> u64 {
    let (before, _) = desk.board.link().traffic();
    desk.run(words);
    desk.board.link().traffic().0 - before
}

fn nothing_stays_behind(kind: Kind) {
    let desk = Desk::new(kind);
    let state = "import sys,gc\ngc.collect()\nprint(sorted(k for k in globals() if k not in('sys','gc')),'mpr_agent' in sys.modules)";
    let before = desk.run(&["exec", state]);
    desk.write("a.py", &python_source(40_000));
    desk.run(&["cp", "a.py", ":", "+", "cp", ":a.py", "b.py"]);
    assert_eq!(desk.read("b.py"), python_source(40_000));
    assert_eq!(desk.run(&["exec", state]), before);
    // Also after an error.
    assert!(!desk.mpr().args(["cp", "a.py", ":no/such/folder"]).run().status.success());
    assert!(!desk.mpr().args(["cp", ":nothing", "c.py"]).run().status.success());
    assert_eq!(desk.run(&["exec", state]), before);
    assert_eq!(desk.run(&["eval", "1+1"]), "2\n");
}

/// The board is sent little where it has most of it, or can inflate it.
fn little_travels(kind: Kind) {
    let desk = Desk::new(kind);
    let mut content = python_source(60_000);
    desk.write("a.py", &content);
    let first = sent(&desk, &["cp", "a.py", ":a.py"]);
    assert!(first < 25_000, "{first}");
    content[30_000..30_100].fill(b'#');
    desk.write("a.py", &content);
    let patch = sent(&desk, &["cp", "a.py", ":a.py"]);
    assert!(patch < 6_000, "{patch}");
    assert!(desk.on_board("a.py") == content);
    let same = sent(&desk, &["cp", "a.py", ":a.py"]);
    assert!(same < 4_000, "{same}");
}

/// Files of a tree go in one stream; the same tree again is only compared.
fn trees_go_in_one_stream(kind: Kind) {
    let desk = Desk::new(kind);
    let whole = python_source(60_000);
    for (n, part) in whole.chunks(1000).enumerate() {
        desk.write(&format!("tree/{}/file {n}.py", n % 3), part);
    }
    let first = sent(&desk, &["cp", "-r", "tree", ":"]);
    assert!(first < 40_000, "{first}");
    desk.run(&["cp", "-r", ":tree", "back"]);
    for (n, part) in whole.chunks(1000).enumerate() {
        assert!(desk.read(&format!("back/{}/file {n}.py", n % 3)) == part, "{n}");
    }
    let again = sent(&desk, &["cp", "-r", "tree", ":"]);
    assert!(again < 8_000, "{again}");
    desk.write("tree/1/file 1.py", b"changed");
    let text = desk.run(&["cp", "-r", "tree", ":"]);
    assert_eq!(text.matches("Up to date").count(), 59);
    assert_eq!(desk.on_board("tree/1/file 1.py"), b"changed");
}

mpr_tests::on!(
    sim,
    mpr_tests::Kind::SimLink,
    [
        nothing_stays_behind,
        little_travels,
        trees_go_in_one_stream,
        a_killed_copy_is_gone_on_with,
        content_at_the_prompt_does_not_run
    ]
);
mpr_tests::on!(
    wasm,
    mpr_tests::Kind::Wasm,
    [
        nothing_stays_behind,
        little_travels,
        trees_go_in_one_stream,
        a_killed_copy_is_gone_on_with,
        content_at_the_prompt_does_not_run
    ]
);

/// How many seeds a run tries; `cargo xtask soak` asks for more.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    let first = number("MPR_SOAK_FIRST").unwrap_or(0);
    first..first + number("MPR_SOAK_SEEDS").unwrap_or(3)
}

/// One byte in ten thousand: a copy succeeds, both ways, whatever the line does to bytes.
#[test]
fn a_line_that_damages_bytes_is_got_over() {
    let desk = Desk::with(Kind::SimLink, BoardOptions::default());
    let content = mpr_tests::all_bytes(40_000);
    desk.write("file", &content);
    for seed in seeds() {
        for faults in [
            Faults { lose: 1e-4, ..Faults::default() },
            Faults { double: 1e-4, ..Faults::default() },
            Faults { corrupt: 1e-4, ..Faults::default() },
        ] {
            desk.board.link().set(Schedule::both(seed, &faults));
            let outcome =
                desk.mpr().args(["cp", "-f", "file", ":file", "+", "cp", "-f", ":file", "back"]).run();
            desk.board.link().heal();
            assert!(outcome.status.success(), "seed {seed}, {faults:?}: {outcome}");
            assert!(desk.read("back") == content, "seed {seed}, {faults:?}");
            assert!(desk.on_board("file") == content, "seed {seed}, {faults:?}");
            assert_eq!(desk.names(""), ["file"], "seed {seed}, {faults:?}");
            desk.run(&["rm", ":file"]);
        }
    }
}

/// One byte in a thousand: a tree of small files arrives, or a rerun completes it; no file is ever half there.
#[test]
fn a_bad_line_leaves_whole_files_only() {
    let desk = Desk::with(Kind::SimLink, BoardOptions::default());
    let whole = python_source(12_000);
    let parts: Vec<&[u8]> = whole.chunks(1000).collect();
    for (n, part) in parts.iter().enumerate() {
        desk.write(&format!("tree/{n}.py"), part);
    }
    for seed in seeds() {
        let faults = Faults { lose: 5e-4, double: 2e-4, corrupt: 3e-4, ..Faults::default() };
        desk.board.link().set(Schedule::both(seed, &faults));
        let outcome = desk.mpr().args(["--timeout", "20", "cp", "-r", "tree", ":"]).run();
        desk.board.link().heal();
        assert!(matches!(outcome.status.code(), Some(0 | 1 | 3)), "seed {seed}: {outcome}");
        for name in desk.names("").iter().filter(|name| *name == "tree/") {
            for file in desk.names(name.trim_end_matches('/')) {
                if let Some(n) = file.strip_suffix(".py").and_then(|n| n.parse::<usize>().ok()) {
                    assert!(
                        desk.on_board(&format!("tree/{file}")) == parts[n],
                        "seed {seed}, {file}: {outcome}"
                    );
                }
            }
        }
        desk.run(&["cp", "-r", "tree", ":"]);
        assert_eq!(desk.names("tree").len(), parts.len(), "seed {seed}");
        desk.run(&["rm", "-r", ":tree"]);
    }
}

/// A copy that is killed leaves a part of the file, and the next one goes on behind it: alone, in a stream of several, by `sync`. A part of
/// something else is replaced.
fn a_killed_copy_is_gone_on_with(kind: Kind) {
    let desk = Desk::new(kind);
    let mut random = fastrand::Rng::with_seed(6);
    let content: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(100_000).collect();
    desk.write("tree/file", &content);
    desk.write("tree/other", b"small");
    let slow = Faults { baud: Some(921_600), ..Faults::default() };
    let jobs: [&[&str]; 3] = [
        &["cp", "tree/file", ":tree/file"],
        &["cp", "-r", "tree", ":"],
        &["sync", "--delete", "tree", ":tree"],
    ];
    for words in jobs {
        let kill = || {
            desk.run(&["mkdir", ":tree"]);
            desk.board.link().set(Schedule::both(0, &slow));
            let before = desk.board.link().traffic().0;
            let mut running = desk.mpr().args(words).spawn();
            desk.board.link().wait_until_sent(before + 70_000);
            running.signal(Signal::SIGKILL);
            let _ = running.wait();
            desk.board.link().heal();
            assert!(desk.names("tree").contains(&"file.part".to_owned()), "{words:?}");
        };
        kill();
        let rest = sent(&desk, words);
        assert!((20_000..60_000).contains(&rest), "{words:?}: {rest}");
        assert!(desk.on_board("tree/file") == content, "{words:?}");
        assert!(!desk.names("tree").contains(&"file.part".to_owned()), "{words:?}");
        desk.run(&["rm", "-r", ":tree"]);
        kill();
        let mut changed = content.clone();
        changed[10] ^= 1;
        desk.write("tree/file", &changed);
        let all = sent(&desk, words);
        assert!(all > 100_000, "{words:?}: {all}");
        assert!(desk.on_board("tree/file") == changed, "{words:?}");
        assert!(!desk.names("tree").contains(&"file.part".to_owned()), "{words:?}");
        desk.write("tree/file", &content);
        desk.run(&["rm", "-r", ":tree"]);
    }
}

/// What does not deflate, and makes a file when it reaches a prompt: the raw REPL runs what is in front of a Ctrl-D, the friendly one,
/// to which Ctrl-B leads, each line.
fn runnable(size: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(4);
    let code = b"open('ran','w').close()";
    let mut content = Vec::new();
    while content.len() < size {
        content.extend(std::iter::repeat_with(|| random.u8(..)).take(700));
        content.extend([&b"\x04"[..], code, b"\x04\x02\r", code, b"\r\x01"].concat());
    }
    content
}

/// A byte that a bad line turns into Ctrl-C ends the agent; what was on its way behind it comes to the prompt, and nothing of it runs.
fn content_at_the_prompt_does_not_run(kind: Kind) {
    let desk = Desk::new(kind);
    let content = runnable(60_000);
    desk.write("file", &content);
    let whole = sent(&desk, &["cp", "file", ":"]);
    let first = whole - content.len() as u64;
    // A third of them where a board takes its time.
    for n in (0..24).step_by(if kind == Kind::Wasm { 3 } else { 1 }) {
        desk.run(&["rm", ":file"]);
        let strike = Some((first + n * 2_411, 0x03));
        let faults = Faults { strike, ..Faults::default() };
        desk.board.link().set(Schedule { to_board: faults, ..Schedule::default() });
        let outcome = desk.mpr().args(["cp", "file", ":"]).run();
        desk.board.link().heal();
        assert!(outcome.status.success(), "{strike:?}: {outcome}");
        assert_eq!(desk.names(""), ["file"], "{strike:?}");
        assert!(desk.on_board("file") == content, "{strike:?}");
    }
}

/// The agent that is sent runs where the firmware has none, and the one on a board's own filesystem is used when it is there.
#[test]
fn an_agent_on_the_board_is_used() {
    let desk = Desk::new(Kind::Wasm);
    desk.write("a.py", &python_source(30_000));
    let sent_along = sent(&desk, &["cp", "a.py", ":a.py"]);
    let module = std::fs::read(agent_folder().join("mpr_agent.py")).expect("the agent's source");
    desk.write("mpr_agent.py", &module);
    desk.run(&["cp", "mpr_agent.py", ":", "+", "rm", ":a.py"]);
    let found_there = sent(&desk, &["cp", "a.py", ":a.py"]);
    assert!(found_there + 1500 < sent_along, "{found_there} {sent_along}");
    assert!(desk.on_board("a.py") == python_source(30_000));
}
