//! Gateways in front of a server: one that adds TLS, and one that does to TCP what bad networks do.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConnection, StreamOwned};

use crate::tls::self_signed;

/// Pieces that are on the line at once, each of at most 4096 bytes; more hold the sender back.
const ON_LINE: usize = 256;

/// What a bad network does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// Bytes come this much later, each way.
    pub delay: Duration,
    /// Bytes come one by one, each in a packet of its own.
    pub single_bytes: bool,
    /// The connection is cut behind this many bytes from the server.
    pub cut_after: Option<usize>,
    /// Behind this many bytes from the server, nothing gets through any more, and nobody is told.
    pub hole_after: Option<usize>,
}

/// A gateway; it serves until the test ends.
#[derive(Debug)]
pub struct Gate {
    port: u16,
}

impl Gate {
    /// In front of `HOST:PORT`. `trouble` tells for each connection, from 0, what it meets.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn with_trouble(to: &str, trouble: impl Fn(usize) -> Trouble + Send + Sync + 'static) -> Gate {
        Gate::serve(to, move |client, server, at| {
            let trouble = trouble(at);
            let (client_out, server_out) = (clone(&client), clone(&server));
            let to_server = Trouble { cut_after: None, hole_after: None, ..trouble };
            thread::spawn(move || carry(client, server_out, to_server));
            carry(server, client_out, trouble);
        })
    }

    /// One that speaks TLS with its clients, for 127.0.0.1; and the certificate (PEM) that they must trust.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn tls(to: &str) -> (Gate, String) {
        let (config, certificate) = self_signed();
        let gate = Gate::serve(to, move |client, server, _| {
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session can be made");
            relay(StreamOwned::new(session, client), server);
        });
        (gate, certificate)
    }

    fn serve(to: &str, relay: impl Fn(TcpStream, TcpStream, usize) + Send + Sync + 'static) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let (to, relay) = (to.trim_start_matches("ws://").to_owned(), Arc::new(relay));
        thread::spawn(move || {
            for (at, client) in listener.incoming().flatten().enumerate() {
                let (to, relay) = (to.clone(), Arc::clone(&relay));
                thread::spawn(move || {
                    // A server that is not there is a client that is hung up on.
                    if let Ok(server) = TcpStream::connect(to) {
                        for stream in [&client, &server] {
                            stream.set_nodelay(true).expect("a socket option can be set");
                        }
                        relay(client, server, at);
                    }
                });
            }
        });
        Gate { port }
    }

    /// Its port on the loopback address.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a socket can be duplicated")
}

/// Carries one direction, with its trouble. What comes while other bytes are still on their way is later by the delay, too, not by more.
fn carry(mut from: TcpStream, to: TcpStream, trouble: Trouble) {
    let mut buffer = [0; 4096];
    let (mut passed, mut in_hole) = (0, false);
    let (line, on_line) = mpsc::sync_channel(ON_LINE);
    let end = thread::spawn(move || deliver(to, &on_line, trouble.single_bytes));
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        in_hole |= trouble.hole_after.is_some_and(|at| passed + n > at);
        if in_hole {
            // Read on, so that nobody notices; forward nothing.
            continue;
        }
        let allowed = trouble.cut_after.map_or(n, |at| n.min(at.saturating_sub(passed)));
        if line.send((Instant::now() + trouble.delay, buffer[..allowed].to_vec())).is_err() {
            break;
        }
        passed += allowed;
        if allowed < n {
            break;
        }
    }
    drop(line);
    let _ = end.join();
    // Nobody would read what comes after a cut.
    if trouble.cut_after.is_some() {
        let _ = from.shutdown(Shutdown::Both);
    }
}

/// The end of the line: passes on what has been on its way for long enough.
fn deliver(mut to: TcpStream, on_line: &mpsc::Receiver<(Instant, Vec<u8>)>, single_bytes: bool) {
    for (due, bytes) in on_line {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let step = if single_bytes { 1 } else { bytes.len().max(1) };
        if bytes.chunks(step).any(|piece| to.write_all(piece).is_err()) {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// Carries both directions; one of the streams is no plain socket.
fn relay(mut client: StreamOwned<ServerConnection, TcpStream>, mut server: TcpStream) {
    client.sock.set_nonblocking(true).expect("a socket option can be set");
    server.set_nonblocking(true).expect("a socket option can be set");
    let mut buffer = [0; 4096];
    let mut idle_since = Instant::now();
    loop {
        let up = pass(&mut client, &mut server, &mut buffer);
        let down = pass(&mut server, &mut client, &mut buffer);
        match (up, down) {
            (Some(0), Some(0)) if idle_since.elapsed() > Duration::from_millis(1) => {
                thread::sleep(Duration::from_micros(200));
            }
            (Some(0), Some(0)) => {}
            (Some(_), Some(_)) => idle_since = Instant::now(),
            _ => break,
        }
    }
    client.conn.send_close_notify();
    let _ = client.flush();
    let _ = client.sock.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// Passes on what is there. `None`: one of them has ended.
fn pass(from: &mut impl Read, to: &mut impl Write, buffer: &mut [u8]) -> Option<usize> {
    let n = match from.read(buffer) {
        Ok(0) => return None,
        Ok(n) => n,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(0),
        Err(_) => return None,
    };
    let mut rest = &buffer[..n];
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_micros(200)),
            Err(_) => return None,
        }
    }
    while let Err(error) = to.flush() {
        if error.kind() != ErrorKind::WouldBlock {
            return None;
        }
        thread::sleep(Duration::from_micros(200));
    }
    Some(n)
}
