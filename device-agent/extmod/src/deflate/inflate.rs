//! Decompression as a machine that can stop before any byte of input and after any byte of output.

use super::Error;
use super::huffman::{Huffman, MAX_BITS};
use super::tables::{
    DISTANCE_BASE, DISTANCES, END_OF_BLOCK, FIRST_LENGTH, LENGTH_BASE, LENGTHS, distance_extra, length_extra,
};

/// Literals and lengths that a block may have codes for.
const MAX_LITERALS: usize = 286;
/// The order in which a block gives the lengths of the codes for lengths.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The input's bits, least significant first: never a byte more than asked for.
#[derive(Clone)]
struct Bits {
    buffer: u32,
    count: u8,
}

impl Bits {
    /// Fetches bytes until there are `n` bits; at most 24.
    fn need<E>(&mut self, n: u8, next: &mut impl FnMut() -> Result<u8, E>) -> Result<(), Error<E>> {
        while self.count < n {
            let byte = next().map_err(Error::Io)?;
            self.buffer |= u32::from(byte) << self.count;
            self.count += 8;
        }
        Ok(())
    }

    fn consume(&mut self, n: u8) {
        self.buffer >>= n;
        self.count -= n;
    }

    fn take<E>(&mut self, n: u8, next: &mut impl FnMut() -> Result<u8, E>) -> Result<u16, Error<E>> {
        self.need(n, next)?;
        let value = self.buffer & ((1 << n) - 1);
        self.consume(n);
        Ok(value as u16)
    }

    /// The next symbol; takes nothing unless it is complete.
    fn symbol<E, const N: usize>(
        &mut self,
        code: &Huffman<N>,
        next: &mut impl FnMut() -> Result<u8, E>,
    ) -> Result<u16, Error<E>> {
        let (mut bits, mut first, mut index) = (0, 0, 0);
        for length in 1..=MAX_BITS {
            self.need(length as u8, next)?;
            bits = bits << 1 | self.buffer >> (length - 1) & 1;
            let count = u32::from(code.counts[length]);
            if bits < first + count {
                self.consume(length as u8);
                return Ok(code.symbols[(index + bits - first) as usize]);
            }
            index += count;
            first = (first + count) << 1;
        }
        Err(Error::Invalid)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    BlockHeader,
    StoredLength,
    StoredCheck(u16),
    Stored(u16),
    Sizes,
    CodeLength { at: u8, count: u8 },
    Length { at: u16 },
    Repeat { at: u16, symbol: u8 },
    Symbol,
    LengthExtra { symbol: u8 },
    Distance { length: u16 },
    DistanceExtra { length: u16, symbol: u8 },
    Copy { length: u16, distance: u16 },
    Done,
    Failed,
}

/// A decompressor of one DEFLATE stream.
#[derive(Clone)]
pub struct Inflate {
    bits: Bits,
    state: State,
    last_block: bool,
    /// Codes for literals and for distances that the block's header gives.
    literal_count: u16,
    distance_count: u8,
    /// Where the next byte goes in the window.
    at: u16,
    /// Bytes of the window that hold output.
    filled: u16,
    literals: Huffman<288>,
    /// Distances; while a block's header is read, the code for lengths.
    distances: Huffman<32>,
    lengths: [u8; MAX_LITERALS + DISTANCES],
}

impl Inflate {
    /// At the start of a stream.
    pub const fn new() -> Self {
        Self {
            bits: Bits { buffer: 0, count: 0 },
            state: State::BlockHeader,
            last_block: false,
            literal_count: 0,
            distance_count: 0,
            at: 0,
            filled: 0,
            literals: Huffman::new(),
            distances: Huffman::new(),
            lengths: [0; MAX_LITERALS + DISTANCES],
        }
    }

    /// Whether the end of the stream has been reached. The bits left in its last byte are dropped.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Decompresses into `out` until it is full or the stream ends; gives the number of bytes. An error after some bytes
    /// comes with the next call.
    ///
    /// `window` has a power of two of bytes, at most 32768, and is the same on every call. A stream that looks farther
    /// back is invalid. `next` gives the next byte; it is called only when the byte is sure to belong to the stream.
    pub fn read<E>(
        &mut self,
        window: &mut [u8],
        out: &mut [u8],
        mut next: impl FnMut() -> Result<u8, E>,
    ) -> Result<usize, Error<E>> {
        let mut written = 0;
        while written < out.len() && self.state != State::Done {
            match self.step(window, &mut out[written..], &mut next) {
                Ok(n) => written += n,
                Err(error) => {
                    if matches!(error, Error::Invalid) {
                        self.state = State::Failed;
                    }
                    return if written > 0 { Ok(written) } else { Err(error) };
                }
            }
        }
        Ok(written)
    }

    fn end_block(&mut self) {
        self.state = if self.last_block { State::Done } else { State::BlockHeader };
    }

