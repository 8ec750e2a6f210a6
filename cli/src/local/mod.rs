//! Files on this machine: read without being fooled, written whole or not at all. And paths on the board.

pub mod board;
mod destination;
pub mod ignore;
mod source;
pub mod walk;

pub use destination::Destination;
pub use source::{Source, has_changed};
