//! Several files of this machine to the board in one stream.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Read;

use mpr_protocol::Error;

use super::place::Place;
use super::transfer::{Each, Job, Rules, Status, failed_write, here, local_digest, open};
use crate::failure::Failure;
use crate::local::board::plain;
use crate::progress::Progress;
use crate::session::Session;

/// A larger file goes by itself: it can go on where it was cut.
const LARGE: u64 = 128 << 10;

/// How many of the first jobs can go together; 0 when the first one can't.
pub fn count(jobs: &[Job]) -> usize {
    let fits = |job: &&Job| {
        let size = job.size.or_else(|| job.from.local_size());
        !job.from.is_board() && job.to.is_board() && size.is_some_and(|size| size <= LARGE)
    };
    match jobs.iter().take_while(fits).count() {
        1 => 0,
        count => count,
    }
}

/// Copies files that go together. `first` is the place of the first among all jobs; `done` the bytes of those before.
pub fn run(
    jobs: &[Job],
    first: usize,
    rules: &Rules,
    done: u64,
    progress: &Progress<'_>,
    session: &mut Session<'_>,
    each: Each<'_>,
) -> Result<u64, Failure> {
    let mut results: Vec<Option<Result<(Status, u64), Failure>>> = Vec::new();
    results.resize_with(jobs.len(), || None);
    up_to_date(jobs, rules, &mut results);
    let left: Vec<usize> = (0..jobs.len()).filter(|at| results[*at].is_none()).collect();
    let mut files: Vec<(&str, Option<u64>)> = Vec::with_capacity(left.len());
    for at in &left {
        let Job { from, to: Place::Board(to), size, .. } = &jobs[*at] else { continue };
        files.push((plain(to), size.or_else(|| from.local_size())));
    }
    let mut moved = 0;
    // Those before are told in their order, with what was found up to date between them.
    let mut told = 0;
    let mut ended = None;
    let mut tell = |upto: usize, results: &mut [Option<Result<(Status, u64), Failure>>]| {
        while told < upto {
            if let Some(result) = results[told].take() {
                moved += result.as_ref().map_or(jobs[told].size.unwrap_or(0), |(_, bytes)| *bytes);
                if let Err(failure) = each(first + told, result) {
                    ended = Some(failure);
                    return false;
                }
            }
            told += 1;
        }
        true
    };
    let mut unread: HashMap<usize, Failure> = HashMap::new();
    let go_on = tell(left.first().copied().unwrap_or(jobs.len()), &mut results);
    if go_on && !files.is_empty() {
        let unread = RefCell::new(&mut unread);
        let mut open_next = |at: usize| -> Result<Box<dyn Read>, Error> {
            let Place::Here(from) = &jobs[left[at]].from else { return Ok(Box::new(std::io::empty())) };
            progress.name(&jobs[left[at]].from.to_string());
            open(from, rules).map(|(source, _)| source).map_err(|failure| {
                unread.borrow_mut().insert(at, failure);
                Error::LocalIo { source: std::io::Error::other("not opened") }
            })
        };
        let mut heard = |at: usize, result: Result<u64, Error>| {
            let job = &jobs[left[at]];
            let result = match (result, unread.borrow_mut().remove(&at)) {
                (Ok(bytes), _) => Ok((Status::Copied, bytes)),
                (Err(_), Some(failure)) => Err(failure),
                (Err(error), None) => {
                    Err(failed_write(true, &job.to, error, rules, |error| match &job.from {
                        Place::Here(from) => here(from, error, rules),
                        Place::Board(_) => Failure::usage(error.to_string()),
                    }))
                }
            };
            results[left[at]] = Some(result);
            tell(left.get(at + 1).copied().unwrap_or(jobs.len()), &mut results)
        };
        let device = session.device()?;
        let written = device.write_files(&files, &mut open_next, &mut heard, &mut |bytes| {
            progress.at(done + bytes);
        });
        if let Err(error) = written {
            let at = left.iter().find(|at| results[**at].is_none() && **at >= told).copied().unwrap_or(0);
            return Err(failed_write(true, &jobs[at].to, error, rules, |error| {
                Failure::usage(error.to_string())
            }));
        }
    }
    match ended {
        Some(failure) => Err(failure),
        None => Ok(moved),
    }
}

/// Finds the files that the board has already.
fn up_to_date(jobs: &[Job], rules: &Rules, results: &mut [Option<Result<(Status, u64), Failure>>]) {
    if rules.force {
        return;
    }
    for (job, result) in jobs.iter().zip(results) {
        let (Place::Here(from), Some(found)) = (&job.from, job.existing) else { continue };
        let same_size = !found.is_dir && Some(found.size) == job.size.or_else(|| job.from.local_size());
        let (true, Some(theirs)) = (same_size, found.digest) else { continue };
        match local_digest(from, rules) {
            Ok(ours) if ours.starts_with(&theirs) => *result = Some(Ok((Status::UpToDate, found.size))),
            Ok(_) => {}
            Err(failure) => *result = Some(Err(failure)),
        }
    }
}
