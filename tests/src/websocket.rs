//! A websocket client that does as it is told: for servers that must bear anything.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// A connection to a WebREPL server.
#[derive(Debug)]
pub struct WebSocket {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// The request that this client opens a websocket with.
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: board\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

impl WebSocket {
    /// Kind of a frame with text.
    pub const TEXT: u8 = 1;
    /// Kind of a frame with bytes.
    pub const BINARY: u8 = 2;

    /// Connects, and says nothing.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn connect(address: &str) -> WebSocket {
        let address = address.trim_start_matches("ws://");
        WebSocket::over(TcpStream::connect(address).expect("the server listens"))
    }

    fn over(stream: TcpStream) -> WebSocket {
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("a socket option can be set");
        WebSocket { stream, unread: Vec::new() }
    }

    /// Connects and opens a websocket. The header of the answer is compared, but for lines that are not in the standard.
    ///
    /// # Panics
    /// When the answer is another than the standard's.
    #[must_use]
    pub fn open(address: &str) -> WebSocket {
        let mut socket = WebSocket::connect(address);
        socket.send(REQUEST.as_bytes());
        let header = socket.header();
        let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        assert!(header.starts_with(expected), "{header}");
        socket
    }

    /// Logs in to a server that may still be busy with the client before, or restart.
    ///
    /// # Panics
    /// When it does not let the client in.
    #[must_use]
    pub fn log_in_again(address: &str, password: &str) -> WebSocket {
        let start = Instant::now();
        loop {
            if let Ok(stream) = TcpStream::connect(address.trim_start_matches("ws://")) {
                let mut socket = WebSocket::over(stream);
                socket.send(REQUEST.as_bytes());
                if socket.header_or_end().is_some() && socket.frame().is_some() {
                    socket.say(WebSocket::TEXT, format!("{password}\r").as_bytes());
                    socket.expect(b">>> ");
                    return socket;
                }
            }
            assert!(start.elapsed() < PATIENCE, "the server does not come back");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Opens a websocket and gives the password.
    ///
    /// # Panics
    /// When the server does not let it in.
    #[must_use]
    pub fn log_in(address: &str, password: &str) -> WebSocket {
        let mut socket = WebSocket::open(address);
        assert_eq!(socket.frame(), Some((WebSocket::TEXT, b"Password: ".to_vec())));
        socket.say(WebSocket::TEXT, format!("{password}\r").as_bytes());
        assert_eq!(socket.frame(), Some((WebSocket::TEXT, b"\r\nWebREPL connected\r\n>>> ".to_vec())));
        socket
    }

    /// Sends bytes as they are. A server that has hung up does not matter.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends a frame.
    pub fn say(&mut self, kind: u8, payload: &[u8]) {
        let mut out = vec![0x80 | kind];
        match payload.len() {
            short @ ..126 => out.push(0x80 | short as u8),
            long => {
                out.push(0x80 | 126);
                out.extend(u16::try_from(long).expect("a frame that fits").to_be_bytes());
            }
        }
        let mask = [0x5a, 0x00, 0xff, 0x13];
        out.extend(mask);
        out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.send(&out);
    }

    /// More bytes. `false`: the server has ended the connection.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.unread.extend_from_slice(&buffer[..count]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("nothing came from the server; before that: {:?}: {error}", self.unread),
        }
    }

    /// The header of an HTTP answer, with the empty line.
    ///
    /// # Panics
    /// When the server hangs up before it has ended.
    pub fn header(&mut self) -> String {
        self.header_or_end().expect("the server hung up")
    }

