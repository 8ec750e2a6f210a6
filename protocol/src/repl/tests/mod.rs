//! The machine against a model of a board, one byte at a time and with damaged lines.

mod faults;
mod model;
mod output;
mod upload;

use std::time::{Duration, Instant};

use super::{Event, Framing, Op, RawRepl};
use model::Model;

/// A machine and a model with a clock of their own.
struct Bench {
    repl: RawRepl,
    model: Model,
    now: Instant,
    events: Vec<Event>,
    /// Bytes handed to the machine at once.
    piece: usize,
}

impl Bench {
    fn new(model: Model) -> Self {
        Bench { repl: RawRepl::new(1), model, now: Instant::now(), events: Vec::new(), piece: 1 }
    }

    fn start(&mut self, op: Op) {
        self.repl.start(self.now, op).expect("the board is at the prompt");
    }

    /// Moves bytes and time until nothing moves any more, or for so much time of the clock.
    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.events.extend(std::iter::from_fn(|| self.repl.poll()));
            let mut sent = Vec::new();
            if self.repl.poll_transmit(self.now, &mut sent) {
                self.model.receive(&sent);
            }
            let answer = self.model.transmit(self.piece);
            if !answer.is_empty() {
                self.repl.handle_input(self.now, &answer);
            } else if sent.is_empty() {
                match self.repl.poll_timeout() {
                    Some(at) if at <= end => {
                        self.now = self.now.max(at);
                        self.repl.handle_timeout(self.now);
                    }
                    _ => break,
                }
            }
        }
        self.events.extend(std::iter::from_fn(|| self.repl.poll()));
        self.now = end;
    }

    fn enter(&mut self) {
        self.start(Op::Enter);
        self.run(Duration::from_secs(5));
        assert_eq!(self.events, [Event::Entered]);
        self.events.clear();
    }

    /// Runs code to its end. Returns output, traceback and status.
    fn exec(&mut self, code: &[u8], framing: Framing) -> (Vec<u8>, Vec<u8>, Option<Vec<u8>>) {
        self.run_to_end(Op::Exec { code: code.to_vec(), framing })
    }

    /// The same for guarded code.
    fn exec_guarded(&mut self, code: &[u8]) -> (Vec<u8>, Vec<u8>, Option<Vec<u8>>) {
        self.run_to_end(Op::ExecGuarded { code: code.to_vec(), framing: Framing::Text })
    }

    fn run_to_end(&mut self, op: Op) -> (Vec<u8>, Vec<u8>, Option<Vec<u8>>) {
        self.events.clear();
        self.start(op);
        self.run(Duration::from_secs(5));
        let mut out = Vec::new();
        let mut end = None;
        for event in self.events.drain(..) {
            match event {
                Event::Stdout(bytes) | Event::Payload(bytes) => out.extend(bytes),
                Event::Started => {}
                Event::Done { stderr, status } => {
                    assert_eq!(end.replace((stderr, status)), None, "one end only");
                }
                other => panic!("{other:?}"),
            }
        }
        let (stderr, status) = end.expect("the program ends");
        (out, stderr, status)
    }
}
