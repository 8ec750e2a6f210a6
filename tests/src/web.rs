//! A web server on loopback that does what it is told, and an index of packages on it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};

use crate::PATIENCE;
use crate::tls::self_signed;

/// What the server does at a path.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Gives this content.
    Content(Vec<u8>),
    /// Refuses with this status.
    Status(u16),
    /// Refuses with this status so many times, then gives the content.
    After(u32, u16, Vec<u8>),
    /// Reads the request and never answers.
    Silence,
    /// Announces the whole content, sends half of it, and closes.
    Half(Vec<u8>),
    /// Announces the whole content, sends half of it, and waits for ever.
    Stall(Vec<u8>),
    /// Closes without an answer.
    Nothing,
    /// Sends the client elsewhere.
    Redirect(String),
    /// Gives so many bytes without saying how many.
    Endless(u64),
}

#[derive(Debug, Default)]
struct State {
    replies: HashMap<String, Reply>,
    requests: Vec<String>,
    tunnels: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// A web server on loopback. It is also a proxy: it passes on what it is asked to by `CONNECT`.
#[derive(Debug)]
pub struct Web {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

impl Web {
    /// A server that has nothing yet and answers 404.
    ///
    /// # Panics
    /// When loopback has no free port.
    #[must_use]
    pub fn start() -> Web {
        Web::launch(None)
    }

    /// The same behind TLS, and the certificate (PEM) that a client must trust.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_tls() -> (Web, String) {
        let (config, certificate) = self_signed();
        (Web::launch(Some(config)), certificate)
    }

    fn launch(tls: Option<Arc<ServerConfig>>) -> Web {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let server = Arc::clone(&shared);
        let scheme = if tls.is_some() { "https" } else { "http" };
        // The threads end with the test's process; a server that nobody asks does nothing.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (server, tls) = (Arc::clone(&server), tls.clone());
                thread::spawn(move || drop(accept(&server, stream, tls)));
            }
        });
        Web { address, scheme, shared }
    }

    /// The address of a path, which starts with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Says what happens at a path.
    ///
    /// # Panics
    /// When another thread has.
    pub fn set(&self, path: &str, reply: Reply) {
        self.shared.state.lock().expect("the server's state").replies.insert(path.to_owned(), reply);
    }

    /// Gives this content at a path.
    pub fn content(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.set(path, Reply::Content(content.into()));
    }

    /// The paths that were asked for, in their order.
    ///
    /// # Panics
    /// When another thread has.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.shared.state.lock().expect("the server's state").requests.clone()
    }

    /// Hosts and ports that it was asked to pass on to.
    ///
    /// # Panics
    /// When another thread has.
    #[must_use]
    pub fn tunnels(&self) -> Vec<String> {
        self.shared.state.lock().expect("the server's state").tunnels.clone()
    }

    /// Waits until a path has been asked for.
    ///
    /// # Panics
    /// When that takes longer than [`PATIENCE`].
    #[track_caller]
    pub fn wait_for_request(&self, path: &str) {
        let state = self.shared.state.lock().expect("the server's state");
        let missing = |state: &mut State| !state.requests.iter().any(|request| request == path);
        let waited = self.shared.changed.wait_timeout_while(state, PATIENCE, missing);
        let (state, timeout) = waited.expect("the server's state");
        assert!(!timeout.timed_out(), "`{path}` is not asked for, only {:?}", state.requests);
    }
}

/// Serves one connection.
fn accept(shared: &Shared, stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let Some(tls) = tls else {
        let mut tunnel_end = stream.try_clone()?;
        return match serve(shared, stream)? {
            Some(to) => tunnel(&mut tunnel_end, &to),
            None => Ok(()),
        };
    };
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    serve(shared, StreamOwned::new(connection, stream)).map(|_| ())
}

/// Answers one request. Returns where to pass it on to, if that is what is asked.
fn serve(shared: &Shared, mut stream: impl Read + Write) -> io::Result<Option<String>> {
    let mut reader = BufReader::new(&mut stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header == "\r\n" {
            break;
        }
    }
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method == "CONNECT" {
        shared.state.lock().expect("the server's state").tunnels.push(path.to_owned());
        return Ok(Some(path.to_owned()));
    }
    answer(shared, &mut stream, path)?;
    stream.flush().map(|()| None)
}

