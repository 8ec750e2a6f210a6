//! What a bad wire does to bytes: a pure function of the bytes, the time and a seed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The faults of one direction of a link. The default has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// Line rate in bits a second, 10 bits a byte; `None` is as fast as it goes.
    pub baud: Option<u32>,
    /// Every byte comes this much later.
    pub delay: Duration,
    /// Chance of each byte to be lost, 0 to 1.
    pub lose: f64,
    /// Chance of each byte to come twice, 0 to 1.
    pub double: f64,
    /// Chance of each byte to have one bit flipped, 0 to 1.
    pub corrupt: f64,
    /// The byte behind so many others becomes this one.
    pub strike: Option<(u64, u8)>,
    /// The link is cut behind this many bytes.
    pub cut_after: Option<u64>,
}

/// The faults of both directions and the seed that decides which bytes they meet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    /// The same seed and the same bytes meet the same faults.
    pub seed: u64,
    /// From the host to the board.
    pub to_board: Faults,
    /// From the board to the host.
    pub from_board: Faults,
}

impl Schedule {
    /// The same faults in both directions.
    #[must_use]
    pub fn both(seed: u64, faults: &Faults) -> Schedule {
        Schedule { seed, to_board: faults.clone(), from_board: faults.clone() }
    }
}

/// A direction holds at most this many bytes when it is not paced; then it reads no more.
const ROOM: usize = 4096;
/// A paced direction holds no more than it sends in this time, as an operating system's buffer would.
const PACED_ROOM: Duration = Duration::from_millis(20);

/// Bytes of a paced direction that end within this time come together.
const GROUP_TIME: Duration = Duration::from_millis(1);

/// How many bytes a line carries in this time.
fn bytes_in(baud: u32, time: Duration) -> f64 {
    f64::from(baud) / 10.0 * time.as_secs_f64()
}

/// A paced line since it was last idle. When a byte is through follows from the number of bytes before it, never from when
/// somebody woke up, so that the mean rate is exact.
#[derive(Clone, Copy, Debug)]
struct Line {
    baud: u32,
    busy_since: Instant,
    sent: u64,
}

impl Line {
    fn free_at(self) -> Instant {
        let nanos = (u128::from(self.sent) * 10_000_000_000).div_ceil(self.baud.into());
        self.busy_since + Duration::from_nanos(u64::try_from(nanos).expect("centuries on a line"))
    }

    /// Sends bytes that are there now; the time when they are through.
    fn send(&mut self, now: Instant, count: usize) -> Instant {
        if self.free_at() < now {
            (self.busy_since, self.sent) = (now, 0);
        }
        self.sent += count as u64;
        self.free_at()
    }
}

/// One direction's bytes on their way.
#[derive(Debug)]
pub struct Engine {
    faults: Faults,
    random: fastrand::Rng,
    taken: u64,
    /// Bytes that faults have met or spared.
    met: u64,
    line: Option<Line>,
    queue: VecDeque<(Instant, Vec<u8>)>,
    queued: usize,
}

impl Engine {
    /// An idle direction with these faults.
    #[must_use]
    pub fn new(faults: Faults, seed: u64) -> Engine {
        Engine {
            faults,
            random: fastrand::Rng::with_seed(seed),
            taken: 0,
            met: 0,
            line: None,
            queue: VecDeque::new(),
            queued: 0,
        }
    }

    /// How many bytes [`take`](Self::take) may be given now; 0 holds the sender back.
    #[must_use]
    pub fn room(&self, now: Instant) -> usize {
        let Some(baud) = self.faults.baud else {
            // Delayed bytes are on the line, not in a buffer.
            let waiting =
                if self.faults.delay.is_zero() { self.queued } else { self.queued.saturating_sub(16 * ROOM) };
            return ROOM.saturating_sub(waiting);
        };
        let size = bytes_in(baud, PACED_ROOM).ceil().max(1.0) as usize;
        let busy = self.line.map_or(Duration::ZERO, |line| line.free_at().saturating_duration_since(now));
        size.saturating_sub(bytes_in(baud, busy).ceil() as usize)
    }

