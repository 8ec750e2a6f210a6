//! Operations on the content of files.

use std::ops::Range;
use std::time::SystemTime;

use mpr_protocol::Device;

use super::{Access, Attr, CACHE_FILES, CACHE_MEMORY, Fs, Result, State};
use crate::errno::{Errno, Stop};
use crate::kernel::Outdated;
use crate::spool::Spool;
use crate::status::Doing;
use crate::tree::Ino;

/// The first read of a file fetches so many bytes, reads in a row twice as many each time, up to the second number.
const AHEAD: u64 = 8 << 10;
const AHEAD_AT_MOST: u64 = 64 << 10;

/// No board has larger files: 32 bits count the bytes.
const LARGEST: u64 = u32::MAX as u64;

/// How a file is opened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How {
    pub writes: bool,
    pub truncates: bool,
}

/// A file that was opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    pub handle: u64,
    /// What the kernel remembers of the content is good.
    pub keeps_cache: bool,
}

impl Fs {
    /// Opens a file as it is on the board now.
    pub fn open(&self, access: &mut Access<'_>, ino: Ino, how: How) -> Result<Opened> {
        if how.writes || how.truncates {
            self.may_change()?;
        }
        let (parent, is_here) = {
            let state = self.state();
            let node = state.tree.get(ino)?;
            if node.is_dir() {
                return Err(Errno::EISDIR.into());
            }
            (node.parent, node.is_ours())
        };
        if !is_here {
            self.know(access, parent)?;
        }
        let mut state = self.state();
        let node = state.tree.get_mut(ino)?;
        if node.is_gone() {
            return Err(Errno::ESTALE.into());
        }
        if node.is_busy && how.truncates {
            access.line()?;
        }
        if how.truncates {
            node.content = Some(Spool::empty());
            node.changed();
        }
        let keeps_cache = node.version == node.version_in_kernel && !how.truncates;
        node.version_in_kernel = node.version;
        Ok(Opened { handle: state.open(ino, how.writes)?, keeps_cache })
    }

    /// Reads from an open file; less where it ends.
    pub fn read(&self, access: &mut Access<'_>, handle: u64, at: u64, len: u32) -> Result<Vec<u8>> {
        let (ino, ahead) = {
            let mut state = self.state();
            let ino = state.handle(handle)?.ino;
            if let Some(bytes) = known(&state, ino, at, len)? {
                if let Some(handle) = state.handles.get_mut(&handle) {
                    handle.next = at + bytes.len() as u64;
                }
                state.tree.used(ino);
                return Ok(bytes);
            }
            access.line()?;
            let open = state.handles.get_mut(&handle).ok_or(Errno::EBADF)?;
            open.ahead = match at == open.next && at > 0 {
                true => (open.ahead * 2).clamp(AHEAD, AHEAD_AT_MOST),
                false => AHEAD,
            };
            open.next = at + u64::from(len);
            (ino, open.ahead)
        };
        self.fetch(access, ino, at..at + u64::from(len).max(ahead))?;
        let mut state = self.state();
        state.tree.used(ino);
        state.tree.shrink(CACHE_MEMORY, CACHE_FILES);
        Ok(known(&state, ino, at, len)?.ok_or(Errno::EIO)?)
    }

