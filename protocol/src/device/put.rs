//! Content of files to the board, by the agent.
//!
//! The stream goes on while the board writes; it says what became of each file. When the agent is lost in the middle (a
//! damaged byte can be an interrupt), it is started again and goes on where the board's part of the file ends. So does a copy whose
//! predecessor left a part: if the digest of that is one of ours.

use std::collections::VecDeque;
use std::io::Read;
use std::time::Instant;

use flate2::{Compress, Compression, FlushCompress};
use sha2::{Digest, Sha256};

use super::agent::{Agent, Trouble};
use super::patch::{self, Patch};
use super::{Device, Progress};
use crate::Error;
use crate::agent::Event;
use crate::agent::request::{self, ANY_SIZE, NO_DIGEST, Status, There};
use crate::driver::Limits;

/// Bytes read from the source at once.
const CHUNK: usize = 16 << 10;

/// The board may lack so much of what was sent: what is on its way, and what the deflater holds.
const HISTORY: u64 = 256 << 10;

/// A part of a file that an earlier copy left is compared up to this size, in bytes, for it has to be held in memory.
const LARGEST_LEFT: u64 = 4 << 20;

/// A lost agent is started again so often for one file.
const RESTARTS: u32 = 20;

/// So much of a chunk tells whether deflating it pays.
const SAMPLE: usize = 4 << 10;

/// A file on its way.
pub(super) struct Upload<'a> {
    path: &'a str,
    from: Box<dyn Read + 'a>,
    len: Option<u64>,
    hash: Sha256,
    /// Bytes read from the source.
    pub read: u64,
    /// The last chunks that were read.
    history: VecDeque<Chunk>,
    /// The source is at its end, or can't be read: nothing more comes.
    pub ended: bool,
    pub failure: Option<Error>,
    /// What of it the board has already.
    patch: Option<Patch>,
}

/// Where to go on with a file, and content from there on that was read already.
pub(super) type Resume = (u64, Vec<u8>);

/// What a board lacks of a file when its agent was lost, or its word on the file.
enum Rest {
    InPlace,
    From(Resume),
    /// More than is still in memory.
    Unknown,
}

/// A part of a file: its size, and the first bytes of its digest.
pub(super) type Left = (u64, Vec<u8>);

/// The part of a file that is there, if one is.
pub(super) fn left(there: There) -> Option<Left> {
    match there {
        There::File { size, digest: Some(digest) } => Some((u64::from(size), digest)),
        _ => None,
    }
}

fn is_memory(error: &Error) -> bool {
    matches!(error, Error::Exception(traceback) if traceback.exception == "MemoryError")
}

struct Chunk {
    start: u64,
    bytes: Vec<u8>,
    /// The digest of what is before it.
    before: Sha256,
}

impl<'a> Upload<'a> {
    pub(super) fn new(path: &'a str, from: Box<dyn Read + 'a>, len: Option<u64>) -> Self {
        let (hash, history) = (Sha256::new(), VecDeque::new());
        Upload { path, from, len, hash, read: 0, history, ended: false, failure: None, patch: None }
    }

    /// What ends the file on the board.
    pub(super) fn last_word(&self) -> Vec<u8> {
        match self.failure {
            Some(_) => request::FILE_ABANDONED.to_vec(),
            None => request::file_end(&self.hash.clone().finalize().into()),
        }
    }

    /// Names the file, and sends what was read of it already. Returns how much of it the board has.
    pub(super) fn begin(&self, agent: &mut Agent, resume: Option<Resume>) -> u64 {
        let size = self.len.and_then(|len| u32::try_from(len).ok()).unwrap_or(ANY_SIZE);
        let (at, rest) = resume.unwrap_or_default();
        agent.say(&match at {
            0 => request::file(self.path, size),
            _ if size == ANY_SIZE => request::file_again(self.path, size),
            _ => request::file_again(self.path, size.saturating_sub(at as u32)),
        });
        for chunk in rest.chunks(CHUNK) {
            agent.content(chunk);
        }
        at
    }

