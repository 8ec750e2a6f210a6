//! Operations that look at names and attributes.

use std::sync::Arc;
use std::time::Instant;

use mpr_protocol::{Error, ListingOptions, Mounts, StatVfs};

use super::{Access, Attr, Entry, Fs, Listing, Result, STATFS_TTL};
use crate::errno::{Errno, Stop};
use crate::kernel::Outdated;
use crate::line::Line;
use crate::tree::{Ino, ROOT};

/// A tree of no more entries is read whole when a part of it is out of date: that is one exchange instead of many.
const SMALL_TREE: usize = 300;

impl Fs {
    /// Reads a directory's entries from the board unless they are known and not out of date.
    pub(super) fn know(&self, access: &mut Access<'_>, dir: Ino) -> Result<()> {
        let (path, below) = {
            let state = self.state();
            let node = state.tree.get(dir)?;
            if node.children.is_none() {
                return Err(Errno::ENOTDIR.into());
            }
            let is_fresh = node.listed.is_some_and(|listed| listed.elapsed() < self.options.cache_ttl);
            let will_do = node.was_listed && matches!(access, Access::Before);
            if node.is_unlinked {
                return Err(Errno::ESTALE.into());
            }
            if is_fresh || will_do || node.is_local {
                return Ok(());
            }
            access.line()?;
            // Another filesystem may be a large card, which is read as it is looked at.
            let in_other = self.is_in_mount(&state.tree, dir);
            let whole = !in_other && state.tree.len() <= SMALL_TREE;
            (if whole { None } else { Some(self.board_path(&state.tree, dir)?) }, whole)
        };
        let (at, path) = match path {
            None => (ROOT, self.options.root.clone()),
            Some(path) => (dir, path),
        };
        self.list(access.line()?, at, &path, below).map_err(Stop::from)
    }

    /// Reads the whole tree, to have it when the first program looks.
    ///
    /// # Errors
    /// When the board does not show the directory.
    pub fn prepare(&self, line: &mut Line) -> std::result::Result<(), Error> {
        self.list(line, ROOT, &self.options.root, true)
    }

    /// Reads the entries of a directory from the board, and of those below if wanted.
    fn list(&self, line: &mut Line, at: Ino, path: &str, below: bool) -> std::result::Result<(), Error> {
        let mounts = if at == ROOT && self.options.root == "/" { Mounts::Find } else { Mounts::Enter };
        let options = ListingOptions { below, details: true, mounts, ..ListingOptions::default() };
        match line.run(|device| device.listing(path, &options)) {
            Ok(listing) => {
                let mut state = self.state();
                let changed = state.tree.learn(at, &listing.entries, below);
                for (unreadable, _) in &listing.unreadable {
                    // It is asked for again, by itself, and then says why.
                    let found =
                        unreadable.split('/').try_fold(at, |dir, name| state.tree.child(dir, name).ok()?);
                    if let Some(node) = found.and_then(|ino| state.tree.get_mut(ino).ok()) {
                        node.listed = None;
                    }
                }
                drop(state);
                self.tell(changed);
                Ok(())
            }
            Err(error) => {
                if matches!(&error, Error::Os { errno, .. } if errno.is("ENOENT") || errno.is("ENOTDIR"))
                    && at != ROOT
                {
                    self.state().tree.unlink(at);
                    self.tell(vec![Outdated { ino: at, name: None }]);
                }
                Err(error)
            }
        }
    }

    /// Whether a node is in a filesystem that is mounted below the root.
    fn is_in_mount(&self, tree: &crate::tree::Tree, ino: Ino) -> bool {
        let mut at = ino;
        while at != ROOT {
            match tree.get(at) {
                Ok(node) if node.is_mount => return true,
                Ok(node) => at = node.parent,
                Err(_) => return false,
            }
        }
        false
    }

