//! `rmdir`: removes empty directories.

use clap::Args;
use mpr_protocol::Device;

use super::{Run, fs};
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `rmdir`.
#[derive(Debug, Args)]
pub struct Rmdir {
    #[command(flatten)]
    options: fs::Options,
    /// Empty directories on the device
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

impl Run for Rmdir {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        fs::each_path("rmdir", &self.options, &self.paths, session, Device::rmdir)
    }
}
