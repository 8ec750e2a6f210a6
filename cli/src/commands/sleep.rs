//! `sleep`: waits before the next command.

use std::time::Duration;

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `sleep`.
#[derive(Debug, Args)]
pub struct Sleep {
    /// Milliseconds
    #[arg(value_name = "MS", value_parser = parse_milliseconds)]
    duration: Duration,
}

fn parse_milliseconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a number of milliseconds");
    let milliseconds: f64 = text.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(milliseconds / 1000.0).map_err(|_| wrong())
}

impl Run for Sleep {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        session.sleep(self.duration)
    }

    fn is_action(&self) -> bool {
        false
    }
}
