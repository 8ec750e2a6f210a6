//! Many files and directories to the board, in one stream: the board writes one while the next ones are on their way.

use std::collections::{HashMap, VecDeque};
use std::io::Read;

use super::agent::{Agent, Trouble};
use super::fs::HEAD;
use super::put::{Left, Upload, left};
use super::{Device, DirEntry, HalfDigest};
use crate::Error;
use crate::agent::Event;
use crate::agent::request::{self, ANY_SIZE, NO_DIGEST, Status, There};
use crate::driver::Limits;
use crate::python::str_literal;

/// Paths in one question, so that board and host need not hold too many.
const PATHS: usize = 256;

/// A lost agent is started again so often without a file more on the board.
const RESTARTS: u32 = 8;

/// Of files of so many bytes the board is asked whether an earlier copy has left a part.
const RESUMED: u64 = 16 << 10;

/// Files of a stream that may be on their way without a word about them.
const AHEAD: usize = 32;

/// Something at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Size in bytes; 0 for a directory.
    pub size: u64,
    /// Half of the SHA-256 of a file that has the size that was asked about, where the board tells it at once.
    pub digest: Option<HalfDigest>,
}

/// Hears how it went with a file, by its place among all; whether to go on.
pub type EachFile<'a> = &'a mut dyn FnMut(usize, Result<u64, Error>) -> bool;

/// Opens a file by its place among all.
pub type OpenFile<'a> = &'a mut dyn FnMut(usize) -> Result<Box<dyn Read>, Error>;

