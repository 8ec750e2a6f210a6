//! The filesystem: what an operation of a program does here and on the board. Knows nothing of FUSE.
//!
//! Every operation is tried twice at most. First by whoever got it from the kernel, with [`Access::Cache`]: what is known here
//! is answered at once. What needs the board ends with [`Stop::NeedsBoard`] before anything was changed, and is
//! tried again by the thread that owns the board.

mod change;
mod content;
mod look;

pub(crate) use change::Replace;
pub(crate) use content::{How, Opened};

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use mpr_protocol::StatVfs;

use crate::errno::{Errno, Stop};
use crate::kernel::{Kernel, Outdated};
use crate::line::Line;
use crate::litter::is_litter;
use crate::status::Shared;
use crate::tree::{Ino, Node, Tree};

/// Contents that the board has, too, may take so many bytes of memory here, and so many temporary files.
const CACHE_MEMORY: usize = 8 << 20;
const CACHE_FILES: usize = 16;

/// A name gets `.part` behind it while the file is written.
const PART: usize = ".part".len();

/// The longest name of a file, in bytes: what littlefs and FAT take, less what a write needs.
pub(crate) const LONGEST_NAME: usize = 255 - PART;

/// Free space is asked for no more often.
const STATFS_TTL: Duration = Duration::from_secs(1);

/// Tells which names are left out of the mount.
pub type Exclude = Box<dyn Fn(&str, bool) -> bool + Send + Sync>;

/// How the filesystem behaves.
pub struct Options {
    /// The board's directory that is mounted, such as `/` or `/lib`; empty for a board that has none.
    pub root: String,
    /// Nothing can be changed.
    pub read_only: bool,
    /// What was read of a directory is good for so long, if only this mount changes the board.
    pub cache_ttl: Duration,
    /// Files that editors and desktops leave behind stay on this machine.
    pub overlay: bool,
    /// `chmod` and `chown` fail, instead of doing nothing.
    pub strict_modes: bool,
    /// Names that are left out, by path below the root and whether it is a directory.
    pub exclude: Option<Exclude>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("root", &self.root).finish_non_exhaustive()
    }
}

/// What an operation may do to get what it needs.
pub(crate) enum Access<'a> {
    /// Look at what is known here.
    Cache,
    /// Look at what was known before a program ran on the board, which is still running.
    Before,
    /// Ask the board, and wait.
    Board(&'a mut Line),
}

impl Access<'_> {
    fn line(&mut self) -> Result<&mut Line> {
        match self {
            Access::Cache | Access::Before => Err(Stop::NeedsBoard),
            Access::Board(line) => Ok(line),
        }
    }
}

/// Attributes of a file or directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attr {
    pub ino: Ino,
    pub is_dir: bool,
    pub size: u64,
    pub mtime: SystemTime,
    /// How many names it has: none if it was removed while it is open. A directory has two, and one of each directory in it; one
    /// says that those are not known.
    pub links: u32,
    /// The kernel need not ask again for so long, unless it is told.
    pub good_for: Duration,
}

/// An entry of a directory.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub ino: Ino,
    pub name: String,
    pub is_dir: bool,
}

/// An open file.
#[derive(Debug)]
struct Handle {
    ino: Ino,
    writes: bool,
    /// Where the last read ended, and how much may be read ahead next time.
    next: u64,
    ahead: u64,
}

/// An open directory: what was in it when it was opened.
pub(crate) type Listing = std::sync::Arc<Vec<Entry>>;

#[derive(Debug)]
struct State {
    tree: Tree,
    handles: HashMap<u64, Handle>,
    listings: HashMap<u64, Listing>,
    next_handle: u64,
    space: Option<(Instant, StatVfs)>,
    /// Whether names in a directory have to be such that FAT takes them, by its path on the board.
    fat: HashMap<String, bool>,
}

/// The filesystem.
#[derive(Debug)]
pub(crate) struct Fs {
    options: Options,
    state: Mutex<State>,
    kernel: OnceLock<Kernel>,
    pub status: Shared,
}

