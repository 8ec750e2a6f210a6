//! What the firmware's extension modules compute, without a virtual machine: no allocation, no input or output.
//!
//! - [`deflate`]: DEFLATE, zlib and gzip, within little memory.
//! - [`regex`]: regular expressions.
//! - [`random`]: pseudo-random numbers.
//! - [`hex`], [`base64`], [`crc32`]: for `binascii`.
//! - [`romfs`]: images of the read-only filesystem.
//! - [`webrepl`]: the server's side of WebREPL.
#![no_std]

pub mod base64;
pub mod crc32;
pub mod deflate;
pub mod hex;
pub mod random;
pub mod regex;
pub mod romfs;
pub mod webrepl;
