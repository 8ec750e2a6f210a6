//! Talks to MicroPython boards: opens the link, drives the raw REPL, runs code, moves files.
//!
//! The map, from the caller inwards:
//!
//! - [`Device`]: operations on a board (exec, eval, soft reset, files).
//! - [`Address`] and [`list_ports`]: which board, and what is plugged in.
//! - [`ConnectOptions`], [`Timeouts`], [`InterruptFlag`]: how to talk to it, how long, and how to stop.
//! - [`Error`]: what went wrong, as typed facts. Advice belongs to the caller.
//! - [`discover`]: boards that announce themselves on the network.
//! - [`archive`]: a board's files as a tar archive, checked before anything of it is believed.
//! - [`mip`]: packages, and how they get on a board.
//! - [`mount`]: folders of the host as filesystems of the board.
//! - [`romfs`]: images of read-only files, and the boards' partitions for them.
//! - [`transport`]: links that move bytes under a deadline.
//! - [`repl`]: the raw REPL as a state machine, without a clock and without a link.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use mpr_protocol::{ConnectOptions, Device, Writer};
//!
//! let mut device = Device::connect(&"/dev/ttyACM0".parse()?, &ConnectOptions::default())?;
//! device.exec(b"print('hello')", &mut Writer(std::io::stdout()))?;
//! device.write_file("main.py", &mut &b"print('started')"[..], None, &mut |_| {})?;
//! device.close()?;
//! # Ok(())
//! # }
//! ```

mod address;
mod agent;
pub mod archive;
mod device;
pub mod discover;
mod driver;
mod errno;
mod error;
pub mod mip;
pub mod mount;
mod options;
mod output;
mod ports;
mod python;
pub mod repl;
pub mod romfs;
mod traceback;
pub mod transport;

pub use address::{Address, AddressError, SimFlash};
#[doc(hidden)]
pub use agent::fuzz as agent_fuzz;
#[doc(hidden)]
pub use device::listing::fuzz as listing_fuzz;
pub use device::{
    Capabilities, Device, DirEntry, EachFile, Fate, HalfDigest, Kind, Listing, ListingEntry, ListingOptions,
    Looked, Mode, Mount, Mounted, Mounts, OpenFile, Progress, RemovedTree, RtcFields, SCRATCH_MARK, Stat,
    StatVfs,
};
pub use errno::Errno;
pub use error::Error;
pub use options::{ConnectOptions, InterruptFlag, Timeouts};
pub use output::{Discard, Output, Writer};
pub use ports::{PortInfo, list_ports};
pub use python::{bytes_literal, str_literal};
pub use traceback::{SystemExit, Traceback};
pub use transport::{Transport, TransportError};
