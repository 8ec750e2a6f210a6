//! What a board says when code fails.

use std::fmt;

use crate::Errno;

/// An exception that code on the board did not catch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traceback {
    /// The whole text as the board printed it, with `\r\n` line ends and the last one; bytes that are not UTF-8 are
    /// replaced.
    pub text: String,
    /// The exception's type, such as `OSError`; empty when the text has none.
    pub exception: String,
    /// What the last line says after the type, such as `[Errno 2] ENOENT`.
    pub message: String,
    /// For an `OSError` with a number: which.
    pub errno: Option<Errno>,
}

/// `SystemExit` with a status other than zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemExit {
    /// The status: the argument where it is an integer, else 1.
    pub code: i32,
    /// The argument as text where it is not an integer.
    pub message: Option<String>,
}

impl fmt::Display for Traceback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim_end())
    }
}

impl fmt::Display for SystemExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => f.write_str(message),
            None => write!(f, "the program ended with status {}", self.code),
        }
    }
}

impl Traceback {
    /// Reads the text between the two `\x04` that end an execution.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (exception, message) = final_exception(&text);
        let errno = (exception == "OSError").then(|| parse_errno(&message)).flatten();
        Traceback { exception, message, errno, text }
    }
}

/// Type and message of the exception. It starts on the first line after the frames (which are indented), and its
/// message may have several lines.
fn final_exception(text: &str) -> (String, String) {
    let body = text.trim_end_matches(['\r', '\n']);
    let start = match body.find("Traceback (most recent call last):") {
        None => 0,
        Some(at) => {
            let mut offset = at + body[at..].find('\n').map_or(body.len() - at, |n| n + 1);
            while body[offset..].starts_with("  ") {
                offset += body[offset..].find('\n').map_or(body.len() - offset, |n| n + 1);
            }
            offset
        }
    };
    let (name, message) = body[start..].split_once(':').unwrap_or((&body[start..], ""));
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    match is_name {
        true => (name.to_owned(), message.strip_prefix(' ').unwrap_or(message).to_owned()),
        false => (String::new(), body[start..].to_owned()),
    }
}

/// Old small ports have texts instead of numbers.
const TEXTS: &[(&str, &str, i32)] =
    &[("file not found", "ENOENT", 2), ("no more storage space", "ENOSPC", 28)];

/// `[Errno 2] ENOENT`, `[Errno 2]`, `2`, `[Errno 2] ENOENT: name`, or a text.
fn parse_errno(message: &str) -> Option<Errno> {
    let text = message.trim().to_ascii_lowercase();
    if let Some((_, name, number)) = TEXTS.iter().find(|(known, ..)| text == *known) {
        return Some(Errno::new(*number, Some(name)));
    }
    let Some(rest) = message.strip_prefix("[Errno ") else {
        return message.trim().parse().ok().map(|number| Errno::new(number, None));
    };
    let (number, rest) = rest.split_once(']')?;
    let name: String = rest.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
    let name = (name.len() > 1 && name.starts_with('E')).then_some(name.as_str());
    Some(Errno::new(number.trim().parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_final_exception_is_found() {
        let text = b"Traceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\nOSError: [Errno 44] ENOENT\r\n";
        let t = Traceback::parse(text);
        assert_eq!((t.exception.as_str(), t.message.as_str()), ("OSError", "[Errno 44] ENOENT"));
        assert_eq!(t.errno, Some(Errno { number: 44, name: Some("ENOENT".into()) }));
    }

    #[test]
    fn odd_texts_are_kept_whole() {
        let t = Traceback::parse(
            b"Traceback (most recent call last):\r\n  File \"a: b\", line 1\r\nKeyboardInterrupt: \r\n",
        );
        assert_eq!((t.exception.as_str(), t.message.as_str()), ("KeyboardInterrupt", ""));
        let t = Traceback::parse(b"ValueError: two\r\nlines: 3\r\n");
        assert_eq!((t.exception.as_str(), t.message.as_str()), ("ValueError", "two\r\nlines: 3"));
        let t = Traceback::parse(b"\xff\xfe what");
        assert_eq!(t.exception, "");
        assert_eq!(Traceback::parse(b"").text, "");
        assert_eq!(Traceback::parse(b"OSError: 28\r\n").errno, Some(Errno::new(28, None)));
        assert!(Traceback::parse(b"OSError: file not found\r\n").errno.is_some_and(|e| e.is("ENOENT")));
        assert_eq!(Traceback::parse(b"OSError: my message\r\n").errno, None);
    }
}
