//! The console on loopback TCP: one client at a time, the next one when it has left.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::Link;
use crate::options::Failure;

pub struct Tcp {
    listener: TcpListener,
    client: Mutex<Option<Arc<TcpStream>>>,
}

impl Tcp {
    pub fn open(port: u16) -> Result<Self, Failure> {
        let failed = |e| Failure::Other(format!("TCP port {port} on the loopback address: {e}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        println!("{}", listener.local_addr().map_err(failed)?);
        io::stdout().flush().map_err(failed)?;
        Ok(Self { listener, client: Mutex::new(None) })
    }

    fn client(&self) -> Option<Arc<TcpStream>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_client(&self, client: Option<Arc<TcpStream>>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

impl Link for Tcp {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let client = match self.client() {
                Some(client) => client,
                None => {
                    let (client, _) = self.listener.accept()?;
                    client.set_nodelay(true)?;
                    let client = Arc::new(client);
                    self.set_client(Some(Arc::clone(&client)));
                    client
                }
            };
            match (&*client).read(buffer) {
                Ok(n @ 1..) => return Ok(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => self.set_client(None),
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        // A client that has gone is noticed by the reader; what was for it is dropped.
        if let Some(client) = self.client() {
            let _ = (&*client).write_all(bytes);
        }
        Ok(())
    }

    fn wait_for_hangup(&self) {}
}
