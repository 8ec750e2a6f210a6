//! The editor: which one, and how it is run.

use std::env;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failure::{Failure, Kind, strerror};
use crate::local::on_path;
use crate::signals::Signals;
use crate::terminal;
use crate::words;

/// Variables that name the editor, the first one first.
const VARIABLES: [&str; 2] = ["VISUAL", "EDITOR"];

/// Editors that are looked for when no variable names one.
const DEFAULTS: [&str; 4] = ["sensible-editor", "editor", "nano", "vi"];

/// Characters that only a shell understands.
const FOR_A_SHELL: &[char] = &['$', '`', '|', '&', ';', '<', '>', '(', ')', '*', '?', '[', '~'];

/// How often the editor is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A command that edits the file whose name is added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    /// As the user wrote it.
    shown: String,
    /// The variable that named it.
    variable: Option<&'static str>,
    words: Vec<String>,
}

impl Editor {
    /// The editor that the user wants, else one that is there.
    ///
    /// # Errors
    /// When a variable makes no sense, or there is no editor.
    pub fn find() -> Result<Self, Failure> {
        let named = VARIABLES.into_iter().find_map(|name| {
            env::var(name).ok().filter(|value| !value.trim().is_empty()).map(|value| (name, value))
        });
        match named {
            Some((variable, value)) => Editor::parse(variable, value.trim()),
            None => DEFAULTS
                .into_iter()
                .find(|name| on_path(name).is_some())
                .map(|name| Editor { shown: name.into(), variable: None, words: vec![name.into()] })
                .ok_or_else(|| {
                    Failure::usage("edit: there is no editor: neither `$VISUAL` nor `$EDITOR` names one")
                        .cause(format!("looked for {}", DEFAULTS.join(", ")))
                        .hint("`EDITOR=PROGRAM mpr edit :FILE` names one")
                }),
        }
    }

    fn parse(variable: &'static str, value: &str) -> Result<Self, Failure> {
        let words = match value.contains(FOR_A_SHELL) {
            // The shell gets the file's name as a word of its own, whatever it contains.
            true => ["sh", "-c", &format!("{value} \"$@\""), "sh"].map(str::to_owned).to_vec(),
            false => words::split(value).map_err(|unfinished| {
                Failure::usage(format!("edit: `${variable}` makes no sense: `{value}`"))
                    .cause(unfinished.to_string())
                    .hint("`EDITOR=PROGRAM mpr edit :FILE` names an editor")
            })?,
        };
        Ok(Editor { shown: value.to_owned(), variable: Some(variable), words })
    }

    /// Lets the user edit this file. The terminal and its Ctrl-C are the editor's meanwhile.
    ///
    /// # Errors
    /// When the editor can't be started, or ends otherwise than well.
    pub fn edit(&self, file: &Path, signals: &Signals) -> Result<(), Failure> {
        let saved = terminal::settings();
        let status = self.wait(file, signals).map_err(|error| {
            let failure = Failure::usage(format!("edit: cannot start the editor `{}`", self.shown))
                .cause(strerror(&error));
            match self.variable {
                Some(variable) => failure.cause(format!("`${variable}` names it")),
                None => failure,
            }
        });
        if !matches!(&status, Ok(status) if status.success())
            && let Some(saved) = saved
        {
            // One that was killed had no time to do it.
            terminal::apply(&saved);
        }
        let failure = match status? {
            status if status.success() => return Ok(()),
            status => Failure::usage(format!("edit: the editor `{}` failed: {}", self.shown, ending(status))),
        };
        Err(match signals.received() {
            Some(signal) => Failure::new(Kind::Interrupted(signal), "interrupted"),
            None => failure,
        })
    }

    fn wait(&self, file: &Path, signals: &Signals) -> io::Result<ExitStatus> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let _theirs = signals.hand_over();
        let mut child = Command::new(program).args(arguments).arg(file).spawn()?;
        let mut told = false;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if signals.received().is_some() && !told {
                told = true;
                if let Ok(id) = i32::try_from(child.id()) {
                    // One that has just ended needs no telling.
                    let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
                }
            }
            thread::sleep(LOOK);
        }
    }
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("it ended with status {code}"),
        None => format!("it was killed ({status})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Vec<String> {
        Editor::parse("EDITOR", value).unwrap().words
    }

    #[test]
    fn variables_are_read_as_a_shell_does() {
        assert_eq!(parsed("code --wait"), ["code", "--wait"]);
        assert_eq!(parsed("'/opt/my editor/bin' -n \"a b\""), ["/opt/my editor/bin", "-n", "a b"]);
        assert_eq!(parsed("$HOME/bin/e -x"), ["sh", "-c", "$HOME/bin/e -x \"$@\"", "sh"]);
        let failure = Editor::parse("VISUAL", "vi 'x").unwrap_err();
        assert!(failure.message.contains("`$VISUAL`"), "{}", failure.message);
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(on_path("sh").is_some());
        assert!(on_path("no-such-editor-here").is_none());
    }
}
