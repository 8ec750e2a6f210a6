//! A mount that goes on after its command has returned.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use etcetera::BaseStrategy;
use mpr_protocol::{Address, ConnectOptions};

use super::Mount;
use crate::failure::{Failure, Kind};
use crate::hints::Named;
use crate::session::Session;

/// What the process in the background says when the folder is there.
const READY: &str = "mounted";

/// Starts the mount in a process of its own, and returns when the folder is there.
pub(super) fn start(mount: &Mount, folder: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let log = log_file(mount)?;
    let broken =
        |error: io::Error| Failure::usage("mount: cannot start in the background").cause(error.to_string());
    let named = session.name_board()?;
    let options = session.connect_options(&named)?;
    let mut command = Command::new(std::env::current_exe().map_err(broken)?);
    command.args(globals(&named, &options, session));
    // The process has to have the board for itself.
    session.disconnect();
    command.arg("mount").args(words(mount)).args([&mount.path, folder]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(broken)?;
    if let (Some(mut stdin), Some(password)) = (child.stdin.take(), &options.webrepl.password) {
        // No other process sees it there.
        stdin.write_all(password.reveal().as_bytes()).map_err(broken)?;
    }
    let mut said = String::new();
    let mut out =
        BufReader::new(child.stdout.take().ok_or_else(|| broken(io::ErrorKind::BrokenPipe.into()))?);
    loop {
        let mut line = String::new();
        match out.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) if line.trim_end() == READY => {
                session.printer().data(said.as_bytes()).map_err(|error| Failure::output(&error))?;
                session.printer().detail(&format!("messages go to `{}`", log.display()));
                return Ok(());
            }
            Ok(_) => said.push_str(&line),
        }
    }
    // It has said why it could not.
    let mut why = String::new();
    if let Some(err) = &mut child.stderr {
        let _ = err.read_to_string(&mut why);
    }
    let code = child.wait().ok().and_then(|status| status.code());
    let kind = match code {
        Some(1) => Kind::Refused,
        Some(3) => Kind::Link,
        _ => Kind::Usage,
    };
    let mut failure = Failure::new(kind, "");
    failure.device_text = Some(why);
    Err(failure)
}

/// Leaves the terminal. It may be closed; the mount stays.
pub(super) fn detach() {
    // It fails for a process that leads a session already, which is what is wanted.
    let _ = nix::unistd::setsid();
}

/// Says that the folder is there; what is said later goes to the log.
pub(super) fn is_ready(mount: &Mount) -> Result<(), Failure> {
    let path = log_file(mount)?;
    let broken = |error: io::Error| Failure::local("mount", &path.display().to_string(), &error);
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(broken)?;
    nix::unistd::dup2_stderr(&file).map_err(|error| broken(error.into()))?;
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{READY}");
    let _ = out.flush();
    nix::unistd::dup2_stdout(&file).map_err(|error| broken(error.into()))
}

/// Options in front of the command, which say how to reach the board.
fn globals(named: &Named, options: &ConnectOptions, session: &Session<'_>) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        vec!["--no-config".into(), "--device".into(), named.address().to_string().into()];
    if let Address::WebRepl(_) = named.address() {
        words.extend(["--password-file".into(), "/dev/stdin".into()]);
    }
    if options.webrepl.insecure {
        words.push("--insecure".into());
    }
    if let Some(ca) = &options.webrepl.ca {
        words.extend(["--ca".into(), ca.into()]);
    }
    if let Some(trace) = &options.trace {
        words.extend(["--trace".into(), trace.into()]);
    }
    if let Some(limit) = session.timeout() {
        words.extend(["--timeout".into(), limit.as_secs_f64().to_string().into()]);
    }
    if session.printer().is_quiet() {
        words.push("--quiet".into());
    }
    if session.printer().is_json() {
        words.push("--json".into());
    }
    words
}

/// The options, for the process in the background.
fn words(mount: &Mount) -> Vec<String> {
    let here = &mount.here;
    let mut words = vec!["--detached".to_owned(), "--background".to_owned()];
    let flags = [
        (mount.read_only, "--read-only"),
        (here.allow_other, "--allow-other"),
        (here.no_overlay, "--no-overlay"),
        (here.strict_modes, "--strict-modes"),
    ];
    words.extend(flags.iter().filter(|(given, _)| *given).map(|(_, word)| (*word).to_owned()));
    let mut option = |name: &str, value: String| words.push(format!("--{name}={value}"));
    here.uid.iter().for_each(|uid| option("uid", uid.to_string()));
    here.gid.iter().for_each(|gid| option("gid", gid.to_string()));
    here.log.iter().for_each(|log| option("log", log.display().to_string()));
    here.exclude.iter().for_each(|pattern| option("exclude", pattern.clone()));
    option("umask", format!("{:o}", here.umask));
    option("cache-ttl", here.cache_ttl.as_secs_f64().to_string());
    option("busy-timeout", here.busy_timeout.as_secs_f64().to_string());
    words
}

/// The file for messages; its folder is made.
fn log_file(mount: &Mount) -> Result<PathBuf, Failure> {
    let path = match &mount.here.log {
        Some(path) => path.clone(),
        None => {
            let places = etcetera::choose_base_strategy().map_err(|error| {
                Failure::usage("mount: there is no place for a log").cause(error.to_string())
            })?;
            let folder = places.state_dir().unwrap_or_else(|| places.data_dir()).join("mpr");
            std::fs::create_dir_all(&folder)
                .map_err(|error| Failure::local("mount", &folder.display().to_string(), &error))?;
            folder.join("mount.log")
        }
    };
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|error| Failure::local("mount", &path.display().to_string(), &error))?;
    Ok(path)
}
