//! The shell: one board, and command lines for it until it is left.
//!
//! - `execute`: one line, from text to its failure.
//! - `commands`: the words that only the shell has.
//! - `interactive` and `script`: where lines come from, and what a failure means there.
//! - `complete`: what Tab offers.

mod commands;
mod complete;
mod execute;
mod interactive;
mod script;

use std::io::{self, IsTerminal};

use crate::failure::Failure;
use crate::session::Session;

/// Runs lines until `exit` or the end of input.
///
/// # Errors
/// Without a terminal, the first line that fails (with `keep_going`, after all others). When a signal comes.
pub fn run(keep_going: bool, session: &mut Session<'_>) -> Result<(), Failure> {
    match io::stdin().is_terminal() {
        true => interactive::run(session),
        false => script::run(keep_going, session),
    }
}
