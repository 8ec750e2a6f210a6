//! `soft-reset`: restarts the interpreter.

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `soft-reset`.
#[derive(Debug, Args)]
pub struct SoftReset {}

impl Run for SoftReset {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        // One restart is enough.
        session.keep_running();
        session.device()?.soft_reset().map_err(|error| Failure::device("soft-reset", error))
    }
}
