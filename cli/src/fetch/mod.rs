//! Getting content from the network, or from a file of this machine.
//!
//! - `client`: one address, with timeouts, retries and limits.
//! - `proxy`: which proxy the environment names.
//! - this file: many at a time, stopped by Ctrl-C.

mod client;
mod error;
mod proxy;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use mpr_protocol::mip::Location;

pub use client::{Client, LARGEST};
pub use error::FetchError;

use crate::signals::Signals;

/// Addresses asked at the same time. Servers of packages see this tool as one polite client.
const WORKERS: usize = 4;

/// How often Ctrl-C is looked for.
const POLL: Duration = Duration::from_millis(50);

/// Content, and where it was found.
#[derive(Debug)]
pub struct Fetched {
    /// The content.
    pub content: Vec<u8>,
    /// Which of the places had it.
    pub from: Location,
}

/// Places that may have what is wanted, the most likely one first.
pub type Wanted = Vec<Location>;

/// Gets all of these, in any order, and hands each over with its number as it comes. The first failure ends
/// everything; so does `take`, by giving an error.
///
/// # Errors
/// [`FetchError`], or what `take` gives.
pub fn all<E: From<FetchError>>(
    client: &Client,
    wanted: Vec<(usize, Wanted)>,
    signals: &Signals,
    mut take: impl FnMut(usize, Fetched) -> Result<(), E>,
) -> Result<(), E> {
    let count = wanted.len();
    let workers = count.min(WORKERS);
    let queue = Arc::new(Mutex::new(VecDeque::from(wanted)));
    let over = Arc::new(AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    for _ in 0..workers {
        let (queue, over, sender, client) =
            (Arc::clone(&queue), Arc::clone(&over), sender.clone(), client.clone());
        // A worker that waits for a server is left behind when it is over: the process ends soon.
        thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                let Some((number, places)) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
                else {
                    break;
                };
                if sender.send((number, one(&client, &places))).is_err() {
                    break;
                }
            }
        });
    }
    drop(sender);
    let result = (0..count).try_for_each(|_| {
        let (number, fetched) = receive(&receiver, signals)?;
        take(number, fetched?)
    });
    over.store(true, Ordering::SeqCst);
    result
}

/// Gets one.
///
/// # Errors
/// [`FetchError`].
pub fn first(client: &Client, wanted: Wanted, signals: &Signals) -> Result<Fetched, FetchError> {
    let mut found = None;
    all(client, vec![(0, wanted)], signals, |_, fetched| {
        found = Some(fetched);
        Ok::<_, FetchError>(())
    })?;
    found.ok_or(FetchError::Interrupted)
}

fn receive<T>(receiver: &mpsc::Receiver<T>, signals: &Signals) -> Result<T, FetchError> {
    loop {
        if signals.received().is_some() {
            return Err(FetchError::Interrupted);
        }
        match receiver.recv_timeout(POLL) {
            Ok(item) => return Ok(item),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            // Every worker is gone without an answer.
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(FetchError::Interrupted),
        }
    }
}

/// The first of these places that exists.
fn one(client: &Client, places: &[Location]) -> Result<Fetched, FetchError> {
    let mut first_failure = None;
    for place in places {
        let content = match (place.url(), place.local()) {
            (Some(url), _) => client.get(&url),
            (None, Some(path)) => read(path),
            (None, None) => continue,
        };
        match content {
            Ok(content) => return Ok(Fetched { content, from: place.clone() }),
            Err(error @ FetchError::NotFound { .. }) => drop(first_failure.get_or_insert(error)),
            Err(error) => return Err(error),
        }
    }
    Err(first_failure.unwrap_or(FetchError::Interrupted))
}

/// A file of this machine.
fn read(path: &Path) -> Result<Vec<u8>, FetchError> {
    let wrong = |source: io::Error| FetchError::Local { path: path.to_owned(), source };
    let mut content = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut content)).map_err(wrong)?;
    match content.len() as u64 > LARGEST {
        true => Err(FetchError::TooLarge { at: path.display().to_string(), limit: LARGEST }),
        false => Ok(content),
    }
}
