//! Boards that announce themselves on the network: DNS-SD (RFC 6763) over mDNS (RFC 6762).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use mdns_sd::{ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent};

use crate::{Error, InterruptFlag};

/// An interrupt is looked at this often.
const LOOK: Duration = Duration::from_millis(50);

/// What boards announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// A WebREPL server.
    WebRepl,
    /// A console over TCP.
    Repl,
}

impl Service {
    const ALL: [Service; 2] = [Service::WebRepl, Service::Repl];

    /// Its type, such as `_webrepl._tcp`.
    pub fn kind(self) -> &'static str {
        match self {
            Service::WebRepl => "_webrepl._tcp",
            Service::Repl => "_repl._tcp",
        }
    }

    fn domain(self) -> String {
        format!("{}.local.", self.kind())
    }

    fn scheme(self) -> &'static str {
        match self {
            Service::WebRepl => "ws",
            Service::Repl => "tcp",
        }
    }
}

/// A board that announced itself. Anybody on the network can: its names are any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkBoard {
    /// What it announced.
    pub service: Service,
    /// The name that it gave itself.
    pub name: String,
    /// Its name as a host, such as `lamp.local`.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Its addresses: IPv4 first, then IPv6, link-local ones with their interface (`fe80::1%eth0`). At least one.
    pub addresses: Vec<String>,
}

impl NetworkBoard {
    /// The address to connect to, such as `ws://192.168.4.1:8266`.
    pub fn address(&self) -> String {
        let host = self.addresses.first().map_or(self.host.as_str(), String::as_str);
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        format!("{}://{open}{host}{close}:{}", self.service.scheme(), self.port)
    }
}

/// Listens for boards for this long. Sorted by name.
///
/// # Errors
/// [`Error::LocalIo`] when this machine can't listen, [`Error::Interrupted`].
pub fn discover(time: Duration, interrupt: &InterruptFlag) -> Result<Vec<NetworkBoard>, Error> {
    let end = Instant::now() + time;
    let failed =
        |error: mdns_sd::Error| Error::LocalIo { source: std::io::Error::other(format!("mDNS: {error}")) };
    let daemon = ServiceDaemon::new().map_err(failed)?;
    let searches = Service::ALL
        .map(|service| daemon.browse(&service.domain()).map(|events| (service, events)).map_err(failed));
    let mut found = BTreeMap::new();
    for search in searches.iter().cycle() {
        let (service, events) = match search {
            Ok(search) => search,
            Err(_) => break,
        };
        if interrupt.take() {
            let _ = daemon.shutdown();
            return Err(Error::Interrupted);
        }
        let now = Instant::now();
        if now >= end {
            break;
        }
        // They are looked at in turns.
        let mut next = events.recv_timeout(LOOK.min(end - now) / Service::ALL.len() as u32).ok();
        while let Some(event) = next {
            match event {
                ServiceEvent::ServiceResolved(resolved) => {
                    if let Some(board) = board(*service, &resolved) {
                        found.insert((*service, resolved.fullname), board);
                    }
                }
                ServiceEvent::ServiceRemoved(_, fullname) => drop(found.remove(&(*service, fullname))),
                _ => {}
            }
            next = events.try_recv().ok();
        }
    }
    let _ = daemon.shutdown();
    for search in searches {
        search?;
    }
    let mut boards: Vec<NetworkBoard> = found.into_values().collect();
    boards.sort_by(|a, b| (&a.name, a.service, a.port).cmp(&(&b.name, b.service, b.port)));
    Ok(boards)
}

/// What a resolved service is; `None` when nothing can connect to it.
fn board(service: Service, resolved: &ResolvedService) -> Option<NetworkBoard> {
    let name = resolved.fullname.strip_suffix(&format!(".{}", service.domain()))?;
    let mut addresses: Vec<&ScopedIp> = resolved.addresses.iter().collect();
    addresses.sort_by_key(|address| (rank(address.to_ip_addr()), address.to_ip_addr()));
    if addresses.is_empty() || resolved.port == 0 {
        return None;
    }
    Some(NetworkBoard {
        service,
        name: name.to_owned(),
        host: resolved.host.trim_end_matches('.').to_owned(),
        port: resolved.port,
        addresses: addresses.iter().map(ToString::to_string).collect(),
    })
}

/// Which addresses are tried first. Those of this machine alone are the last of their kind: a board that has others, too, is
/// known by these.
fn rank(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(address) => u8::from(address.is_loopback()),
        IpAddr::V6(address) if address.is_unicast_link_local() => 4,
        IpAddr::V6(address) => 2 + u8::from(address.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Address;

    #[test]
    fn what_a_board_announces_is_an_address() {
        for (service, address, expected) in [
            (Service::WebRepl, "192.168.4.1", "ws://192.168.4.1:8266"),
            (Service::Repl, "10.0.0.2", "tcp://10.0.0.2:8266"),
            (Service::WebRepl, "fd00::1", "ws://[fd00::1]:8266"),
            (Service::WebRepl, "fe80::1%eth0", "ws://[fe80::1%eth0]:8266"),
        ] {
            let board = NetworkBoard {
                service,
                name: "lamp".into(),
                host: "lamp.local".into(),
                port: 8266,
                addresses: vec![address.into()],
            };
            assert_eq!(board.address(), expected);
            assert!(expected.parse::<Address>().is_ok(), "{expected}");
        }
    }

    #[test]
    fn addresses_that_others_reach_come_first() {
        let mut addresses: Vec<IpAddr> = ["fe80::1", "::1", "fd00::1", "127.0.0.1", "10.0.0.1"]
            .map(|text| text.parse().expect("an address"))
            .into();
        addresses.sort_by_key(|address| rank(*address));
        let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.1", "127.0.0.1", "fd00::1", "::1", "fe80::1"]);
    }
}
