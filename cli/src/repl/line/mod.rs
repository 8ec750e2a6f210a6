//! The board's prompt with lines that are edited here: for slow links, and boards that can't edit lines.

mod block;
mod names;

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use super::inject::{self, After};
use super::output::Console;
use super::{End, Options, Repl, broken, create_capture, lost, remount};
use crate::failure::{Failure, Kind};
use crate::line::{Input, LineEditor};
use crate::session::Session;
use crate::terminal::RawMode;

/// The prompts, as MicroPython has them.
const PROMPT: &str = ">>> ";
const MORE: &str = "... ";

/// What ends the session.
enum Next {
    GoOn,
    Leave,
}

/// Runs the prompt until the user leaves it.
///
/// # Errors
/// As the plain prompt.
pub fn run(options: &Options, session: &mut Session<'_>) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("repl: standard input is no terminal")
            .hint("`mpr run -` runs a program from standard input"));
    }
    let (printer, signals) = (session.printer(), session.signals());
    let capture = options.capture.as_deref().map(create_capture).transpose()?;
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(|error| broken("standard input", &error))?;
    let (mut editor, trouble) = LineEditor::start("repl", true)?;
    let device = session.device()?;
    device.enter_raw_repl().map_err(|error| Failure::device("repl", error))?;
    let name = device.name().to_owned();
    printer.note(&format!("Connected to MicroPython at {name}"));
    printer.note("Use Ctrl-] or Ctrl-x to exit this shell");
    if let Some(capture) = &options.capture {
        printer.note(&format!("Capturing session to file \"{capture}\""));
    }
    if let Some(trouble) = trouble {
        printer.note(&format!("the lines of this session are not kept: {trouble}"));
    }
    session.let_be();
    let mut prompt =
        Prompt { console: Console::new(printer, options.escape, capture), stdin: File::from(stdin), name };
    let mut text = String::new();
    loop {
        let (shown, indentation) = match text.is_empty() {
            true => (PROMPT, String::new()),
            false => (MORE, block::indentation(&text)),
        };
        printer.end_line();
        let input =
            editor.read(shown, &indentation, signals, &mut |line, at| names::find(line, at, session))?;
        let next = match input {
            Input::Line(line) => {
                prompt.console.record(format!("{shown}{line}\n").as_bytes())?;
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(&line);
                if block::needs_more(&text) {
                    continue;
                }
                let whole = std::mem::take(&mut text);
                prompt.execute(&whole, &mut editor, session)?
            }
            Input::Cancelled => {
                text.clear();
                Next::GoOn
            }
            Input::End if text.is_empty() => prompt.restart(options, session)?,
            Input::End => {
                let whole = std::mem::take(&mut text);
                prompt.execute(&whole, &mut editor, session)?
            }
            Input::Left => Next::Leave,
        };
        if let Next::Leave = next {
            return Ok(());
        }
    }
}

/// What the prompt needs to show what happens.
struct Prompt<'a> {
    console: Console<'a>,
    stdin: File,
    name: String,
}

impl Prompt<'_> {
    /// Runs a statement, or several. Keys are the program's meanwhile.
    fn execute(
        &mut self,
        text: &str,
        editor: &mut LineEditor,
        session: &mut Session<'_>,
    ) -> Result<Next, Failure> {
        if text.trim().is_empty() {
            return Ok(Next::GoOn);
        }
        editor.remember(text.trim_end());
        let signals = session.signals();
        let _raw = RawMode::enter().map_err(|error| broken("the terminal", &error))?;
        let code = format!("{}\n", text.trim_end());
        let device = session.device()?;
        let after = inject::execute(
            code.as_bytes(),
            block::mode(text),
            device,
            &mut self.console,
            &self.stdin,
            signals.flag(),
        )?;
        match (after, signals.received()) {
            (_, Some(signal)) => Err(Failure::new(Kind::Interrupted(signal), "interrupted")),
            (After::Prompt, None) => Ok(Next::GoOn),
            (After::Left, None) => Ok(Next::Leave),
            (After::Lost(reason), None) => Err(lost(&self.name, reason)),
        }
    }

    /// Restarts the board's interpreter, and joins terminal and board until it has its prompt again: `main.py` may run.
    fn restart(&mut self, options: &Options, session: &mut Session<'_>) -> Result<Next, Failure> {
        let signals = session.signals();
        let device = session.device()?;
        // From its friendly prompt, with nothing left to read before the restart.
        device.enter_raw_repl().map_err(|error| Failure::device("repl", error))?;
        device.leave_raw_repl().map_err(|error| Failure::device("repl", error))?;
        remount::skip_prompt(device);
        let _raw = RawMode::enter().map_err(|error| broken("the terminal", &error))?;
        let plain = Options { inject_code: None, inject_file: None, ..options.clone() };
        let end = Repl::until_restarted(device, signals, &plain, &mut self.console, &self.stdin).run()?;
        match end {
            End::Restarted => Ok(Next::GoOn),
            End::Quit => Ok(Next::Leave),
            End::Signal => Err(Failure::new(Kind::Interrupted(2), "interrupted")),
            End::Lost(reason) => Err(lost(&self.name, reason)),
        }
    }
}