impl Device {
    /// Whether files go to the board in one stream ([`Device::write_files`]) for work of so many bytes, and not one by one.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn streams(&mut self, work: u64) -> Result<bool, Error> {
        Ok(self.agent(work)?.is_some())
    }

    /// What is at these paths. Where a size is given, a file of that size comes with its digest if the board can tell it in
    /// the same exchange. `work`: how many bytes are to be copied afterwards.
    ///
    /// # Errors
    /// As [`Device::list`], but for what is not there.
    pub fn look_all(
        &mut self,
        paths: &[(&str, Option<u64>)],
        work: u64,
    ) -> Result<Vec<Option<Looked>>, Error> {
        if self.agent(work)?.is_none() {
            return self.look_by_listing(paths);
        }
        let mut found = Vec::with_capacity(paths.len());
        for paths in paths.chunks(PATHS) {
            let size =
                |size: &Option<u64>| size.and_then(|size| u32::try_from(size).ok()).unwrap_or(NO_DIGEST);
            let paths: Vec<(&str, u32)> = paths.iter().map(|(path, of)| (*path, size(of))).collect();
            found.extend(self.look_by_agent(&paths, 16)?.into_iter().map(|there| match there {
                There::Nothing => None,
                There::Directory => Some(Looked { is_dir: true, size: 0, digest: None }),
                There::File { size, digest } => {
                    let digest = digest.and_then(|digest| digest.try_into().ok());
                    Some(Looked { is_dir: false, size: u64::from(size), digest })
                }
            }));
        }
        Ok(found)
    }

    /// For boards without the agent: one listing for each directory.
    fn look_by_listing(&mut self, paths: &[(&str, Option<u64>)]) -> Result<Vec<Option<Looked>>, Error> {
        let mut listings: HashMap<&str, Option<Vec<DirEntry>>> = HashMap::new();
        let mut found = Vec::with_capacity(paths.len());
        for (path, _) in paths {
            let (parent, name) = match path.rsplit_once('/') {
                Some(("", name)) => ("/", name),
                Some((parent, name)) => (parent, name),
                None => ("", *path),
            };
            if name.is_empty() {
                found.push(Some(Looked { is_dir: true, size: 0, digest: None }));
                continue;
            }
            if !listings.contains_key(parent) {
                let listing = match self.list(parent) {
                    Ok(entries) => Some(entries),
                    Err(Error::Os { .. }) => None,
                    Err(error) => return Err(error),
                };
                listings.insert(parent, listing);
            }
            let entries = listings.get(parent).and_then(Option::as_ref);
            let entry = entries.and_then(|entries| entries.iter().find(|entry| entry.name == name));
            found.push(entry.map(|entry| Looked { is_dir: entry.is_dir, size: entry.size, digest: None }));
        }
        Ok(found)
    }

    /// Makes directories, outermost first, and tells how it went with each; those that exist are left as they are where the board
    /// has the agent. `work`: how many bytes are to be copied afterwards.
    ///
    /// # Errors
    /// What ends the connection, as [`Device::mkdir`].
    pub fn make_directories(&mut self, paths: &[&str], work: u64) -> Result<Vec<Result<(), Error>>, Error> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        if self.agent(work)?.is_none() {
            let mut made = Vec::with_capacity(paths.len());
            for path in paths {
                made.push(match self.mkdir(path) {
                    Err(error @ (Error::Os { .. } | Error::NoSpace { .. } | Error::Unsupported { .. })) => {
                        Err(error)
                    }
                    done => Ok(done?),
                });
            }
            return Ok(made);
        }
        let question = |id| {
            let mut words = request::put(id).to_vec();
            paths.iter().for_each(|path| words.extend(request::directory(path)));
            words.extend_from_slice(request::PUT_END);
            words
        };
        // The answers are a status each, in a row.
        let statuses = self.ask_each("making directories", &question)?;
        let made = paths.iter().zip(statuses).map(|(path, status)| match status {
            Status::Trouble(trouble) => Err(self.agent_error(&trouble, "mkdir", path)),
            _ => Ok(()),
        });
        Ok(made.collect())
    }

    /// Copies files to the board in one stream; each is verified and takes its place as by [`Device::write_file`], whatever becomes
    /// of the others. Only on boards for which [`Device::streams`] says so. `files` has paths and sizes.
    ///
    /// # Errors
    /// What ends the connection or the whole, as [`Device::write_file`]. What a single file meets, `each` hears.
    pub fn write_files(
        &mut self,
        files: &[(&str, Option<u64>)],
        open: OpenFile<'_>,
        each: EachFile<'_>,
        progress: super::Progress<'_>,
    ) -> Result<(), Error> {
        let mut done = 0;
        let mut tries = RESTARTS;
        let mut bytes = 0;
        while done < files.len() {
            let mut stream = Stream::new(files, &mut *open, done, bytes);
            stream.left = self.left_of_each(&files[done..])?;
            let result = self.stream(&mut stream, each, progress);
            let Stream { done: now, bytes: so_far, stopped, next, .. } = stream;
            tries = if now > done { RESTARTS } else { tries - 1 };
            (done, bytes) = (now, so_far);
            let error = match result {
                Ok(()) if stopped => return Ok(()),
                Ok(()) | Err(Trouble::Died(_)) if tries > 0 => continue,
                Ok(()) => {
                    let path = files.get(done).map_or_else(String::new, |(path, _)| (*path).to_owned());
                    Error::Verify { path, detail: "the line damages too much".to_owned() }
                }
                Err(Trouble::Error(error) | Trouble::Died(error)) => error,
            };
            let begun = files.get(done..next).unwrap_or_default();
            return self.leaving_nothing(Err(error), |device| device.remove_parts(begun));
        }
        Ok(())
    }

    /// What an earlier copy has left of the larger ones of these files, by their places.
    fn left_of_each(&mut self, files: &[(&str, Option<u64>)]) -> Result<HashMap<usize, Left>, Error> {
        let large = files.iter().enumerate().filter(|(_, (_, len))| len.is_none_or(|len| len >= RESUMED));
        let parts: Vec<(usize, String)> = large.map(|(at, (path, _))| (at, format!("{path}.part"))).collect();
        let mut found = HashMap::new();
        for parts in parts.chunks(PATHS) {
            let paths: Vec<(&str, u32)> = parts.iter().map(|(_, part)| (&**part, ANY_SIZE)).collect();
            let there = self.look_by_agent(&paths, 16)?;
            found.extend(parts.iter().zip(there).filter_map(|((at, _), there)| Some((*at, left(there)?))));
        }
        Ok(found)
    }

    /// Removes what may be there of files that did not take their places.
    fn remove_parts(&mut self, files: &[(&str, Option<u64>)]) {
        let paths: Vec<String> = files.iter().map(|(path, _)| str_literal(&format!("{path}.part"))).collect();
        let code = format!(
            "{HEAD} for p in[{}]:\n  \
             try:os.remove(p)\n  \
             except OSError:pass\n\
             _mpr()\n",
            paths.join(",")
        );
        self.attempt("removing what was left", &code);
    }

    fn stream(
        &mut self,
        stream: &mut Stream<'_>,
        each: EachFile<'_>,
        progress: super::Progress<'_>,
    ) -> Result<(), Trouble> {
        let during = "writing files";
        let Some(agent) = self.agent(u64::MAX).map_err(Trouble::Error)? else {
            return Err(Trouble::Error(Error::Unsupported { what: during, lacks: "way to run the agent" }));
        };
        let wasi = agent.about.platform == "webassembly";
        let id = agent.next_request();
        agent.say(&request::put(id));
        let before = agent.session.accepted();
        let start = stream.bytes;
        let limits = Limits { overall: None, ..self.driver.limits(0) };
        let mut said_all = false;
        self.talk(during, limits, &mut |agent: &mut Agent, event| {
            match event {
                None => {}
                Some(Event::Answer(answer)) => {
                    let [kind, request, count, data @ ..] = &answer[..] else { return Ok(None) };
                    if *request != id {
                        return Ok(None);
                    }
                    stream.counted(*count);
                    match *kind {
                        request::DATA => stream.heard(data, wasi, each),
                        request::WARNING => stream.warned(),
                        request::DONE | request::FAILED => return Ok(Some(())),
                        _ => {}
                    }
                    return Ok(None);
                }
                // The board is through with all it has got, and words on it were lost.
                Some(Event::Synchronised) if agent.session.is_drained() && said_all => return Ok(Some(())),
                Some(Event::Synchronised) => {
                    stream.gap |= agent.session.is_drained() && !stream.on_way.is_empty();
                    return Ok(None);
                }
                Some(_) => return Ok(None),
            }
            progress(start + agent.session.accepted() - before);
            while !said_all && !agent.session.is_congested() && (stream.gap || stream.on_way.len() < AHEAD) {
                if !stream.feed(agent) {
                    agent.say(request::PUT_END);
                    agent.ask_now();
                    said_all = true;
                }
            }
            if stream.on_way.len() >= AHEAD {
                agent.ask_now();
            }
            Ok(None)
        })?;
        Ok(())
    }
}

