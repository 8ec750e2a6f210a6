//! `mpr rtc`: the board's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use mpr_tests::{Board, Desk, Kind};
use serde_json::Value;

/// More than a test on a busy machine takes, less than the time zones here are apart.
const SLACK_SECONDS: i64 = 1200;

/// Seconds that the board's clock is ahead of UTC.
fn ahead(desk: &Desk) -> i64 {
    let shown: i64 = desk.run(&["eval", "__import__('time').time()"]).trim().parse().expect("seconds");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    shown - i64::try_from(now).expect("small")
}

#[test]
fn the_clock_is_set_to_local_time_and_keeps_it_over_a_soft_reset() {
    let desk = Desk::new(Kind::SimPty);
    for (zone, hours) in [("JST-9", 9), ("EST5", -5), ("UTC0", 0)] {
        for set in ["-s", "--set"] {
            let outcome = desk.mpr().env("TZ", zone).args(["rtc", set, "soft-reset", "rtc"]).ok();
            let (ahead, wanted) = (ahead(&desk), hours * 3600);
            assert!((ahead - wanted).abs() < SLACK_SECONDS, "{zone} {set}: {ahead} s ahead");
            assert_eq!(outcome.text().matches('(').count(), 1, "only `rtc` without --set prints: {outcome}");
        }
    }
}

#[test]
fn the_clock_is_told_as_the_board_tells_it() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&["exec", "import machine; machine.RTC().datetime((2031, 2, 28, 4, 12, 30, 15, 0))"]);
    let text = desk.run(&["rtc"]);
    assert!(text.starts_with("(2031, 2, 28, 4, 12, 3") && text.ends_with(")\n"), "{text}");
    let told: Value = serde_json::from_str(&desk.run(&["--json", "rtc"])).expect("JSON");
    assert_eq!((&told["command"], &told["set"]), (&"rtc".into(), &false.into()));
    assert_eq!(told["datetime"].as_array().map(Vec::len), Some(8));
    assert_eq!(told["datetime"][0], 2031);
    assert!(told["iso"].as_str().is_some_and(|iso| iso.starts_with("2031-02-28T12:3")), "{told}");
}

#[test]
fn a_board_without_a_clock_says_so() {
    for kind in [Kind::Wasm, Kind::Microbit] {
        let board = Board::start(kind);
        for words in [&["rtc"][..], &["rtc", "--set"]] {
            let outcome = board.mpr().args(words).fails(1, &["machine.RTC", "hint: "]);
            assert!(outcome.stdout.is_empty(), "{kind:?}: {outcome}");
        }
        assert_eq!(board.mpr().args(["exec", "print(7)"]).ok().text(), "7\n", "{kind:?}");
    }
}

/// Puts another `machine` in the place of the board's.
fn with_clock(desk: &Desk, methods: &str) {
    let code = format!("import sys\nclass Fake:\n class RTC:\n{methods}\nsys.modules['machine'] = Fake");
    desk.run(&["exec", &code]);
}

#[test]
fn a_clock_that_is_none_or_does_not_take_the_date_is_told() {
    let desk = Desk::new(Kind::SimPty);
    // A counter without a date, as on some chips.
    with_clock(&desk, "  def counter(self): return 5");
    desk.mpr().arg("rtc").fails(1, &["machine.RTC"]);
    with_clock(&desk, "  def datetime(self, *new): return (2000, 1, 1, 5, 0, 0, 0, 0)");
    desk.mpr().args(["rtc", "--set"]).fails(1, &["shows (2000, 1, 1, 5, 0, 0, 0, 0) after it was set to (2"]);
    with_clock(&desk, "  def datetime(self, *new):\n   if new: raise ValueError('bad year')");
    desk.mpr().args(["rtc", "--set"]).fails(1, &["ValueError: bad year"]);
    with_clock(&desk, "  def datetime(self, *new): return 'noon'");
    desk.mpr().arg("rtc").fails(3, &["noon"]);
}
