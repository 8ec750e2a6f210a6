//! The frames that the board may not have accepted yet: a stream that is cut anew when a piece of it does not get through.
//!
//! The board counts the bytes of the stream that it has accepted, and says how many when both sides begin anew. So it does not matter
//! which cut of the stream they came in.

use std::collections::VecDeque;

use mpr_wire::{FRAME_NUMBERS, MAX_PAYLOAD, encode, longest_wire_len};

/// Numbers of frames are modulo 128; so many may be on their way.
const MOST_FRAMES: usize = 64;

/// A damaged length makes the board read so many bytes as one frame; those that were in them are kept.
const LONGEST_READ: u64 = longest_wire_len(MAX_PAYLOAD) as u64;

/// What a deflated frame has in front: how much it yields, as u32.
pub(super) const YIELD: usize = 4;

/// The board's count is modulo two to the power of so many.
const PLACE_BITS: u32 = 30;

#[derive(Debug)]
struct Frame {
    payload: Vec<u8>,
    deflated: bool,
    wire: Vec<u8>,
    /// Bytes of content in it that were not counted yet.
    content: u64,
}

impl Frame {
    fn new(number: u8, payload: Vec<u8>, deflated: bool, content: u64) -> Frame {
        let mut wire = Vec::with_capacity(longest_wire_len(payload.len()));
        encode(number, deflated, &payload, &mut wire);
        Frame { payload, deflated, wire, content }
    }

    /// Bytes in front of its part of the stream.
    fn front(&self) -> usize {
        if self.deflated { YIELD.min(self.payload.len()) } else { 0 }
    }

    /// Bytes of the stream in it.
    fn len(&self) -> u64 {
        (self.payload.len() - self.front()) as u64
    }

    /// Splits its first bytes off, which then come without a wire. What a deflated frame yields, and what it counts for, is for the last
    /// part: the board inflates when it has all of them.
    fn split_off_first(&mut self, len: usize) -> Frame {
        let front = self.front();
        let rest = self.payload.split_off(front + len);
        let mut first = std::mem::replace(&mut self.payload, rest);
        if self.deflated {
            self.payload.splice(..0, first[..front].iter().copied());
            first[..front].fill(0);
        }
        Frame { payload: first, deflated: self.deflated, wire: Vec::new(), content: 0 }
    }
}

/// The board names a place in the stream that it can't be at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Elsewhere;

/// Frames in the order of the stream.
#[derive(Debug, Default)]
pub(super) struct Frames {
    kept: VecDeque<Frame>,
    /// The last frames that were taken for accepted: a damaged length, or a damaged acknowledgement, makes that wrong.
    past: VecDeque<Frame>,
    /// Bytes of wire in these.
    past_wire: u64,
    /// Bytes of the stream in front of the kept frames; behind the last frame of which anything was ever sent.
    place: u64,
    reached: u64,
    /// Bytes of wire of the frames that were accepted, that are out, and in all, from where both sides last began anew.
    gone: u64,
    sent: u64,
    queued: u64,
    /// Of the next frame that is queued.
    number: u8,
}