/// Files on their way.
struct Stream<'a> {
    files: &'a [(&'a str, Option<u64>)],
    open: OpenFile<'a>,
    /// All files before have had their word.
    done: usize,
    /// The next file to begin.
    next: usize,
    /// What an earlier copy has left of files, by their places behind `first`.
    left: HashMap<usize, Left>,
    first: usize,
    /// Files whose status is awaited, with their sizes as read.
    on_way: VecDeque<(usize, u64, Option<Error>)>,
    current: Option<(usize, Upload<'a>)>,
    /// The caller wants no more.
    stopped: bool,
    /// Bytes of the files that have had their word.
    bytes: u64,
    /// Answers so far, modulo 256; one is missing, so nobody knows which file a status belongs to.
    count: u8,
    gap: bool,
}

impl<'a> Stream<'a> {
    fn new(files: &'a [(&'a str, Option<u64>)], open: OpenFile<'a>, done: usize, bytes: u64) -> Self {
        let (on_way, current) = (VecDeque::new(), None);
        Stream {
            files,
            open,
            done,
            next: done,
            left: HashMap::new(),
            first: done,
            on_way,
            current,
            stopped: false,
            bytes,
            count: 0,
            gap: false,
        }
    }

    fn counted(&mut self, count: u8) {
        self.gap |= count != self.count;
        self.count = count.wrapping_add(1);
    }

    /// The file that the board is at can't be written; its status comes when the board is through with it.
    fn warned(&mut self) {
        if let (true, Some((_, upload))) = (self.on_way.is_empty() && !self.gap, &mut self.current) {
            upload.ended = true;
        }
    }

    /// Puts a chunk into the stream; false when there is nothing more.
    fn feed(&mut self, agent: &mut Agent) -> bool {
        if let Some((at, upload)) = &mut self.current {
            if !upload.ended {
                upload.feed(agent);
            }
            if upload.ended {
                agent.say(&upload.last_word());
                self.on_way.push_back((*at, upload.read, upload.failure.take()));
                self.current = None;
            }
            return true;
        }
        let at = self.next;
        let Some((path, len)) = self.files.get(at).filter(|_| !self.stopped && !self.gap) else {
            return false;
        };
        self.next += 1;
        match (self.open)(at) {
            Ok(from) => {
                let mut upload = Upload::new(path, from, *len);
                let left = self.left.remove(&(at - self.first));
                let resume = left.and_then(|(size, digest)| upload.go_on_behind(size, &digest));
                upload.begin(agent, resume);
                self.current = Some((at, upload));
            }
            Err(error) => {
                agent.say(&request::file(path, ANY_SIZE));
                agent.say(request::FILE_ABANDONED);
                self.on_way.push_back((at, 0, Some(error)));
            }
        }
        true
    }

    /// The board's word on the oldest file.
    fn heard(&mut self, data: &[u8], wasi: bool, each: EachFile<'_>) {
        let Some(status) = Status::parse(data).filter(|_| !self.gap) else { return };
        let Some((at, size, failure)) = self.on_way.pop_front() else { return };
        let path = self.files.get(at).map_or("", |(path, _)| path);
        let result = match (failure, status) {
            (Some(error), _) => Err(error),
            (None, Status::Done) => Ok(size),
            (None, Status::Trouble(trouble)) => {
                Err(super::agent::trouble_error(&trouble, "write", path, wasi))
            }
            (None, _) => {
                Err(Error::Verify { path: path.to_owned(), detail: "the SHA-256 differs".to_owned() })
            }
        };
        self.done = at + 1;
        self.bytes += size;
        self.stopped |= !each(at, result);
    }
}