    /// Puts the next chunk into the stream, or its pieces that the board lacks.
    pub(super) fn feed(&mut self, agent: &mut Agent) {
        let start = self.read;
        self.next();
        let chunk = self.history.back().map_or(&[][..], |chunk| &chunk.bytes);
        let Some(patch) = &self.patch else {
            agent.content(chunk);
            return;
        };
        // A file that is compared fits into memory.
        for (old, piece) in patch.pieces(start as usize, chunk) {
            match old {
                Some(at) => agent.say(&request::old_part(piece.len() as u16, at)),
                None => agent.content(piece),
            }
        }
    }

    /// Makes use of what the board has of the file: so many bytes with this digest. Nothing when it has none of ours and none was
    /// read for that.
    pub(super) fn go_on_behind(&mut self, left: u64, digest: &[u8]) -> Option<Resume> {
        if left == 0 || left > self.len.unwrap_or(LARGEST_LEFT).min(LARGEST_LEFT) {
            return None;
        }
        while self.read < left && !self.ended {
            self.read_chunk(left - self.read);
        }
        let known = self.since(left, digest).filter(|_| self.read == left && self.failure.is_none());
        let resume = known.map(|rest| (left, rest)).or_else(|| Some((0, self.since(0, &[])?)));
        self.forget();
        resume
    }

    /// Reads the next chunk; nothing at the end or on failure.
    fn next(&mut self) {
        self.read_chunk(CHUNK as u64);
        self.forget();
    }

    fn forget(&mut self) {
        while self.history.front().is_some_and(|first| first.start + HISTORY < self.read) {
            self.history.pop_front();
        }
    }

    fn read_chunk(&mut self, most: u64) {
        let mut bytes = Vec::new();
        if let Err(source) = self.from.by_ref().take(most.min(CHUNK as u64)).read_to_end(&mut bytes) {
            self.fail(Error::LocalIo { source });
            bytes.clear();
        }
        let got = self.read + bytes.len() as u64;
        self.ended |= bytes.is_empty();
        if let Some(expected) = self.len
            && (got > expected || self.ended && got != expected)
        {
            self.fail(Error::SourceChanged { path: self.path.to_owned(), expected, got });
            bytes.clear();
        }
        let before = self.hash.clone();
        self.hash.update(&bytes);
        self.history.push_back(Chunk { start: self.read, bytes, before });
        self.read += self.history.back().map_or(0, |chunk| chunk.bytes.len() as u64);
    }

    fn fail(&mut self, error: Error) {
        self.ended = true;
        self.failure.get_or_insert(error);
    }

    /// The content from here on, as far as it was read, if the board's part up to here has this digest.
    fn since(&self, at: u64, digest: &[u8]) -> Option<Vec<u8>> {
        let from = self.history.iter().rposition(|chunk| chunk.start <= at)?;
        let chunk = &self.history[from];
        let (known, rest) = chunk.bytes.split_at_checked(usize::try_from(at - chunk.start).ok()?)?;
        let mut hash = chunk.before.clone();
        hash.update(known);
        if hash.finalize()[..digest.len()] != *digest {
            return None;
        }
        let mut since = rest.to_vec();
        self.history.iter().skip(from + 1).for_each(|later| since.extend_from_slice(&later.bytes));
        Some(since)
    }
}

impl Device {
    /// [`Device::write_file`] by the agent, which runs or can be started.
    pub(super) fn put_file(
        &mut self,
        path: &str,
        from: &mut dyn Read,
        len: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        // Smaller ones are sent as fast as something is asked about them.
        let (exists, left) = match len {
            Some(..patch::SMALLEST) => (false, None),
            _ => self.left_of(path)?,
        };
        let Some(len) = len.filter(|len| patch::SIZES.contains(len)) else {
            return self.put_upload(Upload::new(path, Box::new(from), len), left, progress);
        };
        let mut content = Vec::new();
        from.take(len + 1).read_to_end(&mut content).map_err(|source| Error::LocalIo { source })?;
        let patch = match exists && content.len() as u64 == len {
            true => self.patch(path, &content)?,
            false => None,
        };
        let upload = || Upload::new(path, Box::new(&content[..]), Some(len));
        let mut left = left;
        if patch.is_some() {
            match self.put_upload(Upload { patch, ..upload() }, left.take(), progress) {
                // Another block had the sum of one of ours, or comparing takes too much memory.
                Err(Error::Verify { .. }) => {}
                Err(error) if is_memory(&error) => {}
                done => return done,
            }
        }
        match self.put_upload(upload(), left, progress) {
            Err(error) if is_memory(&error) => {
                self.give_agent_up()?;
                self.write_by_snippets(path, &mut &content[..], Some(len), progress)
            }
            done => done,
        }
    }

