//! `connect`: opens the link to a device.

use clap::Args;

use super::{Run, devs};
use crate::failure::Failure;
use crate::session::{Session, Target};

/// Arguments of `connect`.
#[derive(Debug, Args)]
pub struct Connect {
    /// Which device
    ///
    /// list (prints the serial ports), auto (the only USB board), id:SERIAL, port:NAME, a path, sim: (a simulated
    /// board that keeps its files; sim:FILE keeps them there, sim:- nowhere), exec:COMMAND, tcp://HOST:PORT
    #[arg(value_name = "DEVICE", value_parser = Target::parse)]
    target: Target,
}

impl Run for Connect {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match &self.target {
            Target::List => {
                session.disconnect();
                devs::print(session.printer())
            }
            Target::Board(address) => session.connect(address),
        }
    }

    fn is_action(&self) -> bool {
        self.target == Target::List
    }
}
