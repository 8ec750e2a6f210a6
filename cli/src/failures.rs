//! What could not be done while the rest went on.

use crate::failure::{Failure, Kind};

/// Failures of single files. They are told at the end.
#[derive(Debug, Default)]
pub struct Failures(Vec<Failure>);

impl Failures {
    /// Keeps a failure; returns it if nothing else can be done either.
    ///
    /// # Errors
    /// When the link is gone, or somebody wants an end.
    pub fn keep(&mut self, failure: Failure) -> Result<(), Failure> {
        match failure.kind {
            Kind::Link | Kind::Interrupted(_) | Kind::BrokenPipe | Kind::Exit(_) => Err(failure),
            Kind::Refused | Kind::Usage => {
                self.0.push(failure);
                Ok(())
            }
        }
    }

    /// The end: one failure as it is, several under this message, which is given their number. The exit code is 1.
    ///
    /// # Errors
    /// When there is any.
    pub fn end(mut self, command: &str, message: impl FnOnce(usize) -> String) -> Result<(), Failure> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(Failure { kind: Kind::Refused, ..self.0.remove(0) }),
            count => {
                let hint = self.0.iter().find_map(|failure| failure.hint.clone());
                let failure = Failure { hint, ..Failure::refused(message(count)) };
                let prefix = format!("{command}: ");
                let reasons = self.0.iter().map(|failure| {
                    let line = first_line(failure);
                    line.strip_prefix(&prefix).unwrap_or(&line).to_owned()
                });
                Err(reasons.fold(failure, Failure::cause))
            }
        }
    }
}

/// A failure in one line.
pub fn first_line(failure: &Failure) -> String {
    match (&failure.device_text, failure.message.is_empty()) {
        // The last line of a traceback names the exception.
        (Some(text), true) => text.trim_end().lines().last().unwrap_or_default().to_owned(),
        _ => failure.message.clone(),
    }
}
