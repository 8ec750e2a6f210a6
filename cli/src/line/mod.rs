//! Lines typed at the terminal: edited here, kept between runs, completed by Tab.
//!
//! The editor waits for keys in a thread of its own. So a signal ends the program in the usual way, which leaves board and
//! terminal in order, and what Tab asks of the board is asked by the thread that owns it.

mod completer;
mod history;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{
    Cmd, ConditionalEventHandler, Config, Editor, Event as Keys, EventContext, EventHandler, KeyEvent,
    RepeatCount,
};

use completer::Helper;
pub use completer::{Candidate, Candidates};
use history::History;

use crate::failure::{Failure, Kind, strerror};
use crate::signals::Signals;
use crate::terminal;

/// Signals are looked for this often.
const LOOK: Duration = Duration::from_millis(50);

/// Lines kept.
const LINES: usize = 1000;

/// Stops a terminal from marking what is pasted, which the editor asks it to do.
const PASTE_UNMARKED: &[u8] = b"\x1b[?2004l";

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A line; what was pasted may have several.
    Line(String),
    /// Ctrl-C: the line is given up.
    Cancelled,
    /// Ctrl-D on an empty line.
    End,
    /// Ctrl-] or Ctrl-X, or the terminal has gone.
    Left,
}

/// What the thread is told.
enum Order {
    Read { prompt: String, initial: String },
    Remember { entry: String, done: Sender<()> },
}

/// What the thread tells.
enum Event {
    Typed(Result<Input, io::Error>),
    Complete { line: String, at: usize, answer: Sender<Candidates> },
}

/// An editor of lines on the terminal.
#[derive(Debug)]
pub struct LineEditor {
    orders: Sender<Order>,
    events: Receiver<Event>,
}

impl LineEditor {
    /// Starts an editor whose lines are kept under this name for the next time; `leaves` makes Ctrl-] and Ctrl-X keys that
    /// leave. When lines can't be kept, the reason is the second value.
    ///
    /// # Errors
    /// When the terminal can't be used.
    pub fn start(name: &str, leaves: bool) -> Result<(Self, Option<String>), Failure> {
        let broken = |error: ReadlineError| {
            Failure::usage("cannot use the terminal for lines").cause(error.to_string())
        };
        let config = Config::builder()
            .max_history_size(LINES)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(broken)?
            .history_ignore_space(true)
            .completion_type(rustyline::CompletionType::List)
            .build();
        let mut editor: Editor<Helper, FileHistory> = Editor::with_config(config).map_err(broken)?;
        let left = Arc::new(AtomicBool::new(false));
        if leaves {
            for key in [KeyEvent::ctrl(']'), KeyEvent::ctrl('X')] {
                let handler = EventHandler::Conditional(Box::new(Leave(Arc::clone(&left))));
                editor.bind_sequence(Keys::from(key), handler);
            }
        }
        let (history, trouble) = match History::open(name) {
            Ok(history) => (Some(history), None),
            Err(error) => (None, Some(error)),
        };
        if let Some(history) = &history {
            history.load(&mut editor);
        }
        let (orders, ordered) = mpsc::channel();
        let (told, events) = mpsc::channel();
        editor.set_helper(Some(Helper::new(told.clone())));
        thread::Builder::new()
            .name("lines".into())
            .spawn(move || serve(editor, history, &left, &ordered, &told))
            .map_err(|error| Failure::usage("cannot start a thread").cause(strerror(&error)))?;
        Ok((LineEditor { orders, events }, trouble))
    }

    /// Reads a line behind this prompt, which begins with `initial`. `complete` is asked when Tab is pressed: with the line
    /// and the place in it, in bytes.
    ///
    /// # Errors
    /// When a signal comes, or the terminal fails.
    pub fn read(
        &mut self,
        prompt: &str,
        initial: &str,
        signals: &Signals,
        complete: &mut dyn FnMut(&str, usize) -> Candidates,
    ) -> Result<Input, Failure> {
        // A Ctrl-C that is typed is a key here, or, on a terminal that can't edit, gives up the line by itself.
        let _keys = signals.hand_over();
        let settings = terminal::remember();
        self.order(Order::Read { prompt: prompt.to_owned(), initial: initial.to_owned() })?;
        loop {
            match self.events.recv_timeout(LOOK) {
                Ok(Event::Typed(typed)) => {
                    return typed.map_err(|error| {
                        Failure::usage("cannot read from the terminal").cause(strerror(&error))
                    });
                }
                Ok(Event::Complete { line, at, answer }) => {
                    // An editor that does not wait any more needs no answer.
                    let _ = answer.send(complete(&line, at));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(signal) = signals.received() {
                        terminal::write(PASTE_UNMARKED);
                        drop(settings);
                        return Err(Failure::new(Kind::Interrupted(signal), "interrupted"));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
    }

    /// Keeps a line, or several that belong together, for this and later runs.
    pub fn remember(&mut self, entry: &str) {
        let (done, kept) = mpsc::channel();
        // Without the thread the next reading tells.
        let _ = self.orders.send(Order::Remember { entry: entry.to_owned(), done });
        // The line may be the one that ends this run.
        let _ = kept.recv();
    }

    fn order(&self, order: Order) -> Result<(), Failure> {
        self.orders.send(order).map_err(|_| ended())
    }
}

fn ended() -> Failure {
    Failure::usage("the line editor has ended")
}

/// The thread.
fn serve(
    mut editor: Editor<Helper, FileHistory>,
    history: Option<History>,
    left: &AtomicBool,
    orders: &Receiver<Order>,
    events: &Sender<Event>,
) {
    for order in orders {
        let (prompt, initial) = match order {
            Order::Remember { entry, done } => {
                if let (Ok(true), Some(history)) = (editor.add_history_entry(entry), &history) {
                    history.append(&mut editor);
                }
                let _ = done.send(());
                continue;
            }
            Order::Read { prompt, initial } => (prompt, initial),
        };
        left.store(false, Ordering::SeqCst);
        let typed = match editor.readline_with_initial(&prompt, (&initial, "")) {
            Ok(line) => Ok(Input::Line(line)),
            Err(ReadlineError::Interrupted) if left.load(Ordering::SeqCst) => Ok(Input::Left),
            Err(ReadlineError::Interrupted) => Ok(Input::Cancelled),
            Err(ReadlineError::Eof) => Ok(Input::End),
            // A terminal that has hung up.
            Err(ReadlineError::Errno(nix::errno::Errno::EIO)) => Ok(Input::Left),
            Err(ReadlineError::Io(error)) => Err(error),
            Err(error) => Err(io::Error::other(error.to_string())),
        };
        if events.send(Event::Typed(typed)).is_err() {
            return;
        }
    }
}

/// A key that leaves.
struct Leave(Arc<AtomicBool>);

impl ConditionalEventHandler for Leave {
    fn handle(&self, _: &Keys, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.store(true, Ordering::SeqCst);
        Some(Cmd::Interrupt)
    }
}
