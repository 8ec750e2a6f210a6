//! Names of boards, as a user writes them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Which board to talk to.
///
/// Written as `auto`, `id:SERIAL`, `port:NAME`, a path such as `/dev/ttyACM0` or `COM3`, `sim:`, `sim:FILE`,
/// `sim:-`, `exec:COMMAND` or `tcp://HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// The only USB serial port there is.
    Auto,
    /// A serial port by its path or name.
    Serial(String),
    /// A serial port by the USB serial number of the board behind it.
    Id(String),
    /// This project's own firmware in a process on this machine.
    Sim(SimFlash),
    /// A command whose standard input and output are the board's console. A shell reads the command.
    Exec(String),
    /// A console that listens on TCP.
    Tcp {
        /// Host name or address; an IPv6 address is without its brackets here.
        host: String,
        /// TCP port, 1 to 65535.
        port: u16,
    },
}

/// Where the simulated board keeps its flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SimFlash {
    /// In the user's data folder, so that the next connection finds the files.
    UserData,
    /// In this file, made on first use.
    File(PathBuf),
    /// In memory: gone when the board ends.
    Memory,
}

/// A text that names no board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The text is empty.
    #[error("the device name is empty")]
    Empty,
    /// The prefix wants something after it.
    #[error("`{prefix}` wants {wanted} after it")]
    Incomplete {
        /// The prefix as written, such as `id:`.
        prefix: &'static str,
        /// What it wants, such as `a serial number`.
        wanted: &'static str,
    },
    /// `tcp://` without a usable host and port.
    #[error("`{text}` is not `tcp://HOST:PORT`")]
    Tcp {
        /// The text as written.
        text: String,
    },
    /// A scheme (`NAME://`) that is not known.
    #[error("`{scheme}://` is not a kind of device")]
    Scheme {
        /// The scheme as written.
        scheme: String,
    },
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let required = |rest: &str, prefix, wanted| match rest {
            "" => Err(AddressError::Incomplete { prefix, wanted }),
            rest => Ok(rest.to_owned()),
        };
        if text.is_empty() {
            Err(AddressError::Empty)
        } else if text == "auto" {
            Ok(Address::Auto)
        } else if let Some(rest) = text.strip_prefix("id:") {
            Ok(Address::Id(required(rest, "id:", "a serial number")?))
        } else if let Some(rest) = text.strip_prefix("port:") {
            Ok(Address::Serial(required(rest, "port:", "a port's name")?))
        } else if let Some(rest) = text.strip_prefix("exec:") {
            Ok(Address::Exec(required(rest, "exec:", "a command")?))
        } else if let Some(rest) = text.strip_prefix("sim:") {
            Ok(Address::Sim(match rest {
                "" => SimFlash::UserData,
                "-" => SimFlash::Memory,
                file => SimFlash::File(PathBuf::from(file)),
            }))
        } else if let Some(rest) = text.strip_prefix("tcp://") {
            parse_tcp(rest).ok_or_else(|| AddressError::Tcp { text: text.to_owned() })
        } else if let Some((scheme, _)) = text.split_once("://") {
            Err(AddressError::Scheme { scheme: scheme.to_owned() })
        } else {
            Ok(Address::Serial(text.to_owned()))
        }
    }
}

fn parse_tcp(rest: &str) -> Option<Address> {
    let (host, port) = rest.strip_suffix('/').unwrap_or(rest).rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port != 0)?;
    (!host.is_empty() && !host.contains('/')).then(|| Address::Tcp { host: host.to_owned(), port })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Auto => f.write_str("auto"),
            // A port whose name would be read as something else keeps its prefix.
            Address::Serial(port) if port.parse().as_ref() != Ok(self) => write!(f, "port:{port}"),
            Address::Serial(port) => f.write_str(port),
            Address::Id(serial) => write!(f, "id:{serial}"),
            Address::Sim(SimFlash::UserData) => f.write_str("sim:"),
            Address::Sim(SimFlash::Memory) => f.write_str("sim:-"),
            Address::Sim(SimFlash::File(file)) => write!(f, "sim:{}", file.display()),
            Address::Exec(command) => write!(f, "exec:{command}"),
            Address::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        let cases = [
            ("auto", Address::Auto),
            ("id:e660", Address::Id("e660".into())),
            ("/dev/ttyACM0", Address::Serial("/dev/ttyACM0".into())),
            ("COM3", Address::Serial("COM3".into())),
            ("sim:", Address::Sim(SimFlash::UserData)),
            ("sim:-", Address::Sim(SimFlash::Memory)),
            ("sim:a b.img", Address::Sim(SimFlash::File("a b.img".into()))),
            ("exec:ssh host x", Address::Exec("ssh host x".into())),
            ("tcp://localhost:2323", Address::Tcp { host: "localhost".into(), port: 2323 }),
            ("tcp://[::1]:2323", Address::Tcp { host: "::1".into(), port: 2323 }),
            ("port:auto", Address::Serial("auto".into())),
        ];
        for (text, address) in cases {
            assert_eq!(text.parse(), Ok(address.clone()), "{text}");
            assert_eq!(address.to_string(), text);
        }
        assert_eq!("port:/dev/x".parse(), Ok(Address::Serial("/dev/x".into())));
    }

    #[test]
    fn what_names_no_board_says_why() {
        for text in [
            "",
            "id:",
            "port:",
            "exec:",
            "tcp://",
            "tcp://h",
            "tcp://h:0",
            "tcp://:1",
            "tcp://h:x",
            "foo://x",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        assert_eq!("".parse::<Address>(), Err(AddressError::Empty));
        assert_eq!("foo://x".parse::<Address>(), Err(AddressError::Scheme { scheme: "foo".into() }));
    }
}
