//! What goes to a client: whole frames, whatever happens meanwhile.

use micropython_sys::object::stream as event;
use mpr_extmod::webrepl::frame::{self, BINARY, CLOSE, PING, TEXT};

use super::{Connection, PIECE};
use crate::errno;
use crate::hal::hal;
use crate::modules::socket;
use crate::mp::{Error, Result};
use crate::{console, wait};

/// A client that takes no byte for so long is dropped.
const PATIENCE_US: u64 = 10_000_000;

impl Connection {
    /// Asks whether the client is there. Never waits.
    pub(super) fn ping(&self) {
        if self.sending.get() {
            return self.ping_due.set(true);
        }
        let mut out = [0; frame::HEADER_MAX + PIECE];
        let Some(len) = framed(PING, &[], &mut out) else { return };
        let socket = socket::socket(self.socket.get()).and_then(socket::Socket::id);
        let (Ok(id), Some(network)) = (socket, hal().network()) else { return };
        match network.send(id, &out[..len], None) {
            Ok(count) if count < len => self.send(&out[count..len]),
            _ => {}
        }
    }

    pub(super) fn say_bye(&self) {
        self.say(CLOSE, &[]);
        self.close();
    }

    /// A binary frame.
    pub(in super::super) fn reply(&self, payload: &[u8]) {
        self.say(BINARY, payload);
    }

    /// A frame. An interrupt that comes meanwhile is for the program, and a client that takes nothing is dropped.
    pub(super) fn say(&self, opcode: u8, payload: &[u8]) {
        let mut out = [0; frame::HEADER_MAX + PIECE];
        let Some(len) = framed(opcode, payload, &mut out) else { return };
        self.send(&out[..len]);
    }

    pub(super) fn send(&self, bytes: &[u8]) {
        let mut interrupted = false;
        let outer = self.sending.replace(true);
        let mut left = bytes;
        while !left.is_empty() && !self.is_closed() {
            match self.send_some(left) {
                Ok(count) => left = &left[count..],
                // Waited for as long as need be: half a frame would be the end of the connection.
                Err(error) if error.errno().is_none() => interrupted = true,
                Err(_) => self.close(),
            }
        }
        self.sent(outer);
        if interrupted {
            console::interrupt();
        }
    }

    /// A frame is sent; `outer`: within another one.
    fn sent(&self, outer: bool) {
        self.sending.set(outer);
        if !outer && self.ping_due.replace(false) && !self.is_closed() {
            self.ping();
        }
    }

    /// Sends at least one byte, or closes.
    fn send_some(&self, bytes: &[u8]) -> Result<usize> {
        let deadline = hal().ticks_us() + PATIENCE_US;
        loop {
            let object = self.socket.get();
            let id = socket::socket(object)?.id()?;
            let network = hal().network().ok_or(Error::Os(errno::ENODEV))?;
            match network.send(id, bytes, None) {
                Ok(count) if count > 0 => return Ok(count),
                Ok(_) | Err(errno::EAGAIN) => {}
                Err(error) => return Err(Error::Os(error)),
            }
            let left = wait::ms_until(deadline);
            if left == 0 {
                return Err(Error::Os(errno::ETIMEDOUT));
            }
            let wanted =
                event::POLL_WR | if self.busy.get() || self.room() == 0 { 0 } else { event::POLL_RD };
            let watched = network.watch(id, wanted);
            wait::event(Some(if watched { left } else { 1 }))?;
            // An interrupt may be what has come.
            self.pump();
        }
    }

    /// Console output. An interrupt is the error.
    pub(super) fn print(&self, text: &[u8]) -> Result<usize> {
        if !self.is_open() || self.busy.get() {
            return Ok(text.len());
        }
        let part = &text[..text.len().min(PIECE)];
        let mut out = [0; frame::HEADER_MAX + PIECE];
        let Some(len) = framed(TEXT, part, &mut out) else { return Ok(0) };
        let (mut sent, mut interrupt) = (0, None);
        let outer = self.sending.replace(true);
        while sent < len {
            match self.send_some(&out[sent..len]) {
                Ok(count) => sent += count,
                Err(error) if error.errno().is_none() && !self.is_closed() => interrupt = Some(error),
                Err(_) => {
                    self.close();
                    self.sending.set(outer);
                    return Ok(text.len());
                }
            }
        }
        self.sent(outer);
        socket::again(self.socket.get());
        interrupt.map_or(Ok(part.len()), Err)
    }
}

/// Writes a whole frame, and says how long it is.
fn framed(opcode: u8, payload: &[u8], out: &mut [u8; frame::HEADER_MAX + PIECE]) -> Option<usize> {
    let mut head = [0; frame::HEADER_MAX];
    let at = frame::header(opcode, u16::try_from(payload.len()).ok()?, &mut head);
    out[..at].copy_from_slice(&head[..at]);
    out.get_mut(at..at + payload.len())?.copy_from_slice(payload);
    Some(at + payload.len())
}
