//! Lines from standard input, without a terminal.

use std::io;

use super::execute::{Pending, execute};
use crate::failure::{Failure, Kind, strerror};
use crate::session::Session;

/// Runs all lines. The first that fails ends it, or, with `keep_going`, is told, and so is the way it all ends.
pub fn run(keep_going: bool, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut first: Option<Kind> = None;
    let mut pending = Pending::default();
    let (mut number, mut begun) = (0, 0);
    loop {
        let mut line = String::new();
        // Not locked: a command may read on from here.
        let count = io::stdin().read_line(&mut line).map_err(|error| {
            Failure::usage("shell: cannot read standard input")
                .cause(strerror(&error))
                .hint("lines are text in UTF-8")
        })?;
        number += 1;
        if pending.is_empty() {
            begun = number;
        }
        let result = match (count, pending.is_empty()) {
            (0, true) => break,
            (0, false) => Err(pending.give_up()),
            _ => match pending.add(line.trim_end_matches(['\n', '\r'])) {
                Some(whole) => execute(&whole, session),
                None => continue,
            },
        };
        if let Err(failure) = result {
            let failure = match failure.kind {
                Kind::BrokenPipe => return Err(failure),
                _ => failure.cause(format!("in line {begun} of standard input")),
            };
            if !keep_going || matches!(failure.kind, Kind::Interrupted(_)) {
                return Err(failure);
            }
            first.get_or_insert(failure.kind);
            session.printer().failure(&failure, session.named());
        }
        if count == 0 || session.leaves_shell() {
            break;
        }
    }
    match first {
        // It has been told.
        Some(kind) => Err(Failure::new(kind, "")),
        None => Ok(()),
    }
}
