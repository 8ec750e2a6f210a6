//! `devs`: lists serial ports.

use clap::Args;
use mpr_protocol::{PortInfo, list_ports};
use serde::Serialize;

use super::Run;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::session::Session;

/// Arguments of `devs`.
#[derive(Debug, Args)]
pub struct Devs {}

#[derive(Serialize)]
struct Ports {
    ports: Vec<Port>,
}

#[derive(Serialize)]
struct Port {
    device: String,
    serial: Option<String>,
    vid: Option<u16>,
    pid: Option<u16>,
    manufacturer: Option<String>,
    product: Option<String>,
}

impl Run for Devs {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        print(session.printer())
    }
}

/// Prints the ports, one per line.
pub fn print(printer: &Printer) -> Result<(), Failure> {
    let ports = list_ports().map_err(|error| Failure::device("devs", error))?;
    for port in &ports {
        printer.line(&port.to_string())?;
    }
    printer.json("devs", &Ports { ports: ports.into_iter().map(Port::from).collect() })
}

impl From<PortInfo> for Port {
    fn from(port: PortInfo) -> Self {
        let usb = |id| port.usb.then_some(id);
        Port {
            vid: usb(port.vid),
            pid: usb(port.pid),
            device: port.path,
            serial: port.serial,
            manufacturer: port.manufacturer,
            product: port.product,
        }
    }
}
