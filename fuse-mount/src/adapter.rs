//! Between the kernel and the filesystem: types of FUSE on one side, none on the other.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno as FuseErrno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation,
    INodeNo, InitFlags, KernelConfig, LockOwner, OpenAccMode, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate,
    ReplyData, ReplyDirectory, ReplyDirectoryPlus, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs,
    ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use crate::errno::{Errno, Stop};
use crate::fs::{Access, Attr, Fs, How, LONGEST_NAME, Opened, Replace};
use crate::worker::{Queue, answer};

/// Inode numbers are not used again.
const GENERATION: Generation = Generation(0);

/// Bytes in a block of `st_blocks` (POSIX leaves it open, everybody has this).
const BLOCK: u64 = 512;

/// Who owns the files that are shown, and what their modes are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub uid: u32,
    pub gid: u32,
    pub umask: u16,
}

pub(crate) struct Adapter {
    pub fs: Arc<Fs>,
    pub queue: Queue,
    pub owner: Owner,
}

type Result<T> = std::result::Result<T, Stop>;

impl Adapter {
    /// Does an operation: here and now if it needs no board, else on the board's thread.
    fn serve<T, R>(
        &self,
        reply: R,
        operation: impl Fn(&Fs, &mut Access<'_>) -> Result<T> + Send + 'static,
        done: impl FnOnce(R, std::result::Result<T, Errno>) + Send + 'static,
    ) where
        R: Send + 'static,
    {
        match operation(&self.fs, &mut Access::Cache) {
            Err(Stop::NeedsBoard) => {
                let fs = Arc::clone(&self.fs);
                let mut waiting = Some((reply, done));
                self.queue.put(Box::new(move |access| {
                    let result = match access {
                        Ok(mut access) => operation(&fs, &mut access),
                        Err(errno) => Err(errno.into()),
                    };
                    if result.as_ref().is_err_and(|stop| *stop == Stop::NeedsBoard) {
                        return false;
                    }
                    if let Some((reply, done)) = waiting.take() {
                        done(reply, answer(result));
                    }
                    true
                }));
            }
            result => done(reply, answer(result)),
        }
    }
}

impl Owner {
    fn attr(&self, attr: &Attr) -> FileAttr {
        let (kind, mode) = match attr.is_dir {
            true => (FileType::Directory, 0o777),
            false => (FileType::RegularFile, 0o666),
        };
        FileAttr {
            ino: INodeNo(attr.ino),
            size: attr.size,
            blocks: attr.size.div_ceil(BLOCK),
            atime: attr.mtime,
            mtime: attr.mtime,
            ctime: attr.mtime,
            crtime: attr.mtime,
            kind,
            perm: mode & !self.umask,
            nlink: attr.links,
            uid: self.uid,
            gid: self.gid,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        }
    }

    fn attributes(&self, reply: ReplyAttr, result: std::result::Result<Attr, Errno>) {
        match result {
            Ok(attr) => reply.attr(&attr.good_for, &self.attr(&attr)),
            Err(errno) => reply.error(error(errno)),
        }
    }

    fn entry(&self, reply: ReplyEntry, result: std::result::Result<Attr, Errno>) {
        match result {
            Ok(attr) => reply.entry(&attr.good_for, &self.attr(&attr), GENERATION),
            Err(errno) => reply.error(error(errno)),
        }
    }
}

fn error(errno: Errno) -> FuseErrno {
    FuseErrno::from_i32(errno as i32)
}

fn empty(reply: ReplyEmpty, result: std::result::Result<(), Errno>) {
    match result {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(error(errno)),
    }
}

fn opened(opened: &Opened) -> (FileHandle, FopenFlags) {
    let flags = if opened.keeps_cache { FopenFlags::FOPEN_KEEP_CACHE } else { FopenFlags::empty() };
    (FileHandle(opened.handle), flags)
}

fn how(flags: OpenFlags) -> How {
    let writes = flags.acc_mode() != OpenAccMode::O_RDONLY;
    How { writes, truncates: flags.0 & nix::libc::O_TRUNC != 0 }
}

/// Boards know names in UTF-8 only.
fn utf8(name: &OsStr) -> std::result::Result<String, Errno> {
    name.to_str().map(str::to_owned).ok_or(Errno::EINVAL)
}

/// Answers for a name that no board can have.
macro_rules! name {
    ($name:expr, $reply:expr) => {
        match utf8($name) {
            Ok(name) => name,
            Err(errno) => return $reply.error(error(errno)),
        }
    };
}

impl Filesystem for Adapter {
    fn init(&mut self, _request: &Request, config: &mut KernelConfig) -> std::io::Result<()> {
        // Content is thrown away when the new one is ready, not before; older kernels say it in two steps.
        for wanted in [
            InitFlags::FUSE_ATOMIC_O_TRUNC,
            InitFlags::FUSE_DO_READDIRPLUS,
            InitFlags::FUSE_READDIRPLUS_AUTO,
            InitFlags::FUSE_PARALLEL_DIROPS,
        ] {
            let _ = config.add_capabilities(wanted);
        }
        Ok(())
    }

