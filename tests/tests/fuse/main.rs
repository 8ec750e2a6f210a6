//! A board's files in a folder of this machine.
//!
//! - `semantics`: the examples of docs/SEMANTICS.md.
//! - `model`: random operations, compared with a plain folder.
//! - `faults`: boards that reset, go away, fill up; a mount that is killed.
//! - `others`: other commands on the same board meanwhile.
//! - `command`: the command itself, its options and errors.
//! - `programs`: editors, git, rsync, databases and what a shell has. `suites`: tests of filesystems that others wrote.

mod command;
mod faults;
mod model;
mod others;
mod programs;
mod semantics;
mod suites;
