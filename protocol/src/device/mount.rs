//! Folders of the host on the board.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Device;
use super::wrapper::DAMAGED;
use crate::mount::{
    CLASS, Denied, Folder, FolderOptions, Host, MountLink, NoLink, Parameters, SharedHost, Token,
};
use crate::{Discard, Error, Traceback, mount, python, str_literal};

/// What a mount needs of a board beyond its capabilities; the year in which its clock begins.
const PROBE: &str = "\
def _mpr():
 global _mpr
 del _mpr
 import os,select,time
 os.mount
 print(time.gmtime(0)[0])
_mpr()
";

/// Below this many bytes of free heap the hook is sent without its check, which holds the source once more.
const TIGHT: u64 = 48 * 1024;

/// Numbers are handed out once per connection.
const MOST_MOUNTS: u8 = 100;

/// A folder of the host on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mounted {
    /// The folder as it was named.
    pub folder: PathBuf,
    /// Where it is on the board, such as `/remote`.
    pub at: String,
    number: u8,
}

/// What is mounted.
#[derive(Default)]
pub(super) struct Mounts {
    host: Option<SharedHost>,
    mounted: Vec<Mounted>,
    /// The last number given.
    last: u8,
    /// The board may have been restarted.
    doubtful: bool,
    /// They are being mounted again.
    busy: bool,
    /// They were mounted again.
    restored: bool,
}

impl Mounts {
    /// Makes the next operation look whether the mounts are still there.
    pub(super) fn may_be_lost(&mut self) {
        self.doubtful = true;
    }

