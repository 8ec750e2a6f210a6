//! The request that opens the websocket, and the answer.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use tungstenite::handshake::derive_accept_key;

use super::stream::{self, Stream};
use super::{Patience, WebReplAddress, WebReplError};

/// A longer answer is none.
const MOST: usize = 16 << 10;
const MOST_HEADERS: usize = 64;

/// How servers say that they hold the link back.
const FLOW: (&str, &[u8]) = ("WebREPL-Flow", b"pushes-back");

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// What came behind it.
    pub rest: Vec<u8>,
    /// The board holds the link back instead of losing bytes.
    pub pushes_back: bool,
}

/// The request. Stock boards match the names of headers by case.
pub(super) fn request(address: &WebReplAddress, key: &str) -> String {
    let host = if address.host.contains(':') { format!("[{}]", address.host) } else { address.host.clone() };
    format!(
        "GET {} HTTP/1.1\r\nHost: {host}:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n",
        address.path, address.port
    )
}

/// Reads an answer as far as it has come: `None` when its end is missing.
pub(super) fn parse(bytes: &[u8], key: &str) -> Result<Option<Answer>, WebReplError> {
    let not_webrepl = || {
        let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let answer = line[..line.len().min(60)].escape_ascii().to_string();
        WebReplError::NotWebRepl { answer }
    };
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let len = match response.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) if bytes.len() < MOST => return Ok(None),
        _ => return Err(not_webrepl()),
    };
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value)
    };
    let accepted = header("Sec-WebSocket-Accept") == Some(derive_accept_key(key.as_bytes()).as_bytes());
    if response.code != Some(101) || !accepted {
        return Err(not_webrepl());
    }
    Ok(Some(Answer { pushes_back: header(FLOW.0) == Some(FLOW.1), rest: bytes[len..].to_vec() }))
}

/// Opens the websocket.
pub(super) fn perform(
    stream: &mut Stream,
    address: &WebReplAddress,
    key: &str,
    patience: &Patience,
) -> Result<Answer, WebReplError> {
    const DURING: &str = "the handshake";
    let deadline = Instant::now() + patience.answer;
    let closed = |error: std::io::Error| match stream::moved(error) {
        crate::TransportError::Closed { .. } => WebReplError::Closed { during: DURING },
        error => error.into(),
    };
    let mut unsent = request(address, key).into_bytes();
    let (mut came, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        if patience.interrupt.is_raised() {
            return Err(WebReplError::Interrupted);
        }
        let now = Instant::now();
        if now >= deadline {
            return Err(WebReplError::Silent { awaited: "answer to the handshake", after: patience.answer });
        }
        stream.set_deadline((now + Duration::from_millis(100)).min(deadline));
        let moved = match unsent.is_empty() {
            false => stream.write(&unsent).and_then(|n| stream.flush().map(|()| n)),
            true => stream.read(&mut buffer),
        };
        match moved {
            Ok(0) => return Err(WebReplError::Closed { during: DURING }),
            Ok(n) if !unsent.is_empty() => drop(unsent.drain(..n)),
            Ok(n) => {
                came.extend_from_slice(&buffer[..n]);
                if let Some(answer) = parse(&came, key)? {
                    return Ok(answer);
                }
            }
            Err(error) if stream::is_late(&error) => {}
            Err(error) => return Err(stream.tls_error(&error).unwrap_or_else(|| closed(error))),
        }
    }
}
