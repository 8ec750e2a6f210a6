//! `shell`: commands line by line, from the terminal or from a script.

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;
use crate::shell;

/// How it is used.
const USE: &str = "\
Every line is a command line of mpr without `mpr`; paths of the device need no colon, but for cp. `help` there lists the
commands that only the shell has. Without a terminal, lines are read from standard input and the first that fails ends it.";

/// Arguments of `shell`.
#[derive(Debug, Args)]
#[command(after_help = USE)]
pub struct Shell {
    /// Go on after a line that failed, where lines are no terminal's
    #[arg(short, long)]
    keep_going: bool,
}

impl Run for Shell {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        shell::run(self.keep_going, session)
    }
}
