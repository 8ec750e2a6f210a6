//! The way from the websocket to the prompt.

use super::WebReplError;

const ASKED: &[u8] = b"Password: ";
const WELCOME: &[u8] = b"WebREPL connected\r\n";
/// What our firmware says when another client has the prompt.
const FILES_ONLY: &[u8] = b"WebREPL connected for files: another client has the prompt\r\n";
const DENIED: &[u8] = b"Access denied";

/// A server that says more than this before it is at the point is none.
const MOST: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing came yet.
    New,
    /// The password was sent.
    Sent,
    Done,
    /// Logged in, without the prompt.
    FilesOnly,
}

/// The login as far as it has come.
#[derive(Debug)]
pub(super) struct Login<'a> {
    state: State,
    password: &'a str,
    /// Something came.
    greeted: bool,
}

impl<'a> Login<'a> {
    pub fn new(password: &'a str) -> Self {
        Login { state: State::New, password, greeted: false }
    }

    /// Takes from what the board said, and says what to send now.
    ///
    /// # Errors
    /// When the password is not accepted, or when what answers is no board.
    pub fn input(&mut self, said: &mut Vec<u8>) -> Result<Option<Vec<u8>>, WebReplError> {
        self.greeted |= !said.is_empty();
        let find = |said: &[u8], text: &[u8]| said.windows(text.len()).position(|part| part == text);
        match self.state {
            State::New => {
                if let Some(at) = find(said, ASKED) {
                    said.drain(..at + ASKED.len());
                    self.state = State::Sent;
                    return Ok(Some(format!("{}\r", self.password).into_bytes()));
                }
            }
            State::Sent => {
                if let Some(at) = find(said, WELCOME) {
                    said.drain(..at + WELCOME.len());
                    self.state = State::Done;
                    return Ok(None);
                }
                if let Some(at) = find(said, FILES_ONLY) {
                    said.drain(..at + FILES_ONLY.len());
                    self.state = State::FilesOnly;
                    return Ok(None);
                }
                if let Some(at) = find(said, DENIED)
                    && let Some(end) = said[at..].iter().position(|byte| *byte == b'\n')
                {
                    let line = String::from_utf8_lossy(&said[at..at + end]).into_owned();
                    let seconds = line.split(' ').find_map(|word| word.parse().ok());
                    return Err(seconds.map_or(WebReplError::Denied, WebReplError::TooSoon));
                }
            }
            State::Done | State::FilesOnly => {}
        }
        match said.len() > MOST && !self.is_done() {
            true => Err(WebReplError::NotWebRepl {
                answer: String::from_utf8_lossy(&said[..60]).escape_debug().to_string(),
            }),
            false => Ok(None),
        }
    }

    /// What the end of the connection means now.
    pub fn closed(&self) -> WebReplError {
        match (self.state, self.greeted) {
            (State::New, false) => WebReplError::Busy,
            _ => WebReplError::Closed { during: "the login" },
        }
    }

    /// What is awaited.
    pub fn awaits(&self) -> &'static str {
        match self.state {
            State::New => "question for the password",
            _ => "answer to the password",
        }
    }

    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done | State::FilesOnly)
    }

    /// Whether the board gave the prompt.
    pub fn has_prompt(&self) -> bool {
        self.state == State::Done
    }
}
