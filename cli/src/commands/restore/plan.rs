//! What a restoration would do, found out before anything is done.

use std::collections::{BTreeMap, HashMap};

use mpr_protocol::archive::{Contents, NameFault, fat_fault};
use mpr_protocol::{Error, Kind, ListingEntry, ListingOptions};

use crate::failure::Failure;
use crate::hints::{MPR, shell_word};
use crate::local::{Filesystems, is_below};
use crate::session::Session;

/// The longest name, in bytes, on boards without directories (those of the micro:bit's firmware).
const LONGEST_FLAT_NAME: usize = 120;

/// A file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// Size of the new content in bytes.
    pub size: u64,
    /// Size of the old one, if there is an old one.
    pub old: Option<u64>,
}

/// What is to be done, in this order. Paths are those of the archive, below the target.
#[derive(Debug, Default)]
pub struct Plan {
    /// Files and directories (true) to remove, what a directory holds before itself.
    pub remove: Vec<(String, bool)>,
    /// Directories to make, parents first.
    pub make: Vec<String>,
    /// Files to write.
    pub write: BTreeMap<String, Write>,
    /// Files that are the same already.
    pub unchanged: Vec<String>,
    /// Places of other filesystems, which `--delete` leaves alone.
    pub skipped: Vec<String>,
}

/// Plans for one archive and one target.
pub struct Planner<'a> {
    /// The archive.
    pub contents: &'a Contents,
    /// The absolute path of the directory that the files go to.
    pub target: &'a str,
    /// The board's filesystems.
    pub filesystems: &'a Filesystems,
    /// What the archive does not have is removed.
    pub delete: bool,
}