    fn header_or_end(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.unread.windows(4).position(|end| end == b"\r\n\r\n") {
                let header = self.unread.drain(..at + 4).collect();
                return Some(String::from_utf8(header).expect("a header is text"));
            }
            if !self.read() {
                return None;
            }
        }
    }

    /// The next frame: its kind and payload. `None`: the server has ended the connection.
    ///
    /// # Panics
    /// When the server sends fragments or masks, or ends in the middle of a frame.
    pub fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            let head = &self.unread[..];
            let size = match head {
                [_, 126, high, low, ..] => Some((4, usize::from(u16::from_be_bytes([*high, *low])))),
                [_, 126, ..] => None,
                [_, short, ..] => Some((2, usize::from(*short))),
                _ => None,
            };
            if let Some((at, len)) = size.filter(|(at, len)| head.len() >= at + len) {
                assert_eq!(head[0] & 0xf0, 0x80, "a whole message");
                let kind = head[0] & 0xf;
                let payload = head[at..at + len].to_vec();
                self.unread.drain(..at + len);
                return Some((kind, payload));
            }
            if !self.read() {
                assert!(self.unread.is_empty(), "the end in the middle of a frame: {:?}", self.unread);
                return None;
            }
        }
    }

    /// Reads text frames through the first `end`; gives all of it.
    ///
    /// # Panics
    /// When the server sends something else, or hangs up.
    pub fn expect(&mut self, end: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        while !text.ends_with(end) {
            match self.frame() {
                Some((WebSocket::TEXT, payload)) => text.extend(payload),
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&text)),
            }
        }
        text
    }

    /// Reads text frames through `mark` and, behind it, through the first frame that ends with `end`; gives what is behind the
    /// mark.
    ///
    /// # Panics
    /// As [`expect`](Self::expect).
    pub fn expect_through(&mut self, mark: &[u8], end: &[u8]) -> String {
        let mut text = Vec::new();
        loop {
            text.extend(self.expect(end));
            if let Some(at) = text.windows(mark.len()).rposition(|part| part == mark) {
                return String::from_utf8_lossy(&text[at + mark.len()..]).into_owned();
            }
        }
    }

    /// Waits until the board has said all that it says at its start, and is at its prompt.
    #[must_use]
    pub fn settled(mut self) -> WebSocket {
        self.say(WebSocket::TEXT, b"print('set', 'tled')\r");
        self.expect(b"set tled\r\n>>> ");
        self
    }

    /// Runs a statement at the prompt: what comes until the next one.
    pub fn run(&mut self, statement: &str) -> String {
        self.say(WebSocket::TEXT, format!("{statement}\r").as_bytes());
        let text = self.expect(b">>> ");
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Whether the server ends the connection, whatever it sends before.
    pub fn ends(&mut self) -> bool {
        while self.frame().is_some() {}
        true
    }

    /// A request of the file protocol.
    pub fn request(&mut self, operation: u8, name: &str, size: usize) {
        let mut out = vec![b'W', b'A', operation, 0];
        out.extend([0; 8]);
        out.extend(u32::try_from(size).expect("a small file").to_le_bytes());
        out.extend(u16::try_from(name.len()).expect("a short name").to_le_bytes());
        out.extend(name.as_bytes());
        out.resize(82, 0);
        self.say(WebSocket::BINARY, &out);
    }

    /// The status of a reply.
    ///
    /// # Panics
    /// When something else comes.
    pub fn status(&mut self) -> u16 {
        match self.frame() {
            Some((WebSocket::BINARY, reply)) if reply.len() == 4 && reply.starts_with(b"WB") => {
                u16::from_le_bytes([reply[2], reply[3]])
            }
            other => panic!("no reply: {other:?}"),
        }
    }

    /// Puts a file: both statuses.
    pub fn put(&mut self, name: &str, content: &[u8]) -> (u16, u16) {
        self.request(1, name, content.len());
        let first = self.status();
        for block in content.chunks(1024) {
            self.say(WebSocket::BINARY, block);
        }
        (first, self.status())
    }

    /// Gets a file: its content, or the status that said no.
    ///
    /// # Errors
    /// The status of a reply that is not 0.
    pub fn get(&mut self, name: &str) -> Result<Vec<u8>, u16> {
        self.request(2, name, 0);
        let status = self.status();
        if status != 0 {
            return Err(status);
        }
        let mut content = Vec::new();
        loop {
            self.say(WebSocket::BINARY, b"\0");
            let (kind, block) = self.frame().expect("a block");
            assert_eq!(kind, WebSocket::BINARY);
            let (len, bytes) = block.split_at(2);
            assert_eq!(usize::from(u16::from_le_bytes([len[0], len[1]])), bytes.len());
            if bytes.is_empty() {
                break;
            }
            content.extend_from_slice(bytes);
        }
        match self.status() {
            0 => Ok(content),
            status => Err(status),
        }
    }
}
