//! `bootloader`: makes the device wait for new firmware.

use clap::Args;

use super::{Run, reset};
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `bootloader`.
#[derive(Debug, Args)]
pub struct Bootloader {}

impl Run for Bootloader {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        reset::machine(session, "bootloader")
    }
}
