//! Names of boards, as a user writes them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::transport::WebReplAddress;

/// Which board to talk to.
///
/// Written as `auto`, `id:SERIAL`, `port:NAME`, a path such as `/dev/ttyACM0` or `COM3`, `sim:`, `sim:FILE`,
/// `sim:-`, `exec:COMMAND`, `tcp://HOST:PORT` (also `socket://HOST:PORT`, as pyserial has it), `rfc2217://HOST:PORT`,
/// `ws://HOST[:8266]` (also `webrepl:HOST`) or `wss://HOST[:443]`.
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
    /// A serial port behind a server that speaks RFC 2217, such as ser2net.
    Rfc2217 {
        /// As in [`Address::Tcp`].
        host: String,
        /// TCP port, 1 to 65535.
        port: u16,
    },
    /// A board that serves WebREPL.
    WebRepl(WebReplAddress),
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
    /// A scheme that wants a host and a port, without usable ones.
    #[error("`{text}` is not `{scheme}HOST:PORT`")]
    Network {
        /// The text as written.
        text: String,
        /// The scheme with its slashes.
        scheme: &'static str,
    },
    /// A scheme that wants a host, without a usable one.
    #[error("`{text}` is not `{scheme}HOST` or `{scheme}HOST:PORT`")]
    WebRepl {
        /// The text as written.
        text: String,
        /// The scheme as written.
        scheme: &'static str,
    },
    /// An option behind a `?` that is not known.
    #[error("`{option}` is no option of `rfc2217://`")]
    Option {
        /// The option as written.
        option: String,
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
        } else if let Some(scheme) =
            ["tcp://", "socket://", RFC2217].into_iter().find(|s| text.starts_with(s))
        {
            parse_network(text, scheme)
        } else if let Some(scheme) = WEBREPL.into_iter().find(|s| text.starts_with(s)) {
            parse_webrepl(text, scheme)
        } else if let Some((scheme, _)) = text.split_once("://") {
            Err(AddressError::Scheme { scheme: scheme.to_owned() })
        } else {
            Ok(Address::Serial(text.to_owned()))
        }
    }
}

/// The second is short for the first.
const WEBREPL: [&str; 3] = ["ws://", "webrepl:", "wss://"];

/// The ports of WebREPL, and of what is before it within TLS.
const WEBREPL_PORTS: (u16, u16) = (8266, 443);

fn parse_webrepl(text: &str, scheme: &'static str) -> Result<Address, AddressError> {
    let wrong = || AddressError::WebRepl { text: text.to_owned(), scheme };
    let rest = &text[scheme.len()..];
    let rest = rest.strip_prefix("//").filter(|_| scheme == "webrepl:").unwrap_or(rest);
    let (place, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let tls = scheme == "wss://";
    let port = if tls { WEBREPL_PORTS.1 } else { WEBREPL_PORTS.0 };
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, port),
        Some((host, after)) => {
            let port = after.strip_prefix(':').and_then(|port| port.parse().ok());
            (host, port.ok_or_else(wrong)?)
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (place, port),
        },
    };
    let odd = |c: char| c.is_whitespace() || c.is_control();
    // A password in an address would be in logs and in the list of processes.
    if host.is_empty() || port == 0 || text.contains(odd) || host.contains('@') {
        return Err(wrong());
    }
    Ok(Address::WebRepl(WebReplAddress { tls, host: host.to_owned(), port, path: path.to_owned() }))
}

const RFC2217: &str = "rfc2217://";

/// Options of pyserial's client, which scripts may have in their addresses. None of them is needed here.
const RFC2217_OPTIONS: [&str; 4] = ["ign_set_control", "poll_modem", "timeout", "logging"];

fn parse_network(text: &str, scheme: &'static str) -> Result<Address, AddressError> {
    let wrong = || AddressError::Network { text: text.to_owned(), scheme };
    let rest = &text[scheme.len()..];
    let (place, options) = match scheme {
        RFC2217 => rest.split_once('?').unwrap_or((rest, "")),
        _ => (rest, ""),
    };
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let name = option.split('=').next().unwrap_or(option);
        if !RFC2217_OPTIONS.contains(&name) {
            return Err(AddressError::Option { option: option.to_owned() });
        }
    }
    let (host, port) = place.strip_suffix('/').unwrap_or(place).rsplit_once(':').ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
    if host.is_empty() || host.contains('/') {
        return Err(wrong());
    }
    let host = host.to_owned();
    Ok(if scheme == RFC2217 { Address::Rfc2217 { host, port } } else { Address::Tcp { host, port } })
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
            Address::Tcp { host, port } => write!(f, "tcp://{}:{port}", bracketed(host)),
            Address::WebRepl(WebReplAddress { tls, host, port, path }) => {
                let scheme = if *tls { "wss" } else { "ws" };
                let path = if path == "/" { "" } else { path };
                write!(f, "{scheme}://{}:{port}{path}", bracketed(host))
            }
            Address::Rfc2217 { host, port } => write!(f, "{RFC2217}{}:{port}", bracketed(host)),
        }
    }
}

/// An IPv6 address needs brackets before a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
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
            ("rfc2217://localhost:2217", Address::Rfc2217 { host: "localhost".into(), port: 2217 }),
            ("rfc2217://[::1]:2217", Address::Rfc2217 { host: "::1".into(), port: 2217 }),
            ("port:auto", Address::Serial("auto".into())),
        ];
        for (text, address) in cases {
            assert_eq!(text.parse(), Ok(address.clone()), "{text}");
            assert_eq!(address.to_string(), text);
        }
        let rfc2217 = Address::Rfc2217 { host: "h".into(), port: 1 };
        for text in
            ["rfc2217://h:1/", "rfc2217://h:1?ign_set_control", "rfc2217://h:1/?logging=debug&timeout=3"]
        {
            assert_eq!(text.parse(), Ok(rfc2217.clone()), "{text}");
        }
        assert_eq!("socket://h:1".parse(), Ok(Address::Tcp { host: "h".into(), port: 1 }));
        let webrepl = |tls, host: &str, port, path: &str| {
            Address::WebRepl(WebReplAddress { tls, host: host.into(), port, path: path.into() })
        };
        for (text, shown, address) in [
            ("ws://h", "ws://h:8266", webrepl(false, "h", 8266, "/")),
            ("webrepl:h", "ws://h:8266", webrepl(false, "h", 8266, "/")),
            ("webrepl://h:1/", "ws://h:1", webrepl(false, "h", 1, "/")),
            ("ws://[::1]", "ws://[::1]:8266", webrepl(false, "::1", 8266, "/")),
            ("ws://[::1]:7/a/b", "ws://[::1]:7/a/b", webrepl(false, "::1", 7, "/a/b")),
            ("wss://gate/esp", "wss://gate:443/esp", webrepl(true, "gate", 443, "/esp")),
        ] {
            assert_eq!(text.parse(), Ok(address.clone()), "{text}");
            assert_eq!(address.to_string(), shown);
            assert_eq!(shown.parse(), Ok(address), "{shown}");
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
            "socket://h",
            "rfc2217://h",
            "rfc2217://h:1?speed=9",
            "ws://",
            "ws://h:0",
            "ws://h:x",
            "ws://[::1",
            "wss://:1",
            "webrepl:",
            "ws://user:pw@h",
            "ws://h/a b",
            "foo://x",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        assert_eq!("".parse::<Address>(), Err(AddressError::Empty));
        assert_eq!("foo://x".parse::<Address>(), Err(AddressError::Scheme { scheme: "foo".into() }));
    }
}
