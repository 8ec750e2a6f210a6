//! The WebREPL server of the command line.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::OnceLock;

use mpr_firmware::hal;

use crate::options::{Failure, Options};

const HOST: &str = "127.0.0.1";
/// What the console of a stock board says that it holds; its server's ring has one byte less.
const STOCK_CAPACITY: u16 = 256;

/// What the firmware is to start, if anything.
pub struct WebRepl {
    server: Option<(u16, String)>,
    name: Option<String>,
    stock: bool,
    /// Standard output is the console.
    stdio: bool,
    announced: OnceLock<()>,
}

impl WebRepl {
    /// Chooses the port.
    pub fn prepare(options: &Options) -> Result<Self, Failure> {
        let stock = options.quirks.is_some();
        let (Some(port), Some(password)) = (options.webrepl, &options.password) else {
            return Ok(Self {
                server: None,
                name: None,
                stock,
                stdio: options.stdio,
                announced: OnceLock::new(),
            });
        };
        let most = if stock { 9 } else { 63 };
        if !(4..=most).contains(&password.len()) || password.contains(['\r', '\n']) {
            return Err(Failure::Other(format!("a WebREPL password has 4 to {most} bytes, in one line")));
        }
        let failed = |e| Failure::Other(format!("TCP port {port} on the loopback address: {e}"));
        // Only tried here: the firmware opens it at every start, on the same port.
        let trial = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        let port = trial.local_addr().map_err(failed)?.port();
        let server = Some((port, password.clone()));
        let name = options.announce.clone();
        if name.as_ref().is_some_and(|name| !(1..=63).contains(&name.len())) {
            return Err(Failure::Other("a name to announce has 1 to 63 bytes".to_owned()));
        }
        Ok(Self { server, name, stock, stdio: options.stdio, announced: OnceLock::new() })
    }

    /// Prints the address, the first time that it can be used.
    pub fn announce(&self) {
        let Some((port, _)) = &self.server else { return };
        self.announced.get_or_init(|| {
            let line = format!("ws://{HOST}:{port}\n");
            // Whoever wants it reads it; the board does not depend on it.
            let _ = match self.stdio {
                true => io::stderr().write_all(line.as_bytes()),
                false => io::stdout().write_all(line.as_bytes()).and_then(|()| io::stdout().flush()),
            };
        });
    }

    /// What the firmware starts.
    pub fn server(&self) -> Option<hal::WebRepl<'_>> {
        let (port, password) = self.server.as_ref()?;
        Some(hal::WebRepl {
            host: HOST,
            port: *port,
            password,
            name: self.name.as_deref(),
            stock: self.stock,
        })
    }

    /// The most that the console may say that it holds.
    pub fn capacity(&self) -> u16 {
        if self.stock { STOCK_CAPACITY } else { u16::MAX }
    }
}
