//! Which files and directories there are, by inode number.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant, SystemTime};

use mpr_protocol::{Kind, ListingEntry};

use crate::errno::Errno;
use crate::kernel::Outdated;
use crate::spool::Spool;

/// An inode number. A name keeps its own for as long as the mount lasts, also when nobody has looked at it for long: `git` and
/// others compare them.
pub(crate) type Ino = u64;

/// The directory that is mounted.
pub(crate) const ROOT: Ino = 1;

/// A file or directory.
#[derive(Debug)]
pub(crate) struct Node {
    pub parent: Ino,
    pub name: String,
    /// What is in it; `None` for a file.
    pub children: Option<BTreeMap<String, Ino>>,
    /// When a directory's entries were last read from the board; `None`: never, or they may have changed.
    pub listed: Option<Instant>,
    /// They were read once.
    pub was_listed: bool,
    /// Another filesystem begins here.
    pub is_mount: bool,
    /// Bytes, as programs see it.
    pub size: u64,
    /// Last change, as programs see it.
    pub mtime: SystemTime,
    /// Last change as the board told it, in seconds since 1970. `None`: the board has not been asked since it changed.
    pub board_mtime: Option<u64>,
    /// The board has it. A new file is on the board when it is closed.
    pub on_board: bool,
    /// It stays on this machine.
    pub is_local: bool,
    /// It has no name any more.
    pub is_unlinked: bool,
    /// How often the kernel was given it and has not forgotten it.
    pub lookups: u64,
    pub handles: u32,
    pub content: Option<Spool>,
    /// When the content was last used, to know which may go first.
    pub used: u64,
    /// The content differs from the board's.
    pub is_dirty: bool,
    /// The content is on its way to the board and must not change.
    pub is_busy: bool,
    /// The last try to get it to the board failed.
    pub has_failed: bool,
    /// Counts contents that came from elsewhere than this mount; what the kernel has of an older one is out of date.
    pub version: u64,
    pub version_in_kernel: u64,
}

impl Node {
    pub fn is_dir(&self) -> bool {
        self.children.is_some()
    }

    /// What is known here is right, whatever the board says.
    pub fn is_ours(&self) -> bool {
        self.is_local || self.is_unlinked || self.is_dirty || self.is_busy
    }

    /// It has no name, and nobody has it open.
    pub fn is_gone(&self) -> bool {
        self.is_unlinked && self.handles == 0
    }

    /// The content, to be changed.
    pub fn content_mut(&mut self) -> &mut Spool {
        let size = self.size;
        self.content.get_or_insert_with(|| Spool::unknown(size))
    }

    /// Notes that the content was changed here, and is of this size now.
    pub fn changed(&mut self) {
        self.size = self.content.as_ref().map_or(self.size, Spool::size);
        self.mtime = SystemTime::now();
        self.is_dirty = true;
        self.has_failed = false;
    }
}

/// All nodes.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: HashMap<Ino, Node>,
    next: Ino,
    uses: u64,
    started: SystemTime,
}

