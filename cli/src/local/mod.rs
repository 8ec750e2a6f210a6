//! Files on this machine: read without being fooled, written whole or not at all. And programs, and paths on the board.

pub mod board;
pub mod compiler;
mod destination;
mod filesystems;
pub mod ignore;
mod program;
mod source;
pub mod walk;

pub use destination::Destination;
pub use filesystems::{Filesystems, is_below};
pub use program::on_path;
pub use source::{Source, has_changed};
