//! `disconnect`: leaves the device.

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `disconnect`.
#[derive(Debug, Args)]
pub struct Disconnect {}

impl Run for Disconnect {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        session.disconnect();
        Ok(())
    }

    fn is_action(&self) -> bool {
        false
    }
}
