//! Entry points of the fuzz targets: any bytes, any order of operations, any timing.

use std::time::{Duration, Instant};

use super::{Event, Framing, Op, RawRepl};

/// Bytes of a test case, used up one after the other.
struct Case<'a>(&'a [u8]);

impl<'a> Case<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn bytes(&mut self) -> &'a [u8] {
        let n = usize::from(self.byte().unwrap_or_default()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(n);
        self.0 = rest;
        bytes
    }
}

/// Checks what must hold after every step.
struct Checked {
    repl: RawRepl,
    now: Instant,
    fed: usize,
    shown: usize,
}

impl Checked {
    fn new() -> Self {
        Checked { repl: RawRepl::new(1), now: Instant::now(), fed: 0, shown: 0 }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.fed += bytes.len();
        self.repl.handle_input(self.now, bytes);
        self.settle();
    }

    /// Answers as a board at its prompt.
    fn enter(&mut self) {
        let _ = self.repl.start(self.now, Op::Enter);
        self.settle();
        self.fed += super::BANNER.len();
        self.repl.handle_input(self.now, super::BANNER);
        let mut out = Vec::new();
        let _ = self.repl.poll_transmit(self.now, &mut out);
        let word = out.strip_prefix(b"print(").and_then(|rest| rest.strip_suffix(b",end='')\x04"));
        let word = word.expect("a line that prints a word");
        self.feed(&[b"OK", word, b"\x04\x04>"].concat());
        assert!(self.repl.is_ready());
    }

    fn settle(&mut self) {
        let mut out = Vec::new();
        let _ = self.repl.poll_transmit(self.now, &mut out);
        while let Some(event) = self.repl.poll() {
            if let Event::Stdout(bytes) | Event::Payload(bytes) = event {
                assert!(!bytes.is_empty(), "no empty output");
                self.shown += bytes.len();
            }
        }
        assert!(self.shown <= self.fed, "no output that did not come in");
    }

    /// A timer that has been served is not due again.
    fn tick(&mut self) {
        let Some(at) = self.repl.poll_timeout() else { return };
        self.now = self.now.max(at);
        self.repl.handle_timeout(self.now);
        self.settle();
        assert!(self.repl.poll_timeout().is_none_or(|next| next > self.now), "no busy timer");
    }

    fn step(&mut self, case: &mut Case<'_>) -> Option<()> {
        match case.byte()? % 9 {
            0 => match case.byte()? & 1 {
                0 => self.enter(),
                _ => {
                    let _ = self.repl.start(self.now, Op::Enter);
                }
            },
            1 => {
                let kind = case.byte()?;
                let framing = match kind % 3 {
                    0 => Framing::Text,
                    1 => Framing::Token(case.bytes().to_vec()),
                    _ => Framing::Records,
                };
                let code = case.bytes().to_vec();
                self.repl.set_kept([0, 255, usize::MAX][usize::from(kind / 8 % 3)]);
                let op = match kind & 0x40 {
                    0 => Op::Exec { code, framing },
                    _ => Op::ExecGuarded { code, framing },
                };
                let _ = self.repl.start(self.now, op);
            }
            2 => {
                let _ = self.repl.start(self.now, Op::SoftReset);
            }
            3 => {
                let _ = self.repl.start(self.now, Op::Interrupt);
            }
            4 => {
                let _ = self.repl.start(self.now, Op::Leave { interrupt: case.byte()? & 1 == 0 });
            }
            5 => self.tick(),
            6 => self.now += Duration::from_millis(u64::from(case.byte()?)),
            _ => self.feed(case.bytes()),
        }
        self.settle();
        Some(())
    }
}

/// Operations, input and time in any order.
pub fn raw_repl(data: &[u8]) {
    let mut case = Case(data);
    let mut checked = Checked::new();
    while checked.step(&mut case).is_some() {}
    // Whatever happened, a board that answers is entered.
    checked.enter();
}

/// Code on its way by raw paste, and any answers to it.
pub fn raw_paste(data: &[u8]) {
    let mut case = Case(data);
    let mut checked = Checked::new();
    checked.enter();
    let code: Vec<u8> = case.bytes().iter().copied().filter(|b| !matches!(b, 3 | 4)).collect();
    let length = code.len();
    let _ = checked.repl.start(checked.now, Op::Exec { code, framing: Framing::Text });
    checked.settle();
    checked.feed(b"R\x01");
    let mut sent = 0;
    while let Some(kind) = case.byte() {
        if kind & 1 == 0 {
            checked.fed += 1;
            checked.repl.handle_input(checked.now, &[kind >> 1]);
        } else {
            let bytes = case.bytes();
            checked.fed += bytes.len();
            checked.repl.handle_input(checked.now, bytes);
        }
        let mut out = Vec::new();
        let _ = checked.repl.poll_transmit(checked.now, &mut out);
        if out.contains(&3) {
            // The board seemed to want nothing of the code: the request once more.
            assert_eq!(sent, 0, "nothing is sent twice");
            return;
        }
        sent += out.len();
        checked.settle();
        // The code, and one end mark.
        assert!(sent <= length + 1, "nothing is sent twice");
        checked.tick();
    }
}
