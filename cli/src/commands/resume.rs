//! `resume`: keeps what the board has in memory. No command soft-resets the board unasked, unless the configuration says so.

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct Resume {}

impl Run for Resume {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        session.keep_running();
        Ok(())
    }

    fn is_action(&self) -> bool {
        false
    }
}