    fn host(&self) -> Option<MutexGuard<'_, Host>> {
        self.host.as_ref().map(|host| host.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Device {
    /// Shows a folder of this machine as `at` on the board and makes it the board's current directory.
    ///
    /// It stays until [`Device::umount`] or [`Device::close`], also when the board is restarted. It is served while an
    /// operation waits for the board, and while [`Device::transport_mut`] is read; otherwise programs get `ETIMEDOUT` from
    /// it after four seconds.
    ///
    /// # Errors
    /// [`Error::LocalIo`] when there is no such folder, [`Error::Unsupported`], [`Error::Exception`] when the board does not
    /// mount it, for instance because something is mounted there.
    pub fn mount(
        &mut self,
        folder: &Path,
        at: &str,
        options: &FolderOptions,
        denied: Denied,
    ) -> Result<(), Error> {
        let opened = Folder::open(folder, options, denied).map_err(|source| Error::LocalIo { source })?;
        self.enter_raw_repl()?;
        self.serve()?;
        if self.mounts.last >= MOST_MOUNTS {
            return Err(Error::Unsupported { what: "mounting so often", lacks: "number for it" });
        }
        self.mounts.last += 1;
        let number = self.mounts.last;
        if let Some(mut host) = self.mounts.host() {
            host.add(number, opened);
        }
        let mounted = Mounted { folder: folder.to_owned(), at: at.to_owned(), number };
        let result = self.attach(&mounted).and_then(|()| self.chdir(at));
        match result {
            Ok(()) => {
                self.mounts.mounted.push(mounted);
                Ok(())
            }
            Err(error) => {
                if let Some(mut host) = self.mounts.host() {
                    host.remove(number);
                }
                Err(error)
            }
        }
    }

    /// Takes a mounted folder away. The board's current directory is `/` afterwards if it was inside.
    ///
    /// # Errors
    /// As [`Device::exec`]. When nothing is mounted there by [`Device::mount`], the board's own `OSError`.
    pub fn umount(&mut self, at: &str) -> Result<(), Error> {
        self.enter_raw_repl()?;
        self.call("unmounting", &format!("__import__('os').umount({})\n", str_literal(at)))?;
        if let Some(at) = self.mounts.mounted.iter().position(|mounted| mounted.at == at) {
            let gone = self.mounts.mounted.remove(at);
            if let Some(mut host) = self.mounts.host() {
                host.remove(gone.number);
            }
            if self.mounts.mounted.is_empty() {
                self.call("unmounting", &format!("del {CLASS}\n"))?;
            }
        }
        Ok(())
    }

    /// Takes all mounted folders away.
    ///
    /// # Errors
    /// As [`Device::umount`].
    pub fn umount_all(&mut self) -> Result<(), Error> {
        while let Some(mounted) = self.mounts.mounted.last().cloned() {
            let result = self.umount(&mounted.at);
            // The board's own programs may have unmounted it.
            self.mounts.mounted.retain(|other| *other != mounted);
            match result {
                Ok(()) | Err(Error::Exception(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The folders that are mounted.
    pub fn mounted(&self) -> &[Mounted] {
        &self.mounts.mounted
    }

    /// Mounts again what a restart of the board took away. Tells whether that was needed. The board is in the raw REPL
    /// afterwards, if anything is mounted.
    ///
    /// # Errors
    /// As [`Device::mount`].
    pub fn remount(&mut self) -> Result<bool, Error> {
        if self.mounts.mounted.is_empty() {
            return Ok(false);
        }
        self.mounts.may_be_lost();
        self.mounts.restored = false;
        self.enter_raw_repl()?;
        Ok(self.mounts.restored)
    }

    /// At the raw prompt: looks whether the mounts are there, if that is in doubt, and mounts again.
    pub(super) fn check_mounts(&mut self) -> Result<(), Error> {
        if self.mounts.mounted.is_empty() || !self.mounts.doubtful || self.mounts.busy {
            return Ok(());
        }
        self.mounts.busy = true;
        let result = self.restore_mounts();
        self.mounts.busy = false;
        self.mounts.doubtful = result.is_err();
        result
    }

    fn restore_mounts(&mut self) -> Result<(), Error> {
        let there = self.call("looking for mounts", &format!("print('{CLASS}'in globals())\n"))?;
        if there.starts_with(b"True") {
            return Ok(());
        }
        if let Some(mut host) = self.mounts.host() {
            host.restart();
        }
        self.inject()?;
        self.mounts.restored = true;
        let mounted = self.mounts.mounted.clone();
        for one in &mounted {
            self.attach(one)?;
        }
        match mounted.last() {
            Some(last) => self.chdir(&last.at),
            None => Ok(()),
        }
    }

    /// Makes the link serve folders and the board ask for them, unless it is so.
    fn serve(&mut self) -> Result<(), Error> {
        if !self.mounts.mounted.is_empty() {
            return Ok(());
        }
        if self.mounts.host.is_none() {
            let parameters = self.mount_parameters()?;
            let host = Arc::new(Mutex::new(Host::new(Token::new(random()), parameters)));
            let link = std::mem::replace(&mut self.driver.transport, Box::new(NoLink));
            self.driver.transport = Box::new(MountLink::new(link, Arc::clone(&host)));
            self.mounts.host = Some(host);
        }
        self.inject()
    }

    fn mount_parameters(&mut self) -> Result<Parameters, Error> {
        const WHAT: &str = "mounting";
        let known = self.capabilities()?;
        let (free, inflates) = (known.free_memory.unwrap_or(0), known.deflate);
        for (there, lacks) in [
            (known.stdin_buffer, "sys.stdin.buffer"),
            (known.stdout_buffer, "sys.stdout.buffer"),
            (known.crc32, "binascii.crc32"),
        ] {
            if !there {
                return Err(Error::Unsupported { what: WHAT, lacks });
            }
        }
        let out = self.call(WHAT, PROBE).map_err(|error| match error {
            Error::Exception(_) => Error::Unsupported { what: WHAT, lacks: "os.mount, select or time" },
            error => error,
        })?;
        let clock_from_2000 = out.starts_with(b"2000");
        Ok(Parameters::for_board(free, self.driver.repl.window(), inflates, clock_from_2000))
    }

    /// Sends the hook.
    fn inject(&mut self) -> Result<(), Error> {
        let Some((token, parameters)) = self.mounts.host().map(|host| (host.token(), host.parameters()))
        else {
            return Ok(());
        };
        let code = mount::source(token, parameters);
        if parameters.inflate_bits.is_some() {
            return self.inject_packed(&code);
        }
        let free = self.capabilities()?.free_memory;
        if free.is_some_and(|free| free >= TIGHT) {
            return self.call("mounting", &code).map(drop);
        }
        self.enter_raw_repl()?;
        let ended = self.execute(code.into_bytes(), "mounting", &mut Discard)?;
        match ended.stderr.is_empty() {
            true => Ok(()),
            false => Err(Error::Exception(Traceback::parse(&ended.stderr))),
        }
    }

    /// Sends the hook compressed: on a slow line its upload is most of the time that a mount takes.
    fn inject_packed(&mut self, code: &str) -> Result<(), Error> {
        let packed = miniz_oxide::deflate::compress_to_vec(code.as_bytes(), 9);
        let mut text = b"def _mpr(c):\n \
            global _mpr\n \
            del _mpr\n \
            import io,deflate as d,binascii as b\n "
            .to_vec();
        let check = format!("if b.crc32(c)!={}:raise ValueError('{DAMAGED}')\n ", crc32fast::hash(&packed));
        text.extend_from_slice(check.as_bytes());
        // Its window is the smallest that holds all of it.
        let bits = (code.len() + 1).next_power_of_two().ilog2();
        text.extend_from_slice(
            format!("exec(d.DeflateIO(io.BytesIO(c),1,{bits}).read(),globals())\n_mpr(").as_bytes(),
        );
        python::dense_bytes_literal(&packed, &mut text);
        text.extend_from_slice(b")\n");
        self.call_guarded("mounting", &text).map(drop)
    }

    /// Mounts one folder on a board that has the hook.
    fn attach(&mut self, mounted: &Mounted) -> Result<(), Error> {
        let (number, at) = (mounted.number, str_literal(&mounted.at));
        let code = format!(
            "def _mpr():\n \
             global _mpr\n \
             del _mpr\n \
             m={CLASS}()\n \
             m.{}=-{number}\n \
             __import__('os').mount(m,{at})\n\
             _mpr()\n",
            mount::HANDLE
        );
        self.call("mounting", &code).map(drop)
    }
}

/// Not secret, only new each time.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
