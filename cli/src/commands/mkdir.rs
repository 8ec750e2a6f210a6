//! `mkdir`: makes directories.

use clap::Args;
use mpr_protocol::Device;

use super::{Run, fs};
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `mkdir`.
#[derive(Debug, Args)]
pub struct Mkdir {
    #[command(flatten)]
    options: fs::Options,
    /// Directories to make on the device
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

impl Run for Mkdir {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        fs::each_path("mkdir", &self.options, &self.paths, session, Device::mkdir)
    }
}
