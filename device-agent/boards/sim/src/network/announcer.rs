//! mDNS, on a thread of its own that starts with the first announcement.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};
use mpr_firmware::errno;
use mpr_firmware::network::{Errno, IpAddr, Service};

/// What is announced, if anything.
#[derive(Default)]
pub struct Announcer {
    state: Mutex<Option<Announced>>,
}

/// An announcement. Other services would be announced on other interfaces, so each has a daemon of its own.
struct Announced {
    daemon: ServiceDaemon,
    fullname: String,
}

impl Announcer {
    fn state(&self) -> MutexGuard<'_, Option<Announced>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Announces a service in the place of the one before.
    pub fn announce(&self, service: &Service<'_>) -> Result<(), Errno> {
        self.withdraw();
        let announced = start(service).map_err(|_| errno::EOPNOTSUPP)?;
        *self.state() = Some(announced);
        Ok(())
    }

    /// Takes it back, if there is one.
    pub fn withdraw(&self) {
        if let Some(Announced { daemon, fullname }) = self.state().take() {
            // The daemon says good-bye on its own thread before it ends. If it can't, others forget the name by themselves.
            let _ = daemon.unregister(&fullname);
            let _ = daemon.shutdown();
        }
    }
}

fn start(service: &Service<'_>) -> mdns_sd::Result<Announced> {
    let daemon = ServiceDaemon::new()?;
    let interfaces = match service.address {
        // Nobody elsewhere could use it.
        IpAddr::V4(address) if address.is_loopback() => Some(IfKind::LoopbackV4),
        IpAddr::V6(address) if address.is_loopback() => Some(IfKind::LoopbackV6),
        address if address.is_unspecified() => None,
        address => Some(IfKind::Addr(address)),
    };
    // Several boards of one host have names of their own.
    let host = format!("mpr-sim-{}-{}.local.", std::process::id(), service.port);
    let kind = format!("{}.local.", service.kind);
    let mut info = match interfaces {
        Some(_) => ServiceInfo::new(&kind, service.name, &host, service.address, service.port, None)?,
        None => ServiceInfo::new(&kind, service.name, &host, "", service.port, None)?.enable_addr_auto(),
    };
    if let Some(interface) = interfaces {
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(interface.clone())?;
        info.set_interfaces(vec![interface]);
    }
    let fullname = info.get_fullname().to_owned();
    daemon.register(info)?;
    Ok(Announced { daemon, fullname })
}
