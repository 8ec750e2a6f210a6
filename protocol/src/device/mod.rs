//! Operations on a board.

mod types;

use std::io;

pub use types::{Capabilities, DirEntry, Mount, Progress, Stat, StatVfs};

use crate::{Address, ConnectOptions, Error, Output, Transport};

/// A board and the link to it.
///
/// Operations enter the raw REPL by themselves when they need it and stay in it; [`Device::leave_raw_repl`] or
/// [`Device::close`] brings the friendly prompt back. Paths are the board's, without the leading colon of the command
/// line.
pub struct Device {
    transport: Box<dyn Transport>,
    name: String,
    options: ConnectOptions,
    capabilities: Option<Capabilities>,
}

fn not_yet<T>(what: &'static str) -> Result<T, Error> {
    Err(Error::Unsupported { what, lacks: "support in this version of the library" })
}

impl Device {
    /// Opens the link. The board is not spoken to before the first operation.
    ///
    /// # Errors
    /// [`Error::NoDevice`], [`Error::SeveralDevices`], [`Error::NoSuchSerial`], [`Error::NotFound`],
    /// [`Error::Busy`], [`Error::PermissionDenied`], [`Error::Open`].
    pub fn connect(_address: &Address, _options: &ConnectOptions) -> Result<Device, Error> {
        not_yet("connecting")
    }

    /// A device behind a link that is open already.
    pub fn from_transport(transport: Box<dyn Transport>, name: String, options: &ConnectOptions) -> Device {
        Device { transport, name, options: options.clone(), capabilities: None }
    }

    /// The name that the link was opened by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The options in force.
    pub fn options(&self) -> &ConnectOptions {
        &self.options
    }

    /// Stops whatever runs and enters the raw REPL. Does nothing when the board is there already.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Lost`], [`Error::Interrupted`].
    pub fn enter_raw_repl(&mut self) -> Result<(), Error> {
        not_yet("entering the raw REPL")
    }

    /// Goes back to the friendly prompt. Does nothing when the board is not in the raw REPL. The banner that the
    /// board prints is left on the link for whoever reads it next.
    ///
    /// # Errors
    /// [`Error::Timeout`], [`Error::Lost`].
    pub fn leave_raw_repl(&mut self) -> Result<(), Error> {
        not_yet("leaving the raw REPL")
    }

    /// Runs code and hands on what it prints, as it comes, until it ends.
    ///
    /// # Errors
    /// [`Error::Exception`] when the code raised one, [`Error::SystemExit`] when it ended with a status other than
    /// zero, [`Error::Output`] when `out` refused bytes, [`Error::Reset`] when the board restarted.
    pub fn exec(&mut self, _code: &[u8], _out: &mut dyn Output) -> Result<(), Error> {
        not_yet("running code")
    }

    /// Starts code and returns as soon as the board has accepted it. The board is not at a prompt afterwards; the
    /// next operation interrupts the program.
    ///
    /// # Errors
    /// As [`Device::exec`], as far as they happen before the code runs.
    pub fn exec_no_follow(&mut self, _code: &[u8]) -> Result<(), Error> {
        not_yet("running code")
    }

