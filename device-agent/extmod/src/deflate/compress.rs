//! Compression: hash chains find matches, one block of fixed Huffman codes takes them.

use super::tables::{
    DISTANCE_BASE, END_OF_BLOCK, FIRST_LENGTH, LENGTH_BASE, MAX_MATCH, MIN_MATCH, distance_extra,
    length_extra,
};

/// Positions tried for a match: more finds longer ones, slower.
const MAX_CHAIN: usize = 64;
/// A match of this length is taken without trying the next position.
const GOOD_MATCH: usize = 32;
/// The farthest match of 3 bytes.
const TOO_FAR: usize = 4096;
/// Bytes that the window needs beyond its size: the longest match, the hash after it, and room to fill.
const AHEAD: usize = 512;

/// Memory that a compressor needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// Bytes of data.
    pub data: usize,
    /// Entries of the hash table, 2 bytes each.
    pub heads: usize,
    /// Entries of the chains, 2 bytes each.
    pub chain: usize,
}

impl Sizes {
    /// For a window of 2 to the power of `wbits` bytes.
    pub fn new(wbits: u8) -> Self {
        let window = 1_usize << wbits;
        Self { data: (window + AHEAD).next_power_of_two(), heads: 1 << wbits.clamp(8, 12), chain: window }
    }
}

/// Memory lent to a compressor: of the [`Sizes`] of its window, zeroed at the start, the same on every call.
pub struct Memory<'a> {
    /// The last bytes of the data.
    pub data: &'a mut [u8],
    /// For each hash the last position that has it.
    pub heads: &'a mut [u16],
    /// For each position the one before it with the same hash.
    pub chain: &'a mut [u16],
}

/// A compressor that writes a DEFLATE stream.
#[derive(Clone)]
pub struct Compress {
    wbits: u8,
    started: bool,
    /// Position of the next byte to encode, and the end of the data so far; they wrap around.
    at: u32,
    end: u32,
    /// Bytes before `at` that a match may use, at most the window.
    behind: usize,
    /// A match at `at` that the position before it was given up for.
    pending: Option<Match>,
    bits: u32,
    bit_count: u8,
    out: [u8; 32],
    out_len: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Match {
    length: usize,
    distance: usize,
}

impl Compress {
    /// At the start of a stream for a window of 2 to the power of `wbits` bytes.
    pub const fn new(wbits: u8) -> Self {
        Self {
            wbits,
            started: false,
            at: 0,
            end: 0,
            behind: 0,
            pending: None,
            bits: 0,
            bit_count: 0,
            out: [0; 32],
            out_len: 0,
        }
    }

    /// Compresses `data`. Output goes to `sink` as it comes. After an error of the sink the stream is broken.
    pub fn write<E>(
        &mut self,
        memory: &mut Memory<'_>,
        mut data: &[u8],
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !data.is_empty() {
            let room = memory.data.len() - (1 << self.wbits) - self.ahead();
            let (now, later) = data.split_at(room.min(data.len()));
            for &byte in now {
                let at = self.end as usize & (memory.data.len() - 1);
                memory.data[at] = byte;
                self.end = self.end.wrapping_add(1);
            }
            data = later;
            // So many bytes decide the match here and the one after.
            while self.ahead() > MAX_MATCH + MIN_MATCH {
                self.step(memory, &mut sink)?;
            }
        }
        Ok(())
    }

    /// Ends the stream.
    pub fn finish<E>(
        &mut self,
        memory: &mut Memory<'_>,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while self.ahead() > 0 {
            self.step(memory, &mut sink)?;
        }
        self.start(&mut sink)?;
        self.symbol(END_OF_BLOCK, &mut sink)?;
        let padding = (8 - self.bit_count % 8) % 8;
        self.put(0, padding, &mut sink)?;
        sink(&self.out[..self.out_len])?;
        self.out_len = 0;
        Ok(())
    }

    fn ahead(&self) -> usize {
        self.end.wrapping_sub(self.at) as usize
    }

    /// Encodes the byte at `at`, or a match there.
    fn step<E>(
        &mut self,
        memory: &mut Memory<'_>,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.start(sink)?;
        let found = match self.pending.take() {
            Some(found) => Some(found),
            None => self.find(memory),
        };
        let literal = memory.data[self.at as usize & (memory.data.len() - 1)];
        match found {
            Some(here) => {
                if here.length < GOOD_MATCH && self.ahead() > here.length {
                    self.advance(memory);
                    match self.find(memory) {
                        Some(next) if next.length > here.length => {
                            self.pending = Some(next);
                            return self.symbol(u16::from(literal), sink);
                        }
                        _ => self.advance_by(memory, here.length - 1),
                    }
                } else {
                    self.advance_by(memory, here.length);
                }
                self.emit(here, sink)
            }
            None => {
                self.advance(memory);
                self.symbol(u16::from(literal), sink)
            }
        }
    }

