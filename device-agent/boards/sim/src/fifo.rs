//! The receive FIFO between the console's reader thread and the virtual machine.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much a FIFO without a size holds before the reader must wait.
const BACK_PRESSURE: usize = 256 << 10;

/// A queue of received bytes, and the events that wake a waiting virtual machine.
pub struct Fifo {
    state: Mutex<State>,
    event: Condvar,
    space: Condvar,
    /// Holds this many bytes and loses the rest; none: the reader waits for space instead.
    capacity: Option<usize>,
}

struct State {
    bytes: VecDeque<u8>,
    /// Something happened since the last wait.
    happened: bool,
    /// No byte will ever come again.
    ended: bool,
}

impl Fifo {
    pub fn new(capacity: Option<usize>) -> Self {
        let state = State { bytes: VecDeque::new(), happened: false, ended: false };
        Self { state: Mutex::new(state), event: Condvar::new(), space: Condvar::new(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds received bytes, by the rule of the capacity.
    pub fn push(&self, mut bytes: &[u8]) {
        let mut state = self.lock();
        while !bytes.is_empty() {
            let room = self.capacity.unwrap_or(BACK_PRESSURE).saturating_sub(state.bytes.len());
            if room == 0 && self.capacity.is_none() {
                state = self.space.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let taken = bytes.len().min(room);
            state.bytes.extend(&bytes[..taken]);
            // What did not fit into a FIFO with a size is lost, as on a UART.
            bytes = if self.capacity.is_some() { &[] } else { &bytes[taken..] };
            state.happened = true;
            self.event.notify_all();
        }
    }

    /// Takes the oldest byte.
    pub fn pop(&self) -> Option<u8> {
        let mut state = self.lock();
        let byte = state.bytes.pop_front();
        if self.capacity.is_none() && state.bytes.len() == BACK_PRESSURE / 2 {
            self.space.notify_all();
        }
        byte
    }

    pub fn is_empty(&self) -> bool {
        self.lock().bytes.is_empty()
    }

    /// Wakes the virtual machine.
    pub fn signal(&self) {
        self.lock().happened = true;
        self.event.notify_all();
    }

    /// No more bytes will come.
    pub fn end(&self) {
        self.lock().ended = true;
        self.signal();
    }

    /// Whether the input has ended and all of it was taken.
    pub fn exhausted(&self) -> bool {
        let state = self.lock();
        state.ended && state.bytes.is_empty()
    }

    /// Waits for an event since the last wait, at most this long.
    pub fn wait(&self, limit: Option<Duration>) {
        let deadline = limit.map(|limit| Instant::now() + limit);
        let mut state = self.lock();
        while !state.happened {
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => break,
                Some(left) => self.event.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.event.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state.happened = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sized_fifo_loses_what_overflows() {
        let fifo = Fifo::new(Some(4));
        fifo.push(b"abcdef");
        fifo.push(b"g");
        let taken: Vec<u8> = std::iter::from_fn(|| fifo.pop()).collect();
        assert_eq!(taken, b"abcd");
        fifo.push(b"h");
        assert_eq!(fifo.pop(), Some(b'h'));
    }

    #[test]
    fn an_unlimited_fifo_makes_the_reader_wait_and_loses_nothing() {
        let fifo = Fifo::new(None);
        let sent: Vec<u8> = (0..3 * BACK_PRESSURE).map(|i| i as u8).collect();
        std::thread::scope(|scope| {
            scope.spawn(|| fifo.push(&sent));
            let mut taken = Vec::new();
            while taken.len() < sent.len() {
                match fifo.pop() {
                    Some(byte) => taken.push(byte),
                    None => fifo.wait(Some(Duration::from_secs(5))),
                }
            }
            assert!(taken == sent);
        });
    }

    #[test]
    fn an_event_before_the_wait_is_not_lost() {
        let fifo = Fifo::new(None);
        fifo.signal();
        fifo.wait(None);
        fifo.end();
        assert!(fifo.exhausted());
    }
}