    /// What `print(EXPR)` prints, without the last line end.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn eval(&mut self, _expr: &str) -> Result<Vec<u8>, Error> {
        not_yet("evaluating")
    }

    /// Restarts the interpreter; `boot.py` runs, `main.py` does not. The board is in the raw REPL afterwards.
    ///
    /// # Errors
    /// As [`Device::enter_raw_repl`].
    pub fn soft_reset(&mut self) -> Result<(), Error> {
        not_yet("a soft reset")
    }

    /// What the board can do. Asked once per connection, at the first need.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn capabilities(&mut self) -> Result<&Capabilities, Error> {
        match &self.capabilities {
            Some(capabilities) => Ok(capabilities),
            None => not_yet("asking for capabilities"),
        }
    }

    /// The entries of a directory, as the board orders them. An empty path is the current directory.
    ///
    /// # Errors
    /// [`Error::Os`]; [`Error::Unsupported`] for a directory on a board that has none.
    pub fn list(&mut self, _dir: &str) -> Result<Vec<DirEntry>, Error> {
        not_yet("listing")
    }

    /// Kind and size of a file or directory.
    ///
    /// # Errors
    /// [`Error::Os`] (`ENOENT` when there is none).
    pub fn stat(&mut self, _path: &str) -> Result<Stat, Error> {
        not_yet("stat")
    }

    /// Whether there is a file or directory of this name.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn exists(&mut self, _path: &str) -> Result<bool, Error> {
        not_yet("stat")
    }

    /// Copies a file's content from the board; `progress` hears the bytes so far. Returns the size.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::LocalIo`] when `to` refuses bytes, [`Error::Verify`] when bytes were lost on the way.
    pub fn read_file(
        &mut self,
        _path: &str,
        _to: &mut dyn io::Write,
        _progress: Progress<'_>,
    ) -> Result<u64, Error> {
        not_yet("reading a file")
    }

    /// Copies content to a file on the board; `progress` hears the bytes so far. Returns the size.
    ///
    /// `len`, where known, is checked against what `from` gives.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::NoSpace`], [`Error::Verify`], [`Error::SourceChanged`], [`Error::LocalIo`] when `from`
    /// fails.
    pub fn write_file(
        &mut self,
        _path: &str,
        _from: &mut dyn io::Read,
        _len: Option<u64>,
        _progress: Progress<'_>,
    ) -> Result<u64, Error> {
        not_yet("writing a file")
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn mkdir(&mut self, _path: &str) -> Result<(), Error> {
        not_yet("making a directory")
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn rmdir(&mut self, _path: &str) -> Result<(), Error> {
        not_yet("removing a directory")
    }

    /// Removes a file.
    ///
    /// # Errors
    /// [`Error::Os`].
    pub fn remove(&mut self, _path: &str) -> Result<(), Error> {
        not_yet("removing a file")
    }

    /// Renames a file or directory; a file at `to` is replaced.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn rename(&mut self, _from: &str, _to: &str) -> Result<(), Error> {
        not_yet("renaming")
    }

    /// Makes an empty file, or leaves an existing one as it is.
    ///
    /// # Errors
    /// [`Error::Os`].
    pub fn touch(&mut self, _path: &str) -> Result<(), Error> {
        not_yet("touch")
    }

    /// Digest of a file's content, computed on the board where it can and else here from the content read. `algorithm`
    /// is `sha256`, `sha1` or `md5`.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn hash(&mut self, _path: &str, _algorithm: &str) -> Result<Vec<u8>, Error> {
        not_yet("hashing")
    }

    /// The current directory.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub fn cwd(&mut self) -> Result<String, Error> {
        not_yet("asking for the current directory")
    }

    /// Changes the current directory.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn chdir(&mut self, _path: &str) -> Result<(), Error> {
        not_yet("changing the directory")
    }

    /// Sizes of the filesystem that holds this path.
    ///
    /// # Errors
    /// [`Error::Os`], [`Error::Unsupported`].
    pub fn statvfs(&mut self, _path: &str) -> Result<StatVfs, Error> {
        not_yet("statvfs")
    }

    /// The mounted filesystems.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub fn mounts(&mut self) -> Result<Vec<Mount>, Error> {
        not_yet("listing mounts")
    }

    /// The link itself, for the interactive REPL. The board's state is unknown afterwards; the next operation enters
    /// the raw REPL anew.
    pub fn transport_mut(&mut self) -> &mut dyn Transport {
        self.transport.as_mut()
    }

    /// Leaves the raw REPL and closes the link.
    ///
    /// # Errors
    /// As [`Device::leave_raw_repl`]; the link is closed all the same.
    pub fn close(mut self) -> Result<(), Error> {
        self.leave_raw_repl()
    }
}