    /// Gets what is not known of a part of a file from the board.
    pub(super) fn fetch(&self, access: &mut Access<'_>, ino: Ino, range: Range<u64>) -> Result<()> {
        let (mut from, end) = (range.start, range.end);
        loop {
            let (path, missing) = {
                let mut state = self.state();
                let node = state.tree.get_mut(ino)?;
                let Some(missing) = node.content_mut().missing(from..end) else { return Ok(()) };
                if !node.on_board {
                    return Err(Errno::EIO.into());
                }
                (self.board_path(&state.tree, ino)?, missing)
            };
            let line = access.line()?;
            let bytes = self.status.during(Doing::Reading(path.clone()), || {
                line.run(|device| {
                    let mut bytes = Vec::new();
                    device.read_range(&path, missing.clone(), &mut bytes, &mut |_| {})?;
                    Ok(bytes)
                })
            })?;
            self.status.count(|status| status.read += bytes.len() as u64);
            let mut state = self.state();
            let node = state.tree.get_mut(ino)?;
            if bytes.is_empty() {
                // It has become shorter since it was looked at: a program on the board did that.
                node.content = None;
                let parent = node.parent;
                state.tree.get_mut(parent)?.listed = None;
                drop(state);
                self.tell(vec![Outdated { ino, name: None }]);
                return Err(Errno::EIO.into());
            }
            // What was written here meanwhile is newer.
            let content = node.content_mut();
            let got = missing.start..missing.start + bytes.len() as u64;
            let mut at = got.start;
            while let Some(lacking) = content.missing(at..got.end) {
                let from = (lacking.start - got.start) as usize;
                let to = (lacking.end - got.start) as usize;
                content.write(lacking.start, &bytes[from..to])?;
                at = lacking.end;
            }
            from = got.end;
        }
    }

    /// Writes to an open file, here.
    pub fn write(&self, access: &mut Access<'_>, handle: u64, at: u64, bytes: &[u8]) -> Result<u32> {
        if at.saturating_add(bytes.len() as u64) > LARGEST {
            return Err(Errno::EFBIG.into());
        }
        let mut state = self.state();
        let open = state.handle(handle)?;
        if !open.writes {
            return Err(Errno::EBADF.into());
        }
        let ino = open.ino;
        let node = state.tree.get_mut(ino)?;
        if node.is_busy {
            access.line()?;
        }
        node.content_mut().write(at, bytes)?;
        node.changed();
        state.tree.used(ino);
        Ok(bytes.len() as u32)
    }

    /// Gives a file another size: at once if it is not open, else with the other changes.
    pub fn resize(&self, access: &mut Access<'_>, ino: Ino, handle: Option<u64>, size: u64) -> Result<()> {
        self.may_change()?;
        if size > LARGEST {
            return Err(Errno::EFBIG.into());
        }
        {
            let mut state = self.state();
            if let Some(handle) = handle
                && !state.handle(handle)?.writes
            {
                return Err(Errno::EINVAL.into());
            }
            let node = state.tree.get_mut(ino)?;
            if node.is_dir() {
                return Err(Errno::EISDIR.into());
            }
            if node.is_busy || handle.is_none() && !node.is_local {
                access.line()?;
            }
            if size == node.size && !node.is_dirty {
                return Ok(());
            }
            node.content_mut().resize(size)?;
            node.changed();
        }
        match handle {
            Some(_) => Ok(()),
            None => self.store(access, ino).inspect_err(|_| self.revert(ino)),
        }
    }

    /// Gives a file another time of its last change, as far as this mount shows it.
    pub fn set_mtime(&self, ino: Ino, mtime: SystemTime) -> Result<()> {
        self.may_change()?;
        self.state().tree.get_mut(ino)?.mtime = mtime;
        Ok(())
    }

    /// Whether `chmod` and `chown` do nothing, rather than fail.
    pub fn set_mode(&self) -> Result<()> {
        self.may_change()?;
        if self.options.strict_modes { Err(Errno::EOPNOTSUPP.into()) } else { Ok(()) }
    }

    /// Attributes as they are known here.
    pub fn known_attr(&self, ino: Ino) -> Result<Attr> {
        Ok(self.attr(&self.state().tree, ino)?)
    }

    /// Gets the changes of an open file to the board. When it returns, they are there, verified.
    pub fn flush(&self, access: &mut Access<'_>, handle: u64) -> Result<()> {
        let ino = self.state().handle(handle)?.ino;
        self.store(access, ino)
    }

