//! DEFLATE (RFC 1951) in zlib (RFC 1950) and gzip (RFC 1952) containers, within little memory.
//!
//! - [`Inflate`] decompresses: 1 KB of state and a window that the caller lends, as small as the stream was made for. It
//!   takes its input a byte at a time and none beyond the end.
//! - [`Compress`] compresses with hash chains in memory that the caller lends.
//! - [`Header`], [`Trailer`], [`Checksum`]: the containers.
//!
//! Input comes from a function that gives the next byte, output goes to a buffer or a function. Their errors end the call
//! and are passed on as [`Error::Io`].

mod compress;
mod container;
mod huffman;
mod inflate;
mod tables;

pub use compress::{Compress, Memory, Sizes};
pub use container::{Checksum, Format, Header, Trailer, write_header, write_trailer};
pub use inflate::Inflate;

/// Why decompression stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error<E> {
    /// The data is not what it should be.
    Invalid,
    /// Input failed. The call may be repeated: nothing is lost.
    Io(E),
}

/// Smallest size of a window, as the logarithm to the base 2.
pub const MIN_WBITS: u8 = 5;
/// Largest size of a window, as the logarithm to the base 2.
pub const MAX_WBITS: u8 = 15;
