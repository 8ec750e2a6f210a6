//! Folders of the host as filesystems of the board.
//!
//! The board runs a small class (`hook.py` beside this file; MicroPython calls such a thing a VFS and says what its
//! `os` asks of it) that turns each operation into a call to the host. Calls travel in the middle of the program's
//! output; answers come on its input.
//!
//! # The exchange
//!
//! Everything from the board starts with a [`Token`], five bytes that are new for each connection. Then comes
//!
//! - `R`, a length (u16, little-endian), so many bytes, their CRC-32 (little-endian): a request. Its bytes are a sequence
//!   number (0 to 127), the `repr` of a tuple (method, number of a mount or file, arguments), a line end, and data to write.
//! - `A`: another window of the answer was taken.
//! - `E`: the call is over, answered or given up.
//!
//! The answer is byte 0x1e, a body, byte 0x1f. The body is the sequence number, a byte of flags (1: the payload is raw
//! deflate; 2: it is a Python expression; 4: its value is the number of an `OSError`), the payload, and the CRC-32 of all
//! that. Bytes 0x01 to 0x05, 0x0d and 0x1d to 0x1f are sent as 0x1d and the byte with bit 0x20 changed. So an answer never
//! interrupts the board, and one that comes too late does nothing at a prompt.
//!
//! The host keeps at most two windows unacknowledged. The window is the one of the board's raw paste: half of its receive
//! buffer.
//!
//! # When things go wrong
//!
//! The board asks again, with the same sequence number, after a second of silence, or a tenth of that when a check has
//! failed, three times; then
//! the program gets `OSError(ETIMEDOUT)`. The host does a call once and sends its answer again. A frame whose check fails
//! is output, so a program may print anything, tokens too: bytes are held back for 250 ms at most.
//!
//! Answers wait until what the board sent meanwhile has been read, so a call that was given up is not answered.

mod call;
mod confine;
mod deflate;
mod files;
mod folder;
#[doc(hidden)]
pub mod fuzz;
mod hook;
mod host;
mod link;
mod scan;
mod wire;

#[cfg(test)]
mod tests;

pub use folder::{Denied, Folder, FolderOptions};
pub use host::{Host, Parameters};
pub use wire::Token;

pub(crate) use hook::{CLASS, HANDLE, source};
pub(crate) use link::{MountLink, NoLink, SharedHost};
