//! A board's files in a folder of this machine, by `mpr mount :PATH FOLDER`.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::mpr::{Outcome, Running, mpr};
use crate::{Board, PATIENCE};

/// A mounted folder. Dropping it unmounts.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    running: Option<Running>,
    // Last, so that it is there as long as the mount.
    _dir: TempDir,
}

impl Folder {
    /// Mounts the board's root with these options. `None` where this machine can't mount, which is said on stderr.
    ///
    /// # Panics
    /// When `mpr` does not mount; where this machine can't, if `MPR_TEST_FUSE` is set.
    #[must_use]
    pub fn mount(board: &Board, options: &[&str]) -> Option<Folder> {
        Folder::mount_path(board, ":", options)
    }

    /// The same for another directory of the board.
    ///
    /// # Panics
    /// As [`Folder::mount`].
    #[must_use]
    pub fn mount_path(board: &Board, root: &str, options: &[&str]) -> Option<Folder> {
        if !can_mount() {
            return None;
        }
        let dir =
            tempfile::Builder::new().prefix("mpr-folder-").tempdir().expect("a temporary folder can be made");
        let path = dir.path().join("board");
        let running = board.mpr().arg("mount").args(options).arg(root).arg(&path).spawn();
        running.wait_for_stdout("is in");
        Some(Folder { path, running: Some(running), _dir: dir })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The `mpr` that serves it.
    ///
    /// # Panics
    /// After [`Folder::unmount`].
    pub fn running(&mut self) -> &mut Running {
        self.running.as_mut().expect("it is mounted")
    }

    /// Unmounts by `mpr umount`, and returns how the mount ended.
    ///
    /// # Panics
    /// When one of the two fails.
    pub fn unmount(&mut self) -> Outcome {
        // It has not waited in vain for the end of a process that is there until the next line.
        assert_eq!(mpr().arg("umount").arg(&self.path).ok().stderr(), "");
        let outcome = self.running.take().expect("it is mounted").wait();
        outcome.expect_code(0);
        assert!(!self.path.exists(), "the folder that was made for the mount is left");
        outcome
    }

    /// Kills the process that serves it, as nothing can prevent.
    ///
    /// # Panics
    /// After [`Folder::unmount`].
    pub fn kill(&mut self) {
        self.running.take().expect("it is mounted").process().kill();
    }

    /// Ends it by a signal, and returns how it ended.
    ///
    /// # Panics
    /// After [`Folder::unmount`].
    pub fn end_by(&mut self, signal: Signal) -> Outcome {
        let mut running = self.running.take().expect("it is mounted");
        running.signal(signal);
        running.wait()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is open in a test that failed must not keep it.
        let _ = umount2(&self.path, MntFlags::MNT_DETACH);
    }
}

/// Whether this machine mounts at all, found out without `mpr`.
///
/// # Panics
/// When it does not, if `MPR_TEST_FUSE` is set.
#[must_use]
pub fn can_mount() -> bool {
    static KNOWN: OnceLock<Result<(), String>> = OnceLock::new();
    match KNOWN.get_or_init(try_mount) {
        Ok(()) => true,
        Err(why) => {
            assert!(std::env::var_os("MPR_TEST_FUSE").is_none(), "FUSE is not to be had: {why}");
            eprintln!("skipped: FUSE is not to be had on this machine: {why}");
            false
        }
    }
}

fn try_mount() -> Result<(), String> {
    let device = OpenOptions::new().read(true).write(true).open("/dev/fuse");
    let device: File = device.map_err(|error| format!("/dev/fuse: {error}"))?;
    if !nix::unistd::geteuid().is_root() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let has_helper = std::env::split_paths(&path).any(|dir| dir.join("fusermount3").is_file());
        return if has_helper { Ok(()) } else { Err("no fusermount3 on the path".to_owned()) };
    }
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd());
    mount(Some("probe"), dir.path(), Some("fuse"), MsFlags::empty(), Some(options.as_str()))
        .map_err(|error| format!("mounting: {error}"))?;
    umount2(dir.path(), MntFlags::MNT_DETACH).map_err(|error| format!("unmounting: {error}"))
}

/// Waits until something holds.
///
/// # Panics
/// When it does not within [`PATIENCE`].
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Names and contents of all files below a folder; directories have none.
///
/// # Panics
/// When one can't be read.
#[must_use]
pub fn contents(folder: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(dir) = folders.pop() {
        for entry in fs::read_dir(&dir).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            let name = path.strip_prefix(folder).expect("it is below").display().to_string();
            if path.is_dir() {
                folders.push(path);
                found.push((name, None));
            } else {
                found.push((name, Some(fs::read(&path).expect("a file can be read"))));
            }
        }
    }
    found.sort();
    found
}
