//! What to do next after a failure: one command, for the failures that have one.

use std::io;
use std::path::Path;

use mpr_protocol::Error;

/// Advice for what the library reports.
pub fn for_device(error: &Error) -> Option<String> {
    let hint = match error {
        Error::NoDevice => {
            "plug a board in, or name one: `mpr connect sim:` starts a simulated board, `mpr devs` lists all ports"
                .to_owned()
        }
        Error::NoSuchSerial { .. } => "`mpr devs` lists the ports with their serial numbers".to_owned(),
        Error::SeveralDevices(ports) => {
            let first = ports.first()?;
            let name = first.serial.as_ref().map_or(first.path.clone(), |serial| format!("id:{serial}"));
            format!("name one of them, such as `mpr connect {}`", shell_word(&name))
        }
        Error::NotFound { .. } => "`mpr devs` lists the ports that exist".to_owned(),
        Error::Busy { port } => {
            format!("`fuser -v {}` shows which program uses it", shell_word(port))
        }
        Error::PermissionDenied { .. } => {
            "`sudo usermod -aG dialout $USER` lets you use serial ports after the next login".to_owned()
        }
        Error::Lost { .. } => "`mpr devs` shows whether the board is still there".to_owned(),
        Error::Reset { .. } => "run the command again; `mpr repl` shows what the board prints as it starts".to_owned(),
        Error::Timeout { received: 0, .. } => {
            "is it the right port (`mpr devs`), and does it run MicroPython? Pressing reset on the board may help"
                .to_owned()
        }
        Error::Timeout { .. } => "`mpr repl` shows what the board prints; Ctrl-C there stops its program".to_owned(),
        Error::Protocol { .. } => {
            "run the command again with `--trace FILE`, which keeps every byte for a bug report".to_owned()
        }
        Error::Verify { .. } => {
            "run the command again; the file that was there before is whole".to_owned()
        }
        Error::SourceChanged { .. } => "run the command again when nothing writes to the file".to_owned(),
        Error::NoSpace { .. } => "`mpr df` shows how full the board is".to_owned(),
        Error::Unsupported { .. } => {
            "`mpr exec \"help('modules')\"` lists what the board has".to_owned()
        }
        Error::Os { errno, path, op } => return for_errno(errno, path, op),
        _ => return None,
    };
    Some(hint)
}

fn for_errno(errno: &mpr_protocol::Errno, path: &str, op: &str) -> Option<String> {
    let parent = board_parent(path);
    let list_parent = format!("`mpr ls {}` shows what is there", shell_word(&format!(":{parent}")));
    let hint = if ["ENOENT", "EEXIST", "ENOTDIR"].iter().any(|name| errno.is(name)) {
        list_parent
    } else if errno.is("ENOTEMPTY") || errno.is("EISDIR") || (errno.is("EACCES") && op == "rmdir") {
        format!("`mpr ls {}` shows what it holds", shell_word(&format!(":{path}")))
    } else if errno.is("ENOSPC") {
        "`mpr df` shows how full the board is".to_owned()
    } else {
        return None;
    };
    Some(hint)
}

/// Advice for a file on this machine.
pub fn for_local(path: &str, error: &io::Error) -> Option<String> {
    match error.kind() {
        io::ErrorKind::NotFound => {
            let folder = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty());
            let folder = folder.map_or(".".to_owned(), |parent| parent.display().to_string());
            Some(match Path::new(&folder).is_dir() {
                true => format!("`ls {}` shows what is there", shell_word(&folder)),
                false => format!("the folder `{folder}` does not exist either"),
            })
        }
        io::ErrorKind::PermissionDenied => Some(format!("`ls -l {}` shows who may use it", shell_word(path))),
        _ => None,
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
}
