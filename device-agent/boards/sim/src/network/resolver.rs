//! Name look-ups, each on a thread, so that the board can be interrupted meanwhile.

use std::collections::HashMap;
use std::net::ToSocketAddrs;
use std::sync::{Arc, Mutex, PoisonError};

use mpr_firmware::errno;
use mpr_firmware::network::{Errno, IpAddr};

/// What is known of the names that were asked for and not answered yet.
type Answers = Arc<Mutex<HashMap<String, Option<Vec<IpAddr>>>>>;

pub struct Resolver {
    answers: Answers,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Resolver {
    /// `wake` ends the board's waiting.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { answers: Answers::default(), wake: Arc::new(wake) }
    }

    /// See [`mpr_firmware::network::Network::resolve`].
    pub fn resolve(&self, host: &str, addresses: &mut [IpAddr]) -> Result<usize, Errno> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.get(host) {
            Some(None) => Err(errno::EINPROGRESS),
            Some(Some(_)) => {
                // Given out once: the next question asks the host again.
                let found = answers.remove(host).flatten().unwrap_or_default();
                for (slot, address) in addresses.iter_mut().zip(&found) {
                    *slot = *address;
                }
                if found.is_empty() { Err(errno::EAI_NONAME) } else { Ok(found.len().min(addresses.len())) }
            }
            None => {
                answers.insert(host.to_owned(), None);
                self.ask(host.to_owned());
                Err(errno::EINPROGRESS)
            }
        }
    }

    fn ask(&self, host: String) {
        let (answers, wake) = (Arc::clone(&self.answers), Arc::clone(&self.wake));
        std::thread::spawn(move || {
            let mut found: Vec<IpAddr> = Vec::new();
            // A failed look-up is a name without addresses.
            for address in (host.as_str(), 0).to_socket_addrs().into_iter().flatten() {
                if !found.contains(&address.ip()) {
                    found.push(address.ip());
                }
            }
            answers.lock().unwrap_or_else(PoisonError::into_inner).insert(host, Some(found));
            wake();
        });
    }
}
