//! Finds the board's requests in the stream of its output.

use std::time::{Duration, Instant};

use super::wire::{ACK, OVER, REQUEST, SHORTEST_REQUEST, Token};

/// Bytes that look like the beginning of a frame are output when the rest does not come within this time.
const PATIENCE: Duration = Duration::from_millis(250);

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The program's output.
    Output(Vec<u8>),
    /// A request whose check is right.
    Request(Vec<u8>),
    /// The board took another window.
    Ack,
    /// The call is over.
    Over,
}

/// Splits a stream into output and frames. Bytes that turn out not to be a frame are output, none is lost.
#[derive(Debug)]
pub(crate) struct Scanner {
    token: Token,
    longest: usize,
    held: Vec<u8>,
    last_input: Option<Instant>,
}

/// What the first held bytes are.
enum Head {
    Output,
    Incomplete,
    Frame(usize, Found),
}

impl Scanner {
    /// A scanner for requests of up to `longest` bytes.
    pub(crate) fn new(token: Token, longest: usize) -> Self {
        Scanner { token, longest, held: Vec::new(), last_input: None }
    }

    /// Takes bytes from the board, split in any way, and hands out what they make.
    pub(crate) fn handle_input(&mut self, now: Instant, bytes: &[u8], found: &mut dyn FnMut(Found)) {
        if bytes.is_empty() {
            return;
        }
        self.held.extend_from_slice(bytes);
        self.last_input = Some(now);
        self.scan(false, found);
    }

    /// Gives up waiting for the rest of what looked like a frame, when it is time.
    pub(crate) fn handle_timeout(&mut self, now: Instant, found: &mut dyn FnMut(Found)) {
        if self.poll_timeout().is_some_and(|at| now >= at) {
            self.scan(true, found);
        }
    }

