//! What operations return.

/// Hears how many bytes of a transfer are done.
pub type Progress<'a> = &'a mut dyn FnMut(u64);

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// The name, without the directory.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Size in bytes; 0 for a directory.
    pub size: u64,
}

/// Kind and size of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Size in bytes; 0 for a directory.
    pub size: u64,
    /// Last change in seconds since the board's epoch, where the filesystem keeps it.
    pub mtime: Option<i64>,
}

/// Sizes of a filesystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatVfs {
    /// Bytes in a block.
    pub block_size: u64,
    /// All blocks.
    pub blocks: u64,
    /// Free blocks.
    pub free: u64,
}

/// A mounted filesystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted, such as `/` or `/sd`.
    pub path: String,
    /// The filesystem as the board prints it, such as `<VfsLfs2>` or `VfsFat`.
    pub filesystem: String,
    /// Its sizes, where it tells them.
    pub size: Option<StatVfs>,
}

/// What a board can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// `sys.implementation.name`, such as `micropython`.
    pub implementation: String,
    /// `sys.implementation.version`, such as `(1, 23, 0)`.
    pub version: (u16, u16, u16),
    /// `sys.platform`, such as `rp2`.
    pub platform: String,
    /// Free heap in bytes when it was asked; `None` where the board can't say.
    pub free_memory: Option<u64>,
    /// `sys.stdin.buffer`: programs can read binary data.
    pub stdin_buffer: bool,
    /// `sys.stdout.buffer`: programs can write binary data.
    pub stdout_buffer: bool,
    /// `os.stat`.
    pub stat: bool,
    /// `os.ilistdir`.
    pub ilistdir: bool,
    /// `os.mkdir`: there are directories.
    pub directories: bool,
    /// `os.rename`.
    pub rename: bool,
    /// `os.statvfs`.
    pub statvfs: bool,
    /// `os.getcwd`: there is a current directory.
    pub getcwd: bool,
    /// `hashlib.sha256`.
    pub sha256: bool,
    /// `binascii.crc32`.
    pub crc32: bool,
    /// `micropython.kbd_intr`.
    pub kbd_intr: bool,
    /// `deflate.DeflateIO`.
    pub deflate: bool,
    /// `compile` as a builtin function.
    pub compile: bool,
}
