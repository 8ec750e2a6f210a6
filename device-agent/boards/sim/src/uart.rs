//! The speed of a UART: when each byte is through the wire.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bits that a byte takes on the wire: start bit, 8 data bits, stop bit.
const BITS_PER_BYTE: u128 = 10;
/// Bytes that travel between two looks at the clock: one frame of a common UART's hardware FIFO.
const PIECE: usize = 16;

/// When bytes are through a wire of a given speed. Times follow from the moment at which the wire became busy and the
/// number of bytes since then, never from when somebody woke up: a late sleeper does not slow the wire down.
struct Schedule {
    baud: u32,
    busy_since: Instant,
    sent: u64,
}

impl Schedule {
    fn new(baud: u32) -> Self {
        Self { baud, busy_since: Instant::now(), sent: 0 }
    }

    /// When the last bit of everything sent so far is through.
    fn free_at(&self) -> Instant {
        let nanos = (u128::from(self.sent) * BITS_PER_BYTE * 1_000_000_000).div_ceil(self.baud.into());
        self.busy_since + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Sends bytes that were there at `came`; the time when they are through.
    fn send(&mut self, came: Instant, count: usize) -> Instant {
        if self.free_at() < came {
            (self.busy_since, self.sent) = (came, 0);
        }
        self.sent += count as u64;
        self.free_at()
    }
}

/// One direction of a UART: a buffer for a sender, and a wire that empties it.
pub struct Line {
    baud: u32,
    /// How many bytes may wait; then the sender does.
    holds: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Pieces with the time when they were there to be sent.
    pieces: VecDeque<(Instant, Vec<u8>)>,
    /// Bytes in the pieces and of that on the wire.
    count: usize,
    /// Nobody can receive any more.
    broken: bool,
}

/// The line's receiver is gone.
#[derive(Debug)]
pub struct Broken;

impl Line {
    pub fn new(baud: u32, holds: usize) -> Self {
        Self { baud, holds, state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives bytes to the wire; returns when the last of them have room in the buffer.
    pub fn send(&self, bytes: &[u8]) -> Result<(), Broken> {
        let came = Instant::now();
        let mut state = self.lock();
        for piece in bytes.chunks(PIECE) {
            while state.count + piece.len() > self.holds && !state.broken {
                state = self.wait(state);
            }
            if state.broken {
                return Err(Broken);
            }
            state.pieces.push_back((came, piece.to_vec()));
            state.count += piece.len();
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Returns when everything sent is through.
    pub fn drain(&self) {
        let mut state = self.lock();
        while state.count > 0 && !state.broken {
            state = self.wait(state);
        }
    }

    /// Is the wire: passes pieces on, each when its last bit would have arrived, until one is refused.
    pub fn carry<E>(&self, mut arrived: impl FnMut(&[u8]) -> Result<(), E>) {
        let mut schedule = Schedule::new(self.baud);
        loop {
            let (came, piece) = self.next();
            let due = schedule.send(came, piece.len());
            let early = due.saturating_duration_since(Instant::now());
            if !early.is_zero() {
                thread::sleep(early);
            }
            let refused = arrived(&piece).is_err();
            let mut state = self.lock();
            state.count -= piece.len();
            state.broken = refused;
            self.changed.notify_all();
            if refused {
                return;
            }
        }
    }

    fn next(&self) -> (Instant, Vec<u8>) {
        let mut state = self.lock();
        loop {
            match state.pieces.pop_front() {
                Some(next) => return next,
                None => state = self.wait(state),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAUD: u32 = 115_200;

    #[test]
    fn a_busy_wire_keeps_its_rate_whatever_the_pieces() {
        let mut schedule = Schedule::new(BAUD);
        let start = schedule.busy_since;
        let mut sent = 0;
        // Each piece comes when the one before is through, or earlier: the wire is never idle.
        let mut came = start;
        for size in (1..=PIECE).cycle().take(20_000) {
            let due = schedule.send(came, size);
            sent += size as u64;
            let exact = Duration::from_secs_f64(sent as f64 / 11_520.0);
            let off = (due - start).abs_diff(exact);
            assert!(off < Duration::from_micros(1), "byte {sent} is off by {off:?}");
            came = if sent.is_multiple_of(2) { due } else { start };
        }
        assert_eq!(
            schedule.send(start, 0) - start,
            Duration::from_nanos(sent * 10_000_000_000 / 115_200 + 1)
        );
    }

    #[test]
    fn an_idle_wire_begins_with_the_next_byte() {
        let mut schedule = Schedule::new(BAUD);
        let first = schedule.send(schedule.busy_since, 100);
        let later = first + Duration::from_secs(3);
        assert_eq!(schedule.send(later, 1152), later + Duration::from_millis(100));
    }

    #[test]
    fn every_byte_arrives_once_and_not_before_its_time() {
        let bytes: Vec<u8> = (0..=255).collect();
        let line = Line::new(BAUD, 64);
        let start = Instant::now();
        let mut got = Vec::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                line.send(&bytes).expect("the wire carries");
                line.drain();
            });
            line.carry(|piece| {
                got.extend_from_slice(piece);
                let due = Duration::from_nanos(got.len() as u64 * 86_805);
                assert!(start.elapsed() >= due, "{} bytes before {due:?}", got.len());
                if got.len() < bytes.len() { Ok(()) } else { Err(()) }
            });
        });
        assert_eq!(got, bytes);
        assert!(line.send(b"more").is_err(), "a broken line takes nothing");
    }
}
