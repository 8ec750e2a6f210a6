//! What to do next after a failure: one command, for the failures that have one.

use std::io;
use std::path::Path;

use mpr_protocol::transport::{WebReplAddress, WebReplError};
use mpr_protocol::{Address, Errno, Error};

/// How advice writes the start of a command that needs the board; [`Advice::text`] names the board there.
pub const MPR: &str = "{mpr}";

/// Something to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// This, with [`MPR`] where the command line begins.
    Text(String),
    /// What helps with a link depends on its kind.
    Link(Trouble),
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It can't be opened, for there is no such thing.
    Missing,
    /// Somebody else has it.
    Busy,
    /// It ended.
    Lost,
    /// Nothing comes.
    Silent,
}

/// The board that a command line named, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By `connect`.
    Connect(DeviceName),
    /// By `--device`.
    Option(DeviceName),
    /// By nothing, by the environment, or by the configuration: it need not be named again.
    Default(DeviceName),
}

/// A board's address, and the name that the configuration gives it, if it was called by that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName {
    /// Where it is.
    pub address: Address,
    /// The name in the configuration.
    pub alias: Option<String>,
}

impl From<Address> for DeviceName {
    fn from(address: Address) -> Self {
        DeviceName { address, alias: None }
    }
}

impl std::fmt::Display for DeviceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.alias {
            Some(alias) => f.write_str(alias),
            None => self.address.fmt(f),
        }
    }
}

impl Named {
    /// The board.
    pub fn address(&self) -> &Address {
        match self {
            Named::Connect(device) | Named::Option(device) | Named::Default(device) => &device.address,
        }
    }

    /// The name that the configuration gives it, if it was called by that.
    pub fn alias(&self) -> Option<&str> {
        match self {
            Named::Connect(device) | Named::Option(device) | Named::Default(device) => {
                device.alias.as_deref()
            }
        }
    }

    /// The start of a command line for this board.
    fn command(&self) -> String {
        match self {
            Named::Connect(device) => format!("mpr connect {}", shell_word(&device.to_string())),
            Named::Option(device) => format!("mpr -d {}", shell_word(&device.to_string())),
            Named::Default(_) => "mpr".to_owned(),
        }
    }
}

impl Advice {
    /// The text for this board.
    pub fn text(&self, named: Option<&Named>) -> String {
        let text = match self {
            Advice::Text(text) => text.clone(),
            Advice::Link(trouble) => for_link(*trouble, named.map(Named::address)),
        };
        text.replace(MPR, &named.map_or_else(|| "mpr".to_owned(), Named::command))
    }
}

impl<T: Into<String>> From<T> for Advice {
    fn from(text: T) -> Self {
        Advice::Text(text.into())
    }
}

fn for_link(trouble: Trouble, address: Option<&Address>) -> String {
    match (trouble, address) {
        (Trouble::Missing | Trouble::Lost | Trouble::Silent, Some(Address::Exec(command))) => {
            format!("does the command work by itself? `sh -c {}`", shell_word(command))
        }
        (Trouble::Missing | Trouble::Lost, Some(Address::Sim(_))) => {
            "the program of the simulated board is `mpr-sim`; MPR_SIM names it if it is neither beside mpr nor on the \
             path: `mpr-sim --help` shows whether it runs"
                .to_owned()
        }
        (Trouble::Busy, Some(Address::Sim(_))) => {
            "`mpr connect sim:-` starts another simulated board with its files in memory".to_owned()
        }
        (Trouble::Busy, Some(Address::Rfc2217 { .. })) => {
            "somebody else uses that port of the server, or it lets nobody in; try again when it is free".to_owned()
        }
        (Trouble::Lost, Some(Address::WebRepl(_))) => {
            "boards hang up when they restart; try again when it is back".to_owned()
        }
        (Trouble::Silent, Some(Address::WebRepl(_))) => {
            "a program that never waits may keep a board from answering; press reset on it".to_owned()
        }
        (_, Some(Address::WebRepl(WebReplAddress { host, port, .. }))) => {
            format!("does the board serve it? `nc -vz {} {port}`; on its prompt: `import webrepl_setup`", shell_word(host))
        }
        (_, Some(Address::Tcp { host, port } | Address::Rfc2217 { host, port })) => {
            format!("does anything listen there? `nc -vz {} {port}`", shell_word(host))
        }
        (Trouble::Busy, Some(Address::Serial(port))) => {
            format!("`fuser -v {}` shows which program uses it", shell_word(port))
        }
        (Trouble::Missing | Trouble::Busy, _) => "`mpr devs` lists the ports that exist".to_owned(),
        (Trouble::Lost, _) => "`mpr devs` shows whether the board is still there".to_owned(),
        (Trouble::Silent, _) => {
            "press reset on the board; `mpr devs` lists the ports, if it was the wrong one".to_owned()
        }
    }
}