    /// Whether there is something at a path, and what an earlier copy has left of it.
    fn left_of(&mut self, path: &str) -> Result<(bool, Option<Left>), Error> {
        let part = format!("{path}.part");
        let mut there = self.look_by_agent(&[(path, NO_DIGEST), (&part, ANY_SIZE)], 16)?;
        let left = there.pop().and_then(left);
        Ok((there.pop() != Some(There::Nothing), left))
    }

    /// Sends a file. `left`: what an earlier copy has left on the board.
    fn put_upload(
        &mut self,
        mut upload: Upload<'_>,
        left: Option<Left>,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        let path = upload.path;
        let resume = left.and_then(|(size, digest)| upload.go_on_behind(size, &digest));
        let result = self.put_until_there(&mut upload, resume, progress);
        self.leaving_nothing(result, |device| device.remove_part(path))
    }

    fn put_until_there(
        &mut self,
        upload: &mut Upload<'_>,
        mut resume: Option<Resume>,
        progress: Progress<'_>,
    ) -> Result<u64, Error> {
        for _ in 0..RESTARTS {
            let resumed = matches!(resume, Some((1.., _)));
            let rest = match self.put_once(upload, resume.take(), progress) {
                Ok(Some(Status::Done)) => Rest::InPlace,
                // What it went on behind is not what was looked at before.
                Ok(Some(Status::Differs)) if resumed => match upload.since(0, &[]) {
                    Some(all) => Rest::From((0, all)),
                    None => return Err(self.refused(Status::Differs, upload)),
                },
                Ok(Some(status)) => return Err(self.refused(status, upload)),
                // The board's word on it was lost.
                Ok(None) => self.rest_of(upload)?,
                Err(Trouble::Died(error)) if is_memory(&error) => return Err(error),
                Err(Trouble::Died(error)) => match self.rest_of(upload) {
                    Ok(Rest::Unknown) | Err(_) => return Err(error),
                    Ok(rest) => rest,
                },
                Err(Trouble::Error(error)) => return Err(error),
            };
            match rest {
                Rest::InPlace => {
                    progress(upload.read);
                    return Ok(upload.read);
                }
                Rest::From(from) => resume = Some(from),
                Rest::Unknown => return Err(self.refused(Status::Differs, upload)),
            }
        }
        Err(Error::Verify { path: upload.path.to_owned(), detail: "the line damages too much".to_owned() })
    }

    /// What is still to do when nobody knows how far the board came.
    fn rest_of(&mut self, upload: &Upload<'_>) -> Result<Rest, Error> {
        let part = format!("{}.part", upload.path);
        let is_read = upload.ended && upload.failure.is_none();
        let whole = u32::try_from(upload.read).ok().filter(|_| is_read).unwrap_or(NO_DIGEST);
        let there = self.look_by_agent(&[(upload.path, whole), (&part, ANY_SIZE)], 16)?;
        if let [There::File { digest: Some(digest), .. }, _] = &there[..]
            && *digest == upload.hash.clone().finalize()[..16]
        {
            // It ended behind the last word.
            return Ok(Rest::InPlace);
        }
        let left = there.into_iter().next_back().and_then(left);
        let known = left.and_then(|(at, digest)| Some((at, upload.since(at, &digest)?)));
        // Something that an earlier copy left begins with other content.
        let all = || Some((0, upload.since(0, &[])?));
        Ok(known.or_else(all).map_or(Rest::Unknown, Rest::From))
    }

    /// What is at these paths, with the first bytes of the digests that are asked for.
    pub(super) fn look_by_agent(&mut self, paths: &[(&str, u32)], digest: u8) -> Result<Vec<There>, Error> {
        let question = |id| request::look(id, digest, paths.iter().copied());
        let answer = self.ask("looking at files", &question)?;
        let path = paths.first().map_or("", |(path, _)| *path);
        let bytes = answer.map_err(|trouble| self.agent_error(&trouble, "stat", path))?;
        request::there(&bytes, digest, paths.iter().map(|(_, size)| *size))
            .ok_or_else(|| Error::Protocol { awaited: "what is at paths".into(), got: String::new() })
    }