impl Frames {
    pub(super) fn push(&mut self, payload: &[u8], deflated: bool, content: u64) {
        let frame = Frame::new(self.number, payload.to_vec(), deflated, content);
        self.queued += frame.wire.len() as u64;
        self.kept.push_back(frame);
        self.number = (self.number + 1) % FRAME_NUMBERS;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Bytes on the wire since both sides last began anew.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes that wait to be sent.
    pub(super) fn unsent(&self) -> u64 {
        self.queued - self.sent
    }

    /// Takes the next frame for accepted if it ends within so many bytes on the wire. What it counts for.
    pub(super) fn accept_within(&mut self, wire: u64) -> Option<u64> {
        let first = self.kept.front()?;
        (self.gone + first.wire.len() as u64 <= wire).then(|| self.accept_first()).flatten()
    }

    fn accept_first(&mut self) -> Option<u64> {
        let mut first = self.kept.pop_front()?;
        self.gone += first.wire.len() as u64;
        self.place += first.len();
        let content = std::mem::take(&mut first.content);
        self.past_wire += first.wire.len() as u64;
        self.past.push_back(first);
        while self.past.len() > MOST_FRAMES
            && let Some(oldest) = self.past.front()
            && self.past_wire - oldest.wire.len() as u64 >= LONGEST_READ
        {
            self.past_wire -= oldest.wire.len() as u64;
            self.past.pop_front();
        }
        Some(content)
    }

    /// Appends bytes to send, so many at most.
    pub(super) fn transmit(&mut self, mut room: u64, out: &mut Vec<u8>) {
        let (mut start, mut place) = (self.gone, self.place);
        for frame in self.kept.iter().take(MOST_FRAMES) {
            let end = start + frame.wire.len() as u64;
            place += frame.len();
            if room == 0 {
                break;
            }
            if end > self.sent {
                // Both fit: they are within one frame.
                let from = (self.sent - start) as usize;
                let n = room.min(end - self.sent);
                out.extend_from_slice(&frame.wire[from..from + n as usize]);
                self.sent += n;
                room -= n;
                // A byte that comes twice may make a frame whole before its last one is out.
                self.reached = self.reached.max(place);
            }
            start = end;
        }
    }

    /// Goes on where the board is: with the frame of this number, behind so many bytes of the stream. Frames with more payload than `largest`
    /// are cut. Returns what the frames count for that the board has accepted beyond what was known.
    pub(super) fn begin_anew(&mut self, number: u8, told: u32, largest: usize) -> Result<u64, Elsewhere> {
        let there = self.nearest(told).filter(|there| *there <= self.reached).ok_or(Elsewhere)?;
        while there < self.place {
            let last = self.past.pop_back().ok_or(Elsewhere)?;
            self.place -= last.len();
            self.kept.push_front(last);
        }
        let mut content = 0;
        while let Some(first) = self.kept.front()
            && first.len() <= there - self.place
            && there > self.place
        {
            content += self.accept_first().unwrap_or_default();
        }
        if let Some(first) = self.kept.front_mut()
            && there > self.place
        {
            // It has accepted a part, in an earlier cut.
            first.split_off_first((there - self.place) as usize);
        }
        // Now it is certain.
        self.place = there;
        self.past.clear();
        self.past_wire = 0;
        (self.gone, self.sent, self.queued) = (0, 0, 0);
        self.number = number % FRAME_NUMBERS;
        for mut frame in std::mem::take(&mut self.kept) {
            let most = largest.saturating_sub(frame.front()).max(1) as u64;
            // Of equal lengths: a short rest would cost as much as a long one.
            for parts in (2..=frame.len().div_ceil(most)).rev() {
                let first = frame.split_off_first(frame.len().div_ceil(parts) as usize);
                self.push(&first.payload, first.deflated, first.content);
            }
            self.push(&frame.payload, frame.deflated, frame.content);
        }
        Ok(content)
    }

    /// The place that the board means, of those that its count may stand for.
    fn nearest(&self, told: u32) -> Option<u64> {
        const ALL: u64 = 1 << PLACE_BITS;
        let ahead = u64::from(told).wrapping_sub(self.place) % ALL;
        if ahead < ALL / 2 { Some(self.place + ahead) } else { self.place.checked_sub(ALL - ahead) }
    }
}

#[cfg(test)]
mod tests {
    use mpr_wire::decode;
    use proptest::prelude::*;

    use super::*;

    /// The board's side of it: what it has accepted.
    #[derive(Default)]
    struct Board {
        number: u8,
        /// The stream, and what was to be inflated where.
        stream: Vec<u8>,
        yields: Vec<(usize, u32)>,
    }

    impl Board {
        /// Takes so many frames that are whole in these bytes.
        fn accept(&mut self, mut wire: &[u8], count: usize) {
            for _ in 0..count {
                let Some(len) =
                    wire.first_chunk().and_then(mpr_wire::wire_len).filter(|len| *len <= wire.len())
                else {
                    return;
                };
                let frame = decode(&wire[..len]).expect("a frame");
                wire = &wire[len..];
                assert_eq!(frame.number, self.number);
                self.number = (self.number + 1) % FRAME_NUMBERS;
                let (front, part) = frame.payload.split_at(if frame.deflated { YIELD } else { 0 });
                self.stream.extend_from_slice(part);
                match front.try_into().map(u32::from_le_bytes) {
                    Ok(0) | Err(_) => {}
                    Ok(yields) => self.yields.push((self.stream.len(), yields)),
                }
            }
        }

