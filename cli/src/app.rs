//! From the process's arguments to its exit code.

use std::process::ExitCode;

use crate::chain::{self, Chain, Parsed};
use crate::commands::repl::Repl;
use crate::commands::{self, Run};
use crate::complete;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::hints::Named;
use crate::printer::Printer;
use crate::session::Session;
use crate::signals::Signals;

/// Runs the process's command line and returns its exit code.
pub fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == complete::COMMAND) {
        return complete::answer(std::env::args_os().skip(2));
    }
    let plain = Printer::default();
    let words = std::env::args_os().skip(1).map(|word| word.into_string()).collect::<Result<Vec<_>, _>>();
    let mut config = Config::default();
    let parsed = match words {
        Ok(words) => chain::choice(&words).and_then(|choice| Config::load(&choice)).and_then(|loaded| {
            config = loaded;
            chain::parse(&words, &config)
        }),
        Err(word) => Err(Failure::usage(format!("`{}` is not valid UTF-8", word.to_string_lossy()))
            .hint("boards know names in UTF-8 only; `ls -b` shows others")),
    };
    let result = match parsed {
        Err(failure) => {
            // What was left out may be what is missing.
            warn(&config, &plain);
            Err(failure)
        }
        Ok(Parsed::Help(text)) => plain.data(text.as_bytes()).map_err(|error| Failure::output(&error)),
        Ok(Parsed::Chain(chain)) => return run(&chain, &config),
    };
    exit_code(result, &plain, None)
}

/// Tells a failure; `named` is the board that the command line named.
fn exit_code(result: Result<(), Failure>, printer: &Printer, named: Option<&Named>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure, named);
            ExitCode::from(failure.kind.exit_code())
        }
    }
}

/// Runs a parsed chain. A chain without an action ends in the REPL.
fn run(chain: &Chain, config: &Config) -> ExitCode {
    let printer = Printer::new(&chain.globals);
    warn(config, &printer);
    let signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            let failure = Failure::usage("cannot handle signals").cause(error.to_string());
            return exit_code(Err(failure), &printer, None);
        }
    };
    let mut session = Session::new(&chain.globals, config, &printer, &signals);
    let result = run_commands(chain, &mut session).map_err(|failure| match signals.received() {
        // Ctrl-C, or a signal that looks like one to the code below.
        Some(signal) if matches!(failure.kind, Kind::Interrupted(_)) => {
            Failure { kind: Kind::Interrupted(signal), ..failure }
        }
        _ => failure,
    });
    let named = session.named().cloned();
    let result = result.map_err(|failure| match session.device_name() {
        Some(name) if failure.kind == Kind::Link => failure.about_link(name),
        _ => failure,
    });
    session.disconnect();
    exit_code(result, &printer, named.as_ref())
}

/// Tells what of the configuration was left out.
fn warn(config: &Config, printer: &Printer) {
    for warning in &config.warnings {
        printer.note(&format!("warning: configuration: {warning}"));
    }
}

fn run_commands(chain: &Chain, session: &mut Session<'_>) -> Result<(), Failure> {
    match chain.commands.iter().any(|command| command.is_action()) {
        true => commands::run_all(&chain.commands, session),
        false => {
            for command in &chain.commands {
                command.run(session)?;
            }
            Repl::default().run(session)
        }
    }
}
