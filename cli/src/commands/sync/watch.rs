//! `--watch`: goes on with every change, and runs the commands behind it anew.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::follow::{Follower, Snapshot};
use super::{Sync, Way};
use crate::commands::{self, Run};
use crate::failure::{Failure, Kind};
use crate::session::Session;

/// How often a board that went away is looked for.
const LOOK_FOR_BOARD: Duration = Duration::from_millis(300);

/// How often it is made sure that a board is still there while nothing changes.
const LOOK_AFTER_BOARD: Duration = Duration::from_millis(500);

/// What ended a round.
enum Ended {
    /// Everything is done, or told why not.
    Done,
    /// The folder has changed meanwhile.
    Changed,
    /// The board went away.
    Lost(Failure),
}

impl Sync {
    /// Synchronises and runs `rest`, again after every change, until it is interrupted or the folder is gone.
    pub(super) fn watch(
        &self,
        way: &Way<'_>,
        rest: &[Box<dyn Run>],
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        let Way::Up { from, .. } = way else { return Ok(()) };
        let mut follower = Follower::start(from, &self.exclude)?;
        // A board that is not there in the beginning is an error as for other commands.
        session.device()?;
        session.printer().note(&format!("watching `{}`; Ctrl-C ends it", from.display()));
        loop {
            let snapshot = follower.snapshot();
            match self.round(way, rest, &mut follower, &snapshot, session)? {
                Ended::Changed => continue,
                Ended::Lost(failure) => {
                    tell(&failure, session);
                    self.find_again(from, session)?;
                    continue;
                }
                Ended::Done => {}
            }
            session.let_be();
            if let Err(failure) = idle(&mut follower, &snapshot, session)? {
                tell(&failure, session);
                self.find_again(from, session)?;
            }
        }
    }

    /// Synchronises once, and runs `rest` until it is done or the folder changes.
    fn round(
        &self,
        way: &Way<'_>,
        rest: &[Box<dyn Run>],
        follower: &mut Follower,
        before: &Snapshot,
        session: &mut Session<'_>,
    ) -> Result<Ended, Failure> {
        let synchronised = self.headline(session).and_then(|()| self.once(way, session)?.end());
        if let Err(failure) = synchronised {
            // A folder that is gone is an error of its own.
            let ended = ended(failure, session)?;
            follower.check_root(&mut || false)?;
            return Ok(ended);
        }
        if rest.is_empty() {
            return Ok(Ended::Done);
        }
        let is_over = AtomicBool::new(false);
        let flag = session.signals().flag().clone();
        let (result, change) = thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let change = follower.wait(before, &mut || is_over.load(Ordering::SeqCst));
                if !matches!(change, Ok(false)) {
                    flag.raise();
                }
                change
            });
            let result = commands::run_all(rest, session);
            is_over.store(true, Ordering::SeqCst);
            (result, waiting.join())
        });
        // It has nothing that could panic.
        let has_changed = change.unwrap_or(Ok(false));
        if !matches!(has_changed, Ok(false)) && session.signals().received().is_none() {
            // Raised for the commands that ran until now.
            flag.take();
        }
        let by_change = has_changed? && session.signals().received().is_none();
        match result {
            Err(failure) if matches!(failure.kind, Kind::Interrupted(_)) && by_change => Ok(Ended::Changed),
            Err(failure) => ended(failure, session),
            Ok(()) if by_change => Ok(Ended::Changed),
            Ok(()) => Ok(Ended::Done),
        }
    }

    /// Waits for a board that went away.
    fn find_again(&self, from: &Path, session: &mut Session<'_>) -> Result<(), Failure> {
        session.printer().note("waiting for the device; Ctrl-C ends it");
        loop {
            session.drop_link();
            session.sleep(LOOK_FOR_BOARD)?;
            if let Err(error) = from.metadata() {
                return Err(Failure::local("sync", &from.display().to_string(), &error));
            }
            let found = session
                .link()
                .and_then(|device| device.enter_raw_repl().map_err(|error| Failure::device("sync", error)));
            match found {
                Ok(()) => return Ok(()),
                Err(failure) if failure.kind == Kind::Link => interrupted(session)?,
                Err(failure) => return Err(failure),
            }
        }
    }
}

/// Waits for a change. The inner error: the board went away meanwhile.
fn idle(
    follower: &mut Follower,
    before: &Snapshot,
    session: &mut Session<'_>,
) -> Result<Result<(), Failure>, Failure> {
    let mut link = Ok(());
    let mut looked = Instant::now();
    follower.wait(before, &mut || {
        if looked.elapsed() >= LOOK_AFTER_BOARD {
            looked = Instant::now();
            link = session.check_link("sync");
        }
        link.is_err() || session.signals().received().is_some()
    })?;
    interrupted(session)?;
    Ok(link)
}

/// What a failure means for the rounds to come: most are told, and the next change may cure them.
fn ended(failure: Failure, session: &Session<'_>) -> Result<Ended, Failure> {
    match failure.kind {
        Kind::Interrupted(_) | Kind::BrokenPipe => Err(failure),
        Kind::Link => Ok(Ended::Lost(failure)),
        Kind::Refused | Kind::Usage | Kind::Exit(_) => {
            tell(&failure, session);
            Ok(Ended::Done)
        }
    }
}

fn tell(failure: &Failure, session: &Session<'_>) {
    session.printer().end_line();
    session.printer().failure(failure, session.named());
}

fn interrupted(session: &Session<'_>) -> Result<(), Failure> {
    match session.signals().received() {
        Some(signal) => Err(Failure::new(Kind::Interrupted(signal), "interrupted")),
        None => Ok(()),
    }
}