        fn place(&self) -> u32 {
            self.stream.len() as u32
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Whatever is lost, in whatever cut, also when the board had gone on behind the place that it named.
        #[test]
        fn the_stream_is_the_same_in_every_cut(
            payloads in proptest::collection::vec((any::<bool>(), 1usize..3000), 1..12),
            tries in proptest::collection::vec((0usize..9000, 0usize..6, 0usize..3, 5usize..2100), 0..40),
        ) {
            let (mut frames, mut board) = (Frames::default(), Board::default());
            let (mut stream, mut yields, mut content) = (Vec::new(), Vec::new(), 0);
            for (n, (deflated, len)) in payloads.into_iter().enumerate() {
                let part: Vec<u8> = (0..len).map(|i| (i * (n + 3)) as u8).collect();
                stream.extend_from_slice(&part);
                let mut payload = Vec::new();
                if deflated {
                    payload.extend((n as u32 + 1).to_le_bytes());
                    yields.push((stream.len(), n as u32 + 1));
                }
                payload.extend(part);
                frames.push(&payload, deflated, len as u64);
                content += len as u64;
            }
            let mut counted = 0;
            let mut refuses = false;
            for (room, accepts, late, largest) in tries {
                let mut wire = Vec::new();
                frames.transmit(room as u64, &mut wire);
                let all = wire.len() as u64;
                // Acknowledgements that are damaged say more than is true.
                while let Some(more) = frames.accept_within(all / 2) {
                    counted += more;
                }
                board.accept(&wire, if refuses { 0 } else { accepts });
                refuses = late > 0;
                let (number, place) = (board.number, board.place());
                counted += frames.begin_anew(number, place, largest).expect("it can be there");
                if late > 0 {
                    // An old word, and the same once more: what is sent between them is accepted, and then nothing until both begin anew.
                    let mut wire = Vec::new();
                    frames.transmit(5000, &mut wire);
                    board.accept(&wire, late);
                    counted += frames.begin_anew(number, place, largest / 2 + 5).expect("it was there");
                }
                prop_assert!(counted <= content);
            }
            counted += frames.begin_anew(board.number, board.place(), 100).expect("it can be there");
            while !frames.is_empty() {
                let mut wire = Vec::new();
                let sent = frames.sent();
                frames.transmit(u64::MAX, &mut wire);
                prop_assert_eq!(frames.sent() - sent, wire.len() as u64);
                board.accept(&wire, usize::MAX);
                while let Some(more) = frames.accept_within(frames.sent()) {
                    counted += more;
                }
            }
            prop_assert!(board.stream == stream);
            prop_assert_eq!(board.yields, yields);
            prop_assert_eq!(counted, content);
        }
    }

    #[test]
    fn a_place_that_was_never_sent_is_refused() {
        let mut frames = Frames::default();
        frames.push(&[7; 300], false, 300);
        frames.push(&[7; 300], false, 300);
        frames.push(&[7; 300], false, 300);
        let mut wire = Vec::new();
        frames.transmit(400, &mut wire);
        assert_eq!(frames.begin_anew(2, 601, 100), Err(Elsewhere));
        assert_eq!(frames.begin_anew(0, u32::MAX >> 2, 100), Err(Elsewhere));
        assert_eq!(frames.begin_anew(1, 300, 100), Ok(300));
        assert_eq!(frames.begin_anew(1, 300, 100), Ok(0));
        // A byte that came twice stood for the last one of the second.
        assert_eq!(frames.begin_anew(2, 600, 100), Ok(300));
    }

    /// The board counts to two to the power of 30.
    #[test]
    fn a_count_that_began_anew_is_understood() {
        let mut frames =
            Frames { place: (5 << PLACE_BITS) - 100, reached: (5 << PLACE_BITS) - 100, ..Frames::default() };
        frames.push(&[7; 300], false, 300);
        frames.transmit(1000, &mut Vec::new());
        assert_eq!(frames.accept_within(frames.sent()), Some(300));
        assert_eq!(frames.place, (5 << PLACE_BITS) + 200);
        assert_eq!(frames.begin_anew(0, (1 << PLACE_BITS) - 100, 96), Ok(0));
        assert_eq!(frames.place, (5 << PLACE_BITS) - 100);
        frames.transmit(1000, &mut Vec::new());
        assert_eq!(frames.begin_anew(1, 200, 96), Ok(0));
        assert!(frames.is_empty());
    }
}
