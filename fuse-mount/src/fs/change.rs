//! Operations that change names.

use std::time::{Instant, SystemTime};

use mpr_protocol::{Device, Error};

use super::content::{How, Opened};
use super::{Access, Attr, Fs, LONGEST_NAME, Result};
use crate::errno::{Errno, Stop};
use crate::spool::Spool;
use crate::tree::{Ino, Tree};

/// How a rename treats what has the new name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replace {
    Yes,
    No,
}

/// Both sides of a rename.
struct Names<'a> {
    from: (Ino, &'a str),
    to: (Ino, &'a str),
}

impl Fs {
    /// Makes a file and opens it. The board gets it when it is closed.
    pub fn create(
        &self,
        access: &mut Access<'_>,
        parent: Ino,
        name: &str,
        how: How,
        only_new: bool,
    ) -> Result<(Attr, Opened)> {
        self.may_change()?;
        self.check_name(access, parent, name)?;
        self.know(access, parent)?;
        let known = self.state().tree.child(parent, name)?;
        if let Some(ino) = known {
            if only_new {
                return Err(Errno::EEXIST.into());
            }
            let opened = self.open(access, ino, how)?;
            let mut state = self.state();
            state.tree.get_mut(ino)?.lookups += 1;
            return Ok((self.attr(&state.tree, ino)?, opened));
        }
        let mut state = self.state();
        self.may_hold(&state.tree, parent, name, false)?;
        let is_local = self.stays_here(&state.tree, parent, name);
        let ino = state.tree.insert(parent, name.to_owned(), false);
        let handle = state.open(ino, how.writes)?;
        let node = state.tree.get_mut(ino)?;
        node.content = Some(Spool::empty());
        node.is_local = is_local;
        node.lookups = 1;
        node.changed();
        self.touch_dir(&mut state.tree, parent);
        Ok((self.attr(&state.tree, ino)?, Opened { handle, keeps_cache: false }))
    }

    /// Makes a directory.
    pub fn mkdir(&self, access: &mut Access<'_>, parent: Ino, name: &str) -> Result<Attr> {
        self.may_change()?;
        self.check_name(access, parent, name)?;
        self.know(access, parent)?;
        let (path, is_local) = {
            let state = self.state();
            if state.tree.child(parent, name)?.is_some() {
                return Err(Errno::EEXIST.into());
            }
            self.may_hold(&state.tree, parent, name, true)?;
            let parent_path = self.board_path(&state.tree, parent)?;
            (join(&parent_path, name), self.stays_here(&state.tree, parent, name))
        };
        if !is_local {
            once(access, "EEXIST", |device| device.mkdir(&path))?;
        }
        let mut state = self.state();
        state.space = None;
        let ino = state.tree.insert(parent, name.to_owned(), true);
        let node = state.tree.get_mut(ino)?;
        node.is_local = is_local;
        node.on_board = !is_local;
        node.listed = Some(Instant::now());
        node.was_listed = true;
        node.mtime = SystemTime::now();
        node.lookups = 1;
        self.touch_dir(&mut state.tree, parent);
        Ok(self.attr(&state.tree, ino)?)
    }

    /// Removes a file. Those who have it open keep it.
    pub fn unlink(&self, access: &mut Access<'_>, parent: Ino, name: &str) -> Result<()> {
        self.may_change()?;
        let ino = self.find(access, parent, name)?;
        let (is_dir, on_board) = {
            let state = self.state();
            let node = state.tree.get(ino)?;
            (node.is_dir(), node.on_board)
        };
        if is_dir {
            return Err(Errno::EISDIR.into());
        }
        if on_board {
            access.line()?;
            self.keep_for_handles(access, ino)?;
            let path = self.board_path(&self.state().tree, ino)?;
            once(access, "ENOENT", |device| device.remove(&path))?;
        }
        self.removed(parent, ino);
        Ok(())
    }

    /// Removes an empty directory.
    pub fn rmdir(&self, access: &mut Access<'_>, parent: Ino, name: &str) -> Result<()> {
        self.may_change()?;
        let ino = self.find(access, parent, name)?;
        self.know(access, ino)?;
        let (path, on_board) = {
            let state = self.state();
            if !state.tree.dir(ino)?.is_empty() {
                return Err(Errno::ENOTEMPTY.into());
            }
            let node = state.tree.get(ino)?;
            if node.is_mount {
                return Err(Errno::EBUSY.into());
            }
            (self.board_path(&state.tree, ino)?, node.on_board)
        };
        if on_board {
            once(access, "ENOENT", |device| device.rmdir(&path))?;
        }
        self.removed(parent, ino);
        Ok(())
    }

    /// Gives a file or directory another name.
    pub fn rename(
        &self,
        access: &mut Access<'_>,
        from: (Ino, &str),
        to: (Ino, &str),
        replace: Replace,
    ) -> Result<()> {
        self.may_change()?;
        self.check_name(access, to.0, to.1)?;
        self.know(access, to.0)?;
        let ino = self.find(access, from.0, from.1)?;
        let target = self.state().tree.child(to.0, to.1)?;
        if target == Some(ino) {
            return Ok(());
        }
        if target.is_some() && replace == Replace::No {
            return Err(Errno::EEXIST.into());
        }
        if let Some(target) = target
            && self.state().tree.get(target)?.is_dir()
        {
            self.know(access, target)?;
        }
        let names = Names { from, to };
        let is_local = self.may_rename(ino, target, &names)?;
        if !is_local {
            access.line()?;
            // What has the new name is on the board before the old one goes, or there is no rename.
            self.store(access, ino)?;
            if let Some(target) = target {
                self.keep_for_handles(access, target)?;
            }
            self.rename_on_board(access, target, &names)?;
        }
        let mut state = self.state();
        if let Some(target) = target {
            state.tree.unlink(target);
        }
        state.tree.rename(ino, to.0, to.1)?;
        state.space = None;
        self.touch_dir(&mut state.tree, from.0);
        self.touch_dir(&mut state.tree, to.0);
        Ok(())
    }

    /// Whether a rename is one of files that stay here; an error if it is none that can be.
    fn may_rename(&self, ino: Ino, target: Option<Ino>, names: &Names<'_>) -> Result<bool> {
        let state = self.state();
        let node = state.tree.get(ino)?;
        self.may_hold(&state.tree, names.to.0, names.to.1, node.is_dir())?;
        if node.is_dir() && state.tree.is_within(names.to.0, ino) {
            return Err(Errno::EINVAL.into());
        }
        if node.is_mount {
            return Err(Errno::EBUSY.into());
        }
        if let Some(target) = target {
            let other = state.tree.get(target)?;
            match (node.is_dir(), other.is_dir()) {
                (false, true) => return Err(Errno::EISDIR.into()),
                (true, false) => return Err(Errno::ENOTDIR.into()),
                _ if other.is_mount => return Err(Errno::EBUSY.into()),
                (true, true) if !state.tree.dir(target)?.is_empty() => return Err(Errno::ENOTEMPTY.into()),
                _ => {}
            }
        }
        // Between here and there, programs copy.
        if node.is_local != self.stays_here(&state.tree, names.to.0, names.to.1) {
            return Err(Errno::EXDEV.into());
        }
        Ok(node.is_local)
    }

    fn rename_on_board(&self, access: &mut Access<'_>, target: Option<Ino>, names: &Names<'_>) -> Result<()> {
        let (from, to, target_is_dir) = {
            let state = self.state();
            let path = |(parent, name): (Ino, &str)| {
                self.board_path(&state.tree, parent).map(|parent| join(&parent, name))
            };
            let there = target.map(|target| state.tree.get(target)).transpose()?.filter(|node| node.on_board);
            (path(names.from)?, path(names.to)?, there.map(|node| node.is_dir()))
        };
        let mut tries = 0;
        access.line()?.run(|device| {
            tries += 1;
            let renamed = match (device.rename(&from, &to), target_is_dir) {
                // FAT does not replace.
                (Err(error), Some(is_dir)) if is_refusal(&error) => {
                    if is_dir { device.rmdir(&to) } else { device.remove(&to) }
                        .and_then(|()| device.rename(&from, &to))
                }
                (renamed, _) => renamed,
            };
            match renamed {
                Err(Error::Os { errno, .. }) if tries > 1 && errno.is("ENOENT") && is_there(device, &to) => {
                    Ok(())
                }
                Err(Error::Os { errno, path, op }) if errno.is("EPERM") => {
                    // What MicroPython says of another filesystem.
                    let errno = mpr_protocol::Errno::new(18, Some("EXDEV"));
                    Err(Error::Os { errno, path, op })
                }
                renamed => renamed,
            }
        })?;
        Ok(())
    }

    /// What has this name, looked up on the board if need be.
    fn find(&self, access: &mut Access<'_>, parent: Ino, name: &str) -> Result<Ino> {
        self.know(access, parent)?;
        Ok(self.state().tree.child(parent, name)?.ok_or(Errno::ENOENT)?)
    }

    /// Gets all of a file here that is open and will go from the board.
    fn keep_for_handles(&self, access: &mut Access<'_>, ino: Ino) -> Result<()> {
        let (is_open, size) = {
            let state = self.state();
            let node = state.tree.get(ino)?;
            (node.handles > 0 && !node.is_dir(), node.size)
        };
        if is_open { self.fetch(access, ino, 0..size) } else { Ok(()) }
    }

    fn removed(&self, parent: Ino, ino: Ino) {
        let mut state = self.state();
        state.space = None;
        state.tree.unlink(ino);
        self.touch_dir(&mut state.tree, parent);
    }

    fn touch_dir(&self, tree: &mut Tree, dir: Ino) {
        if let Ok(dir) = tree.get_mut(dir) {
            dir.mtime = SystemTime::now();
            // The board has its own time for that, which it was not asked for.
            dir.board_mtime = None;
        }
    }

    /// Refuses names that the mount leaves out.
    fn may_hold(&self, tree: &Tree, parent: Ino, name: &str, is_dir: bool) -> Result<()> {
        match self.is_excluded(tree, parent, name, is_dir) {
            true => Err(Errno::EPERM.into()),
            false => Ok(()),
        }
    }

    /// Refuses names that the board's filesystem does not take, which it would say only when the file is closed.
    fn check_name(&self, access: &mut Access<'_>, parent: Ino, name: &str) -> Result<()> {
        if name.len() > LONGEST_NAME {
            return Err(Errno::ENAMETOOLONG.into());
        }
        if self.stays_here(&self.state().tree, parent, name) || !is_doubtful(name) {
            return Ok(());
        }
        let path = self.board_path(&self.state().tree, parent)?;
        let known = self.state().fat.get(&path).copied();
        let is_fat = match known {
            Some(is_fat) => is_fat,
            None => {
                let is_fat = access.line()?.run(|device| is_on_fat(device, &path))?;
                self.state().fat.insert(path, is_fat);
                is_fat
            }
        };
        if is_fat { Err(Stop::Failed(Errno::EINVAL)) } else { Ok(()) }
    }
}

/// What FAT takes in no name.
fn is_doubtful(name: &str) -> bool {
    name.ends_with(['.', ' ']) || name.contains(|c: char| c < ' ' || c == '\x7f' || "\"*:<>?\\|".contains(c))
}

/// Whether a path is on FAT, as far as the board says so.
fn is_on_fat(device: &mut Device, path: &str) -> std::result::Result<bool, Error> {
    let mounts = match device.mounts() {
        Err(Error::Unsupported { .. }) => return Ok(false),
        mounts => mounts?,
    };
    let is_above = |mount: &str| mount == "/" || path == mount || path.starts_with(&format!("{mount}/"));
    let mount = mounts.iter().filter(|mount| is_above(&mount.path)).max_by_key(|mount| mount.path.len());
    Ok(mount.is_some_and(|mount| mount.filesystem.contains("Fat")))
}

/// Changes names on the board. If the answer was lost and this error comes at the second try, it was done at the first.
fn once(
    access: &mut Access<'_>,
    sign: &str,
    mut work: impl FnMut(&mut Device) -> std::result::Result<(), Error>,
) -> Result<()> {
    let mut tries = 0;
    access.line()?.run(|device| {
        tries += 1;
        match work(device) {
            Err(Error::Os { errno, .. }) if tries > 1 && errno.is(sign) => Ok(()),
            result => result,
        }
    })?;
    Ok(())
}

/// Whether a filesystem does not replace what has the new name. `EPERM` is not such a word: it means that the two are on different
/// filesystems, and nothing may be removed then.
fn is_refusal(error: &Error) -> bool {
    let is = |errno: &mpr_protocol::Errno| {
        ["EEXIST", "EACCES", "EISDIR", "ENOTEMPTY"].iter().any(|name| errno.is(name))
    };
    matches!(error, Error::Os { errno, .. } if is(errno))
}

fn is_there(device: &mut Device, path: &str) -> bool {
    device.exists(path).unwrap_or(false)
}

fn join(parent: &str, name: &str) -> String {
    format!("{}/{name}", parent.trim_end_matches('/'))
}
