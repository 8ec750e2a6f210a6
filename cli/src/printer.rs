//! The only place that prints.
//!
//! Standard output carries data: what a script reads. Everything else goes to standard error.

use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal, Write};

use indicatif::ProgressBar;
use mpr_protocol::Output;
use serde::Serialize;

use crate::failure::{Failure, Kind};
use crate::hints::Named;
use crate::options::Globals;

/// The version of every JSON object that `--json` prints. It grows when a field changes its meaning or goes away.
const JSON_SCHEMA: u32 = 1;

/// Prints data and messages as the options want them.
#[derive(Debug, Default)]
pub struct Printer {
    wanted: Cell<Wanted>,
    /// Whether the last byte of data left the cursor in the middle of a line.
    mid_line: Cell<bool>,
    /// What stands on the terminal's last line, in the way of what is printed.
    bar: RefCell<Option<ProgressBar>>,
}

/// Where progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On a line of a terminal that is written over and over.
    Terminal,
    /// In lines, as in a log.
    Lines,
}

/// What is printed, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    json: bool,
    quiet: bool,
    verbose: bool,
}

/// Where a JSON result comes from, in front of the command's own fields.
#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: u32,
    command: &'a str,
    #[serde(flatten)]
    result: &'a T,
}

impl Printer {
    /// A printer for these options.
    pub fn new(globals: &Globals) -> Self {
        let printer = Printer::default();
        printer.want_too(globals);
        printer
    }

    /// Prints as these options want it, too. Returns what was wanted before, for [`Printer::want`].
    pub fn want_too(&self, globals: &Globals) -> Wanted {
        let before = self.wanted.get();
        self.wanted.set(Wanted {
            json: before.json | globals.anywhere.json,
            quiet: before.quiet | globals.anywhere.quiet,
            verbose: before.verbose | globals.verbose,
        });
        before
    }

    /// Prints like this from here on.
    pub fn want(&self, wanted: Wanted) {
        self.wanted.set(wanted);
    }

    /// Whether results are wanted as JSON.
    pub fn is_json(&self) -> bool {
        self.wanted.get().json
    }

    /// Whether only results and errors are wanted.
    pub fn is_quiet(&self) -> bool {
        self.wanted.get().quiet
    }

    /// Where progress is shown, if it is wanted.
    pub fn progress_place(&self) -> Option<Place> {
        match self.wanted.get() {
            Wanted { quiet: true, .. } | Wanted { json: true, .. } => None,
            _ if io::stderr().is_terminal() => Some(Place::Terminal),
            _ => Some(Place::Lines),
        }
    }

    /// Says which bar stands on the terminal, so that what is printed meanwhile comes above it.
    pub fn show_bar(&self, bar: Option<ProgressBar>) {
        self.bar.replace(bar);
    }

    /// Prints something with the bar out of the way.
    fn beside_bar<R>(&self, print: impl FnOnce() -> R) -> R {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Data, byte for byte.
    pub fn data(&self, bytes: &[u8]) -> io::Result<()> {
        self.beside_bar(|| {
            let mut out = io::stdout().lock();
            out.write_all(bytes)?;
            out.flush()
        })?;
        if let Some(last) = bytes.last() {
            self.mid_line.set(*last != b'\n');
        }
        Ok(())
    }

    /// A line of a result. With `--json` the result is printed whole by [`Printer::json`] instead.
    pub fn line(&self, line: &str) -> Result<(), Failure> {
        match self.wanted.get().json {
            true => Ok(()),
            false => self.data(format!("{line}\n").as_bytes()).map_err(|error| Failure::output(&error)),
        }
    }

    /// The line that says which operation the following lines belong to, as mpremote prints it (`ls :lib`).
    pub fn headline(&self, line: &str) -> Result<(), Failure> {
        match self.wanted.get().quiet {
            true => Ok(()),
            false => self.line(line),
        }
    }

    /// A result as a JSON object on a line of its own; nothing without `--json`.
    pub fn json<T: Serialize>(&self, command: &str, result: &T) -> Result<(), Failure> {
        if !self.wanted.get().json {
            return Ok(());
        }
        let object = Envelope { schema: JSON_SCHEMA, command, result };
        let mut text = serde_json::to_vec(&object).map_err(|error| {
            Failure::usage(format!("{command}: cannot write JSON")).cause(error.to_string())
        })?;
        text.push(b'\n');
        self.data(&text).map_err(|error| Failure::output(&error))
    }

    /// A message for the person at the terminal.
    pub fn note(&self, text: &str) {
        if !self.wanted.get().quiet {
            self.tell(text);
        }
    }

    /// A message for `--verbose`.
    pub fn detail(&self, text: &str) {
        if self.wanted.get().verbose && !self.wanted.get().quiet {
            self.tell(text);
        }
    }

    /// Moves the terminal's cursor to the start of a line, if data has left it elsewhere.
    pub fn end_line(&self) {
        if self.mid_line.take() && io::stdout().is_terminal() {
            let _ = io::stderr().write_all(b"\n");
        }
    }

    /// The failure that ends the command line: `error:`, the causes, and one hint.
    pub fn failure(&self, failure: &Failure, named: Option<&Named>) {
        if failure.kind != Kind::BrokenPipe {
            self.tell(render(failure, named).trim_end_matches('\n'));
        }
    }

    /// Nobody can be told when standard error is gone.
    fn tell(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.beside_bar(|| {
            let mut err = io::stderr().lock();
            if self.mid_line.take() && io::stdout().is_terminal() && err.is_terminal() {
                let _ = err.write_all(b"\n");
            }
            let _ = writeln!(err, "{text}");
        });
    }
}

/// A message from a thread that has no printer.
pub fn note_from_aside(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What a program on the board prints goes to standard output as it comes.
impl Output for &Printer {
    fn stdout(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.data(bytes)
    }
}

/// File content goes the same way.
impl Write for &Printer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.data(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// A failure as text, for the board that the command line named.
fn render(failure: &Failure, named: Option<&Named>) -> String {
    let mut text = String::new();
    if let Some(device) = &failure.device_text {
        text.push_str(device.trim_end_matches('\n'));
        text.push('\n');
    }
    if !failure.message.is_empty() {
        text.push_str(&format!("error: {}\n", failure.message));
    }
    for cause in &failure.causes {
        text.push_str(&format!("  {}\n", cause.replace('\n', "\n  ")));
    }
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("hint: {}\n", hint.text(named)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_three_parts() {
        let failure = Failure::refused("rm: `:lib`: Is a directory")
            .cause("it holds 2 files")
            .hint("`mpr rm -r :lib` removes it with its content");
        assert_eq!(
            render(&failure, None),
            "error: rm: `:lib`: Is a directory\n  it holds 2 files\n\
             hint: `mpr rm -r :lib` removes it with its content\n"
        );
    }

    #[test]
    fn a_traceback_stands_alone() {
        let failure = Failure {
            device_text: Some("Traceback (most recent call last):\nValueError: x\n".into()),
            ..Failure::refused("")
        };
        assert_eq!(render(&failure, None), "Traceback (most recent call last):\nValueError: x\n");
    }

    #[test]
    fn json_names_its_version_and_command_first() {
        #[derive(Serialize)]
        struct Result {
            size: u64,
        }
        let object = Envelope { schema: JSON_SCHEMA, command: "ls", result: &Result { size: 3 } };
        assert_eq!(serde_json::to_string(&object).unwrap(), r#"{"schema":1,"command":"ls","size":3}"#);
    }
}
