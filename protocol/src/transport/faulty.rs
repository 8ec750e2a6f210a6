//! A link with faults, for tests.

use std::time::{Duration, Instant};

use super::{Transport, TransportError};

/// What goes wrong on a [`Faulty`] link. Rates are faults in a million bytes, in each direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Where the sequence of faults starts; the same seed and the same bytes meet the same faults.
    pub seed: u64,
    /// Bytes that never arrive.
    pub lose: u32,
    /// Bytes that arrive twice.
    pub double: u32,
    /// Bytes of which one bit changes.
    pub change: u32,
    /// Time by which bytes from the board are late, at most; each read draws its own.
    pub delay: Duration,
    /// The link breaks after so many bytes in both directions together.
    pub cut_after: Option<u64>,
    /// Only bytes from the board meet faults.
    pub from_board_only: bool,
}

/// Wraps a link and damages what goes over it.
#[derive(Debug)]
pub struct Faulty<T> {
    inner: T,
    faults: Faults,
    random: u64,
    moved: u64,
    /// Bytes from the board that the caller's buffer had no room for.
    waiting: Vec<u8>,
}

impl<T: Transport> Faulty<T> {
    /// A link that behaves as told.
    pub fn new(inner: T, faults: Faults) -> Self {
        // The generator must not start at zero.
        let random = faults.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Faulty { inner, faults, random, moved: 0, waiting: Vec::new() }
    }

    /// xorshift64: small, and the same on every machine.
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn happens(&mut self, per_million: u32) -> bool {
        per_million > 0 && self.next() % 1_000_000 < u64::from(per_million)
    }

    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            if self.happens(self.faults.lose) {
                continue;
            }
            let changed =
                if self.happens(self.faults.change) { byte ^ (1 << (self.next() % 8)) } else { byte };
            out.push(changed);
            if self.happens(self.faults.double) {
                out.push(changed);
            }
        }
        out
    }

    /// How many of so many bytes go through before the cut.
    fn before_cut(&mut self, n: usize) -> Result<usize, TransportError> {
        let Some(cut) = self.faults.cut_after else { return Ok(n) };
        match cut.saturating_sub(self.moved) {
            0 => Err(TransportError::Closed { detail: Some("the link was cut".into()) }),
            left => Ok(n.min(usize::try_from(left).unwrap_or(usize::MAX))),
        }
    }
}

impl<T: Transport> Transport for Faulty<T> {
    fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
        let n = self.before_cut(bytes.len())?;
        let sent = if self.faults.from_board_only {
            self.inner.send(&bytes[..n], deadline)?
        } else {
            let damaged = self.damage(&bytes[..n]);
            self.inner.send_all(&damaged, deadline)?;
            n
        };
        self.moved += sent as u64;
        Ok(sent)
    }

    fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
        if self.waiting.is_empty() {
            let room = self.before_cut(buf.len())?;
            let n = self.inner.recv(&mut buf[..room], deadline)?;
            self.moved += n as u64;
            if !self.faults.delay.is_zero() && n > 0 {
                let most = u64::try_from(self.faults.delay.as_micros()).unwrap_or(u64::MAX);
                std::thread::sleep(Duration::from_micros(self.next() % (most + 1)));
            }
            let damaged = self.damage(&buf[..n]);
            self.waiting = damaged;
        }
        let n = self.waiting.len().min(buf.len());
        buf[..n].copy_from_slice(&self.waiting[..n]);
        self.waiting.drain(..n);
        Ok(n)
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
}