/// Advice for what the library reports.
pub fn for_device(error: &Error) -> Option<Advice> {
    let text = match error {
        Error::NotFound { .. } | Error::Open { .. } => return Some(Advice::Link(Trouble::Missing)),
        Error::Busy { .. } => return Some(Advice::Link(Trouble::Busy)),
        Error::Lost { .. } => return Some(Advice::Link(Trouble::Lost)),
        Error::Timeout { received: 0, .. } => return Some(Advice::Link(Trouble::Silent)),
        Error::Timeout { .. } => {
            format!("`{MPR} repl` shows what the board prints; Ctrl-C there stops its program")
        }
        Error::NoDevice => "plug a board in, or try a simulated one: `mpr connect sim:`".to_owned(),
        Error::NoSuchSerial { .. } => "`mpr devs` lists the ports with their serial numbers".to_owned(),
        Error::SeveralDevices(ports) => {
            let first = ports.first()?;
            let name = first.serial.as_ref().map_or(first.path.clone(), |serial| format!("id:{serial}"));
            format!("name one of them, such as `mpr connect {}`", shell_word(&name))
        }
        Error::WebRepl { source, .. } => return for_webrepl(source),
        Error::PermissionDenied { .. } => {
            "`sudo usermod -aG dialout $USER` lets you use serial ports after the next login".to_owned()
        }
        Error::Reset { .. } => format!("`{MPR} repl` shows what the board prints as it starts"),
        Error::Protocol { .. } => {
            format!("`{MPR} --trace FILE ...` keeps every byte for a bug report")
        }
        Error::Verify { .. } => "run the command again".to_owned(),
        Error::SourceChanged { .. } => "run the command again when nothing writes to the file".to_owned(),
        Error::NoSpace { .. } => format!("`{MPR} df` shows how full the board is"),
        Error::Unsupported { lacks, .. } if lacks.contains("directories") => {
            format!("all its files are in one place: `{MPR} ls` lists them")
        }
        Error::Unsupported { .. } => format!("`{MPR} exec \"help('modules')\"` lists what the board has"),
        Error::Os { errno, path, .. } => return for_errno(errno, path),
        _ => return None,
    };
    Some(Advice::Text(text))
}

/// Characters that no name on FAT has.
const FAT_REFUSES: [char; 8] = ['"', '*', ':', '<', '>', '?', '\\', '|'];

fn for_webrepl(error: &WebReplError) -> Option<Advice> {
    let text = match error {
        WebReplError::Busy => {
            "close the other program or browser page; meanwhile `mpr webrepl put` and `get` move files to and \
                               from a board with our firmware; stock boards keep a client that has gone away until they are \
                               reset"
        }
        WebReplError::Denied => {
            "`import webrepl_setup` at the board's prompt sets another one; stock boards look at 9 \
                                 characters at most"
        }
        WebReplError::TooSoon(_) => "try again then",
        WebReplError::NoPassword => "`--password-file FILE`, or MPR_WEBREPL_PASSWORD",
        WebReplError::Tls(_) => "`--ca FILE` trusts the certificates in a file, `--insecure` whoever answers",
        WebReplError::NotWebRepl { .. } => "is it the right port? WebREPL's is 8266",
        WebReplError::Certificates { .. } => "`openssl x509 -in FILE -text` shows what is in a certificate",
        _ => return Some(Advice::Link(Trouble::Lost)),
    };
    Some(Advice::Text(text.to_owned()))
}

