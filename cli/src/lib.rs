//! The command line of `mpr`.
//!
//! The map, in the order in which a command line passes through it:
//!
//! - `chain`: splits the words into commands and parses every one of them, before any IO.
//! - `config`: the user's macros, devices and defaults.
//! - `commands`: one file per command; each says its grammar and runs on a session.
//! - `complete`: what may stand where the cursor is, for shells.
//! - [`manual`]: what a manual is made of.
//! - `session`: the board of the moment, connected when the first command needs it.
//! - `repl` and `terminal`: the interactive prompt, and the terminal's settings around it.
//! - `shell`: commands line by line; `line`: lines typed at the terminal.
//! - `fetch`: content from the network.
//! - `local`: files on this machine, written whole or not at all.
//! - `words`: a line of text split as a shell does.
//! - `printer`: the only place that prints. `failure` and `hints`: what went wrong, the exit code, and what to do next.

mod app;
mod chain;
mod commands;
mod complete;
mod config;
mod failure;
mod failures;
mod fetch;
mod hints;
mod line;
mod local;
pub mod manual;
mod options;
mod password;
mod printer;
mod progress;
mod repl;
mod session;
mod shell;
mod signals;
mod terminal;
mod watchdog;
mod words;

pub use app::main;
pub use complete::Shell;
