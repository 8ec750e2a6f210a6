//! From the process's arguments to its exit code.

use std::process::ExitCode;

use crate::chain::{self, Chain, Parsed};
use crate::commands::Run;
use crate::commands::repl::Repl;
use crate::failure::{Failure, Kind};
use crate::printer::Printer;
use crate::session::Session;
use crate::signals::Signals;

/// Runs the process's command line and returns its exit code.
pub fn main() -> ExitCode {
    let plain = Printer::default();
    let words = std::env::args_os().skip(1).map(|word| word.into_string()).collect::<Result<Vec<_>, _>>();
    let parsed = match words {
        Ok(words) => chain::parse(&words),
        Err(word) => Err(Failure::usage(format!("`{}` is not valid UTF-8", word.to_string_lossy()))),
    };
    let (printer, result) = match parsed {
        Err(failure) => (plain, Err(failure)),
        Ok(Parsed::Help(text)) => {
            let result = plain.data(text.as_bytes()).map_err(|error| Failure::output(&error));
            (plain, result)
        }
        Ok(Parsed::Chain(chain)) => {
            let printer = Printer::new(&chain.globals);
            let result = run(&chain, &printer);
            (printer, result)
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure);
            ExitCode::from(failure.kind.exit_code())
        }
    }
}

/// Runs a parsed chain. A chain without an action ends in the REPL.
fn run(chain: &Chain, printer: &Printer) -> Result<(), Failure> {
    let signals = Signals::listen()
        .map_err(|error| Failure::usage("cannot handle signals").cause(error.to_string()))?;
    let result = run_steps(chain, printer, &signals);
    match (result, signals.received()) {
        // Ctrl-C, or a signal that looks like one to the code below.
        (Err(failure), Some(signal)) if matches!(failure.kind, Kind::Interrupted(_)) => {
            Err(Failure { kind: Kind::Interrupted(signal), ..failure })
        }
        (result, _) => result,
    }
}

fn run_steps(chain: &Chain, printer: &Printer, signals: &Signals) -> Result<(), Failure> {
    let mut session = Session::new(&chain.globals, printer, signals);
    let mut result = Ok(());
    let implicit: Option<Box<dyn Run>> =
        (!chain.commands.iter().any(|command| command.is_action())).then(|| Box::new(Repl::default()) as _);
    for command in chain.commands.iter().chain(implicit.as_ref()) {
        result = command.run(&mut session);
        if result.is_ok() && signals.received().is_some() {
            // It came when nothing was running that it could stop.
            result = Err(Failure::new(Kind::Interrupted(2), "interrupted"));
        }
        if result.is_err() {
            break;
        }
    }
    session.disconnect();
    result
}
