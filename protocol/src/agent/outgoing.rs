//! The stream to the board: deflated or plain, in frames.

use super::Session;
use super::deflater::Deflater;
use super::frames::YIELD;

/// The largest payload of a deflated frame, in bytes. The board's inflater needs all of it at once, in memory of its own beside the frame's.
const DEFLATED: usize = 3 * mpr_wire::BLOCK;

/// Cuts a stream into frames.
#[derive(Debug)]
pub(crate) struct Outgoing {
    deflater: Option<Deflater>,
    plain: Vec<u8>,
    /// Bytes that deflate made of how many.
    ratio: (u64, u64),
}

impl Outgoing {
    /// `wbits`: the board inflates with a window of two to the power of so many bytes; 0 if it does not.
    pub(crate) fn new(wbits: u8) -> Self {
        let deflater = (wbits > 0).then(|| Deflater::new(wbits));
        Outgoing { deflater, plain: Vec::new(), ratio: (0, 0) }
    }

    /// Appends bytes to the stream. Where the board inflates, `deflate` says whether to make use of it.
    pub(crate) fn push(&mut self, session: &mut Session, bytes: &[u8], deflate: bool) {
        let Some(deflater) = self.deflater.as_mut().filter(|_| deflate) else {
            self.flush_deflated(session);
            self.plain.extend_from_slice(bytes);
            while self.plain.len() >= session.payload() {
                let rest = self.plain.split_off(session.payload());
                session.frame(&self.plain, false, self.plain.len() as u64);
                self.plain = rest;
            }
            return;
        };
        if !self.plain.is_empty() {
            session.frame(&self.plain, false, self.plain.len() as u64);
            self.plain.clear();
        }
        deflater.push(bytes);
        while deflater.waiting() + YIELD >= most_deflated(session) {
            deflated_frame(deflater, session, &mut self.ratio);
        }
    }

    /// Puts all bytes so far into frames.
    pub(crate) fn flush(&mut self, session: &mut Session) {
        self.flush_deflated(session);
        if !self.plain.is_empty() {
            session.frame(&self.plain, false, self.plain.len() as u64);
            self.plain.clear();
        }
    }

    fn flush_deflated(&mut self, session: &mut Session) {
        if let Some(deflater) = &mut self.deflater {
            deflater.flush();
            while deflater.waiting() > 0 {
                deflated_frame(deflater, session, &mut self.ratio);
            }
        }
    }
}

fn most_deflated(session: &Session) -> usize {
    session.payload().min(DEFLATED)
}

fn deflated_frame(deflater: &mut Deflater, session: &mut Session, ratio: &mut (u64, u64)) {
    let (bytes, yields) = deflater.take(most_deflated(session) - YIELD);
    ratio.0 += bytes.len() as u64;
    ratio.1 += yields;
    // A frame holds some kilobytes, which yield a thousand times as much at most.
    let payload = [&(yields as u32).to_le_bytes()[..], &bytes].concat();
    session.frame(&payload, true, yields);
}
