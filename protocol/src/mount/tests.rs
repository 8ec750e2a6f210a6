//! The host's machine against a model of the board's hook, on good lines and damaged ones.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::wire::{self, END, ESCAPE, START};
use super::{Denied, Folder, FolderOptions, Host, Parameters, Token};

const WINDOW: usize = 64;
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(1);

/// A board in a call: what hook.py does, with a clock.
struct Board {
    token: Token,
    body: Vec<u8>,
    /// What it has sent.
    sent: VecDeque<u8>,
    got: Vec<u8>,
    flip: u8,
    at: usize,
    asked: u32,
    last_input: Instant,
    patience: Duration,
    outcome: Option<Outcome>,
}

impl Board {
    fn new(token: Token, now: Instant, sequence: u8, request: &[u8]) -> Self {
        let body = [&[sequence], request].concat();
        let mut board = Board {
            token,
            body,
            sent: VecDeque::new(),
            got: Vec::new(),
            flip: 0,
            at: 0,
            asked: 0,
            last_input: now,
            patience: PATIENCE,
            outcome: None,
        };
        board.ask(now);
        board
    }

    fn say(&mut self, kind: u8) {
        self.sent.extend(self.token.bytes());
        self.sent.push_back(kind);
    }

    fn ask(&mut self, now: Instant) {
        if self.asked == 4 {
            self.end(Err(()));
            return;
        }
        self.asked += 1;
        self.sent.extend(wire::request(self.token, &self.body));
        self.got.clear();
        self.flip = 0;
        self.at = 0;
        self.last_input = now;
        self.patience = PATIENCE;
    }

    fn end(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
        self.say(wire::OVER);
    }

    fn take(&mut self, now: Instant, byte: u8) {
        if self.outcome.is_some() {
            return;
        }
        self.last_input = now;
        self.at += 1;
        match byte {
            START => {
                self.got.clear();
                self.at = 0;
            }
            ESCAPE => self.flip = 0x20,
            END if crc32fast::hash(&self.got) != 0x2144_df1c => self.patience = PATIENCE / 10,
            END if self.got[0] == self.body[0] => {
                let payload = self.got[2..self.got.len() - 4].to_vec();
                self.end(Ok((self.got[1], payload)));
            }
            END => {}
            byte => {
                self.got.push(byte ^ self.flip);
                self.flip = 0;
            }
        }
        if self.at % WINDOW == WINDOW - 1 {
            self.say(wire::ACK);
        }
    }
}

/// Parameters without compression, so that the model need not inflate.
fn parameters() -> Parameters {
    Parameters { block: 1024, write_block: 512, window: WINDOW, inflate_bits: None, epoch: 0 }
}

fn host(folder: &Path) -> Host {
    let mut host = Host::new(Token::new(42), parameters());
    let denied = Denied(Box::new(|_| {}));
    host.add(1, Folder::open(folder, &FolderOptions::default(), denied).unwrap());
    host
}

/// Flags and payload of the answer, or the call was given up.
type Outcome = Result<(u8, Vec<u8>), ()>;

/// What happens to a byte on the line.
type Fault<'a> = &'a mut dyn FnMut(u8) -> Vec<u8>;

/// Runs one call to its end, one byte at a time; gives its outcome and the output that was left over.
fn call(
    host: &mut Host,
    now: &mut Instant,
    sequence: u8,
    request: &[u8],
    up: Fault<'_>,
    down: Fault<'_>,
) -> (Outcome, Vec<u8>) {
    let mut board = Board::new(host.token(), *now, sequence, request);
    let mut output = Vec::new();
    let mut down_line = VecDeque::new();
    let mut in_flight_most = 0;
    for _ in 0..100_000 {
        *now += STEP;
        if let Some(byte) = board.sent.pop_front() {
            for byte in up(byte) {
                host.handle_input(*now, &[byte]);
            }
        } else {
            host.handle_timeout(*now);
        }
        let mut out = Vec::new();
        let _ = host.poll_transmit(*now, &mut out);
        let _ = host.take_output(&mut output);
        down_line.extend(out.into_iter().flat_map(&mut *down));
        in_flight_most = in_flight_most.max(down_line.len());
        match down_line.pop_front() {
            Some(byte) => board.take(*now, byte),
            None if *now - board.last_input >= board.patience && board.outcome.is_none() => {
                board.ask(*now);
            }
            None => {}
        }
        let quiet = board.sent.is_empty() && down_line.is_empty() && !host.is_busy();
        if quiet
            && host.poll_timeout().is_none()
            && let Some(outcome) = board.outcome.take()
        {
            // Doubled bytes may add a few to what was sent.
            assert!(in_flight_most <= 2 * WINDOW + 16, "{in_flight_most} bytes in flight");
            return (outcome, output);
        }
    }
    panic!("the call did not end");
}

fn good(byte: u8) -> Vec<u8> {
    vec![byte]
}

