//! Files and directories: everything but their content.

use super::{Device, DirEntry, Kind, ListingEntry, ListingOptions, Mount, Stat, StatVfs};
use crate::agent::request::{NO_DIGEST, There};
use crate::python::{self, Value, str_literal};
use crate::{Discard, Errno, Error};

/// The bits of a mode that say what it is, and the value for a directory. Some filesystems add permission bits.
const KIND: i64 = 0xf000;
const DIRECTORY: i64 = 0x4000;

/// The start of a function that takes its own name out of the globals.
pub(super) const HEAD: &str = "def _mpr():\n global _mpr\n del _mpr\n import os\n";

/// Statements for the board, at this indentation: read the file `path` (a Python expression) in blocks into the hash `h`. An
/// empty line now and then shows that the board is at work.
pub(super) fn feed_hash(indentation: usize, path: &str, block: u64) -> String {
    let statements = [
        &format!("f=open({path},'rb')"),
        "n=1",
        "while 1:",
        &format!(" b=f.read({block})"),
        " if not b:break",
        " h.update(b)",
        " n+=1",
        " if n%16<1:print()",
        "f.close()",
    ];
    statements.iter().map(|statement| format!("{:indentation$}{statement}\n", "")).collect()
}

impl Device {
    /// The entries of a directory, as the board orders them. An empty path is the current directory.
    ///
    /// # Errors
    /// [`Error::Os`]; [`Error::Unsupported`] for a directory on a board that has none.
    pub fn list(&mut self, dir: &str) -> Result<Vec<DirEntry>, Error> {
        let options = ListingOptions { sizes: true, ..ListingOptions::default() };
        let listing = self.listing(dir, &options)?;
        let entry = |entry: ListingEntry| DirEntry {
            is_dir: matches!(entry.kind, Kind::Directory | Kind::Mount),
            name: entry.path,
            size: entry.size,
        };
        Ok(listing.entries.into_iter().map(entry).collect())
    }

    /// The files of a board without `os.ilistdir`, which has no directories.
    pub(super) fn list_files(&mut self, dir: &str) -> Result<Vec<DirEntry>, Error> {
        if !is_root(dir) {
            return Err(NO_DIRECTORIES);
        }
        // Names as bytes: not every board prints Unicode text in the same way.
        let code = format!("{HEAD} for n in os.listdir():print((bytes(n,'utf8'),os.size(n)))\n_mpr()\n");
        let out = self.os_call("listing", &code, "list", dir)?;
        let entry = |value: &Value| {
            let [name, of] = value.seq()? else { return None };
            let name = String::from_utf8_lossy(name.bytes()?).into_owned();
            Some(DirEntry { name, is_dir: false, size: size(of)? })
        };
        let entries = values(&out)?;
        entries.iter().map(|value| entry(value).ok_or_else(|| unexpected("directory entry", &out))).collect()
    }

    /// Kind and size of a file or directory.
    ///
    /// # Errors
    /// [`Error::Os`] (`ENOENT` when there is none).
    pub fn stat(&mut self, path: &str) -> Result<Stat, Error> {
        if is_root(path) && !self.capabilities()?.stat {
            return Ok(Stat { is_dir: true, size: 0, mtime: None });
        }
        let p = str_literal(path);
        let code = format!(
            "{HEAD} try:print(os.stat({p}))\n \
             except AttributeError:\n  \
             print((32768,0,0,0,0,0,os.size({p})))\n\
             _mpr()\n"
        );
        let out = self.os_call("stat", &code, "stat", path)?;
        let values = values(&out)?;
        stat(values.first()).ok_or_else(|| unexpected("status of a file", &out))
    }