    /// Finds what has this name, and counts that the kernel was given it.
    pub fn lookup(&self, access: &mut Access<'_>, parent: Ino, name: &str) -> Result<Attr> {
        if name.len() > super::LONGEST_NAME {
            return Err(Errno::ENAMETOOLONG.into());
        }
        self.know(access, parent)?;
        let mut state = self.state();
        let ino = state.tree.child(parent, name)?.ok_or(Errno::ENOENT)?;
        let is_dir = state.tree.get(ino)?.is_dir();
        if self.is_excluded(&state.tree, parent, name, is_dir) {
            return Err(Errno::ENOENT.into());
        }
        state.tree.get_mut(ino)?.lookups += 1;
        Ok(self.attr(&state.tree, ino)?)
    }

    /// The kernel forgets that it was given a node, so often.
    pub fn forget(&self, ino: Ino, times: u64) {
        let mut state = self.state();
        if let Ok(node) = state.tree.get_mut(ino) {
            node.lookups = node.lookups.saturating_sub(times);
            state.tree.drop_unused(ino);
        }
    }

    /// Attributes. Those of a file that is open for writing are known here.
    pub fn getattr(&self, access: &mut Access<'_>, ino: Ino) -> Result<Attr> {
        let parent = {
            let state = self.state();
            let node = state.tree.get(ino)?;
            if node.is_gone() {
                return Err(Errno::ESTALE.into());
            }
            if ino == ROOT || node.is_ours() {
                return Ok(self.attr(&state.tree, ino)?);
            }
            node.parent
        };
        self.know(access, parent)?;
        let state = self.state();
        if state.tree.get(ino)?.is_gone() {
            return Err(Errno::ESTALE.into());
        }
        Ok(self.attr(&state.tree, ino)?)
    }

    /// Opens a directory.
    pub fn opendir(&self, access: &mut Access<'_>, ino: Ino) -> Result<u64> {
        self.know(access, ino)?;
        let mut state = self.state();
        let parent = state.tree.get(ino)?.parent;
        let of = |ino, name: &str, is_dir| Entry { ino, name: name.to_owned(), is_dir };
        let mut entries = vec![of(ino, ".", true), of(parent, "..", true)];
        for (name, child) in state.tree.dir(ino)? {
            let is_dir = state.tree.get(*child)?.is_dir();
            if !self.is_excluded(&state.tree, ino, name, is_dir) {
                entries.push(of(*child, name, is_dir));
            }
        }
        let handle = state.next_handle;
        state.next_handle += 1;
        state.listings.insert(handle, Arc::new(entries));
        Ok(handle)
    }

    /// What was in a directory when it was opened.
    pub fn readdir(&self, handle: u64) -> Result<Listing> {
        Ok(self.state().listings.get(&handle).cloned().ok_or(Errno::EBADF)?)
    }

    /// Attributes of an entry of an open directory, if it is still there.
    pub fn entry_attr(&self, entry: &Entry) -> Option<Attr> {
        let state = self.state();
        let attr = self.attr(&state.tree, entry.ino).ok()?;
        (attr.links > 0).then_some(attr)
    }

    /// Counts that the kernel was given an entry.
    pub fn given(&self, ino: Ino) {
        if let Ok(node) = self.state().tree.get_mut(ino) {
            node.lookups += 1;
        }
    }

    /// Closes a directory.
    pub fn releasedir(&self, handle: u64) {
        self.state().listings.remove(&handle);
    }

    /// Sizes of the board's filesystem.
    pub fn statfs(&self, access: &mut Access<'_>) -> Result<StatVfs> {
        if let Some((since, space)) = self.state().space
            && since.elapsed() < STATFS_TTL
        {
            return Ok(space);
        }
        let root = &self.options.root;
        let space = match access.line()?.run(|device| device.statvfs(root)) {
            // Some boards don't say; nothing is wrong with their files.
            Err(Error::Unsupported { .. }) => StatVfs { block_size: 512, blocks: 0, free: 0 },
            space => space?,
        };
        self.state().space = Some((Instant::now(), space));
        Ok(space)
    }
}
