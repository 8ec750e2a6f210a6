//! The side on the board.

use std::collections::BTreeMap;

use mpr_protocol::{Errno, Error, HalfDigest, ListingOptions, Mounts};

use super::here::half;
use super::plan::{Kind, Side};
use crate::failure::Failure;
use crate::hints::{MPR, board_parent, shell_word};
use crate::local::board::{absolute, join, plain};
use crate::session::Session;

/// A directory of the board: what is in it.
#[derive(Debug, Default)]
pub struct OnBoard {
    /// Its path, without the colon.
    pub root: String,
    /// Whether it exists.
    pub exists: bool,
    /// What is there.
    pub side: Side,
    digests: BTreeMap<String, HalfDigest>,
    /// Directories that could not be listed.
    pub unreadable: Vec<(String, Errno)>,
}

impl OnBoard {
    /// Looks at a directory, and computes the digests of files up to this size. One that does not exist is empty.
    pub fn look(root: &str, digests_up_to: Option<u64>, session: &mut Session<'_>) -> Result<Self, Failure> {
        let mut on_board = OnBoard { root: root.to_owned(), ..OnBoard::default() };
        let options = ListingOptions {
            below: true,
            sizes: true,
            digests_up_to,
            mounts: Mounts::Find,
            ..ListingOptions::default()
        };
        let device = session.device()?;
        let listing = match device.listing(plain(root), &options) {
            Ok(listing) => listing,
            Err(error @ Error::Os { .. }) => {
                return match device.stat(plain(root)) {
                    Ok(stat) if stat.is_dir => Err(Failure::device("sync", error)),
                    Ok(_) => {
                        let word = shell_word(&format!(":{}", board_parent(root)));
                        Err(Failure::refused(format!("sync: `:{root}` is not a directory"))
                            .hint(format!("`{MPR} ls {word}` shows what is there")))
                    }
                    Err(Error::Os { .. }) => Ok(on_board),
                    Err(error) => Err(Failure::device("sync", error)),
                };
            }
            Err(error) => return Err(Failure::device_at("sync", root, error)),
        };
        on_board.exists = true;
        on_board.unreadable = listing.unreadable;
        for entry in listing.entries {
            let kind = match entry.kind {
                mpr_protocol::Kind::File => Kind::File(entry.size),
                mpr_protocol::Kind::Other => Kind::Other,
                mpr_protocol::Kind::Directory => Kind::Directory,
                mpr_protocol::Kind::Mount => Kind::Mount,
            };
            on_board.digests.extend(entry.digest.map(|digest| (entry.path.clone(), digest)));
            on_board.side.insert(entry.path, kind);
        }
        Ok(on_board)
    }

    /// The board's path of an entry.
    pub fn path(&self, relative: &str) -> String {
        plain(&join(&self.root, relative)).to_owned()
    }

    /// The first half of a file's SHA-256: as the board told it already, or computed now, if need be from what is read back.
    pub fn digest(&self, relative: &str, session: &mut Session<'_>) -> Result<HalfDigest, Failure> {
        if let Some(digest) = self.digests.get(relative) {
            return Ok(*digest);
        }
        let path = self.path(relative);
        let digest =
            session.device()?.hash(&path, "sha256").map_err(|error| Failure::device("sync", error))?;
        Ok(half(&digest))
    }

    /// Refuses to remove anything in a folder of this machine that is mounted on the board.
    pub fn refuse_host_folder(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let device = session.device()?;
        if device.mounted().is_empty() {
            return Ok(());
        }
        let cwd = device.cwd().map_err(|error| Failure::device("sync", error))?;
        let whole = absolute(&cwd, &self.root);
        let is_inside =
            |at: &str| whole.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match device.mounted().iter().find(|mounted| is_inside(&mounted.at)) {
            None => Ok(()),
            Some(mounted) => {
                let (at, root) = (&mounted.at, &self.root);
                Err(Failure::refused(format!(
                    "sync: `:{root}` is in a folder of this machine, mounted at `:{at}`: nothing is removed there"
                ))
                .hint("without `--delete` files are only brought"))
            }
        }
    }

    /// Makes the spelling of names that are there already the wanted one, where the board's filesystem takes both for
    /// the same. Returns wanted names that it can't keep apart from others.
    pub fn fold_case(&mut self, wanted: &Side, session: &mut Session<'_>) -> Result<Vec<String>, Failure> {
        let mut by_fold: BTreeMap<String, &str> = BTreeMap::new();
        let mut twins = Vec::new();
        for path in wanted.keys() {
            if by_fold.insert(path.to_lowercase(), path).is_some() {
                twins.push(path.clone());
            }
        }
        let respelled: Vec<(String, String)> = self
            .side
            .keys()
            .filter(|path| !wanted.contains_key(*path))
            .filter_map(|path| Some((path.clone(), (*by_fold.get(&path.to_lowercase())?).to_owned())))
            .filter(|(_, to)| !self.side.contains_key(to))
            .collect();
        if (twins.is_empty() && respelled.is_empty()) || !self.is_case_blind(session)? {
            return Ok(Vec::new());
        }
        for (from, to) in respelled {
            if let Some(kind) = self.side.remove(&from) {
                self.side.insert(to.clone(), kind);
            }
            if let Some(digest) = self.digests.remove(&from) {
                self.digests.insert(to, digest);
            }
        }
        Ok(twins)
    }

    /// Whether the filesystem finds an entry by another spelling. An empty one is judged by its name.
    fn is_case_blind(&self, session: &mut Session<'_>) -> Result<bool, Failure> {
        let failure = |error| Failure::device("sync", error);
        let device = session.device()?;
        let other = self.side.keys().find_map(|path| {
            [path.to_uppercase(), path.to_lowercase()]
                .into_iter()
                .find(|other| !self.side.contains_key(other))
        });
        if let Some(other) = other {
            return device.exists(&self.path(&other)).map_err(failure);
        }
        let cwd = match device.cwd() {
            Err(Error::Unsupported { .. }) => return Ok(false),
            cwd => cwd.map_err(failure)?,
        };
        let whole = absolute(&cwd, &self.root);
        let mounts = match device.mounts() {
            Err(Error::Unsupported { .. } | Error::Os { .. } | Error::Exception(_)) => return Ok(false),
            mounts => mounts.map_err(failure)?,
        };
        let holder = mounts
            .iter()
            .filter(|mount| {
                let at = mount.path.trim_end_matches('/');
                whole.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .max_by_key(|mount| mount.path.len());
        Ok(holder.is_some_and(|mount| mount.filesystem.contains("Fat")))
    }
}
