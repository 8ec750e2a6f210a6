//! MicroPython's C virtual machine and its raw interface.
//!
//! The C sources are fetched and built by this crate's build script; the port that configures them is in
//! `device-agent/firmware/port`. Everything here is raw: layouts, foreign functions and the ids of interned strings. Safe
//! wrappers are the firmware crate's.
//!
//! - [`object`]: objects, types, modules and functions as the core lays them out.
//! - [`ffi`]: the core's functions.
//! - [`qstr`]: ids of interned strings.
#![no_std]
#![allow(unsafe_code)] // Foreign functions and shared statics are what this crate is.

pub mod ffi;
pub mod object;
pub mod qstr;
