//! `touch`: makes empty files.

use clap::Args;
use mpr_protocol::Device;

use super::{Run, fs};
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `touch`.
#[derive(Debug, Args)]
pub struct Touch {
    #[command(flatten)]
    options: fs::Options,
    /// Files on the device; those that exist stay as they are
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

impl Run for Touch {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        fs::each_path("touch", &self.options, &self.paths, session, Device::touch)
    }
}
