//! Reads a pipe on a thread of its own, so that a test can wait for a text in it.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use crate::PATIENCE;

/// What has come through a pipe so far.
#[derive(Debug)]
pub(crate) struct Reader {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    is_ended: bool,
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

impl Reader {
    /// Reads to the end, or closes the pipe when `leave_after` has come.
    pub(crate) fn start(mut pipe: impl Read + Send + 'static, leave_after: Option<&str>) -> Reader {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let leave_after = leave_after.map(str::to_owned);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = pipe.read(&mut buffer).expect("a pipe can be read");
                let mut state = theirs.state.lock().expect("the reader's state");
                state.bytes.extend_from_slice(&buffer[..count]);
                let leaves = leave_after.as_deref().is_some_and(|text| holds(&state.bytes, text));
                state.is_ended = count == 0 || leaves;
                theirs.changed.notify_all();
                if state.is_ended {
                    return;
                }
            }
        });
        Reader { shared, thread }
    }

    /// Waits for a text; false when it did not come before the end or within [`PATIENCE`].
    pub(crate) fn wait_for(&self, text: &str) -> bool {
        let state = self.shared.state.lock().expect("the reader's state");
        let waiting = |state: &mut State| !state.is_ended && !holds(&state.bytes, text);
        let waited = self.shared.changed.wait_timeout_while(state, PATIENCE, waiting);
        holds(&waited.expect("the reader's state").0.bytes, text)
    }

    /// What has come so far.
    pub(crate) fn text(&self) -> String {
        let state = self.shared.state.lock().expect("the reader's state");
        String::from_utf8_lossy(&state.bytes).into_owned()
    }

    /// Everything, once the pipe has ended.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.thread.join().expect("the pipe was read");
        let mut state = self.shared.state.lock().expect("the reader's state");
        std::mem::take(&mut state.bytes)
    }
}