    pub(super) fn remove_part(&mut self, path: &str) {
        let _ = self.remove(&format!("{path}.part"));
    }

    /// The error of a file that did not take its place.
    fn refused(&mut self, status: Status, upload: &mut Upload<'_>) -> Error {
        let path = upload.path.to_owned();
        match status {
            Status::Trouble(trouble) => self.agent_error(&trouble, "write", upload.path),
            Status::Abandoned if upload.failure.is_some() => {
                upload.failure.take().unwrap_or(Error::Interrupted)
            }
            _ => Error::Verify { path, detail: "the SHA-256 differs".to_owned() },
        }
    }

    /// One try with one agent. `resume`: where to go on, and content that was read already.
    fn put_once(
        &mut self,
        upload: &mut Upload<'_>,
        resume: Option<Resume>,
        progress: Progress<'_>,
    ) -> Result<Option<Status>, Trouble> {
        let during = "writing a file";
        let work = upload.len.unwrap_or(u64::MAX);
        let Some(agent) = self.agent(work).map_err(Trouble::Error)? else {
            return Err(Trouble::Error(Error::Unsupported { what: during, lacks: "way to run the agent" }));
        };
        let id = agent.next_request();
        agent.say(&request::put(id));
        let at = upload.begin(agent, resume);
        // Content that is in frames already, beside the request's own words.
        let before = agent.session.accepted();
        let limits = Limits { overall: None, ..self.driver.limits(0) };
        let mut said_all = false;
        let mut status = None;
        self.talk(during, limits, &mut |agent, event| {
            match event {
                None => {}
                Some(Event::Answer(answer)) => {
                    let [kind, request, _, ..] = answer[..] else { return Ok(None) };
                    match kind {
                        _ if request != id => {}
                        request::WARNING => upload.ended = true,
                        request::DATA => status = Status::parse(&answer[3..]),
                        request::DONE | request::FAILED => return Ok(Some(status.take())),
                        _ => {}
                    }
                    return Ok(None);
                }
                // The board is through with the request, and its word on it was lost.
                Some(Event::Synchronised) if said_all && agent.session.is_drained() => return Ok(Some(None)),
                Some(_) => return Ok(None),
            }
            let sent = agent.session.accepted() - before;
            progress((at + sent).min(upload.read));
            while !said_all && !agent.session.is_congested() {
                if !upload.ended {
                    upload.feed(agent);
                }
                if upload.ended {
                    agent.say(&upload.last_word());
                    agent.say(request::PUT_END);
                    agent.ask_now();
                    said_all = true;
                }
            }
            Ok(None)
        })
    }
}

impl Agent {
    /// Puts words of the protocol into the stream.
    pub(super) fn say(&mut self, words: &[u8]) {
        self.out.push(&mut self.session, words, true);
    }

    /// All that was said is meant now, and an answer is awaited.
    pub(super) fn ask_now(&mut self) {
        self.out.flush(&mut self.session);
        self.session.await_answer(Instant::now(), true);
    }

    /// Puts a part of a file into the stream.
    pub(super) fn content(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(request::LARGEST_PART).filter(|part| !part.is_empty()) {
            let pays = pays(part);
            self.out.push(&mut self.session, &request::part(part.len() as u16), pays);
            self.out.push(&mut self.session, part, pays);
        }
    }
}

/// Whether deflating makes this shorter.
fn pays(bytes: &[u8]) -> bool {
    let middle = bytes.len().saturating_sub(SAMPLE) / 2;
    let sample = &bytes[middle..bytes.len().min(middle + SAMPLE)];
    let mut out = Vec::with_capacity(sample.len());
    let mut compress = Compress::new(Compression::fast(), false);
    // It stops when the output is as long as the input.
    let _ = compress.compress_vec(sample, &mut out, FlushCompress::Finish);
    compress.total_in() as usize == sample.len() && out.len() < sample.len() - sample.len() / 16
}
