//! `version`: prints the version.

use clap::Args;
use serde::Serialize;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Arguments of `version`.
#[derive(Debug, Args)]
pub struct Version {}

#[derive(Serialize)]
struct Report {
    version: &'static str,
}

impl Run for Version {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        printer.line(&format!("mpr {VERSION}"))?;
        printer.json("version", &Report { version: VERSION })
    }
}
