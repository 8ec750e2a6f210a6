//! Lines from the terminal.

use super::complete::Completion;
use super::execute::{Pending, execute};
use crate::failure::{Failure, Kind};
use crate::line::{Input, LineEditor};
use crate::session::Session;

/// The prompt for the rest of a line.
const MORE: &str = "> ";

/// Runs lines until the user leaves. A failure is told and ends its line only.
pub fn run(session: &mut Session<'_>) -> Result<(), Failure> {
    let (printer, signals) = (session.printer(), session.signals());
    let (mut editor, trouble) = LineEditor::start("shell", false)?;
    if let Some(trouble) = trouble {
        printer.note(&format!("the lines of this session are not kept: {trouble}"));
    }
    signals.stay();
    match session.device() {
        Ok(device) => {
            let name = device.name().to_owned();
            printer.note(&format!(
                "Connected to MicroPython at {name}\n`help` lists the commands, `exit` or Ctrl-D leaves"
            ));
        }
        Err(failure) => tell(&failure, session)?,
    }
    let mut pending = Pending::default();
    let mut prompt = Prompt::default();
    let mut completion = Completion::default();
    loop {
        let shown = match pending.is_empty() {
            true => prompt.text(session)?,
            false => MORE.to_owned(),
        };
        let input = editor.read(&shown, "", signals, &mut |line, at| completion.find(line, at, session));
        let line = match input? {
            Input::Line(line) => line,
            Input::Cancelled => {
                pending = Pending::default();
                continue;
            }
            Input::End | Input::Left => return Ok(()),
        };
        let Some(whole) = pending.add(&line) else { continue };
        if !whole.trim().is_empty() {
            editor.remember(&whole);
        }
        completion.forget();
        if let Err(failure) = execute(&whole, session) {
            tell(&failure, session)?;
        }
        if session.leaves_shell() {
            return Ok(());
        }
    }
}

/// Tells a failure. Those that are the end of the shell are passed on.
fn tell(failure: &Failure, session: &Session<'_>) -> Result<(), Failure> {
    match (failure.kind, session.signals().received()) {
        (Kind::BrokenPipe, _) => return Err(failure.clone()),
        (_, Some(signal)) => return Err(Failure::new(Kind::Interrupted(signal), "interrupted")),
        _ => session.printer().failure(failure, session.named()),
    }
    Ok(())
}

/// The prompt: where on the board the next line starts.
#[derive(Debug, Default)]
struct Prompt {
    cwd: Option<String>,
}

impl Prompt {
    /// Asks the board where it is, unless that would disturb it. It is let be afterwards: nobody knows for how long, and what
    /// happens to it meanwhile.
    fn text(&mut self, session: &mut Session<'_>) -> Result<String, Failure> {
        if session.device_name().is_none() {
            self.cwd = None;
        } else if session.is_at_hand() {
            match cwd(session) {
                Ok(cwd) => self.cwd = Some(cwd),
                Err(failure) => {
                    session.signals().forget();
                    session.drop_link();
                    self.cwd = None;
                    tell(&failure, session)?;
                }
            }
            session.let_be();
        }
        Ok(match &self.cwd {
            Some(cwd) => format!("mpr:{cwd}> "),
            None => "mpr> ".to_owned(),
        })
    }
}

/// The board's current directory; the root where there are no others.
fn cwd(session: &mut Session<'_>) -> Result<String, Failure> {
    let failure = |error| Failure::device("shell", error);
    let device = session.device()?;
    match device.capabilities().map_err(failure)?.getcwd {
        true => device.cwd().map_err(failure),
        false => Ok("/".to_owned()),
    }
}
