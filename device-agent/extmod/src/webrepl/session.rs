//! What a client says, from the handshake to the prompt.

use core::ops::Range;

use super::file::{Operation, REQUEST, Request};
use super::frame::{BINARY, CLOSE, MOST_CONTROL, PING, Reader, TEXT};
use super::handshake::{Asked, Handshake};

/// Bytes of the longest password.
pub const MAX_PASSWORD: usize = 63;

/// What is to be done. Ranges are bytes of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A websocket is asked for, with [`Session::key`]: send [`response`](super::response) and [`ASK`](super::ASK).
    Opened,
    /// The client has given [`Session::password`]. Call [`Session::admit`] if it is right, else close.
    Password,
    /// Bytes for the console.
    Input(Range<usize>),
    /// A request of the file protocol.
    Request(Request),
    /// Bytes of the file that is put.
    Data {
        /// Where they are.
        bytes: Range<usize>,
        /// How many are still to come.
        left: u32,
    },
    /// The client waits for the next block of the file that it gets. Call [`Session::end_get`] behind the last one.
    Block,
    /// Answer with a pong that says the same: [`Session::ping`].
    Ping,
    /// The client says good-bye: say so, too, and close.
    Bye,
    /// What came breaks the rules: close.
    Broken {
        /// The client speaks HTTP: answer with [`NO_WEBSOCKET`](super::NO_WEBSOCKET) first.
        http: bool,
    },
}

#[derive(Debug)]
enum State {
    Handshake(Handshake),
    Login(Line),
    Open { request: [u8; REQUEST], len: usize, transfer: Transfer },
    Ended,
}

/// The password as far as it was typed; one that is too long has one byte more than the longest.
#[derive(Debug)]
struct Line {
    bytes: [u8; MAX_PASSWORD + 1],
    len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transfer {
    None,
    Put { left: u32 },
    Get,
}

/// One client.
#[derive(Debug)]
pub struct Session {
    state: State,
    reader: Reader,
    /// The payload of a ping; before there are any, the client's key.
    aside: [u8; MOST_CONTROL],
    aside_len: usize,
    ping_ended: bool,
}

impl Session {
    /// A client that has just connected. `stock`: names of headers are matched by case.
    pub fn new(stock: bool) -> Self {
        Session {
            state: State::Handshake(Handshake::new(stock)),
            reader: Reader::default(),
            aside: [0; MOST_CONTROL],
            aside_len: 0,
            ping_ended: true,
        }
    }

    /// The client's key, at [`Event::Opened`].
    pub fn key(&self) -> &[u8] {
        &self.aside[..self.aside_len]
    }

    /// The payload of the ping, at [`Event::Ping`].
    pub fn ping(&self) -> &[u8] {
        &self.aside[..self.aside_len]
    }

    /// What was typed, at [`Event::Password`]. One byte too many means that it was longer.
    pub fn password(&self) -> &[u8] {
        match &self.state {
            State::Login(line) => &line.bytes[..line.len],
            _ => &[],
        }
    }

    /// The password was right.
    pub fn admit(&mut self) {
        self.state = State::Open { request: [0; REQUEST], len: 0, transfer: Transfer::None };
    }

    /// Whether the client has given the password.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// The file that the client gets has ended.
    pub fn end_get(&mut self) {
        if let State::Open { transfer, .. } = &mut self.state {
            *transfer = Transfer::None;
        }
    }

    /// Takes bytes up to the next event: says how many, and what is to be done. Without an event all were taken.
    pub fn take(&mut self, input: &mut [u8]) -> (usize, Option<Event>) {
        let mut used = 0;
        while used < input.len() {
            let (n, event) = match &self.state {
                State::Handshake(_) => self.take_request(&mut input[used..]),
                State::Ended => return (input.len(), None),
                _ => self.take_frame(input, used),
            };
            used += n;
            if event.is_some() {
                return (used, event);
            }
        }
        (used, None)
    }

