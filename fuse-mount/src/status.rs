//! What a mount is doing, for whoever wants to show it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a mount is doing now, and what it has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// What occupies the board.
    pub work: Doing,
    /// Bytes that were read from the board's files.
    pub read: u64,
    /// Bytes of files that were put on the board.
    pub written: u64,
    /// How many times a file was put on the board.
    pub files_written: u64,
}

/// What occupies the board of a mount.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doing {
    /// Nothing.
    #[default]
    None,
    /// This file is read.
    Reading(String),
    /// This file is written.
    Writing(String),
    /// Another command uses the board through the mount.
    Visitor,
    /// The board is away.
    Away,
}

/// A status that threads share.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<Status>);

impl Shared {
    pub fn get(&self) -> Status {
        self.lock().clone()
    }

    /// Says what occupies the board from now on.
    pub fn work(&self, work: Doing) {
        self.lock().work = work;
    }

    /// Says what occupies the board as long as something is done.
    pub fn during<T>(&self, work: Doing, done: impl FnOnce() -> T) -> T {
        let before = std::mem::replace(&mut self.lock().work, work);
        let result = done();
        self.work(before);
        result
    }

    /// Counts.
    pub fn count(&self, count: impl FnOnce(&mut Status)) {
        count(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
