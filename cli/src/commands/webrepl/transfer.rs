//! Files by WebREPL's own protocol. A stock board says nothing of a full disk, so a digest follows when the board is at its prompt.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use mpr_protocol::Errno;
use mpr_protocol::transport::{FileError, WebRepl};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Kind};
use crate::hints::MPR;
use crate::local::Destination;
use crate::session::Session;

/// A board at its prompt answers within this time; one that does not runs a program, which is left alone.
const PROMPT: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Report<'a> {
    source: &'a str,
    destination: &'a str,
    size: u64,
    /// The digest on the board was compared.
    verified: bool,
}

/// Passes bytes on and computes their digest.
struct Hashed<T> {
    inner: T,
    hash: Sha256,
}

impl<T: Read> Read for Hashed<T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.hash.update(&buf[..n]);
        Ok(n)
    }
}

impl<T: Write> Write for Hashed<T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.hash.update(&buf[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The connection of the session's board.
fn link<'s>(session: &'s mut Session<'_>) -> Result<&'s mut WebRepl, Failure> {
    let name = session.link()?.name().to_owned();
    session.link()?.transport_mut().webrepl().ok_or_else(|| {
        Failure::usage(format!("webrepl: `{name}` is not reached by WebREPL"))
            .hint("`mpr connect ws://HOST webrepl ...`; `mpr cp` copies files over every link")
    })
}

/// The board serves a file of a mounted folder by asking this side, which waits for the file meanwhile.
fn outside_mounts(session: &mut Session<'_>, name: &str) -> Result<(), Failure> {
    let mounted = session.link()?.mounted();
    // A mount makes its folder the current one.
    let within = |at: &str| match name.strip_prefix(at.trim_end_matches('/')) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => !name.starts_with('/'),
    };
    match mounted.iter().find(|mounted| within(&mounted.at)) {
        Some(mounted) => Err(Failure::usage(format!(
            "webrepl: `:{name}` is in the folder mounted at `:{}`, or in the current directory",
            mounted.at
        ))
        .hint("an absolute path outside of it, such as `:/main.py`, works; or `umount` first")),
        None => Ok(()),
    }
}

/// A failure of a transfer. After most of them the connection is of no use any more.
fn failed(session: &mut Session<'_>, name: &str, file: &str, error: FileError) -> Failure {
    let spent = !matches!(error, FileError::Name | FileError::Size | FileError::Status(_));
    if spent {
        session.drop_link();
    }
    match error {
        FileError::Status(number) => {
            let error = mpr_protocol::Error::Os {
                errno: Errno::new(number.into(), None),
                path: name.to_owned(),
                op: "webrepl",
            };
            Failure::device("webrepl", error)
        }
        FileError::Local(error) => Failure::local("webrepl", file, &error),
        FileError::Name | FileError::Size => Failure::usage(format!("webrepl: `:{name}`: {error}")),
        FileError::Changed => Failure::usage(format!("webrepl: `{file}` changed while it was read")),
        FileError::Interrupted => Failure::new(Kind::Interrupted(2), "interrupted"),
        error => Failure::new(Kind::Link, format!("webrepl: `:{name}`: {error}")).hint(format!(
            "stock boards do that when a file can't be opened or read: `{MPR} ls` shows what is there"
        )),
    }
}

/// Compares the digest of the file on the board, if it is at its prompt. Tells whether it was.
fn verify(session: &mut Session<'_>, name: &str, digest: &[u8]) -> Result<bool, Failure> {
    let printer = session.printer();
    let device = session.link()?;
    let told = |error| Failure::device("webrepl", error);
    if !device.enter_raw_repl_if_idle(PROMPT).map_err(told)? {
        printer.note(&format!("`:{name}` was not verified, for a program runs on the board"));
        return Ok(false);
    }
    let there = device.hash(name, "sha256").map_err(told)?;
    // The program that ran before may go on at the prompt.
    device.leave_raw_repl().map_err(told)?;
    match there == digest {
        true => Ok(true),
        false => Err(differs(name)),
    }
}

/// Compares what the board sends of the file, for another client has the prompt.
fn read_back(session: &mut Session<'_>, name: &str, file: &str, digest: &[u8]) -> Result<bool, Failure> {
    let mut there = Hashed { inner: io::sink(), hash: Sha256::new() };
    let got = link(session)?.get_file(name, &mut there, &mut |_| {});
    got.map_err(|error| failed(session, name, file, error))?;
    match there.hash.finalize()[..] == *digest {
        true => Ok(true),
        false => Err(differs(name)),
    }
}

fn differs(name: &str) -> Failure {
    Failure::refused(format!("webrepl: `:{name}` does not hold what was sent"))
        .cause("the digests differ; stock boards don't tell when there is no room")
        .hint(format!("`{MPR} df` shows how full the board is"))
}

/// A file to the board.
pub(super) fn put(session: &mut Session<'_>, file: &str, name: &str) -> Result<(), Failure> {
    outside_mounts(session, name)?;
    let local = |error: io::Error| Failure::local("webrepl", file, &error);
    let opened = File::open(file).map_err(local)?;
    let meta = opened.metadata().map_err(local)?;
    if meta.is_dir() {
        return Err(local(io::ErrorKind::IsADirectory.into()));
    }
    let printer = session.printer();
    let size = meta.len();
    let mut source = Hashed { inner: opened, hash: Sha256::new() };
    let sent = link(session)?.put_file(name, &mut source, size, &mut |_| {});
    sent.map_err(|error| failed(session, name, file, error))?;
    let digest = source.hash.finalize();
    let verified = match link(session)?.has_prompt() {
        true => verify(session, name, &digest)?,
        false => read_back(session, name, file, &digest)?,
    };
    printer.headline(&format!("webrepl put {file} :{name}"))?;
    printer.json("webrepl", &Report { source: file, destination: &format!(":{name}"), size, verified })
}

/// A file from the board.
pub(super) fn get(session: &mut Session<'_>, name: &str, file: &str) -> Result<(), Failure> {
    outside_mounts(session, name)?;
    let local = |error: io::Error| Failure::local("webrepl", file, &error);
    let printer = session.printer();
    let link = link(session)?;
    let place = Destination::create(Path::new(file)).map_err(local)?;
    let mut target = Hashed { inner: place, hash: Sha256::new() };
    let has_prompt = link.has_prompt();
    let got = link.get_file(name, &mut target, &mut |_| {});
    let size = got.map_err(|error| failed(session, name, file, error))?;
    let verified = match has_prompt {
        true => verify(session, name, &target.hash.finalize())?,
        false => {
            printer.note(&format!("`:{name}` was not verified, for another client has the prompt"));
            false
        }
    };
    target.inner.commit().map_err(local)?;
    printer.headline(&format!("webrepl get :{name} {file}"))?;
    printer.json("webrepl", &Report { source: &format!(":{name}"), destination: file, size, verified })
}

/// The version of the board's firmware.
pub(super) fn version(session: &mut Session<'_>) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Version {
        version: [u8; 3],
    }
    let printer = session.printer();
    let version = link(session)?.version();
    let version = version.map_err(|error| failed(session, "", "", error))?;
    let [major, minor, micro] = version;
    if !printer.is_json() {
        printer.line(&format!("{major}.{minor}.{micro}"))?;
    }
    printer.json("webrepl", &Version { version })
}