    fn advance_by(&mut self, memory: &mut Memory<'_>, n: usize) {
        for _ in 0..n {
            self.advance(memory);
        }
    }

    /// Enters the position into its chain and leaves it behind.
    fn advance(&mut self, memory: &mut Memory<'_>) {
        if let Some(hash) = self.hash(memory) {
            let slot = self.at as usize & (memory.chain.len() - 1);
            memory.chain[slot] = memory.heads[hash];
            memory.heads[hash] = self.at as u16;
        }
        self.at = self.at.wrapping_add(1);
        self.behind = (self.behind + 1).min(1 << self.wbits);
    }

    fn hash(&self, memory: &Memory<'_>) -> Option<usize> {
        (self.ahead() >= MIN_MATCH).then(|| {
            let byte =
                |i| u32::from(memory.data[(self.at.wrapping_add(i)) as usize & (memory.data.len() - 1)]);
            let key = byte(0) << 16 | byte(1) << 8 | byte(2);
            let bits = memory.heads.len().trailing_zeros();
            (key.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
        })
    }

    /// The longest match here, the nearest of those.
    fn find(&self, memory: &Memory<'_>) -> Option<Match> {
        let hash = self.hash(memory)?;
        let limit = self.ahead().min(MAX_MATCH);
        let mask = memory.data.len() - 1;
        let here = self.at as usize;
        let mut best = Match { length: MIN_MATCH - 1, distance: 0 };
        let mut candidate = memory.heads[hash];
        let mut last_distance = 0;
        for _ in 0..MAX_CHAIN {
            // Entries are 16 bits of a position, and may be stale: what counts is that the bytes are equal.
            let distance = usize::from((self.at as u16).wrapping_sub(candidate));
            if distance <= last_distance || distance > self.behind {
                break;
            }
            last_distance = distance;
            let there = here.wrapping_sub(distance);
            let length = (0..limit)
                .take_while(|&i| {
                    memory.data[there.wrapping_add(i) & mask] == memory.data[here.wrapping_add(i) & mask]
                })
                .count();
            if length > best.length {
                best = Match { length, distance };
                if length == limit {
                    break;
                }
            }
            candidate = memory.chain[there & (memory.chain.len() - 1)];
        }
        // A match of 3 bytes from far away takes more bits than the bytes.
        let pays = best.length > MIN_MATCH || best.length == MIN_MATCH && best.distance <= TOO_FAR;
        pays.then_some(best)
    }

    /// Begins the only block.
    fn start<E>(&mut self, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        // The last block (1), fixed codes (01).
        self.put(0b011, 3, sink)
    }

    fn emit<E>(&mut self, found: Match, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let length = LENGTH_BASE.partition_point(|&base| usize::from(base) <= found.length) - 1;
        self.symbol(FIRST_LENGTH + length as u16, sink)?;
        self.put(found.length as u16 - LENGTH_BASE[length], length_extra(length), sink)?;
        let distance = DISTANCE_BASE.partition_point(|&base| usize::from(base) <= found.distance) - 1;
        self.put((distance as u16).reverse_bits() >> 11, 5, sink)?;
        self.put(
            (found.distance - usize::from(DISTANCE_BASE[distance])) as u16,
            distance_extra(distance),
            sink,
        )
    }

    /// A literal, a length or the end, in the fixed code (RFC 1951, 3.2.6).
    fn symbol<E>(&mut self, symbol: u16, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let (code, len) = match symbol {
            0..144 => (0x30 + symbol, 8),
            144..256 => (0x190 + symbol - 144, 9),
            256..280 => (symbol - 256, 7),
            _ => (0xc0 + symbol - 280, 8),
        };
        self.put(code.reverse_bits() >> (16 - len), len, sink)
    }

    /// Writes bits, least significant first.
    fn put<E>(
        &mut self,
        bits: u16,
        count: u8,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.bits |= u32::from(bits) << self.bit_count;
        self.bit_count += count;
        while self.bit_count >= 8 {
            if self.out_len == self.out.len() {
                sink(&self.out)?;
                self.out_len = 0;
            }
            self.out[self.out_len] = self.bits as u8;
            self.out_len += 1;
            self.bits >>= 8;
            self.bit_count -= 8;
        }
        Ok(())
    }
}
