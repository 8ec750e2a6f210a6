//! Content of files from the board, by the agent: deflated where the board can, each frame with a checksum, the whole with a
//! digest.

use std::io::Write;
use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};
use sha2::{Digest, Sha256};

use super::agent::{Agent, Trouble};
use super::{Device, Progress};
use crate::Error;
use crate::agent::Event;
use crate::agent::request::{self, DATA, DEFLATED_DATA, DONE, FAILED};
use crate::driver::Limits;

/// Bytes asked for at once.
const STRETCH: u64 = 64 << 10;

/// The window that the board deflates with, as a power of two: 4 KB, for which it needs four times as much memory.
const WBITS: u8 = 12;

/// The largest answer of content, in bytes: no multiple of 64, which some USB ports lose the end of.
const STEP: u16 = 2000;

/// The smallest, on a line that damages much.
const LEAST_STEP: u16 = 60;

/// A stretch without progress is asked for so often.
const TRIES: u32 = 12;

/// A stretch as it comes.
struct Stretch {
    id: u8,
    content: Vec<u8>,
    inflate: Decompress,
    /// Answers so far, modulo 256; one is missing: what comes is good no more.
    count: u8,
    gap: bool,
}

/// What a stretch came to.
enum Came {
    /// All of it, with this digest.
    Whole(Vec<u8>),
    /// Only its beginning is good.
    Part,
    Refused(request::Trouble),
}

impl Device {
    /// [`Device::read_range`] by the agent, which runs or can be started; `None` if it can't: for lack of memory, or because the
    /// file is one of a filesystem in Python that lacks something. Nothing was read then.
    pub(super) fn get_file(
        &mut self,
        path: &str,
        range: Range<u64>,
        to: &mut dyn Write,
        progress: Progress<'_>,
    ) -> Result<Option<u64>, Error> {
        let local = |source| Error::LocalIo { source };
        let mut done = 0u64;
        let mut step = STEP;
        let mut tries = TRIES;
        loop {
            let start = range.start + done;
            let at = u32::try_from(start)
                .map_err(|_| Error::Unsupported { what: "reading so much", lacks: "64 bits" })?;
            let len = range.end.saturating_sub(start).min(STRETCH);
            let mut told = 0;
            let (content, came) = self.get_stretch(path, at, len as u32, step, &mut |bytes| {
                told = told.max(done + bytes);
                progress(told);
            })?;
            let whole = match came {
                Came::Whole(digest) if digest[..] != Sha256::digest(&content)[..] => {
                    return Err(Error::Verify {
                        path: path.to_owned(),
                        detail: "the SHA-256 differs".to_owned(),
                    });
                }
                Came::Whole(_) => true,
                Came::Part => false,
                Came::Refused(trouble) if trouble.errno == 0 && done == 0 => return Ok(None),
                Came::Refused(trouble) => return Err(self.agent_error(&trouble, "open", path)),
            };
            to.write_all(&content).map_err(local)?;
            done += content.len() as u64;
            progress(done);
            if whole && ((content.len() as u64) < len || range.start + done == range.end) {
                to.flush().map_err(local)?;
                return Ok(Some(done));
            }
            if !whole {
                tries = if content.is_empty() { tries - 1 } else { TRIES };
                step = (step / 2).max(LEAST_STEP);
            }
            if tries == 0 {
                return Err(Error::Verify {
                    path: path.to_owned(),
                    detail: "the line damages too much".to_owned(),
                });
            }
        }
    }

    fn get_stretch(
        &mut self,
        path: &str,
        at: u32,
        len: u32,
        step: u16,
        progress: Progress<'_>,
    ) -> Result<(Vec<u8>, Came), Error> {
        let during = "reading a file";
        let Some(agent) = self.agent(0)? else {
            return Err(Error::Unsupported { what: during, lacks: "way to run the agent" });
        };
        let mut stretch = Stretch {
            id: agent.next_request(),
            content: Vec::new(),
            inflate: Decompress::new_with_window_bits(false, 15),
            count: 0,
            gap: false,
        };
        let step = step.min(agent.about.payload as u16 - 16);
        let wbits = if agent.about.deflates { WBITS } else { 0 };
        agent.say(&request::get(stretch.id, path, at, len, step, wbits));
        agent.ask_now();
        let limits = Limits { overall: None, ..self.driver.limits(0) };
        let result = self.talk(during, limits, &mut |_: &mut Agent, event| {
            let came = match event {
                // The request or an answer was lost.
                Some(Event::Synchronised) => Some(Came::Part),
                Some(Event::Answer(answer)) => stretch.hear(&answer),
                _ => None,
            };
            progress(stretch.content.len() as u64);
            Ok(came)
        });
        match result {
            Ok(came) => Ok((stretch.content, came)),
            // It is started again for the rest.
            Err(Trouble::Died(_)) => Ok((stretch.content, Came::Part)),
            Err(Trouble::Error(error)) => Err(error),
        }
    }
}

impl Stretch {
    fn hear(&mut self, answer: &[u8]) -> Option<Came> {
        let [kind, id, count, data @ ..] = answer else { return None };
        if *id != self.id {
            return None;
        }
        self.gap |= *count != self.count;
        self.count = count.wrapping_add(1);
        match *kind {
            DATA if !self.gap => self.content.extend_from_slice(data),
            DEFLATED_DATA if !self.gap => self.gap |= !self.inflate(data),
            DONE if !self.gap => return Some(Came::Whole(data.to_vec())),
            FAILED if !self.gap => return request::Trouble::parse(data).map(Came::Refused),
            DONE | FAILED => return Some(Came::Part),
            _ => {}
        }
        None
    }

    fn inflate(&mut self, mut data: &[u8]) -> bool {
        let mut out = [0; 4096];
        loop {
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let Ok(status) = self.inflate.decompress(data, &mut out, FlushDecompress::None) else {
                return false;
            };
            let used = (self.inflate.total_in() - before_in) as usize;
            let n = (self.inflate.total_out() - before_out) as usize;
            data = &data[used..];
            self.content.extend_from_slice(&out[..n]);
            if used == 0 && n == 0 || status == Status::StreamEnd {
                return true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_answers_are_read(answers: Vec<Vec<u8>>) {
            let mut stretch = Stretch {
                id: 0,
                content: Vec::new(),
                inflate: Decompress::new_with_window_bits(false, 15),
                count: 0,
                gap: false,
            };
            for answer in answers {
                let _ = stretch.hear(&answer);
            }
        }
    }
}