    fn lookup(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let Ok(name) = utf8(name) else { return reply.error(FuseErrno::ENOENT) };
        let owner = self.owner;
        self.serve(
            reply,
            move |fs, access| fs.lookup(access, parent.0, &name),
            move |reply, result| owner.entry(reply, result),
        );
    }

    fn forget(&self, _request: &Request, ino: INodeNo, lookups: u64) {
        self.fs.forget(ino.0, lookups);
    }

    fn getattr(&self, _request: &Request, ino: INodeNo, _handle: Option<FileHandle>, reply: ReplyAttr) {
        let owner = self.owner;
        self.serve(
            reply,
            move |fs, access| fs.getattr(access, ino.0),
            move |reply, result| owner.attributes(reply, result),
        );
    }

    fn setattr(
        &self,
        _request: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        handle: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let owner = self.owner;
        let sets_mode = mode.is_some() || uid.is_some() || gid.is_some();
        let mtime = mtime.map(|mtime| match mtime {
            TimeOrNow::SpecificTime(time) => time.max(UNIX_EPOCH),
            TimeOrNow::Now => SystemTime::now(),
        });
        self.serve(
            reply,
            move |fs, access| {
                if sets_mode {
                    fs.set_mode()?;
                }
                if let Some(size) = size {
                    fs.resize(access, ino.0, handle.map(|handle| handle.0), size)?;
                }
                if let Some(mtime) = mtime {
                    fs.set_mtime(ino.0, mtime)?;
                }
                fs.known_attr(ino.0)
            },
            move |reply, result| owner.attributes(reply, result),
        );
    }

    fn mknod(
        &self,
        _request: &Request,
        _parent: INodeNo,
        _name: &OsStr,
        _mode: u32,
        _umask: u32,
        _rdev: u32,
        reply: ReplyEntry,
    ) {
        reply.error(FuseErrno::EOPNOTSUPP);
    }

    fn symlink(
        &self,
        _request: &Request,
        _parent: INodeNo,
        _name: &OsStr,
        _target: &Path,
        reply: ReplyEntry,
    ) {
        reply.error(FuseErrno::EOPNOTSUPP);
    }

    fn link(&self, _request: &Request, _ino: INodeNo, _parent: INodeNo, _name: &OsStr, reply: ReplyEntry) {
        reply.error(FuseErrno::EOPNOTSUPP);
    }

    fn mkdir(
        &self,
        _request: &Request,
        parent: INodeNo,
        name: &OsStr,
        _mode: u32,
        _umask: u32,
        reply: ReplyEntry,
    ) {
        let name = name!(name, reply);
        let owner = self.owner;
        self.serve(
            reply,
            move |fs, access| fs.mkdir(access, parent.0, &name),
            move |reply, result| owner.entry(reply, result),
        );
    }

    fn unlink(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let name = name!(name, reply);
        self.serve(reply, move |fs, access| fs.unlink(access, parent.0, &name), empty);
    }

    fn rmdir(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let name = name!(name, reply);
        self.serve(reply, move |fs, access| fs.rmdir(access, parent.0, &name), empty);
    }

    fn rename(
        &self,
        _request: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let (name, new_name) = (name!(name, reply), name!(new_name, reply));
        let replace = match flags {
            flags if flags.is_empty() => Replace::Yes,
            RenameFlags::RENAME_NOREPLACE => Replace::No,
            _ => return reply.error(FuseErrno::EINVAL),
        };
        self.serve(
            reply,
            move |fs, access| fs.rename(access, (parent.0, &name), (new_parent.0, &new_name), replace),
            empty,
        );
    }

    fn open(&self, _request: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let how = how(flags);
        self.serve(
            reply,
            move |fs, access| fs.open(access, ino.0, how),
            |reply, result| match result {
                Ok(file) => {
                    let (handle, flags) = opened(&file);
                    reply.opened(handle, flags);
                }
                Err(errno) => reply.error(error(errno)),
            },
        );
    }

