//! Timeouts, and waiting for a socket.

use super::network;
use super::object::Socket;
use crate::errno;
use crate::hal::hal;
use crate::mp::{Error, Result};
use crate::network::Errno;
use crate::wait;

/// How often a socket is polled whose events don't end a wait, in milliseconds.
const ASK_EVERY_MS: u32 = 1;

/// How long an operation waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// As long as it takes.
    Never,
    /// So many microseconds; 0 does not wait at all.
    Micros(u64),
}

impl Timeout {
    fn deadline(self) -> u64 {
        match self {
            Self::Never => u64::MAX,
            Self::Micros(us) => hal().ticks_us().saturating_add(us),
        }
    }
}

/// Tries an operation until it no longer says [`errno::EAGAIN`], waiting for these events in between.
///
/// While it waits, scheduled callbacks run: the operation must fetch anew what they might change.
pub fn retry<T>(
    socket: &Socket,
    events: usize,
    mut operation: impl FnMut() -> core::result::Result<T, Error>,
) -> Result<T> {
    let timeout = socket.timeout.get();
    let deadline = timeout.deadline();
    loop {
        match operation() {
            Err(Error::Os(errno::EAGAIN)) if timeout != Timeout::Micros(0) => {
                ready(socket, events, deadline)?;
            }
            result => return result,
        }
    }
}

/// Waits for the end of an attempt to connect.
pub fn connection(socket: &Socket, events: usize) -> Result<()> {
    match socket.timeout.get() {
        Timeout::Micros(0) => Err(Error::Os(errno::EINPROGRESS)),
        timeout => ready(socket, events, timeout.deadline()),
    }
}

/// Waits for one of these events until a moment of the board's clock.
fn ready(socket: &Socket, events: usize, deadline: u64) -> Result<()> {
    loop {
        // Looked up each time: a callback may close the socket.
        let id = socket.id()?;
        if network()?.poll(id, events).map_err(Error::Os)? != 0 {
            return Ok(());
        }
        let left = wait::ms_until(deadline);
        if left == 0 {
            return Err(Error::Os(errno::ETIMEDOUT));
        }
        wait::event(Some(if network()?.watch(id, events) { left } else { left.min(ASK_EVERY_MS) }))?;
    }
}

/// A board's answer as a result for Python.
pub fn os<T>(answer: core::result::Result<T, Errno>) -> Result<T> {
    answer.map_err(Error::Os)
}
