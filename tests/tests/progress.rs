//! How far long work is: a bar on a terminal, lines elsewhere, nothing for those who want none.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mpr_tests::{BoardOptions, Desk, Faults, Kind, Schedule, Terminal};

/// Bytes that nothing compresses.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..size).map(|_| next()).collect()
}

/// A board behind a line on which 60 KB take more than five seconds.
fn desk() -> Desk {
    let line = Faults { baud: Some(115_200), delay: Duration::from_millis(1), ..Faults::default() };
    let options = BoardOptions { schedule: Schedule::both(0, &line), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimLink, options);
    desk.write("large", &noise(60_000));
    desk.write("tree/a", &noise(30_000));
    desk.write("tree/b", &noise(30_000));
    desk
}

/// The terminal's text without what moves its cursor.
fn last_line(text: &str) -> &str {
    text.rsplit('\n').find(|line| !line.trim().is_empty()).unwrap_or_default()
}

#[test]
fn a_bar_on_a_terminal_with_rate_and_time() {
    let desk = desk();
    let mut copy = desk.mpr().env("TERM", "xterm").args(["cp", "large", ":"]).terminal();
    copy.expect("cp large :");
    copy.expect("large [");
    copy.expect("% of 60.0 KB, ");
    copy.expect(" KB/s");
    copy.expect(" s left");
    copy.ends_sane(0);
    // The bar has gone.
    assert!(last_line(&copy.text()).ends_with("\u{1b}[2K"), "{:?}", copy.text());
    desk.run(&["rm", ":large"]);
    // Lines of results come above the bar, whole.
    let mut sync = desk.mpr().env("TERM", "xterm").args(["sync", "tree", ":"]).terminal();
    sync.expect("tree/a [");
    sync.expect("\u{1b}[2Knew :a\r\n");
    sync.expect("tree/b [");
    sync.expect("\u{1b}[2Knew :b\r\n");
    sync.expect("\u{1b}[2K2 new, 0 unchanged\r\n");
    sync.ends_sane(0);
    // A file that goes elsewhere.
    let mpr = desk.mpr().env("TERM", "xterm").args(["cat", ":a"]).command();
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$0\" \"$@\" > copy"]).arg(mpr.get_program()).args(mpr.get_args());
    shell.env_clear().envs(mpr.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(desk.dir());
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    let mut cat = Terminal::start(shell, Arc::new(home));
    cat.expect(":a [");
    cat.expect("% of 30.0 KB, ");
    cat.ends_sane(0);
    assert_eq!(desk.read("copy"), noise(30_000));
}

#[test]
fn lines_elsewhere() {
    let desk = desk();
    let outcome = desk.mpr().args(["cp", "large", ":"]).ok();
    outcome.expect_stderr("large: ");
    outcome.expect_stderr(" of 60.0 KB (");
    outcome.expect_stderr(" KB/s, ");
    outcome.expect_stderr(" s left\n");
    assert_eq!(outcome.text(), "cp large :\n");
    assert!(outcome.stderr().lines().count() <= 3, "now and then only: {outcome}");
    let outcome = desk.mpr().args(["cat", ":large"]).ok();
    outcome.expect_stderr(":large: ");
    assert_eq!(outcome.stdout, noise(60_000));
    let outcome = desk.mpr().args(["backup", "all.tar"]).ok();
    outcome.expect_stderr(":/large: ");
    desk.run(&["rm", ":large"]);
    let outcome = desk.mpr().args(["restore", "all.tar"]).ok();
    outcome.expect_stderr(":/large: ");
    let outcome = desk.mpr().args(["sync", "tree", ":"]).ok();
    outcome.expect_stderr("tree/");
    fs::remove_dir_all(desk.dir().join("tree")).expect("it was written");
    let outcome = desk.mpr().args(["cp", "-r", ":/", "back"]).ok();
    outcome.expect_stderr(" KB (");
}

#[test]
fn nothing_for_those_who_want_none() {
    let desk = desk();
    for option in ["--quiet", "--json"] {
        let outcome = desk.mpr().args([option, "cp", "-f", "large", ":"]).ok();
        assert_eq!(outcome.stderr(), "", "{option}");
        let mut terminal =
            desk.mpr().env("TERM", "xterm").args([option, "cp", "-f", "large", ":"]).terminal();
        terminal.ends_sane(0);
        assert!(!terminal.text().contains("KB/s"), "{option}: {:?}", terminal.text());
    }
}

#[test]
fn short_work_shows_nothing() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("small", b"x");
    let mut terminal = desk.mpr().env("TERM", "xterm").args(["cp", "small", ":"]).terminal();
    terminal.ends_sane(0);
    assert_eq!(terminal.text(), "cp small :\r\n");
}
