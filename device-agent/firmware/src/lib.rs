//! A MicroPython port in Rust, for any board that implements [`hal::Hal`].
//!
//! - [`hal`]: what a board provides: console, clock, flash, waiting.
//! - [`errno`]: error numbers.
//! - [`network`]: what a board with sockets provides.
//! - [`vm`]: the virtual machine's life: start-up, REPL, soft reset.
//! - [`mp`]: safe wrappers around the C core, and what native modules are made of.
//! - `console`, `import`: the functions that the core calls.
//! - `dupterm`: a second stream beside the console.
//! - `wait`, `calendar`: waiting and dates, for the modules.
//! - `vfs`: filesystems and files.
//! - `modules`: the builtin modules written in Rust.
#![no_std]
#![allow(unsafe_code)] // The boundary to the C core; every block says why it is sound.

#[cfg(feature = "std")]
extern crate std;

mod calendar;
mod console;
mod dupterm;
pub mod errno;
pub mod hal;
mod import;
mod modules;
pub mod mp;
pub mod network;
mod ring;
mod vfs;
pub mod vm;
mod wait;