    /// When a paced line that has no room has some again.
    #[must_use]
    pub fn next_room(&self, now: Instant) -> Option<Instant> {
        if self.room(now) > 0 {
            return None;
        }
        let free_at = self.line?.free_at();
        let soon = free_at - PACED_ROOM + GROUP_TIME;
        Some(if self.room(soon) > 0 { soon } else { free_at })
    }

    /// Puts bytes on the line.
    pub fn take(&mut self, now: Instant, bytes: &[u8]) {
        let left = match self.faults.cut_after {
            Some(limit) => usize::try_from(limit.saturating_sub(self.taken)).unwrap_or(usize::MAX),
            None => usize::MAX,
        };
        let bytes = &bytes[..bytes.len().min(left)];
        self.taken += bytes.len() as u64;
        let Some(baud) = self.faults.baud else {
            let damaged = self.damage(bytes);
            self.enqueue(now + self.faults.delay, damaged);
            return;
        };
        // Bytes that end within the same millisecond travel together: the scheduler can do no better.
        let group = bytes_in(baud, GROUP_TIME).ceil() as usize;
        for chunk in bytes.chunks(group.max(1)) {
            let line = self.line.get_or_insert(Line { baud, busy_since: now, sent: 0 });
            let end = line.send(now, chunk.len());
            let damaged = self.damage(chunk);
            self.enqueue(end + self.faults.delay, damaged);
        }
    }

