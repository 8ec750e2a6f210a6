//! The test harness: real boards in processes of their own, links that misbehave, and `mpr` run as a user runs it.
//!
//! - [`Board`] starts a device of a [`Kind`] and gives the address that `mpr connect` takes.
//! - [`Desk`] is a board with a folder of files beside it.
//! - [`Link`] is the wire in front of a board: it paces, delays, loses, doubles, corrupts ([`Faults`]) and is cut.
//! - [`mpr()`] runs the built `mpr` in a clean environment; [`Mpr::terminal`] runs it on a terminal.
//! - [`Machine`] gives `mpr` USB ports to list.
//! - [`Web`] is a web server that does what it is told, [`Index`] an index of packages on one.
//! - [`paste`] pastes into a board's prompt and compares.
//! - [`Gate`] is a gateway in front of a server: TLS, or a bad network.
//! - [`WebSocket`] says to a WebREPL server what it is told to say, byte for byte.
//! - [`Folder`] is a board's files, mounted in a folder of this machine.
//! - [`agent_heap_behind`] asks what the agent takes of a board.
//! - [`Console`] talks to a board's console without `mpr`.
//!
//! Nothing is skipped: what is missing makes a test panic with the command that installs it. Only a machine that can't mount FUSE
//! at all (a container without `/dev/fuse`) passes over the tests of mounts, and says so on stderr; `MPR_TEST_FUSE=1` makes them fail
//! there, too. Waiting has a limit
//! ([`PATIENCE`]) only so that a hang ends; no test passes or fails by how long something took.
#![cfg(unix)]

mod board;
mod child;
mod console;
mod desk;
mod endpoint;
mod faults;
mod folder;
mod gate;
mod heap;
mod link;
mod locate;
mod mpr;
pub mod paste;
mod reader;
mod terminal;
mod tls;
mod usb;
mod web;
mod websocket;

pub use board::{Board, BoardOptions, Kind, Port};
pub use child::Process;
pub use console::Console;
pub use desk::{Desk, all_bytes, python_source};
pub use faults::{Engine, Faults, Schedule};
pub use folder::{Folder, can_mount, contents, eventually};
pub use gate::{Gate, Trouble};
pub use heap::agent_heap_behind;
pub use link::Link;
pub use locate::{
    browser_package, mpr_program, python_program, sim_program, suite_program, system_program, target_dir,
};
pub use mpr::{Mpr, Outcome, Running, mpr};
pub use terminal::Terminal;
pub use usb::{Machine, UsbPort};
pub use web::{Index, Reply, Web};
pub use websocket::WebSocket;

/// How long the harness waits for anything before it calls it a hang.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