    /// What is at this path, if anything: [`Device::stat`] without times, by the agent where the board has it. For what comes
    /// before copies.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn look(&mut self, path: &str) -> Result<Option<Stat>, Error> {
        if self.agent(0)?.is_none() {
            return match self.stat(path) {
                Ok(stat) => Ok(Some(stat)),
                Err(Error::Os { .. }) => Ok(None),
                Err(error) => Err(error),
            };
        }
        let there = self.look_by_agent(&[(path, NO_DIGEST)], 0)?;
        Ok(match there.first() {
            Some(There::File { size, .. }) => {
                Some(Stat { is_dir: false, size: u64::from(*size), mtime: None })
            }
            Some(There::Directory) => Some(Stat { is_dir: true, size: 0, mtime: None }),
            _ => None,
        })
    }

    /// Whether there is a file or directory of this name.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn exists(&mut self, path: &str) -> Result<bool, Error> {
        match self.stat(path) {
            Ok(_) => Ok(true),
            Err(Error::Os { errno, .. }) if errno.is("ENOENT") || errno.is("ENOTDIR") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn mkdir(&mut self, path: &str) -> Result<(), Error> {
        self.os_function("making a directory", "mkdir", &[path])
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn rmdir(&mut self, path: &str) -> Result<(), Error> {
        // On littlefs `os.rmdir` removes a file as well. Listing one gives the board's own number for the error.
        let p = str_literal(path);
        let code = format!(
            "{HEAD} if hasattr(os,'stat')and os.stat({p})[0]&{KIND}!={DIRECTORY}:\n  \
             os.listdir({p});raise OSError(20)\n \
             os.rmdir({p})\n\
             _mpr()\n"
        );
        self.os_call("removing a directory", &code, "rmdir", path).map(|_| ())
    }

    /// Removes a file.
    ///
    /// # Errors
    /// [`Error::Os`].
    pub fn remove(&mut self, path: &str) -> Result<(), Error> {
        self.os_function("removing a file", "remove", &[path])
    }

    /// Renames a file or directory. Whether a file at `to` is replaced is the filesystem's decision: littlefs does, FAT
    /// refuses with `EEXIST`.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Error> {
        self.os_function("renaming", "rename", &[from, to])
    }

    fn os_function(&mut self, during: &'static str, name: &'static str, paths: &[&str]) -> Result<(), Error> {
        let arguments: Vec<String> = paths.iter().map(|path| str_literal(path)).collect();
        let code = format!("{HEAD} os.{name}({})\n_mpr()\n", arguments.join(","));
        self.os_call(during, &code, name, paths.first().copied().unwrap_or_default()).map(|_| ())
    }

    /// Makes an empty file, or leaves an existing one as it is.
    ///
    /// # Errors
    /// [`Error::Os`].
    pub fn touch(&mut self, path: &str) -> Result<(), Error> {
        // Boards without stat have no append mode either.
        let mode = if self.capabilities()?.stat {
            "a"
        } else if self.exists(path)? {
            return Ok(());
        } else {
            "w"
        };
        let code = format!("{HEAD} open({},'{mode}').close()\n_mpr()\n", str_literal(path));
        self.os_call("touching a file", &code, "touch", path).map(|_| ())
    }

    /// The current directory.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub fn cwd(&mut self) -> Result<String, Error> {
        let code = format!("{HEAD} print(bytes(os.getcwd(),'utf8'))\n_mpr()\n");
        let out = self.os_call("asking for the current directory", &code, "getcwd", "")?;
        let values = values(&out)?;
        let path =
            values.first().and_then(Value::bytes).ok_or_else(|| unexpected("current directory", &out))?;
        Ok(String::from_utf8_lossy(path).into_owned())
    }

    /// Changes the current directory.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn chdir(&mut self, path: &str) -> Result<(), Error> {
        self.os_function("changing the directory", "chdir", &[path])
    }

    /// Sizes of the filesystem that holds this path.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn statvfs(&mut self, path: &str) -> Result<StatVfs, Error> {
        let code = format!("{HEAD} print(os.statvfs({}))\n_mpr()\n", str_literal(path));
        let out = self.os_call("asking for free space", &code, "statvfs", path)?;
        let values = values(&out)?;
        statvfs(values.first()).ok_or_else(|| unexpected("sizes of a filesystem", &out))
    }

    /// The mounted filesystems: as `vfs.mount()` lists them where the board has that (MicroPython 1.25 on), else the root and
    /// those directories in it that another filesystem is mounted on.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub fn mounts(&mut self) -> Result<Vec<Mount>, Error> {
        if !self.capabilities()?.statvfs {
            return Err(Error::Unsupported { what: "listing filesystems", lacks: "os.statvfs" });
        }
        // Without a list, a mount point is a directory of the root whose sizes are not the root's.
        let code = format!(
            "{HEAD} try:\n  \
             import vfs\n  \
             m=[(str(f),p)for f,p in vfs.mount()]\n \
             except(ImportError,TypeError,AttributeError):\n  \
             r=os.statvfs('/')\n  \
             m=[('','/')]+[('','/'+e[0])for e in os.ilistdir('/')if e[1]&16384 and os.statvfs('/'+e[0])!=r]\n \
             for f,p in m:\n  \
             try:s=os.statvfs(p)\n  \
             except(OSError,AttributeError):s=None\n  \
             print((f,bytes(p,'utf8'),s))\n\
             _mpr()\n"
        );
        let out = self.os_call("listing filesystems", &code, "mount", "/")?;
        let mount = |value: &Value| {
            let [filesystem, path, size] = value.seq()? else { return None };
            Some(Mount {
                path: String::from_utf8_lossy(path.bytes()?).into_owned(),
                filesystem: filesystem.str()?.to_owned(),
                size: statvfs(Some(size)),
            })
        };
        values(&out)?.iter().map(|v| mount(v).ok_or_else(|| unexpected("filesystem", &out))).collect()
    }

    /// Runs a snippet that works on one path, and names its errors.
    pub(super) fn os_call(
        &mut self,
        during: &'static str,
        code: &str,
        op: &'static str,
        path: &str,
    ) -> Result<Vec<u8>, Error> {
        let result = self.call(during, code);
        result.map_err(|error| self.os_error(error, during, op, path))
    }

    /// Says what a snippet's exception means.
    pub(super) fn os_error(
        &mut self,
        error: Error,
        what: &'static str,
        op: &'static str,
        path: &str,
    ) -> Error {
        let Error::Exception(mut traceback) = error else { return error };
        if let Some(errno) = &mut traceback.errno
            && !traceback.message.contains("] E")
            && self.capabilities().is_ok_and(|c| c.platform == "webassembly")
        {
            *errno = Errno::wasi(errno.number);
        }
        match (&traceback.errno, traceback.exception.as_str()) {
            (Some(errno), _) if errno.is("ENOSPC") => Error::NoSpace { path: path.to_owned() },
            (Some(errno), _) => Error::Os { errno: errno.clone(), path: path.to_owned(), op },
            (None, "AttributeError") => Error::Unsupported { what, lacks: lacking(op) },
            _ => Error::Exception(traceback),
        }
    }

    /// Runs a snippet whose outcome does not matter.
    pub(super) fn attempt(&mut self, during: &str, code: &str) {
        if self.enter_raw_repl().is_ok() {
            let _ = self.execute(code.as_bytes().to_vec(), during, &mut Discard);
        }
    }
}

