//! Devices, as `connect` and `--device` name them.

use mpr_protocol::PortInfo;

use super::paths::{self, Want};
use super::sources::Sources;
use super::{Candidate, Kind, plain};
use crate::config::Config;

/// Words in front of a file or port.
const SIM: &str = "sim:";
const PORT: &str = "port:";

/// The candidates for a device.
pub fn candidates(current: &str, config: &Config, sources: &mut dyn Sources) -> Vec<Candidate> {
    let device = |value: &str, about: &str| plain(value, about, Kind::Device);
    if current.starts_with(SIM) {
        let mut found = vec![
            device(SIM, "a simulated board that keeps its files"),
            device("sim:-", "a simulated board whose files are nowhere"),
        ];
        found.extend(paths::host(current, SIM, Want::Any, true, sources));
        return found;
    }
    let ports = sources.ports();
    if current.starts_with(PORT) {
        return ports.iter().map(|port| device(&format!("{PORT}{}", port.path), &about(port))).collect();
    }
    let mut found: Vec<Candidate> = ports.iter().map(|port| device(&port.path, &about(port))).collect();
    found.extend(ports.iter().filter_map(|port| {
        port.serial
            .as_ref()
            .map(|serial| device(&format!("id:{serial}"), &format!("{} {}", port.path, about(port))))
    }));
    found.extend(config.devices.iter().map(|(name, alias)| device(name, &alias.address.to_string())));
    found.push(device("auto", "the only USB board"));
    found.push(device("list", "list the serial ports"));
    found.push(Candidate { ends: false, ..device(SIM, "a simulated board") });
    for (scheme, what) in [
        ("tcp://", "a console behind a TCP port"),
        ("rfc2217://", "a port of another machine"),
        ("ws://", "a board that serves WebREPL"),
        ("wss://", "the same, encrypted"),
    ] {
        found.push(Candidate { ends: false, ..device(scheme, &format!("{what}: HOST:PORT")) });
    }
    if current.contains('/') {
        // Links such as those in /dev/serial/by-id are no ports of their own.
        let more = paths::host(current, "", Want::Any, true, sources);
        found.extend(more.into_iter().filter(|path| ports.iter().all(|port| port.path != path.value)));
    }
    found
}

/// What is known of a port.
fn about(port: &PortInfo) -> String {
    let known = [port.manufacturer.as_deref(), port.product.as_deref()];
    known.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