    fn create(
        &self,
        _request: &Request,
        parent: INodeNo,
        name: &OsStr,
        _mode: u32,
        _umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let name = name!(name, reply);
        let owner = self.owner;
        let how = how(OpenFlags(flags));
        let only_new = flags & nix::libc::O_EXCL != 0;
        self.serve(
            reply,
            move |fs, access| fs.create(access, parent.0, &name, how, only_new),
            move |reply, result| match result {
                Ok((attr, file)) => {
                    let (handle, flags) = opened(&file);
                    reply.created(&attr.good_for, &owner.attr(&attr), GENERATION, handle, flags);
                }
                Err(errno) => reply.error(error(errno)),
            },
        );
    }

    fn read(
        &self,
        _request: &Request,
        _ino: INodeNo,
        handle: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        self.serve(
            reply,
            move |fs, access| fs.read(access, handle.0, offset, size),
            |reply, result| match result {
                Ok(bytes) => reply.data(&bytes),
                Err(errno) => reply.error(error(errno)),
            },
        );
    }

    fn write(
        &self,
        _request: &Request,
        _ino: INodeNo,
        handle: FileHandle,
        offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let data: Arc<[u8]> = data.into();
        self.serve(
            reply,
            move |fs, access| fs.write(access, handle.0, offset, &data),
            |reply, result| match result {
                Ok(written) => reply.written(written),
                Err(errno) => reply.error(error(errno)),
            },
        );
    }

    fn flush(
        &self,
        _request: &Request,
        _ino: INodeNo,
        handle: FileHandle,
        _lock: LockOwner,
        reply: ReplyEmpty,
    ) {
        self.serve(reply, move |fs, access| fs.flush(access, handle.0), empty);
    }

    fn fsync(&self, _request: &Request, _ino: INodeNo, handle: FileHandle, _data: bool, reply: ReplyEmpty) {
        self.serve(reply, move |fs, access| fs.flush(access, handle.0), empty);
    }

    fn release(
        &self,
        _request: &Request,
        _ino: INodeNo,
        handle: FileHandle,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        self.serve(reply, move |fs, access| fs.release(access, handle.0), empty);
    }

    fn opendir(&self, _request: &Request, ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        self.serve(
            reply,
            move |fs, access| fs.opendir(access, ino.0),
            |reply, result| match result {
                Ok(handle) => reply.opened(FileHandle(handle), FopenFlags::empty()),
                Err(errno) => reply.error(error(errno)),
            },
        );
    }

    fn readdir(
        &self,
        _request: &Request,
        _ino: INodeNo,
        handle: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let listing = match answer(self.fs.readdir(handle.0)) {
            Ok(listing) => listing,
            Err(errno) => return reply.error(error(errno)),
        };
        for (at, entry) in listing.iter().enumerate().skip(offset as usize) {
            let kind = if entry.is_dir { FileType::Directory } else { FileType::RegularFile };
            if reply.add(INodeNo(entry.ino), at as u64 + 1, kind, &entry.name) {
                break;
            }
        }
        reply.ok();
    }

    fn readdirplus(
        &self,
        _request: &Request,
        _ino: INodeNo,
        handle: FileHandle,
        offset: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        let listing = match answer(self.fs.readdir(handle.0)) {
            Ok(listing) => listing,
            Err(errno) => return reply.error(error(errno)),
        };
        for (at, entry) in listing.iter().enumerate().skip(offset as usize) {
            // One that is gone since is left out.
            let Some(attr) = self.fs.entry_attr(entry) else { continue };
            let (ino, next) = (INodeNo(entry.ino), at as u64 + 1);
            if reply.add(ino, next, &entry.name, &attr.good_for, &self.owner.attr(&attr), GENERATION) {
                break;
            }
            if !matches!(entry.name.as_str(), "." | "..") {
                self.fs.given(entry.ino);
            }
        }
        reply.ok();
    }

    fn releasedir(
        &self,
        _request: &Request,
        _ino: INodeNo,
        handle: FileHandle,
        _flags: OpenFlags,
        reply: ReplyEmpty,
    ) {
        self.fs.releasedir(handle.0);
        reply.ok();
    }

    fn fsyncdir(
        &self,
        _request: &Request,
        _ino: INodeNo,
        _handle: FileHandle,
        _data: bool,
        reply: ReplyEmpty,
    ) {
        // Names change on the board at once.
        reply.ok();
    }

    fn statfs(&self, _request: &Request, _ino: INodeNo, reply: ReplyStatfs) {
        self.serve(
            reply,
            |fs, access| fs.statfs(access),
            |reply, result| match result {
                Ok(space) => {
                    let block = u32::try_from(space.block_size).unwrap_or(u32::MAX);
                    reply.statfs(
                        space.blocks,
                        space.free,
                        space.free,
                        0,
                        0,
                        block,
                        LONGEST_NAME as u32,
                        block,
                    );
                }
                Err(errno) => reply.error(error(errno)),
            },
        );
    }
}
