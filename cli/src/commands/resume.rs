//! `resume`: does nothing. No command soft-resets the board unasked.

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct Resume {}

impl Run for Resume {
    fn run(&self, _session: &mut Session<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn is_action(&self) -> bool {
        false
    }
}
