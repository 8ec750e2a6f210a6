//! Tells when files of a folder have changed, by the operating system's events.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::here::Here;
use crate::failure::Failure;
use crate::local::ignore::Ignore;

/// A change is over when nothing has happened for so long: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(100);
/// Where something happens all the time, it is looked at this often.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often somebody who waits looks up.
const TICK: Duration = Duration::from_millis(50);
/// How long a folder may be away that something makes anew.
const GRACE: Duration = Duration::from_secs(1);

/// What is in a folder, as far as one can see without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot(BTreeMap<String, Option<(u64, Option<SystemTime>)>>);

/// A folder that is followed.
pub struct Follower {
    root: PathBuf,
    /// As events name it.
    absolute: PathBuf,
    exclude: Vec<String>,
    identity: Option<Identity>,
    events: Receiver<notify::Result<Event>>,
    // Events come as long as it lives.
    _watcher: RecommendedWatcher,
    /// When something happened that was not looked at yet: first, and last.
    happened: Option<(Instant, Instant)>,
}

/// Which folder it is: one of the same name may take its place, and even the number of its inode.
type Identity = (u64, u64, Option<SystemTime>);

impl Follower {
    /// Begins. What is excluded counts as nothing.
    ///
    /// # Errors
    /// When the folder is not there, or the operating system does not tell of its files.
    pub fn start(root: &Path, exclude: &[String]) -> Result<Self, Failure> {
        let identity = identity(root).map_err(|error| gone(root, &error))?;
        let (watcher, events) = watch(root)?;
        Ok(Follower {
            root: root.to_owned(),
            absolute: std::path::absolute(root).unwrap_or_else(|_| root.to_owned()),
            exclude: exclude.to_owned(),
            identity,
            events,
            _watcher: watcher,
            happened: None,
        })
    }

    /// What is in the folder now.
    pub fn snapshot(&self) -> Snapshot {
        let here = Here::source(&self.root, &mut Ignore::new(&self.exclude));
        let mut snapshot = Snapshot::default();
        for path in here.side.into_keys() {
            let file = here.files.get(&path).map(|place| {
                let metadata = fs::metadata(place).ok();
                let size = metadata.as_ref().map_or(0, fs::Metadata::len);
                (size, metadata.and_then(|metadata| metadata.modified().ok()))
            });
            snapshot.0.insert(path, file);
        }
        // What can't be read now may be readable later.
        snapshot.0.extend(here.problems.into_iter().map(|problem| (problem.relative, None)));
        snapshot
    }

    /// Waits until the folder is not as it was; false if it is to `stop` before.
    ///
    /// # Errors
    /// When the folder is gone.
    pub fn wait(&mut self, before: &Snapshot, stop: &mut dyn FnMut() -> bool) -> Result<bool, Failure> {
        while !stop() {
            self.check_root(stop)?;
            match self.events.recv_timeout(TICK) {
                Ok(event) => self.hear(&event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(TICK),
            }
            let is_over = self
                .happened
                .is_some_and(|(first, last)| last.elapsed() >= QUIET || first.elapsed() >= PATIENCE);
            if is_over {
                self.happened = None;
                if self.snapshot() != *before {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn hear(&mut self, event: &notify::Result<Event>) {
        // Reading changes nothing. An error may hide a change.
        if event.as_ref().is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            return;
        }
        let is_root = |event: &Event| event.paths.contains(&self.absolute);
        if event.as_ref().is_ok_and(|event| matches!(event.kind, EventKind::Remove(_)) && is_root(event)) {
            // Whatever has the name now is another folder.
            self.identity = None;
        }
        let now = Instant::now();
        let first = self.happened.map_or(now, |(first, _)| first);
        self.happened = Some((first, now));
    }

    /// Makes sure that the folder is there. One that was made anew is followed from then on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn check_root(&mut self, stop: &mut dyn FnMut() -> bool) -> Result<(), Failure> {
        let since = Instant::now();
        loop {
            match identity(&self.root) {
                Ok(identity) if identity == self.identity => return Ok(()),
                Ok(identity) => {
                    (self._watcher, self.events) = watch(&self.root)?;
                    self.identity = identity;
                    self.happened = Some((since, since));
                    return Ok(());
                }
                Err(_) if since.elapsed() < GRACE && !stop() => thread::sleep(TICK),
                Err(error) => return Err(gone(&self.root, &error)),
            }
        }
    }
}

fn watch(root: &Path) -> Result<(RecommendedWatcher, Receiver<notify::Result<Event>>), Failure> {
    let (sender, events) = mpsc::channel();
    let watcher = notify::recommended_watcher(sender).and_then(|mut watcher| {
        watcher.watch(root, RecursiveMode::Recursive)?;
        Ok(watcher)
    });
    match watcher {
        Ok(watcher) => Ok((watcher, events)),
        Err(error) => {
            let failure = Failure::usage(format!("sync: `{}` can't be watched", root.display()))
                .cause(error.to_string());
            Err(match error.kind {
                notify::ErrorKind::MaxFilesWatch => failure.hint(
                    "`sysctl fs.inotify.max_user_watches` says for how many folders this machine has room",
                ),
                _ => failure,
            })
        }
    }
}

/// Which folder this is.
fn identity(root: &Path) -> io::Result<Option<Identity>> {
    let metadata = fs::metadata(root)?;
    if !metadata.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok(Some((metadata.dev(), metadata.ino(), metadata.created().ok())))
    }
    #[cfg(not(unix))]
    Ok(None)
}

fn gone(root: &Path, error: &io::Error) -> Failure {
    Failure::local("sync", &root.display().to_string(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follower(folder: &Path) -> Follower {
        Follower::start(folder, &["*.log".to_owned()]).unwrap()
    }

    /// Ends a hang only.
    fn in_time() -> impl FnMut() -> bool {
        let start = Instant::now();
        move || start.elapsed() > Duration::from_secs(60)
    }

    #[test]
    fn a_change_is_told_and_what_is_ignored_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut follower = follower(folder.path());
        let before = follower.snapshot();
        fs::write(folder.path().join("noise.log"), "x").unwrap();
        assert_eq!(follower.snapshot(), before);
        for path in ["deep/er", "deep/er/file"] {
            let before = follower.snapshot();
            match path.ends_with("file") {
                true => fs::write(folder.path().join(path), "x").unwrap(),
                false => fs::create_dir_all(folder.path().join(path)).unwrap(),
            }
            assert!(follower.wait(&before, &mut in_time()).unwrap(), "{path}");
        }
    }

    #[test]
    fn a_folder_made_anew_is_followed_and_one_that_is_gone_is_an_error() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("src");
        fs::create_dir(&root).unwrap();
        let mut follower = follower(&root);
        let before = follower.snapshot();
        fs::remove_dir(&root).unwrap();
        fs::create_dir(&root).unwrap();
        fs::write(root.join("a"), "x").unwrap();
        assert!(follower.wait(&before, &mut in_time()).unwrap());
        let before = follower.snapshot();
        fs::write(root.join("a"), "longer").unwrap();
        assert!(follower.wait(&before, &mut in_time()).unwrap());
        fs::remove_dir_all(&root).unwrap();
        let before = follower.snapshot();
        let failure = follower.wait(&before, &mut in_time()).expect_err("it is gone");
        assert!(failure.message.contains(&root.display().to_string()), "{failure:?}");
    }
}
