//! Running a program: all threads that a backtracking matcher would try, side by side, in the order it would try them.

use super::{HEADER, Unit, distance, op};

/// A slot that no position is noted in.
const UNSET: u32 = u32::MAX;

/// A compiled expression.
#[derive(Clone, Copy)]
pub struct Program<'a>(&'a [u32]);

/// Threads that wait for the next unit, in order: for each its place in the code, then its slots.
struct Threads<'a> {
    words: &'a mut [u32],
    len: usize,
}

/// Memory for finding what threads wait for.
struct Closure<'a> {
    /// For each word of code the last step, counted from 1, that reached it.
    reached: &'a mut [u32],
    /// What is still to be tried: places, and slots to restore.
    stack: &'a mut [u32],
    slots: &'a mut [u32],
    step: u32,
}

/// Marks a place on the closure's stack.
const PLACE: u32 = 1 << 31;

impl<'a> Program<'a> {
    /// What [`compile`](super::compile()) made.
    pub fn new(code: &'a [u32]) -> Self {
        Self(code)
    }

    /// Number of groups, with the whole match as the first.
    pub fn groups(self) -> usize {
        self.0[0] as usize
    }

    fn threads(self) -> usize {
        self.0[1] as usize
    }

    /// Words of memory that [`Program::run`] needs.
    pub fn scratch_words(self) -> usize {
        let slots = 2 * self.groups();
        let code = self.0.len();
        2 * self.threads() * (1 + slots) + 3 * code + slots
    }

    /// Looks for a match from `start` on, or only there if `anchored`. The ends of `text` are what `^` and `$` match.
    ///
    /// True: `positions` has the start and the end of each group, [`u32::MAX`] for one that took no part. It has two words
    /// for each group, `scratch` has [`Program::scratch_words`]; what is in it doesn't matter.
    pub fn run(
        self,
        text: &[u8],
        start: usize,
        anchored: bool,
        unit: Unit,
        scratch: &mut [u32],
        positions: &mut [u32],
    ) -> bool {
        let slots = 2 * self.groups();
        let list = self.threads() * (1 + slots);
        let (now, rest) = scratch.split_at_mut(list);
        let (next, rest) = rest.split_at_mut(list);
        let (reached, rest) = rest.split_at_mut(self.0.len());
        let (stack, rest) = rest.split_at_mut(2 * self.0.len());
        reached.fill(0);
        let mut now = Threads { words: now, len: 0 };
        let mut next = Threads { words: next, len: 0 };
        let mut closure = Closure { reached, stack, slots: &mut rest[..slots], step: 1 };
        let first = self.first_char();
        let (mut at, mut found) = (start, false);
        loop {
            // Threads that start here come last, and none is needed once there is a match.
            if !found && (at == start || !anchored) {
                if now.len == 0 {
                    // Nothing was reached here yet: what was is gone, or elsewhere.
                    closure.step += 1;
                    if !anchored {
                        at = self.skip_to(first, text, at, unit);
                    }
                }
                closure.slots.fill(UNSET);
                self.follow(HEADER, text, at, &mut closure, &mut now);
            }
            if now.len == 0 && (found || anchored) {
                return found;
            }
            closure.step += 1;
            let unit_here = (at < text.len()).then(|| unit.at(text, at));
            let after = at + unit_here.map_or(0, |(_, len)| len);
            for i in 0..now.len {
                let thread = &now.words[i * (1 + slots)..][..1 + slots];
                let place = thread[0] as usize;
                if self.0[place] & op::OPERATION == op::MATCH {
                    positions.copy_from_slice(&thread[1..]);
                    found = true;
                    // What comes later would have been tried later.
                    break;
                }
                if let Some((c, _)) = unit_here
                    && let Some(place) = self.accept(place, c)
                {
                    closure.slots.copy_from_slice(&thread[1..]);
                    self.follow(place, text, after, &mut closure, &mut next);
                }
            }
            if unit_here.is_none() {
                return found;
            }
            core::mem::swap(&mut now, &mut next);
            next.len = 0;
            at = after;
        }
    }

    /// The character that every match starts with, if it is known.
    fn first_char(self) -> Option<u32> {
        let word = *self.0.get(HEADER + 1)?;
        (word & op::OPERATION == op::CHAR).then_some(word & op::OPERAND)
    }

    /// The next place from `at` on where a match can start, or the end.
    fn skip_to(self, first: Option<u32>, text: &[u8], mut at: usize, unit: Unit) -> usize {
        let Some(first) = first else { return at };
        while at < text.len() {
            let (c, len) = unit.at(text, at);
            if c == first {
                break;
            }
            at += len;
        }
        at
    }

    /// Where a thread goes on if the unit is one that it waits for.
    fn accept(self, place: usize, c: u32) -> Option<usize> {
        let word = self.0[place];
        let operand = word & op::OPERAND;
        match word & op::OPERATION {
            op::CHAR => (c == operand).then_some(place + 1),
            op::ANY => Some(place + 1),
            operation @ (op::SET | op::NOT_SET) => {
                let end = place + 1 + 2 * operand as usize;
                let is_in =
                    self.0[place + 1..end].chunks_exact(2).any(|range| range[0] <= c && c <= range[1]);
                (is_in == (operation == op::SET)).then_some(end)
            }
            _ => None,
        }
    }

    /// Adds the threads that wait for a unit when the code goes on at `place`, with the closure's slots.
    fn follow(
        self,
        place: usize,
        text: &[u8],
        at: usize,
        closure: &mut Closure<'_>,
        threads: &mut Threads<'_>,
    ) {
        let mut depth = 0;
        let mut place = place;
        loop {
            // Each word of code is passed once in a step, so that the stack has two words for each.
            while closure.reached[place] != closure.step {
                closure.reached[place] = closure.step;
                let word = self.0[place];
                let by = |word| (place as i32 + distance(word)) as usize;
                match word & op::OPERATION {
                    op::JUMP => place = by(word),
                    operation @ (op::SPLIT | op::SPLIT_FAR) => {
                        let (one, other) = if operation == op::SPLIT {
                            (place + 1, by(word))
                        } else {
                            (by(word), place + 1)
                        };
                        closure.stack[depth] = PLACE | other as u32;
                        depth += 1;
                        place = one;
                    }
                    op::SAVE => {
                        let slot = (word & op::OPERAND) as usize;
                        closure.stack[depth] = closure.slots[slot];
                        closure.stack[depth + 1] = slot as u32;
                        depth += 2;
                        closure.slots[slot] = at as u32;
                        place += 1;
                    }
                    op::START if at == 0 => place += 1,
                    op::END if at == text.len() => place += 1,
                    op::START | op::END => break,
                    _ => {
                        let size = 1 + closure.slots.len();
                        let thread = &mut threads.words[threads.len * size..][..size];
                        thread[0] = place as u32;
                        thread[1..].copy_from_slice(closure.slots);
                        threads.len += 1;
                        break;
                    }
                }
            }
            // The next thing to try; on the way there the slots become what they were.
            loop {
                if depth == 0 {
                    return;
                }
                depth -= 1;
                let word = closure.stack[depth];
                if word & PLACE != 0 {
                    place = (word & !PLACE) as usize;
                    break;
                }
                depth -= 1;
                closure.slots[word as usize] = closure.stack[depth];
            }
        }
    }
}