fn answer(shared: &Shared, stream: &mut (impl Read + Write), path: &str) -> io::Result<()> {
    let reply = {
        let mut state = shared.state.lock().expect("the server's state");
        state.requests.push(path.to_owned());
        shared.changed.notify_all();
        match state.replies.get_mut(path) {
            None => Reply::Status(404),
            Some(Reply::After(times @ 1.., status, _)) => {
                *times -= 1;
                Reply::Status(*status)
            }
            Some(Reply::After(0, _, content)) => Reply::Content(content.clone()),
            Some(reply) => reply.clone(),
        }
    };
    let head = |status: u16, more: &str| format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{more}\r\n");
    let length = |content: &[u8]| head(200, &format!("Content-Length: {}\r\n", content.len()));
    match reply {
        Reply::Content(content) => {
            stream.write_all(length(&content).as_bytes())?;
            stream.write_all(&content)
        }
        Reply::Status(status) | Reply::After(_, status, _) => {
            stream.write_all(head(status, "Content-Length: 3\r\n").as_bytes())?;
            stream.write_all(b"no\n")
        }
        Reply::Redirect(to) => {
            stream.write_all(head(302, &format!("Location: {to}\r\nContent-Length: 0\r\n")).as_bytes())
        }
        Reply::Half(content) | Reply::Stall(content) if content.is_empty() => {
            stream.write_all(b"HTTP/1.1 200")
        }
        Reply::Half(content) => {
            stream.write_all(length(&content).as_bytes())?;
            stream.write_all(&content[..content.len() / 2])
        }
        Reply::Stall(content) => {
            stream.write_all(length(&content).as_bytes())?;
            stream.write_all(&content[..content.len() / 2])?;
            wait_for_end(stream)
        }
        Reply::Silence => wait_for_end(stream),
        Reply::Nothing => Ok(()),
        Reply::Endless(bytes) => {
            stream.write_all(head(200, "").as_bytes())?;
            let block = vec![b' '; 1 << 16];
            for _ in 0..bytes / block.len() as u64 {
                stream.write_all(&block)?;
            }
            Ok(())
        }
    }
}

/// Until the client goes.
fn wait_for_end(stream: &mut impl Read) -> io::Result<()> {
    stream.read_to_end(&mut Vec::new()).map(|_| ())
}

fn tunnel(client: &mut TcpStream, to: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(to)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || io::copy(&mut from_client, &mut to_server));
    io::copy(&mut server, client).map(|_| ())
}

/// An index of packages, as `https://micropython.org/pi/v2` is one, on a server of its own.
#[derive(Debug)]
pub struct Index {
    /// The server.
    pub web: Web,
}

impl Index {
    /// An index with nothing in it.
    #[must_use]
    pub fn start() -> Index {
        Index { web: Web::start() }
    }

    /// The index's address.
    #[must_use]
    pub fn url(&self) -> String {
        self.web.url("/pi")
    }

    /// Adds a package for boards that take this format (`6`, `py`), as its version and as the latest one. Returns the
    /// paths of its files on the server.
    pub fn add(
        &self,
        format: &str,
        name: &str,
        version: &str,
        files: &[(&str, &[u8])],
        deps: &[(&str, &str)],
    ) -> Vec<String> {
        let (mut hashes, mut places) = (String::new(), Vec::new());
        for (path, content) in files {
            let short = short_hash(content);
            let place = format!("/pi/file/{}/{short}", &short[..2]);
            self.web.content(&place, *content);
            places.push(place);
            let _ = write!(hashes, "{}[\"{path}\", \"{short}\"]", if hashes.is_empty() { "" } else { ", " });
        }
        let deps: Vec<String> =
            deps.iter().map(|(name, version)| format!("[\"{name}\", \"{version}\"]")).collect();
        let manifest = format!(
            "{{\"v\": 1, \"version\": \"{version}\", \"hashes\": [{hashes}], \"urls\": [], \"deps\": [{}]}}",
            deps.join(", ")
        );
        for version in [version, "latest"] {
            self.web.content(&self.manifest(format, name, version), manifest.clone());
        }
        places
    }

    /// The path of a manifest on the server.
    #[must_use]
    pub fn manifest(&self, format: &str, name: &str, version: &str) -> String {
        format!("/pi/package/{format}/{name}/{version}.json")
    }
}

/// The first 8 hexadecimal digits of a SHA-256.
fn short_hash(content: &[u8]) -> String {
    Sha256::digest(content)[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}
