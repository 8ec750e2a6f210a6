//! The host's side of the agent: the program that moves files while it runs on the board (docs/PROTOCOL.md).
//!
//! - [`Session`]: frames out, answers in, acknowledgements, and the way back after damage. Without a clock and without a link, like
//!   [`crate::repl`].
//! - [`Outgoing`]: the stream to the board, deflated where that helps, cut into frames.
//! - [`request`]: what the agent is asked, and how its answers read.

mod deflater;
mod frames;
pub mod fuzz;
mod outgoing;
pub(crate) mod request;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use outgoing::Outgoing;
pub(crate) use session::{Event, SILENCE, Session, Setup};
