//! What the words of `webrepl` mean.

use std::path::Path;

use mpr_protocol::Address;

use crate::failure::Failure;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Put { file: String, name: String },
    Get { name: String, file: String },
    Version,
    Prompt,
}

/// What is to be done, and with which board if the words name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub host: Option<Address>,
    pub action: Action,
}

impl Words {
    pub fn parse(words: &[String]) -> Result<Words, Failure> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let here = |action| Ok(Words { host: None, action });
        match words[..] {
            ["ver"] => here(Action::Version),
            ["put", file] => here(put(file, "")),
            ["put", file, name] => here(put(file, strip(name))),
            ["get", name] => here(get(strip(name), ".")),
            ["get", name, file] => here(get(strip(name), file)),
            ["put" | "get" | "ver", ..] => {
                Err(usage("put FILE [NAME], get NAME [FILE] and ver are its commands"))
            }
            [host] => Ok(Words { host: Some(address(host)?), action: Action::Prompt }),
            [from, to] => old(from, to),
            _ => Err(usage("too many words")),
        }
    }
}

/// A leading colon names the board, as for other commands.
fn strip(name: &str) -> &str {
    name.strip_prefix(':').unwrap_or(name)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A name that ends with a slash, or none, takes the file's own.
fn put(file: &str, name: &str) -> Action {
    let own = Path::new(file).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = if name.is_empty() || name.ends_with('/') { format!("{name}{own}") } else { name.to_owned() };
    Action::Put { file: file.to_owned(), name }
}

fn get(name: &str, file: &str) -> Action {
    let file = match Path::new(file).is_dir() {
        true => Path::new(file).join(base(name)).to_string_lossy().into_owned(),
        false => file.to_owned(),
    };
    Action::Get { name: name.to_owned(), file }
}

/// `FILE HOST:FILE` or `HOST:FILE FILE`.
fn old(from: &str, to: &str) -> Result<Words, Failure> {
    let (host, action) = match (from.rsplit_once(':'), to.rsplit_once(':')) {
        (None, Some((host, name))) => (host, put(from, if name.is_empty() { "/" } else { name })),
        (Some((host, name)), None) => (host, get(name, to)),
        (None, None) => return Err(usage("one of two files is HOST:FILE")),
        (Some(_), Some(_)) => return Err(usage("only one of two files is HOST:FILE")),
    };
    Ok(Words { host: Some(address(host)?), action })
}

fn address(host: &str) -> Result<Address, Failure> {
    let text = if host.contains("://") { host.to_owned() } else { format!("ws://{host}") };
    text.parse().map_err(|error| usage(&format!("{error}")))
}

fn usage(what: &str) -> Failure {
    Failure::usage(format!("webrepl: {what}")).hint("`mpr webrepl --help` shows its words")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Words, Failure> {
        Words::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    fn host(text: &str) -> Option<Address> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn our_words_and_those_of_old_scripts() {
        let put = |file: &str, name: &str| Action::Put { file: file.into(), name: name.into() };
        let get = |name: &str, file: &str| Action::Get { name: name.into(), file: file.into() };
        for (line, address, action) in [
            ("put a/b.py", None, put("a/b.py", "b.py")),
            ("put b.py :lib/", None, put("b.py", "lib/b.py")),
            ("get main.py copy.py", None, get("main.py", "copy.py")),
            ("get lib/main.py", None, get("lib/main.py", "./main.py")),
            ("ver", None, Action::Version),
            ("192.168.4.1", host("ws://192.168.4.1"), Action::Prompt),
            ("b.py 192.168.4.1:/x.py", host("ws://192.168.4.1"), put("b.py", "/x.py")),
            ("b.py h:9000:/app/", host("ws://h:9000"), put("b.py", "/app/b.py")),
            ("a/b.py h:", host("ws://h"), put("a/b.py", "/b.py")),
            ("h:/app/script.py .", host("ws://h"), get("/app/script.py", "./script.py")),
        ] {
            assert_eq!(parse(line), Ok(Words { host: address, action }), "{line}");
        }
        for wrong in ["put", "ver x", "a b", "h:a h:b", "a b c", "ws://"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