    /// Closes a file. Changes that came after the last flush, by a mapping, go to the board now.
    pub fn release(&self, access: &mut Access<'_>, handle: u64) -> Result<()> {
        let (ino, is_last, has_failed) = {
            let state = self.state();
            let ino = state.handle(handle)?.ino;
            let node = state.tree.get(ino)?;
            let is_last = node.handles == 1;
            if is_last && (node.is_busy || node.is_dirty && !node.is_local && !node.is_unlinked) {
                access.line()?;
            }
            (ino, is_last, node.has_failed)
        };
        let stored = match is_last && !has_failed {
            true => self.store(access, ino),
            false => Ok(()),
        };
        let mut state = self.state();
        state.handles.remove(&handle);
        let node = state.tree.get_mut(ino)?;
        node.handles -= 1;
        let is_lost = is_last && node.is_dirty && !node.is_local;
        drop(state);
        if is_lost {
            self.revert(ino);
        }
        let mut state = self.state();
        state.tree.drop_unused(ino);
        state.tree.shrink(CACHE_MEMORY, CACHE_FILES);
        stored
    }

    /// Gives up changes that did not get to the board: what the board has is what counts.
    fn revert(&self, ino: Ino) {
        let mut state = self.state();
        let Ok(node) = state.tree.get_mut(ino) else { return };
        node.is_dirty = false;
        node.has_failed = false;
        node.content = None;
        node.version += 1;
        let (on_board, parent) = (node.on_board, node.parent);
        if !on_board {
            state.tree.unlink(ino);
        } else if let Ok(parent) = state.tree.get_mut(parent) {
            parent.listed = None;
        }
        drop(state);
        self.tell(vec![Outdated { ino, name: None }]);
    }

    /// Puts a file's content on the board, if it was changed.
    pub(super) fn store(&self, access: &mut Access<'_>, ino: Ino) -> Result<()> {
        {
            let state = self.state();
            let node = state.tree.get(ino)?;
            if !node.is_dirty || node.is_local || node.is_unlinked {
                return Ok(());
            }
        }
        access.line()?;
        let stored = self.fetch(access, ino, 0..LARGEST).and_then(|()| self.put(access, ino));
        let mut state = self.state();
        state.space = None;
        let node = state.tree.get_mut(ino)?;
        node.is_busy = false;
        match stored {
            Ok(()) => {
                node.is_dirty = false;
                node.on_board = true;
                node.board_mtime = None;
            }
            Err(_) => node.has_failed = true,
        }
        stored
    }

    fn put(&self, access: &mut Access<'_>, ino: Ino) -> Result<()> {
        let path = {
            let mut state = self.state();
            state.tree.get_mut(ino)?.is_busy = true;
            self.board_path(&state.tree, ino)?
        };
        let line = access.line()?;
        let mut written = 0;
        let mut write = |device: &mut Device| {
            let (size, mut reader) = {
                let mut state = self.state();
                let content = state.tree.get_mut(ino).map_err(local)?.content_mut();
                (content.size(), content.reader().map_err(|source| mpr_protocol::Error::LocalIo { source })?)
            };
            written = size;
            device.write_file(&path, &mut reader, Some(size), &mut |_| {})
        };
        self.status.during(Doing::Writing(path.clone()), || line.run(&mut write))?;
        self.status.count(|status| {
            status.written += written;
            status.files_written += 1;
        });
        Ok(())
    }
}

fn local(errno: Errno) -> mpr_protocol::Error {
    mpr_protocol::Error::LocalIo { source: errno.into() }
}

/// The bytes of a part of a file, if they are known here.
fn known(state: &State, ino: Ino, at: u64, len: u32) -> std::result::Result<Option<Vec<u8>>, Stop> {
    let node = state.tree.get(ino)?;
    if at >= node.size {
        return Ok(Some(Vec::new()));
    }
    match &node.content {
        Some(content) if content.missing(at..at + u64::from(len)).is_none() => {
            Ok(Some(content.read(at, len as usize)?))
        }
        _ => Ok(None),
    }
}