    /// When to call [`Scanner::handle_timeout`].
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.last_input.filter(|_| !self.held.is_empty()).map(|at| at + PATIENCE)
    }

    fn scan(&mut self, give_up: bool, found: &mut dyn FnMut(Found)) {
        let mut output = Vec::new();
        let mut at = 0;
        while at < self.held.len() {
            let rest = &self.held[at..];
            match self.head(rest) {
                Head::Incomplete if !give_up => break,
                Head::Output | Head::Incomplete => {
                    // Nothing starts before the next byte that could begin a token.
                    let next = rest[1..].iter().position(|b| *b == self.token.bytes()[0]);
                    let count = next.map_or(rest.len(), |n| n + 1);
                    output.extend_from_slice(&rest[..count]);
                    at += count;
                }
                Head::Frame(size, frame) => {
                    if !output.is_empty() {
                        found(Found::Output(std::mem::take(&mut output)));
                    }
                    found(frame);
                    at += size;
                }
            }
        }
        if !output.is_empty() {
            found(Found::Output(output));
        }
        self.held.drain(..at);
    }

    fn head(&self, bytes: &[u8]) -> Head {
        let token = self.token.bytes();
        let common = token.len().min(bytes.len());
        if bytes[..common] != token[..common] {
            return Head::Output;
        }
        let rest = &bytes[common..];
        match rest {
            [] => Head::Incomplete,
            [ACK, ..] => Head::Frame(token.len() + 1, Found::Ack),
            [OVER, ..] => Head::Frame(token.len() + 1, Found::Over),
            [REQUEST] | [REQUEST, _] => Head::Incomplete,
            [REQUEST, low, high, rest @ ..] => {
                let length = usize::from(u16::from_le_bytes([*low, *high]));
                if !(SHORTEST_REQUEST..=self.longest).contains(&length) {
                    return Head::Output;
                }
                let Some((body, check)) = rest.get(..length + 4).map(|frame| frame.split_at(length)) else {
                    return Head::Incomplete;
                };
                if crc32fast::hash(body).to_le_bytes() == check {
                    Head::Frame(token.len() + 3 + length + 4, Found::Request(body.to_vec()))
                } else {
                    Head::Output
                }
            }
            _ => Head::Output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::request;
    use super::*;
    use proptest::prelude::*;

    const TOKEN: fn() -> Token = || Token::new(0x1234_5678);

    fn scan_in(pieces: &[&[u8]]) -> Vec<Found> {
        let now = Instant::now();
        let mut scanner = Scanner::new(TOKEN(), 1000);
        let mut all: Vec<Found> = Vec::new();
        let mut join = |found: Found| match (all.last_mut(), found) {
            (Some(Found::Output(before)), Found::Output(more)) => before.extend(more),
            (_, found) => all.push(found),
        };
        for piece in pieces {
            scanner.handle_input(now, piece, &mut join);
        }
        scanner.handle_timeout(now + PATIENCE, &mut join);
        assert_eq!(scanner.poll_timeout(), None);
        all
    }

    fn bytewise(bytes: &[u8]) -> Vec<Found> {
        scan_in(&bytes.chunks(1).collect::<Vec<_>>())
    }

    fn sample() -> Vec<u8> {
        let token = TOKEN();
        let mut line = b"one".to_vec();
        line.extend(request(token, b"\x01('stat', 0, 'x', 0)\n"));
        line.extend([token.bytes().as_slice(), b"A", token.bytes(), b"E"].concat());
        line.extend(b"two");
        line
    }

    #[test]
    fn frames_are_found_one_byte_at_a_time() {
        let expected = [
            Found::Output(b"one".to_vec()),
            Found::Request(b"\x01('stat', 0, 'x', 0)\n".to_vec()),
            Found::Ack,
            Found::Over,
            Found::Output(b"two".to_vec()),
        ];
        assert_eq!(bytewise(&sample()), expected);
        assert_eq!(scan_in(&[&sample()]), expected);
    }

    #[test]
    fn output_that_holds_the_introducer_passes() {
        let token = TOKEN();
        let frame = request(token, b"\x01('x',)\n");
        for cut in 1..frame.len() {
            for tail in [&b""[..], b"\n", b"more output"] {
                let output = [&frame[..cut], tail].concat();
                if output.starts_with(&frame) || output.ends_with(b"A") || output.ends_with(b"E") {
                    continue;
                }
                assert_eq!(bytewise(&output), [Found::Output(output.clone())], "cut at {cut}");
            }
        }
        // A wrong length that hides a right request behind it.
        let mut hidden = [token.bytes().as_slice(), b"R\xff\x01"].concat();
        hidden.extend(&frame);
        let expected = [Found::Output(hidden[..8].to_vec()), Found::Request(b"\x01('x',)\n".to_vec())];
        assert_eq!(bytewise(&hidden), expected);
    }

    #[test]
    fn waiting_ends_though_nothing_comes() {
        let now = Instant::now();
        let mut scanner = Scanner::new(TOKEN(), 1000);
        let mut found = Vec::new();
        scanner.handle_input(now, TOKEN().bytes(), &mut |one| found.push(one));
        for step in 1..=5 {
            let now = now + PATIENCE / 5 * step;
            scanner.handle_input(now, b"", &mut |one| found.push(one));
            scanner.handle_timeout(now, &mut |one| found.push(one));
        }
        assert_eq!(found, [Found::Output(TOKEN().bytes().to_vec())]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_damage_makes_no_request(
            at: prop::sample::Index, change in 1u8.., kind in 0..3,
        ) {
            let mut line = sample();
            let at = at.index(line.len());
            match kind {
                0 => line[at] ^= change,
                1 => { line.remove(at); }
                _ => line.insert(at, line[at]),
            }
            let found = bytewise(&line);
            for frame in &found {
                if let Found::Request(body) = frame {
                    prop_assert_eq!(&body[..], &b"\x01('stat', 0, 'x', 0)\n"[..]);
                }
            }
            let count: usize = found.iter().map(|found| match found {
                Found::Output(bytes) => bytes.len(),
                Found::Request(body) => 12 + body.len(),
                Found::Ack | Found::Over => 6,
            }).sum();
            prop_assert_eq!(count, line.len());
        }

        #[test]
        fn any_output_passes_in_any_pieces(bytes: Vec<u8>, size in 1usize..20) {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            let expected: Vec<Found> =
                if bytes.is_empty() { vec![] } else { vec![Found::Output(bytes.clone())] };
            prop_assert_eq!(scan_in(&pieces), expected);
        }
    }
}