    fn take_request(&mut self, input: &mut [u8]) -> (usize, Option<Event>) {
        let State::Handshake(handshake) = &mut self.state else { return (0, None) };
        for (i, &byte) in input.iter().enumerate() {
            match handshake.push(byte) {
                None => {}
                Some(Asked::Websocket) => {
                    let len = handshake.key().len();
                    self.aside[..len].copy_from_slice(handshake.key());
                    self.aside_len = len;
                    self.state = State::Login(Line { bytes: [0; MAX_PASSWORD + 1], len: 0 });
                    return (i + 1, Some(Event::Opened));
                }
                Some(Asked::SomethingElse) => return self.broken(input.len(), true),
            }
        }
        (input.len(), None)
    }

    fn broken(&mut self, used: usize, http: bool) -> (usize, Option<Event>) {
        self.state = State::Ended;
        (used, Some(Event::Broken { http }))
    }

    /// Takes one piece of a frame, from `start` on.
    fn take_frame(&mut self, input: &mut [u8], start: usize) -> (usize, Option<Event>) {
        let state = &self.state;
        let Ok((used, piece)) = self.reader.take(&mut input[start..], |opcode| most(state, opcode)) else {
            return self.broken(input.len() - start, false);
        };
        let Some(piece) = piece else { return (used, None) };
        let (end, len, ends) = (start + used, piece.bytes.len(), piece.ends);
        let event = match piece.opcode {
            CLOSE if ends => {
                self.state = State::Ended;
                Some(Event::Bye)
            }
            PING => {
                if core::mem::replace(&mut self.ping_ended, ends) {
                    self.aside_len = 0;
                }
                // The reader lets no more through than there is room.
                self.aside[self.aside_len..][..len].copy_from_slice(piece.bytes);
                self.aside_len += len;
                ends.then_some(Event::Ping)
            }
            TEXT | BINARY if len > 0 => self.message(piece.opcode, end - len..end, input),
            _ => None,
        };
        (used, event)
    }

    /// Bytes of a text or binary frame, no more than [`most`] lets through.
    fn message(&mut self, opcode: u8, range: Range<usize>, input: &[u8]) -> Option<Event> {
        let bytes = &input[range.clone()];
        match &mut self.state {
            State::Login(line) => {
                let byte = bytes[0];
                if matches!(byte, b'\r' | b'\n') {
                    return Some(Event::Password);
                }
                if let Some(place) = line.bytes.get_mut(line.len) {
                    *place = byte;
                    line.len += 1;
                }
                None
            }
            State::Open { .. } if opcode == TEXT => Some(Event::Input(range)),
            State::Open { request, len, transfer } => match transfer {
                Transfer::Put { left } => {
                    *left -= bytes.len() as u32;
                    let left = *left;
                    if left == 0 {
                        *transfer = Transfer::None;
                    }
                    Some(Event::Data { bytes: range, left })
                }
                Transfer::Get => Some(Event::Block),
                Transfer::None => {
                    request[*len..][..bytes.len()].copy_from_slice(bytes);
                    *len += bytes.len();
                    if *len < REQUEST {
                        return None;
                    }
                    *len = 0;
                    let Some(request) = Request::parse(request) else {
                        return self.broken(0, false).1;
                    };
                    *transfer = match request.operation {
                        Operation::Put(0) | Operation::Version => Transfer::None,
                        Operation::Put(left) => Transfer::Put { left },
                        Operation::Get => Transfer::Get,
                    };
                    Some(Event::Request(request))
                }
            },
            _ => None,
        }
    }
}

/// How many bytes of a frame of this kind may be taken at once, so that no event needs bytes behind its own.
fn most(state: &State, opcode: u8) -> usize {
    match state {
        State::Open { .. } if opcode != BINARY => usize::MAX,
        State::Open { transfer: Transfer::None, len, .. } => REQUEST - len,
        State::Open { transfer: Transfer::Put { left }, .. } => *left as usize,
        State::Login(_) if opcode == PING => usize::MAX,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
