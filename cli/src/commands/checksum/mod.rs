//! `sha256sum`, `sha1sum`, `md5sum`: print digests of files, or compare files with a list of digests.

mod check;
mod list;

use clap::{ArgMatches, Args, FromArgMatches};
use serde::Serialize;

use super::eval::hex;
use super::{Run, fs};
use crate::failure::{Failure, Kind};
use crate::session::Session;

/// The word under which the commands are listed.
pub const NAME: &str = "sha256sum";

/// Digests that this tool can compute itself where the device can't.
const ALGORITHMS: &[&str] = &["md5", "sha1", "sha256"];

/// Arguments of `sha256sum` and its like.
#[derive(Debug, Args)]
pub struct Checksum {
    #[command(flatten)]
    options: fs::Options,
    /// Compare the device's files with lists of digests; PATHs are lists on this machine, - is standard input
    #[arg(short, long)]
    check: bool,
    /// Files on the device
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
}

/// A checksum command with its algorithm.
#[derive(Debug)]
struct Named {
    name: String,
    arguments: Checksum,
}

#[derive(Serialize)]
struct Digest<'a> {
    path: &'a str,
    digest: &'a str,
}

/// Whether this word asks for a digest, known or not: letters with a digit, then `sum`.
pub fn is_name(word: &str) -> bool {
    word.strip_suffix("sum").is_some_and(|name| {
        name.ends_with(|c: char| c.is_ascii_digit()) && name.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

/// Makes the command for the word by which it was called.
pub fn build(name: &str, matches: &ArgMatches) -> Result<Box<dyn Run>, Failure> {
    let algorithm = name.trim_end_matches("sum");
    if !ALGORITHMS.contains(&algorithm) {
        return Err(Failure::usage(format!("{name}: there is no digest `{algorithm}` here"))
            .hint("use `md5sum`, `sha1sum` or `sha256sum`"));
    }
    let arguments =
        Checksum::from_arg_matches(matches).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    Ok(Box::new(Named { name: name.to_owned(), arguments }))
}

impl Run for Named {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let algorithm = self.name.trim_end_matches("sum");
        if self.arguments.check {
            return self.check(algorithm, session);
        }
        for path in self.arguments.paths.iter().map(|path| fs::board_path(path)) {
            let shown = format!(":{path}");
            if self.arguments.options.headline() {
                printer.headline(&format!("{} {shown}", self.name))?;
            }
            let digest = session.device()?.hash(path, algorithm);
            let digest = hex(&digest.map_err(|error| Failure::device(&self.name, error))?);
            printer.line(&digest)?;
            printer.json(&self.name, &Digest { path: &shown, digest: &digest })?;
        }
        Ok(())
    }
}

impl Named {
    /// Checks list after list; the first one that fails decides the exit code.
    fn check(&self, algorithm: &str, session: &mut Session<'_>) -> Result<(), Failure> {
        let mut result = Ok(());
        for from in &self.arguments.paths {
            match check::run(&self.name, algorithm, from, session) {
                Err(failure) if failure.kind == Kind::Refused => {
                    result = match result {
                        Ok(()) => Err(failure),
                        Err(first) => Err(Failure::cause(first, failure.message)),
                    }
                }
                checked => checked?,
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_digests() {
        for (word, digest) in [
            ("sha256sum", true),
            ("md5sum", true),
            ("sha3_256sum", true),
            ("sum", false),
            ("checksum", false),
            ("5sum", false),
        ] {
            assert_eq!(is_name(word), digest, "{word}");
        }
    }
}
