//! The board's side of the protocol, byte by byte, after `mpr_agent.py`: it takes frames, acknowledges, refuses and begins anew. What
//! it is sent is only collected; an answer ends it.

use mpr_wire::{decode, encode_answer, wire_len};

use crate::agent::request::{DATA, DONE, REFUSED_FRAME, SYNCHRONISED};

/// Ctrl-C.
const INTERRUPT: u8 = 3;

#[derive(Debug)]
enum Mode {
    /// Reads a frame.
    Frame,
    /// Reads on to the token.
    Seeking,
    /// Ended by an interrupt: the raw REPL takes what comes.
    Ended,
}

#[derive(Debug)]
pub(super) struct Model {
    token: [u8; 8],
    unit: u64,
    /// It says that it is done when it has so much.
    length: usize,
    /// A piece of data is told each so many bytes of content.
    told_each: usize,
    mode: Mode,
    held: Vec<u8>,
    number: u8,
    left: u64,
    count: u8,
    answers: u8,
    pub(super) content: Vec<u8>,
    pub(super) refusals: u32,
}

impl Model {
    pub(super) fn new(token: [u8; 8], unit: u64, length: usize, told_each: usize) -> Self {
        Model {
            token,
            unit,
            length,
            told_each,
            mode: Mode::Frame,
            held: Vec::new(),
            number: 0,
            left: unit,
            count: 0,
            answers: 0,
            content: Vec::new(),
            refusals: 0,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.mode, Mode::Ended)
    }

    /// Reads a byte; appends what it says.
    pub(super) fn read(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.mode {
            Mode::Ended => {}
            _ if byte == INTERRUPT => {
                self.mode = Mode::Ended;
                out.extend_from_slice(
                    b"\x04Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n\x04>",
                );
            }
            Mode::Frame => self.frame(byte, out),
            Mode::Seeking => {
                self.held.push(byte);
                if self.held.ends_with(&self.token) {
                    self.held.clear();
                    self.mode = Mode::Frame;
                    (self.left, self.count) = (self.unit, 0);
                    let [a, b, c, d] = (self.content.len() as u32).to_le_bytes();
                    encode_answer(&[SYNCHRONISED, 1, self.number, a, b, c, d], out);
                }
            }
        }
    }

    fn frame(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.left -= 1;
        if self.left == 0 {
            self.left = self.unit;
            self.count = (self.count + 1) & 127;
            out.push(0x80 | self.count);
        }
        self.held.push(byte);
        let Some(head) = self.held.first_chunk() else { return };
        if wire_len(head).is_some_and(|len| self.held.len() < len) {
            return;
        }
        let frame = decode(&self.held).ok().filter(|frame| frame.number == self.number);
        self.held.clear();
        let Some(frame) = frame else {
            self.refusals += 1;
            self.mode = Mode::Seeking;
            return encode_answer(&[REFUSED_FRAME, 1, self.number], out);
        };
        self.number = (self.number + 1) & 127;
        for byte in frame.payload {
            self.content.push(byte);
            if self.content.len().is_multiple_of(self.told_each) {
                self.answer(DATA, out);
            }
        }
        if self.content.len() >= self.length {
            self.answer(DONE, out);
        }
    }

    fn answer(&mut self, kind: u8, out: &mut Vec<u8>) {
        encode_answer(&[kind, 1, self.answers], out);
        self.answers = self.answers.wrapping_add(1);
    }
}