    fn enqueue(&mut self, due: Instant, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.queued += bytes.len();
            self.queue.push_back((due, bytes));
        }
    }

    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            // Always the same number of draws for a byte, so that one fault's rate does not move another's places.
            let (lose, double, corrupt) = (self.random.f64(), self.random.f64(), self.random.f64());
            let bit = self.random.u8(0..8);
            let place = self.met;
            self.met += 1;
            if lose < self.faults.lose {
                continue;
            }
            let byte = match self.faults.strike {
                Some((at, other)) if at == place => other,
                _ if corrupt < self.faults.corrupt => byte ^ (1 << bit),
                _ => byte,
            };
            out.push(byte);
            if double < self.faults.double {
                out.push(byte);
            }
        }
        out
    }

    /// Bytes that have arrived by now and wait to be delivered.
    #[must_use]
    pub fn arrived(&self, now: Instant) -> Option<&[u8]> {
        let (due, bytes) = self.queue.front()?;
        (*due <= now).then_some(bytes)
    }

    /// Forgets the first `count` arrived bytes: they were delivered.
    pub fn delivered(&mut self, count: usize) {
        let (_, bytes) = self.queue.front_mut().expect("something had arrived");
        bytes.drain(..count);
        self.queued -= count;
        if bytes.is_empty() {
            self.queue.pop_front();
        }
    }

    /// When the next bytes arrive.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.queue.front().map(|(due, _)| *due)
    }

    /// Whether the cut has been reached and all before it delivered.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.faults.cut_after.is_some_and(|limit| self.taken >= limit) && self.queue.is_empty()
    }

    /// A cut that has happened does not happen again.
    pub fn forget_cut(&mut self) {
        self.faults.cut_after = None;
    }

    /// Drops what is on its way.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.queued = 0;
        self.line = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(faults: &Faults, seed: u64, bytes: &[u8]) -> Vec<u8> {
        let now = Instant::now();
        let mut engine = Engine::new(faults.clone(), seed);
        engine.take(now, bytes);
        let late = now + Duration::from_secs(1000);
        let mut out = Vec::new();
        while let Some(bytes) = engine.arrived(late) {
            out.extend_from_slice(bytes);
            let count = bytes.len();
            engine.delivered(count);
        }
        out
    }

    #[test]
    fn a_good_line_changes_nothing() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(through(&Faults::default(), 1, &bytes), bytes);
    }

    #[test]
    fn a_seed_fixes_the_damage() {
        let faults = Faults { lose: 0.1, double: 0.1, corrupt: 0.1, ..Faults::default() };
        let bytes = vec![0x55; 1000];
        let first = through(&faults, 7, &bytes);
        assert_eq!(first, through(&faults, 7, &bytes));
        assert_ne!(first, through(&faults, 8, &bytes));
        assert_ne!(first, bytes);
    }

    #[test]
    fn each_fault_does_its_own_damage() {
        let bytes = vec![0u8; 1000];
        let only = |faults: Faults| through(&faults, 3, &bytes);
        let lost = only(Faults { lose: 0.2, ..Faults::default() });
        assert!((600..950).contains(&lost.len()), "{}", lost.len());
        let doubled = only(Faults { double: 0.2, ..Faults::default() });
        assert!((1050..1400).contains(&doubled.len()), "{}", doubled.len());
        let corrupted = only(Faults { corrupt: 0.2, ..Faults::default() });
        assert_eq!(corrupted.len(), 1000);
        assert!(corrupted.iter().all(|byte| byte.count_ones() <= 1));
        assert!(corrupted.iter().any(|&byte| byte != 0));
    }

    #[test]
    fn one_byte_is_struck() {
        let faults = Faults { strike: Some((5, 3)), baud: Some(9600), ..Faults::default() };
        assert_eq!(through(&faults, 1, b"0123456789"), b"01234\x036789");
    }

    #[test]
    fn a_paced_line_takes_its_time_and_holds_the_sender_back() {
        let now = Instant::now();
        let mut engine = Engine::new(Faults { baud: Some(9600), ..Faults::default() }, 0);
        let room = engine.room(now);
        assert!((1..=32).contains(&room), "{room}");
        engine.take(now, &vec![0; room]);
        assert_eq!(engine.room(now), 0);
        let again = engine.next_room(now).expect("a full line says when it has room");
        assert!(engine.room(again) > 0);
        assert!(engine.arrived(now).is_none());
        let first = engine.next_arrival().expect("bytes are on their way");
        assert!(first >= now + Duration::from_micros(1041));
        assert!(engine.arrived(first).is_some());
    }

    #[test]
    fn a_busy_line_keeps_its_rate_and_late_wakers_are_caught_up() {
        let start = Instant::now();
        for delay in [0, 1, 20].map(Duration::from_millis) {
            let mut engine = Engine::new(Faults { baud: Some(115_200), delay, ..Faults::default() }, 0);
            let (mut now, mut taken, mut came) = (start, 0_u64, 0_u64);
            // A sender that always has bytes, served by somebody who wakes up to 15 ms late.
            for late in (0..16).cycle().take(2000) {
                let room = engine.room(now);
                engine.take(now, &vec![0x55; room]);
                taken += room as u64;
                while let Some(bytes) = engine.arrived(now) {
                    let count = bytes.len();
                    came += count as u64;
                    let due = Duration::from_secs_f64(came as f64 / 11_520.0) + delay;
                    assert!(now - start >= due, "{came} bytes before {due:?}");
                    engine.delivered(count);
                }
                now = engine.next_room(now).unwrap_or(now) + Duration::from_millis(late);
            }
            let sent = engine.line.expect("bytes went").free_at() - start;
            assert_eq!(sent, Duration::from_nanos((taken * 10_000_000_000).div_ceil(115_200)), "{delay:?}");
        }
    }

    #[test]
    fn a_cut_lets_the_bytes_before_it_through() {
        let now = Instant::now();
        let mut engine = Engine::new(Faults { cut_after: Some(3), ..Faults::default() }, 0);
        engine.take(now, b"abcdef");
        assert!(!engine.is_cut());
        assert_eq!(engine.arrived(now), Some(&b"abc"[..]));
        engine.delivered(3);
        assert!(engine.is_cut());
    }
}
