//! `repl`: the interactive prompt.

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::repl;
use crate::session::Session;

/// Arguments of `repl`.
#[derive(Debug, Default, Args)]
pub struct Repl {
    /// Print bytes that are not printable as their hexadecimal code
    #[arg(short, long, overrides_with = "no_escape_non_printable")]
    escape_non_printable: bool,
    #[arg(long, overrides_with = "escape_non_printable", hide = true)]
    no_escape_non_printable: bool,
    /// Edit lines on this machine, with history and completion, for slow links and boards without line editing
    #[arg(short, long, conflicts_with_all = ["inject_code", "inject_file"])]
    line: bool,
    /// Save a copy of the session to this file
    #[arg(long, value_name = "FILE")]
    capture: Option<String>,
    /// Code to type when Ctrl-J is pressed; `\n` is a line end
    #[arg(long, value_name = "CODE")]
    inject_code: Option<String>,
    /// Program to run when Ctrl-K is pressed
    #[arg(long, value_name = "FILE")]
    inject_file: Option<String>,
}

impl Run for Repl {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let options = repl::Options {
            line: self.line,
            escape: self.escape_non_printable,
            capture: self.capture.clone(),
            inject_code: self.inject_code.as_ref().map(|code| code.replace("\\n", "\r\n").into_bytes()),
            inject_file: self.inject_file.clone(),
        };
        repl::run(&options, session)
    }
}
