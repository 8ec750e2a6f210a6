//! What Tab offers: asked of the thread that owns the board.

use std::sync::mpsc::{self, Sender};

use rustyline::Context;
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;

use super::Event;

/// What may stand at a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Where the text begins that they replace, in bytes.
    pub start: usize,
    /// In the order in which they are shown.
    pub list: Vec<Candidate>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// As it is listed.
    pub shown: String,
    /// As it is typed.
    pub text: String,
}

impl rustyline::completion::Candidate for Candidate {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

/// Hands questions on.
#[derive(Debug)]
pub struct Helper(Sender<Event>);

impl Helper {
    /// A helper that asks here.
    pub fn new(events: Sender<Event>) -> Self {
        Helper(events)
    }
}

impl Completer for Helper {
    type Candidate = Candidate;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Candidate>)> {
        let (answer, answered) = mpsc::channel();
        let asked = self.0.send(Event::Complete { line: line.to_owned(), at, answer });
        // Nobody answers when the program is about to end.
        let found = asked.ok().and_then(|()| answered.recv().ok()).unwrap_or_default();
        Ok((found.start, found.list))
    }
}

impl Hinter for Helper {
    type Hint = String;
}

impl Highlighter for Helper {}
impl Validator for Helper {}
impl rustyline::Helper for Helper {}