const NO_DIRECTORIES: Error = Error::Unsupported { what: "naming a directory", lacks: "directories" };

/// The function of the board's that an operation needs.
fn lacking(op: &str) -> &'static str {
    match op {
        "mkdir" | "rmdir" | "chdir" | "getcwd" => "directories",
        "rename" => "os.rename",
        "statvfs" => "os.statvfs",
        "remove" => "os.remove",
        _ => "function for it",
    }
}

fn is_root(path: &str) -> bool {
    matches!(path, "" | "/" | "." | "./")
}

pub(super) fn unexpected(awaited: &str, got: &[u8]) -> Error {
    Error::Protocol { awaited: awaited.to_owned(), got: got.escape_ascii().to_string() }
}

/// One value a line.
pub(super) fn values(out: &[u8]) -> Result<Vec<Value>, Error> {
    let text = std::str::from_utf8(out).map_err(|_| unexpected("printed values", out))?;
    text.lines()
        .map(|line| python::parse(line).ok_or_else(|| unexpected("printed value", line.as_bytes())))
        .collect()
}

fn size(value: &Value) -> Option<u64> {
    u64::try_from(value.int()?.max(0)).ok()
}

fn stat(value: Option<&Value>) -> Option<Stat> {
    let fields = value?.seq()?;
    let is_dir = fields.first()?.int()? & KIND == DIRECTORY;
    let size = if is_dir { 0 } else { size(fields.get(6)?)? };
    // A filesystem without times says 0.
    let mtime = fields.get(8).and_then(Value::int).filter(|t| *t != 0);
    Some(Stat { is_dir, size, mtime })
}

fn statvfs(value: Option<&Value>) -> Option<StatVfs> {
    let fields = value?.seq()?;
    let (block, fragment) = (size(fields.first()?)?, size(fields.get(1)?)?);
    // Blocks are counted in fragments.
    let block_size = if fragment == 0 { block } else { fragment };
    Some(StatVfs { block_size, blocks: size(fields.get(2)?)?, free: size(fields.get(3)?)? })
}
