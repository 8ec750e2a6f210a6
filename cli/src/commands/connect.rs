//! `connect`: opens the link to a device.

use clap::Args;

use super::{Run, devs};
use crate::failure::Failure;
use crate::session::{Session, Target};

/// The forms that a device's name has.
const DEVICES: &str = "\
Devices:
  list               print the serial ports instead
  auto               the only USB board
  id:SERIAL          the board with this USB serial number
  port:NAME, PATH    a serial port, such as /dev/ttyACM0 or COM3
  NAME               a device of your configuration; `mpr config` lists them
  sim:               a simulated board that keeps its files for the next time
  sim:FILE, sim:-    the same with its files in FILE, or nowhere
  exec:COMMAND       a command whose input and output are a board's console
  tcp://HOST:PORT    a console behind a TCP port (also socket://)
  rfc2217://HOST:PORT  a serial port of another machine, served by ser2net and the like
  ws://HOST[:8266]   a board that serves WebREPL (also webrepl:HOST); asks for the password, unless --password-file,
                     MPR_WEBREPL_PASSWORD or the configuration gives it
  wss://HOST[:443]   the same behind a TLS gateway; --ca FILE, --insecure";

/// Arguments of `connect`.
#[derive(Debug, Args)]
#[command(after_help = DEVICES)]
pub struct Connect {
    /// Device to use from here on; see below
    #[arg(value_name = "DEVICE", value_parser = Target::parse)]
    target: Target,
}

impl Run for Connect {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match session.config().named(&self.target) {
            None => {
                session.disconnect();
                devs::print(session.printer())
            }
            Some(device) => session.connect(device),
        }
    }

    fn is_action(&self) -> bool {
        self.target == Target::List
    }
}
