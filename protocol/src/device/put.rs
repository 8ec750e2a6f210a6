//! Content of files to the board, by the agent.
//!
//! The stream goes on while the board writes; it says what became of each file. When the agent is lost in the middle (a
//! damaged byte can be an interrupt), it is started again and goes on where the board's part of the file ends.

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
use crate::agent::request::{self, ANY_SIZE, Status, There};
use crate::driver::Limits;

/// Bytes read from the source at once.
const CHUNK: usize = 16 << 10;

/// The board may lack so much of what was sent: what is on its way, and what the deflater holds.
const HISTORY: u64 = 256 << 10;

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

/// What a board lacks of a file when its agent was lost.
enum Rest {
    InPlace,
    From(u64, Vec<u8>),
    /// More than is still in memory.
    Unknown,
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

    /// Reads the next chunk; nothing at the end or on failure.
    fn next(&mut self) {
        let mut bytes = Vec::new();
        if let Err(source) = self.from.by_ref().take(CHUNK as u64).read_to_end(&mut bytes) {
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
        while self.history.front().is_some_and(|first| first.start + HISTORY < self.read) {
            self.history.pop_front();
        }
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
        let Some(len) = len.filter(|len| patch::SIZES.contains(len)) else {
            return self.put_upload(Upload::new(path, Box::new(from), len), progress);
        };
        let mut content = Vec::new();
        from.take(len + 1).read_to_end(&mut content).map_err(|source| Error::LocalIo { source })?;
        let patch = match content.len() as u64 == len {
            true => self.patch(path, &content)?,
            false => None,
        };
        let upload = || Upload::new(path, Box::new(&content[..]), Some(len));
        if patch.is_some() {
            match self.put_upload(Upload { patch, ..upload() }, progress) {
                // Another block had the sum of one of ours, or comparing takes too much memory.
                Err(Error::Verify { .. }) => {}
                Err(error) if is_memory(&error) => {}
                done => return done,
            }
        }
        match self.put_upload(upload(), progress) {
            Err(error) if is_memory(&error) => {
                self.give_agent_up()?;
                self.write_by_snippets(path, &mut &content[..], Some(len), progress)
            }
            done => done,
        }
    }

    fn put_upload(&mut self, mut upload: Upload<'_>, progress: Progress<'_>) -> Result<u64, Error> {
        let path = upload.path;
        let mut resume: Option<(u64, Vec<u8>)> = None;
        for _ in 0..RESTARTS {
            let resumed = matches!(resume, Some((1.., _)));
            match self.put_once(&mut upload, resume.take(), progress) {
                Ok(Some(Status::Done)) => {
                    progress(upload.read);
                    return Ok(upload.read);
                }
                // What it went on behind is not what was looked at before.
                Ok(Some(Status::Differs)) if resumed => match upload.since(0, &[]) {
                    Some(all) => resume = Some((0, all)),
                    None => return Err(self.refused(Status::Differs, &mut upload)),
                },
                Ok(Some(status)) => return Err(self.refused(status, &mut upload)),
                // The board's word on it was lost.
                Ok(None) => match self.is_in_place(&upload)? {
                    true => return Ok(upload.read),
                    false => resume = upload.since(0, &[]).map(|all| (0, all)),
                },
                Err(Trouble::Error(error)) => {
                    if !matches!(error, Error::Lost { .. } | Error::Timeout { .. } | Error::Reset { .. }) {
                        self.remove_part(path);
                    }
                    return Err(error);
                }
                Err(Trouble::Died(error)) => match self.rest_of(&upload) {
                    _ if is_memory(&error) => {
                        self.remove_part(path);
                        return Err(error);
                    }
                    Ok(Rest::InPlace) => return Ok(upload.read),
                    Ok(Rest::From(at, rest)) => resume = Some((at, rest)),
                    _ => {
                        self.remove_part(path);
                        return Err(error);
                    }
                },
            }
        }
        self.remove_part(path);
        Err(Error::Verify { path: path.to_owned(), detail: "the line damages too much".to_owned() })
    }

    /// Whether the whole file is on the board.
    fn is_in_place(&mut self, upload: &Upload<'_>) -> Result<bool, Error> {
        let there = self.look_by_agent(&[(upload.path, ANY_SIZE)], 32)?;
        let ours = upload.hash.clone().finalize();
        let is_same = |digest: &Vec<u8>| upload.failure.is_none() && digest[..] == ours[..];
        Ok(matches!(&there[0], There::File { digest: Some(digest), .. } if is_same(digest)))
    }

    /// Where the board's part of the file ends, and the content from there on.
    fn rest_of(&mut self, upload: &Upload<'_>) -> Result<Rest, Error> {
        let part = format!("{}.part", upload.path);
        let is_read = upload.ended && upload.failure.is_none();
        let whole = u32::try_from(upload.read).ok().filter(|_| is_read).unwrap_or(request::NO_DIGEST);
        let there = self.look_by_agent(&[(upload.path, whole), (&part, ANY_SIZE)], 16)?;
        if let There::File { digest: Some(digest), .. } = &there[0]
            && *digest == upload.hash.clone().finalize()[..16]
        {
            // It ended behind the last word.
            return Ok(Rest::InPlace);
        }
        let known = match &there[1] {
            There::File { size, digest: Some(digest) } => {
                let at = u64::from(*size);
                upload.since(at, digest).map(|rest| Rest::From(at, rest))
            }
            _ => None,
        };
        // Something that an earlier copy left begins with other content.
        let all = || upload.since(0, &[]).map(|all| Rest::From(0, all));
        Ok(known.or_else(all).unwrap_or(Rest::Unknown))
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
        resume: Option<(u64, Vec<u8>)>,
        progress: Progress<'_>,
    ) -> Result<Option<Status>, Trouble> {
        let during = "writing a file";
        let work = upload.len.unwrap_or(u64::MAX);
        let Some(agent) = self.agent(work).map_err(Trouble::Error)? else {
            return Err(Trouble::Error(Error::Unsupported { what: during, lacks: "way to run the agent" }));
        };
        let id = agent.next_request();
        let size = upload.len.and_then(|len| u32::try_from(len).ok()).unwrap_or(ANY_SIZE);
        agent.say(&request::put(id));
        agent.say(&match resume {
            Some((at @ 1.., _)) => request::file_again(upload.path, size.saturating_sub(at as u32)),
            _ => request::file(upload.path, size),
        });
        let (mut at, rest) = resume.unwrap_or((0, Vec::new()));
        for chunk in rest.chunks(CHUNK) {
            agent.content(chunk);
        }
        // Content that is in frames already, beside the request's own words.
        at = at.min(upload.read);
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