type Result<T> = std::result::Result<T, Stop>;

impl Fs {
    pub fn new(options: Options) -> Self {
        let state = State {
            tree: Tree::new(),
            handles: HashMap::new(),
            listings: HashMap::new(),
            next_handle: 1,
            space: None,
            fat: HashMap::new(),
        };
        Fs { options, state: Mutex::new(state), kernel: OnceLock::new(), status: Shared::default() }
    }

    /// Says who is told of what is out of date, as soon as there is somebody.
    pub fn set_kernel(&self, kernel: Kernel) {
        let _ = self.kernel.set(kernel);
    }

    /// Makes the kernel ask for these again.
    fn tell(&self, nodes: Vec<Outdated>) {
        if let Some(kernel) = self.kernel.get() {
            kernel.tell(nodes);
        }
    }

    /// Says that what is on the board may have changed. From then on the kernel asks.
    pub fn expire(&self) {
        let known = {
            let mut state = self.state();
            state.space = None;
            state.tree.expire()
        };
        if let Some(kernel) = self.kernel.get() {
            kernel.tell_and_wait(known);
        }
    }

    /// Whether files are open whose last changes the board has not got.
    pub fn has_unwritten(&self) -> bool {
        let state = self.state();
        state
            .handles
            .values()
            .any(|handle| state.tree.get(handle.ino).is_ok_and(|node| node.is_dirty && !node.is_local))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the state as good as it was between two steps.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The board's path of a node.
    fn board_path(&self, tree: &Tree, ino: Ino) -> std::result::Result<String, Errno> {
        let below = tree.path(ino)?;
        let root = self.options.root.trim_end_matches('/');
        Ok(match below.as_str() {
            "" => self.options.root.clone(),
            below if self.options.root.is_empty() => below.to_owned(),
            below => format!("{root}/{below}"),
        })
    }

    /// Whether what has this name stays here.
    fn stays_here(&self, tree: &Tree, parent: Ino, name: &str) -> bool {
        self.options.overlay && (is_litter(name) || tree.get(parent).is_ok_and(|parent| parent.is_local))
    }

    fn is_excluded(&self, tree: &Tree, parent: Ino, name: &str, is_dir: bool) -> bool {
        let Some(exclude) = &self.options.exclude else { return false };
        let Ok(parent) = tree.path(parent) else { return false };
        let path = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
        exclude(&path, is_dir)
    }

    /// Says no to changes of a mount that is only read.
    fn may_change(&self) -> Result<()> {
        if self.options.read_only { Err(Errno::EROFS.into()) } else { Ok(()) }
    }

    fn attr(&self, tree: &Tree, ino: Ino) -> std::result::Result<Attr, Errno> {
        let node = tree.get(ino)?;
        let ttl = self.options.cache_ttl;
        let listed = tree.get(node.parent).ok().and_then(|parent| parent.listed);
        let good_for = match listed {
            _ if node.is_ours() => ttl,
            Some(listed) => ttl.saturating_sub(listed.elapsed()),
            None => Duration::ZERO,
        };
        let links = match &node.children {
            _ if node.is_unlinked => 0,
            Some(children) if node.was_listed => {
                let is_dir = |ino: &&Ino| tree.get(**ino).is_ok_and(Node::is_dir);
                2 + children.values().filter(is_dir).count() as u32
            }
            _ => 1,
        };
        Ok(Attr { ino, is_dir: node.is_dir(), size: node.size, mtime: node.mtime, links, good_for })
    }
}

impl State {
    fn handle(&self, handle: u64) -> std::result::Result<&Handle, Errno> {
        self.handles.get(&handle).ok_or(Errno::EBADF)
    }

    fn open(&mut self, ino: Ino, writes: bool) -> std::result::Result<u64, Errno> {
        self.tree.get_mut(ino)?.handles += 1;
        let handle = self.next_handle;
        self.next_handle += 1;
        self.handles.insert(handle, Handle { ino, writes, next: 0, ahead: 0 });
        Ok(handle)
    }
}