#[test]
fn calls_are_answered_one_byte_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..3000u32).map(|n| (n % 256) as u8).collect();
    fs::write(dir.path().join("file"), &content).unwrap();
    let (mut host, mut now) = (host(dir.path()), Instant::now());
    let mut ask = |host: &mut Host, n, text: &str| {
        let (outcome, output) = call(host, &mut now, n, text.as_bytes(), &mut good, &mut good);
        assert_eq!(output, b"");
        outcome.unwrap()
    };
    let (flags, opened) = ask(&mut host, 1, "('open', -1, 'file', 'rb')\n");
    assert_eq!((flags, &opened[1..]), (0, &content[..1023]));
    let read = format!("('read', {}, 2900)\n", opened[0]);
    assert_eq!(ask(&mut host, 2, &read), (0, content[2900..].to_vec()));
    assert_eq!(
        ask(&mut host, 3, "('stat', -1, '../file', 0)\n"),
        (wire::VALUE | wire::FAILED, b"1".to_vec())
    );
    assert_eq!(ask(&mut host, 4, "('stat', -7, 'file', 0)\n"), (wire::VALUE | wire::FAILED, b"19".to_vec()));
    assert_eq!(ask(&mut host, 5, "nonsense\n"), (wire::VALUE | wire::FAILED, b"22".to_vec()));
}

#[test]
fn a_call_that_is_asked_twice_is_done_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut host, mut now) = (host(dir.path()), Instant::now());
    let mut lose = 30;
    let mut down = |byte| {
        lose -= i32::from(lose > 0);
        if lose == 25 { vec![] } else { vec![byte] }
    };
    let request = b"('mkdir', -1, 'made', 0)\n";
    let (outcome, _) = call(&mut host, &mut now, 1, request, &mut good, &mut down);
    assert_eq!(outcome, Ok((wire::VALUE, b"None".to_vec())));
    let (outcome, _) = call(&mut host, &mut now, 2, request, &mut good, &mut good);
    assert_eq!(outcome, Ok((wire::VALUE | wire::FAILED, b"17".to_vec())));
}

#[test]
fn a_call_that_was_given_up_is_not_answered() {
    let dir = tempfile::tempdir().unwrap();
    let (mut host, now) = (host(dir.path()), Instant::now());
    let request = wire::request(host.token(), b"\x01('mkdir', -1, 'made', 0)\n");
    let over = [host.token().bytes().as_slice(), &[wire::OVER]].concat();
    host.handle_input(now, &[request.as_slice(), &request, &over].concat());
    assert!(!host.poll_transmit(now, &mut Vec::new()));
    assert!(!host.is_busy() && !dir.path().join("made").exists());
}

#[test]
fn a_board_that_fell_silent_blocks_the_line_for_a_while_only() {
    let dir = tempfile::tempdir().unwrap();
    let (mut host, now) = (host(dir.path()), Instant::now());
    host.handle_input(now, &wire::request(host.token(), b"\x01('getcwd', -1)\n"));
    assert!(host.poll_transmit(now, &mut Vec::new()) && host.is_busy());
    let later = host.poll_timeout().unwrap();
    assert!(later - now <= Duration::from_secs(3));
    host.handle_timeout(later);
    assert!(!host.is_busy());
}

#[test]
fn marks_outside_a_call_are_output() {
    let dir = tempfile::tempdir().unwrap();
    let (mut host, now) = (host(dir.path()), Instant::now());
    let all = [host.token().bytes().as_slice(), b"A", host.token().bytes(), b"E."].concat();
    all.iter().for_each(|byte| host.handle_input(now, &[*byte]));
    let mut output = Vec::new();
    assert!(host.take_output(&mut output));
    assert_eq!(output, all);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_damaged_line_gives_right_answers_or_none(seed: u64, rate in 200u64..2000) {
        let dir = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..1000u32).map(|n| (n * 7) as u8).collect();
        fs::write(dir.path().join("file"), &content).unwrap();
        let (mut host, mut now) = (host(dir.path()), Instant::now());
        let mut state = seed | 1;
        let mut random = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let mut fault = move |byte: u8| match (random() % rate, random() % 3) {
            (0, 0) => vec![],
            (0, 1) => vec![byte, byte],
            (0, _) => vec![byte ^ (1 << (random() % 8))],
            _ => vec![byte],
        };
        let mut ups = fault;
        for sequence in 1..6 {
            let request = b"('open', -1, 'file', 'rb')\n";
            let (outcome, _) = call(&mut host, &mut now, sequence, request, &mut ups, &mut fault);
            if let Ok((flags, payload)) = outcome {
                prop_assert_eq!((flags, &payload[1..]), (0, &content[..]));
            }
        }
    }
}

proptest! {
    #[test]
    fn any_input_is_survived(data in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..30)) {
        let case: Vec<u8> = data.iter().flat_map(|piece| [&[piece.len() as u8], &piece[..]].concat()).collect();
        super::fuzz::host(&case);
    }
}

#[test]
fn the_fuzz_targets_corpus_is_survived() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus/mount");
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        super::fuzz::host(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn a_call_after_ctrl_c_waits_for_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let (mut host, now) = (host(dir.path()), Instant::now());
    let request = wire::request(host.token(), b"\x01('getcwd', -1)\n");
    host.interrupt(now);
    host.handle_input(now, &request);
    let mut out = Vec::new();
    assert!(!host.poll_transmit(now, &mut out) && host.is_busy() && !host.is_answering());
    // The program went on all the same.
    let later = host.poll_timeout().unwrap();
    host.handle_timeout(later);
    assert!(host.poll_transmit(later, &mut out) && host.is_answering());
}