impl Tree {
    /// Only the root, of which nothing is known.
    pub fn new() -> Self {
        let started = SystemTime::now();
        let mut tree = Tree { nodes: HashMap::new(), next: ROOT, uses: 0, started };
        let root = tree.insert(ROOT, String::new(), true);
        debug_assert_eq!(root, ROOT);
        tree.nodes.entry(ROOT).and_modify(|root| {
            root.on_board = true;
            root.lookups = 1;
        });
        tree
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn get(&self, ino: Ino) -> Result<&Node, Errno> {
        self.nodes.get(&ino).ok_or(Errno::ESTALE)
    }

    pub fn get_mut(&mut self, ino: Ino) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&ino).ok_or(Errno::ESTALE)
    }

    /// A node that is a directory, and what is in it.
    pub fn dir(&self, ino: Ino) -> Result<&BTreeMap<String, Ino>, Errno> {
        self.get(ino)?.children.as_ref().ok_or(Errno::ENOTDIR)
    }

    pub fn child(&self, dir: Ino, name: &str) -> Result<Option<Ino>, Errno> {
        Ok(self.dir(dir)?.get(name).copied())
    }

    /// The path below the root, without a slash in front.
    pub fn path(&self, ino: Ino) -> Result<String, Errno> {
        let mut parts = Vec::new();
        let mut at = ino;
        while at != ROOT {
            let node = self.get(at)?;
            if node.is_unlinked {
                return Err(Errno::ENOENT);
            }
            parts.push(node.name.as_str());
            at = node.parent;
        }
        parts.reverse();
        Ok(parts.join("/"))
    }

    /// Whether `ino` is `dir` or somewhere in it.
    pub fn is_within(&self, ino: Ino, dir: Ino) -> bool {
        let mut at = ino;
        loop {
            if at == dir {
                return true;
            }
            match self.get(at) {
                Ok(node) if at != ROOT => at = node.parent,
                _ => return false,
            }
        }
    }

    /// A new node with no attributes yet.
    pub fn insert(&mut self, parent: Ino, name: String, is_dir: bool) -> Ino {
        let ino = self.next;
        self.next += 1;
        let node = Node {
            parent,
            name: name.clone(),
            children: is_dir.then(BTreeMap::new),
            listed: None,
            was_listed: false,
            is_mount: false,
            size: 0,
            mtime: self.started,
            board_mtime: None,
            on_board: false,
            is_local: false,
            is_unlinked: false,
            lookups: 0,
            handles: 0,
            content: None,
            used: 0,
            is_dirty: false,
            is_busy: false,
            has_failed: false,
            version: 0,
            version_in_kernel: 0,
        };
        self.nodes.insert(ino, node);
        if ino != ROOT
            && let Some(children) = self.nodes.get_mut(&parent).and_then(|parent| parent.children.as_mut())
        {
            children.insert(name, ino);
        }
        ino
    }

    /// Takes a node's name away, and all below it; it is gone when nobody has it any more.
    pub fn unlink(&mut self, ino: Ino) {
        let Some(node) = self.nodes.get_mut(&ino) else { return };
        node.is_unlinked = true;
        node.is_dirty = false;
        let (parent, name) = (node.parent, node.name.clone());
        let below: Vec<Ino> = node.children.iter().flat_map(|children| children.values().copied()).collect();
        if let Some(children) = self.nodes.get_mut(&parent).and_then(|parent| parent.children.as_mut())
            && children.get(&name) == Some(&ino)
        {
            children.remove(&name);
        }
        below.into_iter().for_each(|child| self.unlink(child));
        self.drop_unused(ino);
    }

    /// Gives a node another name; what had that name must be unlinked already.
    pub fn rename(&mut self, ino: Ino, parent: Ino, name: &str) -> Result<(), Errno> {
        let node = self.get_mut(ino)?;
        let old_parent = std::mem::replace(&mut node.parent, parent);
        let old_name = std::mem::replace(&mut node.name, name.to_owned());
        if let Some(children) = &mut self.get_mut(old_parent)?.children {
            children.remove(&old_name);
        }
        if let Some(children) = &mut self.get_mut(parent)?.children {
            children.insert(name.to_owned(), ino);
        }
        Ok(())
    }

    /// Forgets a node without a name that nobody has.
    pub fn drop_unused(&mut self, ino: Ino) {
        if let Some(node) = self.nodes.get(&ino)
            && node.is_unlinked
            && node.lookups == 0
            && node.handles == 0
        {
            self.nodes.remove(&ino);
        }
    }

    /// Says that what is known of the board may be out of date, contents included. Returns what the kernel has of it.
    pub fn expire(&mut self) -> Vec<Outdated> {
        for node in self.nodes.values_mut() {
            node.listed = None;
            if !node.is_local && !node.is_dirty && !node.is_unlinked {
                node.drop_content();
            }
        }
        self.nodes
            .iter()
            .filter(|(_, node)| node.lookups > 0)
            .map(|(ino, node)| node.outdated(*ino))
            .collect()
    }

    /// Drops contents that the board has, too, the longest unused first, until no more than this remains: bytes in memory, and
    /// temporary files.
    pub fn shrink(&mut self, memory: usize, files: usize) {
        let mut held: Vec<(u64, Ino, usize, bool)> = self
            .nodes
            .iter()
            .filter_map(|(ino, node)| {
                let content = node.content.as_ref()?;
                Some((node.used, *ino, content.memory(), content.is_file()))
            })
            .collect();
        let mut all_memory: usize = held.iter().map(|(_, _, memory, _)| memory).sum();
        let mut all_files = held.iter().filter(|(.., is_file)| *is_file).count();
        if all_memory <= memory && all_files <= files {
            return;
        }
        held.sort_unstable();
        for (_, ino, bytes, is_file) in held {
            if all_memory <= memory && all_files <= files {
                break;
            }
            let Some(node) = self.nodes.get_mut(&ino) else { continue };
            if node.handles == 0 && !node.is_local && !node.is_dirty {
                node.content = None;
                all_memory -= bytes;
                all_files -= usize::from(is_file);
            }
        }
    }

    /// Notes that a content is used now.
    pub fn used(&mut self, ino: Ino) {
        self.uses += 1;
        let uses = self.uses;
        if let Some(node) = self.nodes.get_mut(&ino) {
            node.used = uses;
        }
    }

    /// Takes in what a listing of a directory said; `below`: and of all below it that is not another filesystem. Returns what was
    /// known otherwise.
    pub fn learn(&mut self, dir: Ino, entries: &[ListingEntry], below: bool) -> Vec<Outdated> {
        let mut changed = Vec::new();
        let now = Instant::now();
        let mut dirs: HashMap<&str, Ino> = HashMap::from([("", dir)]);
        let mut seen: HashMap<Ino, Vec<&str>> = HashMap::from([(dir, Vec::new())]);
        for entry in entries {
            let (parent, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
            let Some(parent) = dirs.get(parent).copied() else { continue };
            if matches!(entry.kind, Kind::Other) {
                continue;
            }
            let ino = self.learn_entry(parent, name, entry, &mut changed);
            seen.entry(parent).or_default().push(name);
            if entry.kind == Kind::Directory && below {
                dirs.insert(&entry.path, ino);
                seen.entry(ino).or_default();
            }
        }
        for (dir, names) in seen {
            let Some(node) = self.nodes.get_mut(&dir) else { continue };
            node.listed = Some(now);
            node.was_listed = true;
            let names: std::collections::HashSet<&str> = names.into_iter().collect();
            let children = node.children.iter().flatten();
            let gone: Vec<Ino> =
                children.filter(|(name, _)| !names.contains(name.as_str())).map(|(_, ino)| *ino).collect();
            for ino in gone {
                // What the board has not got yet can't be missing there.
                if self.nodes.get(&ino).is_some_and(|node| node.on_board && !node.is_dirty) {
                    changed.extend(self.nodes.get(&ino).map(|node| node.outdated(ino)));
                    self.unlink(ino);
                }
            }
        }
        changed
    }

    fn learn_entry(
        &mut self,
        parent: Ino,
        name: &str,
        entry: &ListingEntry,
        changed: &mut Vec<Outdated>,
    ) -> Ino {
        let is_dir = matches!(entry.kind, Kind::Directory | Kind::Mount);
        let known = self.child(parent, name).ok().flatten();
        let known = known.filter(|ino| {
            let Some(node) = self.nodes.get(ino) else { return false };
            let same = node.is_dir() == is_dir;
            if !same {
                changed.push(node.outdated(*ino));
                self.unlink(*ino);
            }
            same
        });
        let ino = known.unwrap_or_else(|| self.insert(parent, name.to_owned(), is_dir));
        if let Some(node) = self.nodes.get_mut(&ino)
            && node.learn(entry)
        {
            changed.push(node.outdated(ino));
        }
        ino
    }
}

impl Node {
    fn outdated(&self, ino: Ino) -> Outdated {
        Outdated { ino, name: (!self.is_dir()).then(|| (self.parent, self.name.clone())) }
    }

    /// Whether it was known otherwise.
    fn learn(&mut self, entry: &ListingEntry) -> bool {
        self.is_mount = entry.kind == Kind::Mount;
        if self.is_dirty || self.is_local {
            return false;
        }
        let was_there = std::mem::replace(&mut self.on_board, true);
        let told = entry.modified.unwrap_or(0);
        // After a change of ours, what the board says now is what it makes of that change.
        let same =
            was_there && self.size == entry.size && self.board_mtime.is_none_or(|before| before == told);
        self.board_mtime = Some(told);
        if !same {
            self.size = entry.size;
            if let Some(modified) = entry.modified {
                self.mtime = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
            }
        }
        // Without times, only the content itself would tell.
        if !self.is_dir() && (!same || entry.modified.is_none()) {
            self.drop_content();
        }
        was_there && !same
    }

    fn drop_content(&mut self) {
        self.content = None;
        self.version += 1;
    }
}
