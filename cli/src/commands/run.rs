//! `run`: runs a program from this machine on the device.

use std::fs::File;
use std::io::{self, Read};

use clap::Args;
use mpr_protocol::{Discard, Error, str_literal};

use super::Run;
use super::exec::Follow;
use crate::failure::{Failure, strerror};
use crate::hints;
use crate::session::Session;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunFile {
    #[command(flatten)]
    follow: Follow,
    /// Program on this machine, or `-` for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// Arguments for the program, which finds them in `sys.argv`
    #[arg(value_name = "ARGS", last = true)]
    args: Vec<String>,
}

impl Run for RunFile {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let program = read_program(&self.file).map_err(|error| {
            let failure =
                Failure::usage(format!("could not read file `{}`", self.file)).cause(strerror(&error));
            Failure { hint: hints::for_local(&self.file, &error).map(Into::into), ..failure }
        })?;
        if self.args.is_empty() {
            return self.follow.run("run", &program, session);
        }
        // In an exchange of its own, so that line numbers in a traceback are those of the file.
        quietly(session, &set_argv(&self.file, &self.args))?;
        let result = self.follow.run("run", &program, session);
        // The next program shall not find the arguments of this one.
        let at_prompt = result.as_ref().map_or_else(|failure| failure.kind.board_is_at_prompt(), |()| true);
        if at_prompt && !self.follow.leaves() {
            quietly(session, "import sys\nsys.argv.clear()")?;
        }
        result
    }
}

fn read_program(file: &str) -> io::Result<Vec<u8>> {
    let mut program = Vec::new();
    match file {
        "-" => io::stdin().read_to_end(&mut program)?,
        file => File::open(file)?.read_to_end(&mut program)?,
    };
    Ok(program)
}

/// Code that puts the program's name and arguments into `sys.argv`. The list itself stays the same: no port lets code
/// assign to the module's attribute.
fn set_argv(file: &str, args: &[String]) -> String {
    let words: Vec<String> =
        std::iter::once(file).chain(args.iter().map(String::as_str)).map(str_literal).collect();
    format!("import sys\nsys.argv.clear()\nsys.argv.extend([{}])", words.join(","))
}

fn quietly(session: &mut Session<'_>, code: &str) -> Result<(), Failure> {
    session.device()?.exec(code.as_bytes(), &mut Discard).map_err(|error| match error {
        Error::Exception(traceback) if traceback.exception == "AttributeError" => {
            Failure::refused("run: the board has no `sys.argv` for the arguments")
                .hint("leave `--` and what follows it away")
        }
        error => Failure::device("run", error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_python_strings() {
        assert_eq!(
            set_argv("a b.py", &["it's".to_owned(), "-v".to_owned()]),
            "import sys\nsys.argv.clear()\nsys.argv.extend(['a b.py','it\\'s','-v'])"
        );
    }
}