fn for_errno(errno: &Errno, path: &str) -> Option<Advice> {
    let is_any = |names: &[&str]| names.iter().any(|name| errno.is(name));
    let list = |path: &str| format!("`{MPR} ls {}`", shell_word(&format!(":{path}")));
    let text = if is_any(&["ENOENT", "EEXIST", "ENOTDIR"]) {
        format!("{} shows what is there", list(board_parent(path)))
    } else if is_any(&["ENOTEMPTY", "EISDIR"]) {
        format!("{} shows what it holds", list(path))
    } else if is_any(&["ENOSPC"]) {
        format!("`{MPR} df` shows how full the board is")
    } else if is_any(&["ENAMETOOLONG"]) {
        "a shorter name fits; copies are written as `NAME.part` first".to_owned()
    } else if is_any(&["EINVAL"]) && path.contains(FAT_REFUSES) {
        "another name may do: FAT has none with one of `\" * : < > ? \\ |`".to_owned()
    } else {
        return None;
    };
    Some(Advice::Text(text))
}

/// Advice for a file on this machine.
pub fn for_local(path: &str, error: &io::Error) -> Option<String> {
    let folder = match Path::new(path).parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let word = |path: &Path| shell_word(&path.display().to_string());
    match error.kind() {
        io::ErrorKind::NotFound if folder.is_dir() => {
            Some(format!("`ls {}` shows what is there", word(folder)))
        }
        io::ErrorKind::NotFound => {
            Some(format!("its folder is missing: `mkdir -p {}` makes it", word(folder)))
        }
        io::ErrorKind::PermissionDenied => {
            Some(format!("`ls -ld {} {}` shows who may use it", word(folder), shell_word(path)))
        }
        io::ErrorKind::StorageFull => Some(format!("`df -h {}` shows how full the disk is", word(folder))),
        _ => Some(format!("`ls -ld {}` shows what it is", shell_word(path))),
    }
}

/// The directory that holds this path on the board; empty for the current one.
pub fn board_parent(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
        None => "",
    }
}

/// A word as a shell takes it.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word(":lib/a.py"), ":lib/a.py");
        assert_eq!(shell_word(":it's a file"), r"':it'\''s a file'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn parents() {
        for (path, parent) in [("a", ""), ("/a", "/"), ("a/b", "a"), ("/a/b/", "/a"), ("", "")] {
            assert_eq!(board_parent(path), parent, "{path}");
        }
    }

    #[test]
    fn advice_names_the_board_as_the_user_did() {
        let advice = Advice::Text(format!("`{MPR} ls :`"));
        let sim = Address::Sim(mpr_protocol::SimFlash::Memory);
        for (named, text) in [
            (None, "`mpr ls :`"),
            (Some(Named::Default(sim.clone().into())), "`mpr ls :`"),
            (Some(Named::Connect(sim.clone().into())), "`mpr connect sim:- ls :`"),
            (Some(Named::Option(Address::Exec("a b".into()).into())), "`mpr -d 'exec:a b' ls :`"),
            (
                Some(Named::Connect(DeviceName { address: sim.clone(), alias: Some("my lab".into()) })),
                "`mpr connect 'my lab' ls :`",
            ),
        ] {
            assert_eq!(advice.text(named.as_ref()), text);
        }
    }

    #[test]
    fn a_broken_link_has_advice_for_its_kind() {
        let exec = Named::Connect(Address::Exec("ssh box".into()).into());
        assert!(Advice::Link(Trouble::Lost).text(Some(&exec)).contains("`sh -c 'ssh box'`"));
        let port = Named::Default(Address::Serial("/dev/ttyACM0".into()).into());
        assert!(Advice::Link(Trouble::Busy).text(Some(&port)).contains("`fuser -v /dev/ttyACM0`"));
    }
}
