//! `reset`: restarts the device as its reset button does.

use clap::Args;
use mpr_protocol::{Discard, Error};

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `reset`.
#[derive(Debug, Args)]
pub struct Reset {}

impl Run for Reset {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        machine(session, "reset")
    }
}

/// Calls a function of `machine` that ends the connection, a moment after the board has accepted the call.
pub fn machine(session: &mut Session<'_>, function: &str) -> Result<(), Failure> {
    let device = session.device()?;
    // Nobody hears an exception of code that is not followed: ask before.
    let probe = format!("import machine\nmachine.{function}");
    device.exec(probe.as_bytes(), &mut Discard).map_err(|error| match error {
        Error::Exception(traceback) if matches!(&*traceback.exception, "ImportError" | "AttributeError") => {
            Failure::refused(format!("{function}: the board has no `machine.{function}`"))
        }
        error => Failure::device(function, error),
    })?;
    let code = format!("import time, machine\ntime.sleep_ms(100)\nmachine.{function}()");
    device.exec_no_follow(code.as_bytes()).map_err(|error| Failure::device(function, error))?;
    session.board_restarts();
    Ok(())
}
