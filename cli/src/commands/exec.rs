//! `exec`: runs code.

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `exec`.
#[derive(Debug, Args)]
pub struct Exec {
    #[command(flatten)]
    follow: Follow,
    /// Code to run
    #[arg(value_name = "CODE")]
    code: String,
}

/// Whether the output is waited for.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Follow {
    /// Print the output until the program ends (the default)
    #[arg(short, long, overrides_with = "no_follow")]
    follow: bool,
    /// Leave as soon as the program has started
    #[arg(long, overrides_with = "follow")]
    no_follow: bool,
}

impl Follow {
    /// Whether the program was left running, rather than followed to its end.
    pub fn leaves(self) -> bool {
        self.no_follow
    }

    /// Runs code and prints what it prints, or starts it.
    pub fn run(self, command: &str, code: &[u8], session: &mut Session<'_>) -> Result<(), Failure> {
        let mut out = session.printer();
        let watchdog = session.watchdog(command)?;
        let device = session.device()?;
        let result = match self.no_follow {
            true => device.exec_no_follow(code),
            false => device.exec(code, &mut out),
        };
        result.map_err(|error| session.program_failure(command, error, watchdog.as_ref()))
    }
}

impl Run for Exec {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        self.follow.run("exec", self.code.as_bytes(), session)
    }
}
