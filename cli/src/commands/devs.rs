//! `devs`: lists serial ports, and boards on the network.

use std::time::Duration;

use clap::Args;
use mpr_protocol::discover::{NetworkBoard, discover};
use mpr_protocol::{PortInfo, list_ports};
use serde::Serialize;

use super::Run;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::session::Session;

/// Arguments of `devs`.
#[derive(Debug, Args)]
pub struct Devs {
    /// Also list the boards that announce WebREPL or a console on the network (mDNS). Takes 2 s, or what --timeout says
    #[arg(short, long)]
    network: bool,
}

/// Boards answer at once, but may wait for others to ask the same.
const LISTEN: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Ports {
    ports: Vec<Port>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<Vec<Found>>,
}

/// A board on the network. Its names are any text.
#[derive(Serialize)]
struct Found {
    address: String,
    name: String,
    host: String,
    service: &'static str,
    addresses: Vec<String>,
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
        match self.network {
            false => print(session.printer()),
            true => print_all(session),
        }
    }
}

/// Prints the ports, one per line.
pub fn print(printer: &Printer) -> Result<(), Failure> {
    let ports = print_ports(printer)?;
    printer.json("devs", &Ports { ports, network: None })
}

fn print_ports(printer: &Printer) -> Result<Vec<Port>, Failure> {
    let ports = list_ports().map_err(|error| Failure::device("devs", error))?;
    for port in &ports {
        printer.line(&port.to_string())?;
    }
    Ok(ports.into_iter().map(Port::from).collect())
}

/// Prints the ports, and the boards on the network: address, host, name.
fn print_all(session: &Session<'_>) -> Result<(), Failure> {
    let printer = session.printer();
    let ports = print_ports(printer)?;
    let found = discover(session.timeout().unwrap_or(LISTEN), session.signals().flag())
        .map_err(|error| Failure::device("devs", error))?;
    for board in &found {
        let (address, host, name) = (board.address(), harmless(&board.host), harmless(&board.name));
        printer.line(&format!("{} {host} {name}", harmless(&address)))?;
    }
    printer.json("devs", &Ports { ports, network: Some(found.into_iter().map(Found::from).collect()) })
}

/// A text from the network without what a terminal takes for a command, or what hides or turns other text.
fn harmless(text: &str) -> String {
    let quotes = |c: char| matches!(c, '\'' | '"' | '\\');
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match quotes(c) {
            true => out.push(c),
            false => out.extend(c.escape_debug()),
        }
    }
    out
}

impl From<NetworkBoard> for Found {
    fn from(board: NetworkBoard) -> Self {
        Found {
            address: board.address(),
            service: board.service.kind(),
            name: board.name,
            host: board.host,
            addresses: board.addresses,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn names_from_the_network_do_nothing_to_a_terminal() {
        for plain in ["lamp", "Bob's \"lamp\"", "L\u{e4}mpchen \u{1f4a1}", r"a\b"] {
            assert_eq!(harmless(plain), plain);
        }
        assert_eq!(harmless("\x1b[2J\r\n\u{9b}\u{202e}\0"), r"\u{1b}[2J\r\n\u{9b}\u{202e}\0");
    }
}