impl Planner<'_> {
    /// The absolute path of a member.
    pub fn absolute(&self, path: &str) -> String {
        match path {
            "" => self.target.to_owned(),
            path => format!("{}/{path}", self.target.trim_end_matches('/')),
        }
    }

    /// Compares archive and board. Refuses what can't be done, before anything is.
    pub fn plan(&self, session: &mut Session<'_>) -> Result<Plan, Failure> {
        self.check_names()?;
        let mut plan = Plan::default();
        let mut there = BTreeMap::new();
        if self.target_exists(session)? {
            self.survey("", &mut there, &mut plan, session)?;
        } else {
            plan.make.push(String::new());
        }
        self.compare(&there, &mut plan, session)?;
        self.check_space(&there, &plan)?;
        Ok(plan)
    }

    /// Whether every name is one that the board can hold.
    fn check_names(&self) -> Result<(), Failure> {
        let names = || self.contents.directories.iter().chain(self.contents.files.keys());
        let refuse = |name: &str, problem: &str| {
            Err(Failure::refused(format!("restore: `{}` {problem}", name.escape_debug()))
                .hint("an archive without it can be restored; nothing was changed on the board"))
        };
        if !self.filesystems.directories {
            if let Some(name) = names().find(|name| name.contains('/') || self.is_directory(name)) {
                return refuse(name, "needs a directory, and the board has none");
            }
            if let Some(name) = names().find(|name| name.len() > LONGEST_FLAT_NAME) {
                return refuse(name, "has a name that is too long for the board");
            }
        }
        let mut seen: HashMap<String, &str> = HashMap::new();
        for name in names() {
            let fat = self.filesystems.of(&self.absolute(name)).is_some_and(|point| point.fat);
            if !fat {
                continue;
            }
            if fat_fault(name).is_some() {
                return refuse(name, &NameFault::Fat.to_string());
            }
            if let Some(other) = seen.insert(name.to_lowercase(), name) {
                return refuse(name, &format!("is the same as `{other}` on a FAT filesystem"));
            }
        }
        Ok(())
    }

    fn is_directory(&self, path: &str) -> bool {
        self.contents.directories.binary_search_by(|directory| directory.as_str().cmp(path)).is_ok()
    }

    fn target_exists(&self, session: &mut Session<'_>) -> Result<bool, Failure> {
        if self.target == "/" {
            return Ok(true);
        }
        match session.device()?.stat(self.filesystems.on_board(self.target)) {
            Ok(stat) if stat.is_dir => Ok(true),
            Ok(_) => Err(Failure::refused(format!("restore: `:{}` is a file", self.target))
                .hint(format!("`{MPR} rm {}` removes it", shell_word(&format!(":{}", self.target))))),
            Err(Error::Os { errno, .. }) if errno.is("ENOENT") => Ok(false),
            Err(error) => Err(Failure::device("restore", error)),
        }
    }

    /// Whether the archive speaks for this path.
    fn is_in_scope(&self, path: &str) -> bool {
        let scope = self.contents.scope.as_ref();
        scope.is_none_or(|tops| tops.iter().any(|top| is_below(path, top)))
    }

    /// Whether something on a path to what the archive speaks for.
    fn leads_to_scope(&self, path: &str) -> bool {
        let scope = self.contents.scope.as_ref();
        scope.is_none_or(|tops| tops.iter().any(|top| is_below(path, top) || is_below(top, path)))
    }

    /// Lists what matters: the archive's directories, and with `--delete` all that it speaks for.
    fn survey(
        &self,
        directory: &str,
        there: &mut BTreeMap<String, ListingEntry>,
        plan: &mut Plan,
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        let absolute = self.absolute(directory);
        let options = ListingOptions { details: true, ..ListingOptions::default() };
        let listing = session
            .device()?
            .listing(self.filesystems.on_board(&absolute), &options)
            .map_err(|error| Failure::device("restore", error))?;
        for found in listing.entries {
            let path = match directory {
                "" => found.path.clone(),
                directory => format!("{directory}/{}", found.path),
            };
            let is_dir = found.kind == Kind::Directory;
            there.insert(path.clone(), found);
            if !is_dir {
                continue;
            }
            if self.is_directory(&path) {
                self.survey(&path, there, plan, session)?;
            } else if self.delete && self.leads_to_scope(&path) {
                match self.filesystems.begins_at(&self.absolute(&path)) {
                    true => plan.skipped.push(path),
                    false => self.survey(&path, there, plan, session)?,
                }
            }
        }
        Ok(())
    }

    fn compare(
        &self,
        there: &BTreeMap<String, ListingEntry>,
        plan: &mut Plan,
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        self.compare_removals(there, plan)?;
        for directory in &self.contents.directories {
            match there.get(directory) {
                Some(found) if found.kind == Kind::Directory => {}
                Some(_) => self.removes(directory, "a file", plan)?,
                None => {}
            }
            if there.get(directory).is_none_or(|found| found.kind != Kind::Directory) {
                plan.make.push(directory.clone());
            }
        }
        let mut same_size = Vec::new();
        for (path, member) in &self.contents.files {
            let old = match there.get(path) {
                Some(found) if found.kind == Kind::File => Some(found.size),
                Some(found) if found.kind == Kind::Directory => {
                    self.removes(path, "a directory", plan)?;
                    None
                }
                Some(_) => return Err(self.clash(path, "neither a file nor a directory")),
                None => None,
            };
            plan.write.insert(path.clone(), Write { size: member.size, old });
            if old == Some(member.size) {
                same_size.push((path, self.absolute(path), member));
            }
        }
        let asked: Vec<(&str, u64)> = same_size
            .iter()
            .map(|(_, absolute, member)| (self.filesystems.on_board(absolute), member.size))
            .collect();
        let digests = session.device()?.digests(&asked).map_err(|error| Failure::device("restore", error))?;
        for ((path, _, member), digest) in same_size.iter().zip(digests) {
            // The copy of `x` passes through `x.part`, which is not the same any more then.
            let is_overwritten = path.strip_suffix(".part").is_some_and(|base| plan.write.contains_key(base));
            if digest == Some(member.sha256) && !is_overwritten {
                plan.write.remove(*path);
                plan.unchanged.push((*path).clone());
            }
        }
        Ok(())
    }

    /// What the archive does not have, deepest first.
    fn compare_removals(
        &self,
        there: &BTreeMap<String, ListingEntry>,
        plan: &mut Plan,
    ) -> Result<(), Failure> {
        if !self.delete {
            return Ok(());
        }
        for (path, found) in there.iter().rev() {
            let is_dir = found.kind == Kind::Directory;
            let absolute = self.absolute(path);
            let wanted = match is_dir {
                true => self.is_directory(path),
                false => self.contents.files.contains_key(path),
            };
            let holds_a_filesystem = plan.skipped.iter().any(|skipped| is_below(skipped, path));
            let is_hosts = self.filesystems.of(&absolute).is_some_and(|point| point.host);
            if wanted || !self.is_in_scope(path) || holds_a_filesystem || is_hosts {
                continue;
            }
            if found.kind == Kind::Other {
                plan.skipped.push(path.clone());
                continue;
            }
            plan.remove.push((path.clone(), is_dir));
        }
        Ok(())
    }

    /// Demands that what has this name on the board goes away first.
    fn removes(&self, path: &str, what: &str, plan: &Plan) -> Result<(), Failure> {
        match plan.remove.iter().any(|(removed, _)| removed == path) {
            true => Ok(()),
            false => Err(self.clash(path, what)),
        }
    }

    fn clash(&self, path: &str, what: &str) -> Failure {
        let shown = format!(":{}", self.absolute(path));
        Failure::refused(format!(
            "restore: `{shown}` is {what} on the board and something else in the archive"
        ))
        .hint(format!(
            "`{MPR} rm -r {}` removes it, as `restore --delete` would; nothing was changed",
            shell_word(&shown)
        ))
    }

    /// Refuses what can't fit. A filesystem needs more than the content alone, so this may still let too much pass; a copy
    /// that finds no room leaves the old file as it was.
    fn check_space(&self, there: &BTreeMap<String, ListingEntry>, plan: &Plan) -> Result<(), Failure> {
        let mut free: HashMap<&str, u64> = HashMap::new();
        let of = |path: &str| {
            let point = self.filesystems.of(&self.absolute(path))?;
            point.free.map(|free| (point, free))
        };
        let blocks = |size: u64, block: u64| size.div_ceil(block).saturating_mul(block).saturating_add(block);
        for (path, _) in &plan.remove {
            if let (Some((point, start)), Some(found)) = (of(path), there.get(path)) {
                let now = free.entry(&point.path).or_insert(start);
                *now = now.saturating_add(blocks(found.size, point.block));
            }
        }
        for (path, write) in &plan.write {
            let Some((point, start)) = of(path) else { continue };
            let now = free.entry(&point.path).or_insert(start);
            if write.size > *now {
                let shown = format!(":{}", self.absolute(path));
                return Err(Failure::refused(format!("restore: no room on the board for `{shown}`"))
                    .cause(format!("it needs {} bytes, {now} are free when its turn comes", write.size))
                    .cause("nothing was changed")
                    .hint(format!("`{MPR} df` shows how full the board is")));
            }
            *now = (*now - write.size).saturating_add(write.old.map_or(0, |old| blocks(old, point.block)));
        }
        Ok(())
    }
}