    /// One step of the machine; gives the number of bytes written to `out`.
    fn step<E>(
        &mut self,
        window: &mut [u8],
        out: &mut [u8],
        next: &mut impl FnMut() -> Result<u8, E>,
    ) -> Result<usize, Error<E>> {
        self.state = match self.state {
            State::BlockHeader => {
                let header = self.bits.take(3, next)?;
                self.last_block = header & 1 != 0;
                match header >> 1 {
                    0 => {
                        // The rest of the byte is padding.
                        self.bits.consume(self.bits.count % 8);
                        State::StoredLength
                    }
                    1 => {
                        self.fixed_codes();
                        State::Symbol
                    }
                    2 => State::Sizes,
                    _ => return Err(Error::Invalid),
                }
            }
            State::StoredLength => State::StoredCheck(self.bits.take(16, next)?),
            State::StoredCheck(length) => match self.bits.take(16, next)? {
                check if check == !length => State::Stored(length),
                _ => return Err(Error::Invalid),
            },
            State::Stored(0) => {
                self.end_block();
                return Ok(0);
            }
            State::Stored(left) => {
                let byte = self.bits.take(8, next)? as u8;
                self.state = State::Stored(left - 1);
                self.put(window, out, byte);
                return Ok(1);
            }
            State::Sizes => {
                let sizes = self.bits.take(14, next)?;
                self.literal_count = 257 + (sizes & 31);
                self.distance_count = 1 + (sizes >> 5 & 31) as u8;
                if usize::from(self.literal_count) > MAX_LITERALS
                    || usize::from(self.distance_count) > DISTANCES
                {
                    return Err(Error::Invalid);
                }
                self.lengths = [0; MAX_LITERALS + DISTANCES];
                State::CodeLength { at: 0, count: 4 + (sizes >> 10) as u8 }
            }
            State::CodeLength { at, count } if at < count => {
                self.lengths[usize::from(ORDER[usize::from(at)])] = self.bits.take(3, next)? as u8;
                State::CodeLength { at: at + 1, count }
            }
            State::CodeLength { .. } => {
                if !self.distances.build(&self.lengths[..ORDER.len()], true) {
                    return Err(Error::Invalid);
                }
                State::Length { at: 0 }
            }
            State::Length { at } if at < self.literal_count + u16::from(self.distance_count) => {
                match self.bits.symbol(&self.distances, next)? as u8 {
                    length @ 0..=15 => {
                        self.lengths[usize::from(at)] = length;
                        State::Length { at: at + 1 }
                    }
                    symbol => State::Repeat { at, symbol },
                }
            }
            State::Length { .. } => {
                self.block_codes().ok_or(Error::Invalid)?;
                State::Symbol
            }
            State::Repeat { at, symbol } => {
                let total = self.literal_count + u16::from(self.distance_count);
                let (extra, base) = match symbol {
                    16 => (2, 3),
                    17 => (3, 3),
                    _ => (7, 11),
                };
                let end = at + base + self.bits.take(extra, next)?;
                if end > total || symbol == 16 && at == 0 {
                    return Err(Error::Invalid);
                }
                let length = if symbol == 16 { self.lengths[usize::from(at) - 1] } else { 0 };
                self.lengths[usize::from(at)..usize::from(end)].fill(length);
                State::Length { at: end }
            }
            State::Symbol => match self.bits.symbol(&self.literals, next)? {
                END_OF_BLOCK => {
                    self.end_block();
                    return Ok(0);
                }
                length @ FIRST_LENGTH.. => match length - FIRST_LENGTH {
                    symbol if usize::from(symbol) < LENGTHS => State::LengthExtra { symbol: symbol as u8 },
                    _ => return Err(Error::Invalid),
                },
                literal => {
                    self.put(window, out, literal as u8);
                    return Ok(1);
                }
            },
            State::LengthExtra { symbol } => {
                let extra = self.bits.take(length_extra(usize::from(symbol)), next)?;
                State::Distance { length: LENGTH_BASE[usize::from(symbol)] + extra }
            }
            State::Distance { length } => match self.bits.symbol(&self.distances, next)? {
                symbol if usize::from(symbol) < DISTANCES => {
                    State::DistanceExtra { length, symbol: symbol as u8 }
                }
                _ => return Err(Error::Invalid),
            },
            State::DistanceExtra { length, symbol } => {
                let extra = self.bits.take(distance_extra(usize::from(symbol)), next)?;
                let distance = DISTANCE_BASE[usize::from(symbol)] + extra;
                if distance > self.filled {
                    return Err(Error::Invalid);
                }
                State::Copy { length, distance }
            }
            State::Copy { length, distance } => {
                let n = usize::from(length).min(out.len());
                let mask = window.len() - 1;
                for i in 0..n {
                    let byte = window[usize::from(self.at.wrapping_sub(distance)) & mask];
                    self.put(window, &mut out[i..], byte);
                }
                let length = length - n as u16;
                self.state = if length == 0 { State::Symbol } else { State::Copy { length, distance } };
                return Ok(n);
            }
            State::Done => return Ok(0),
            State::Failed => return Err(Error::Invalid),
        };
        Ok(0)
    }

    fn put(&mut self, window: &mut [u8], out: &mut [u8], byte: u8) {
        out[0] = byte;
        window[usize::from(self.at)] = byte;
        self.at = ((usize::from(self.at) + 1) & (window.len() - 1)) as u16;
        if usize::from(self.filled) < window.len() {
            self.filled += 1;
        }
    }

    fn fixed_codes(&mut self) {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        self.literals.build(&lengths, true);
        self.distances.build(&[5; 32], true);
    }

    fn block_codes(&mut self) -> Option<()> {
        let total = usize::from(self.literal_count) + usize::from(self.distance_count);
        let (literals, distances) = self.lengths[..total].split_at(usize::from(self.literal_count));
        let valid = literals[usize::from(END_OF_BLOCK)] != 0
            && self.literals.build(literals, false)
            && self.distances.build(distances, false);
        valid.then_some(())
    }
}

impl Default for Inflate {
    fn default() -> Self {
        Self::new()
    }
}
