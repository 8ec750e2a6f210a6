//! What host and agent say to each other, byte by byte. No input or output, no clock.
//!
//! docs/PROTOCOL.md has the format with examples; `vectors.txt` in this folder has examples that both sides are tested with.
//!
//! - To the board: a stream in numbered frames ([`encode`], [`decode`]) in which no byte occurs that means something at a
//!   prompt ([`SILENT`]): a 0x03 is always an interrupt, and nothing that reaches a prompt by accident runs.
//! - From the board: answers in frames, and acknowledgements of one byte ([`Answers`]).

#![no_std]

extern crate alloc;

mod answer;
mod frame;

pub use answer::{Answer, Answers, encode_answer};
pub use frame::{
    BLOCK, FRAME_NUMBERS, Frame, HEAD, MAX_PAYLOAD, Malformed, SILENT, decode, encode, longest_wire_len,
    wire_len,
};
