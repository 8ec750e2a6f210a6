//! The walk through packages and what they need.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::location::Location;
use super::package::LATEST;
use super::path::{clean_target, directories_of, place};
use super::plan::{Plan, PlannedFile, PlannedPackage, Step};
use super::{Error, HashPrefix, Manifest, Package};

/// More packages than that are a mistake, or malice: boards hold a few dozen files.
const MOST_PACKAGES: usize = 1000;

/// Which compiled format the board takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MpyFormat {
    /// `.mpy` files of this version.
    Version(u8),
    /// Sources only.
    Source,
}

impl MpyFormat {
    /// From `sys.implementation._mpy` of the board, 0 where it has none.
    pub fn of_board(mpy: u32) -> Self {
        match mpy.to_le_bytes()[0] {
            0 => MpyFormat::Source,
            version => MpyFormat::Version(version),
        }
    }

    fn folder(self) -> String {
        match self {
            MpyFormat::Version(version) => version.to_string(),
            MpyFormat::Source => "py".to_owned(),
        }
    }
}

/// Where packages come from and go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    index: String,
    target: String,
    format: MpyFormat,
}

impl Settings {
    /// An index's address, a directory on the board, and what the board runs.
    ///
    /// # Errors
    /// [`Error::Address`] when the index has none.
    pub fn new(index: &str, target: &str, format: MpyFormat) -> Result<Settings, Error> {
        let wrong =
            |reason| Error::Address { text: index.to_owned(), within: "the index".to_owned(), reason };
        match Location::parse_absolute(index, None) {
            Some(Ok(Location::Url(_))) => {}
            Some(Err(reason)) => return Err(wrong(reason)),
            _ => return Err(wrong("an index is an http: or https: address")),
        }
        Ok(Settings { index: index.trim_end_matches('/').to_owned(), target: clean_target(target), format })
    }

    /// The index without a slash at its end.
    pub fn index(&self) -> &str {
        &self.index
    }

    /// The directory on the board without a slash at its end; empty for the root.
    pub fn target(&self) -> &str {
        &self.target
    }

    fn manifest_of(&self, name: &str, version: Option<&str>) -> Location {
        let (index, folder) = (&self.index, self.format.folder());
        Location::Url(format!("{index}/package/{folder}/{name}/{}.json", version.unwrap_or(LATEST)))
    }

    fn file_of(&self, hash: &HashPrefix) -> Location {
        let hash = hash.as_str();
        Location::Url(format!("{}/file/{}/{hash}", self.index, &hash[..2]))
    }
}

/// A manifest that the resolver needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Places that may have it; the first one that exists counts.
    pub candidates: Vec<Location>,
    /// Whose manifest it is.
    pub package: Package,
}

/// Walks packages and their dependencies, depth first, each once.
///
/// [`Resolver::poll`] says which manifest is needed, [`Resolver::answer`] takes it; when nothing more is needed,
/// [`Resolver::finish`] gives the plan.
#[derive(Debug)]
pub struct Resolver {
    settings: Settings,
    /// What is still to be looked at, the next one last.
    work: Vec<Work>,
    /// The package whose manifest was asked for.
    pending: Option<Visit>,
    seen: HashSet<String>,
    /// Versions of packages of the index, by name.
    chosen: HashMap<String, Chosen>,
    plan: Plan,
    /// Where each path of the board is in the plan.
    paths: HashMap<String, usize>,
}

#[derive(Debug)]
enum Work {
    Begin(usize),
    Visit(Visit),
    End(usize),
}

#[derive(Debug)]
struct Visit {
    package: Package,
    wanted_by: Option<Rc<Ancestor>>,
}

/// The way from an argument to a package.
#[derive(Debug)]
struct Ancestor {
    package: Package,
    parent: Option<Rc<Ancestor>>,
}

#[derive(Debug)]
struct Chosen {
    wanted: Option<String>,
    stated: Option<String>,
    by: String,
}

impl Resolver {
    /// Begins with the packages that the user named.
    ///
    /// # Errors
    /// [`Error::Versions`] when they name one package twice.
    pub fn new(settings: Settings, arguments: &[Package]) -> Result<Resolver, Error> {
        let mut chosen: HashMap<String, Chosen> = HashMap::new();
        for package in arguments {
            let Package::Index { name, version: Some(version) } = package else { continue };
            let by = "the command line".to_owned();
            let wanted = Some(version.clone());
            match chosen.get(name) {
                Some(other) if other.wanted != wanted => return Err(other.conflict(name, version, by)),
                _ => drop(chosen.insert(name.clone(), Chosen { wanted, stated: None, by })),
            }
        }
        let visit = |package: &Package| Work::Visit(Visit { package: package.clone(), wanted_by: None });
        let work = arguments.iter().enumerate();
        let work = work.flat_map(|(at, package)| [Work::Begin(at), visit(package), Work::End(at)]);
        let mut work: Vec<Work> = work.collect();
        work.reverse();
        Ok(Resolver {
            settings,
            work,
            pending: None,
            seen: HashSet::new(),
            chosen,
            plan: Plan::default(),
            paths: HashMap::new(),
        })
    }

    /// The next manifest that is needed, or `None` when everything is known. Asks for the same one again until it is
    /// answered.
    ///
    /// # Errors
    /// [`Error::Versions`], [`Error::TooManyPackages`], and those of a path on the board.
    pub fn poll(&mut self) -> Result<Option<Request>, Error> {
        while self.pending.is_none() {
            match self.work.pop() {
                None => return Ok(None),
                Some(Work::Begin(at)) => self.plan.steps.push(Step::Begin(at)),
                Some(Work::End(at)) => self.plan.steps.push(Step::End(at)),
                Some(Work::Visit(visit)) => self.visit(visit)?,
            }
        }
        Ok(self.pending.as_ref().map(|visit| {
            let candidates = match &visit.package {
                Package::Index { name, version } => vec![self.settings.manifest_of(name, version.as_deref())],
                Package::Manifest(at) | Package::File(at) => at.readings(),
            };
            Request { candidates, package: visit.package.clone() }
        }))
    }

    /// Takes a manifest that was asked for, and the candidate that had it.
    ///
    /// # Errors
    /// Everything that can be wrong with a manifest. The resolver is of no use afterwards.
    pub fn answer(&mut self, content: &[u8], from: &Location) -> Result<(), Error> {
        let Some(visit) = self.pending.take() else { return Ok(()) };
        let at = from.to_string();
        let manifest = Manifest::parse(content, &at)?;
        if let Some(chosen) = visit.package.index_name().and_then(|name| self.chosen.get_mut(name)) {
            chosen.stated.clone_from(&manifest.version);
        }
        let package = self.plan.packages.len();
        self.plan.packages.push(PlannedPackage { package: visit.package.clone(), version: manifest.version });
        self.plan.steps.push(Step::Package(package));
        for (path, hash) in manifest.hashes {
            let candidates = vec![self.settings.file_of(&hash)];
            self.add_file(
                &path,
                &at,
                PlannedFile { path: String::new(), candidates, hash: Some(hash), package },
            )?;
        }
        for (path, url) in manifest.urls {
            let wrong =
                |reason| Error::Address { text: url.clone(), within: format!("the manifest `{at}`"), reason };
            let candidates = from.resolve(&url).map_err(wrong)?.readings();
            self.add_file(&path, &at, PlannedFile { path: String::new(), candidates, hash: None, package })?;
        }
        let ancestor = Rc::new(Ancestor { package: visit.package, parent: visit.wanted_by });
        for (name, version) in manifest.deps.into_iter().rev() {
            let wrong = |reason| Error::Address {
                text: name.clone(),
                within: format!("the manifest `{at}`"),
                reason,
            };
            let package = Package::parse_dependency(&name, version.as_deref(), from).map_err(wrong)?;
            self.work.push(Work::Visit(Visit { package, wanted_by: Some(Rc::clone(&ancestor)) }));
        }
        Ok(())
    }

    /// The plan. Call it when [`Resolver::poll`] has nothing more to ask.
    ///
    /// # Errors
    /// [`Error::Clash`] when a file of one package is a directory of another.
    pub fn finish(mut self) -> Result<Plan, Error> {
        let Plan { files, packages, .. } = &self.plan;
        for file in files {
            for directory in directories_of(&file.path) {
                if let Some(other) = self.paths.get(directory) {
                    let name = |file: &PlannedFile| packages[file.package].package.to_string();
                    return Err(Error::Clash {
                        file: directory.to_owned(),
                        first: name(&files[*other]),
                        second: name(file),
                    });
                }
            }
        }
        // A file is told of where the package that wins brings it.
        let mut told = HashSet::new();
        self.plan.steps.reverse();
        self.plan.steps.retain(|step| !matches!(step, Step::File(at) if !told.insert(*at)));
        self.plan.steps.reverse();
        Ok(self.plan)
    }

    /// Looks at a package: passes over it, plans it, or makes its manifest the next one to ask for.
    fn visit(&mut self, mut visit: Visit) -> Result<(), Error> {
        self.choose_version(&mut visit)?;
        let key = key(&visit.package);
        if let Some(cycle) = cycle(&visit, &key) {
            self.plan.cycles.push(cycle);
        }
        if !self.seen.insert(key) {
            return Ok(());
        }
        if self.seen.len() > MOST_PACKAGES {
            return Err(Error::TooManyPackages { limit: MOST_PACKAGES });
        }
        match &visit.package {
            Package::Index { .. } | Package::Manifest(_) => self.pending = Some(visit),
            Package::File(at) => {
                let at = at.clone();
                let Some(name) = at.file_name() else {
                    let reason = "it names no file";
                    return Err(Error::Package { text: at.to_string(), reason });
                };
                let package = self.plan.packages.len();
                self.plan.packages.push(PlannedPackage { package: visit.package, version: None });
                self.plan.steps.push(Step::Package(package));
                let file =
                    PlannedFile { path: String::new(), candidates: at.readings(), hash: None, package };
                self.add_file(&name, &at.to_string(), file)?;
            }
        }
        Ok(())
    }

    /// Makes sure that one version of each package is installed. What the command line says holds against a `latest`.
    fn choose_version(&mut self, visit: &mut Visit) -> Result<(), Error> {
        let Package::Index { name, version } = &mut visit.package else { return Ok(()) };
        let by = || match &visit.wanted_by {
            Some(ancestor) => format!("`{}`", ancestor.package),
            None => "the command line".to_owned(),
        };
        let Some(chosen) = self.chosen.get(name.as_str()) else {
            let chosen = Chosen { wanted: version.clone(), stated: None, by: by() };
            self.chosen.insert(name.clone(), chosen);
            return Ok(());
        };
        match version.as_deref() {
            None => version.clone_from(&chosen.wanted),
            Some(wanted) if chosen.is(wanted) => {}
            Some(wanted) => return Err(chosen.conflict(name, wanted, by())),
        }
        Ok(())
    }

    fn add_file(&mut self, path: &str, manifest: &str, file: PlannedFile) -> Result<(), Error> {
        let wrong = |fault| Error::Path { path: path.to_owned(), at: manifest.to_owned(), fault };
        let file = PlannedFile { path: place(&self.settings.target, path).map_err(wrong)?, ..file };
        let at = match self.paths.get(&file.path) {
            Some(at) => {
                let other = &mut self.plan.files[*at];
                if (&other.candidates, &other.hash) != (&file.candidates, &file.hash) {
                    let name = |package: usize| self.plan.packages[package].package.to_string();
                    let names = (name(other.package), name(file.package));
                    self.plan.overridden.push((file.path.clone(), names.0, names.1));
                    *other = file;
                }
                *at
            }
            None => {
                let at = self.plan.files.len();
                self.paths.insert(file.path.clone(), at);
                self.plan.files.push(file);
                at
            }
        };
        self.plan.steps.push(Step::File(at));
        Ok(())
    }
}

impl Chosen {
    /// Whether this is the version of that name, or of the latest one that was found.
    fn is(&self, version: &str) -> bool {
        self.wanted.as_deref() == Some(version) || self.stated.as_deref() == Some(version)
    }

    fn conflict(&self, name: &str, second: &str, second_by: String) -> Error {
        Error::Versions {
            name: name.to_owned(),
            first: self.wanted.clone().or(self.stated.clone()).unwrap_or_else(|| LATEST.to_owned()),
            first_by: self.by.clone(),
            second: second.to_owned(),
            second_by,
        }
    }
}

/// What makes a package the same package.
fn key(package: &Package) -> String {
    match package {
        Package::Index { name, .. } => format!("index {name}"),
        Package::Manifest(at) | Package::File(at) => match at {
            // On a path that can be read in several ways the way does not matter.
            Location::Hosted(hosted) => format!("{at}@{}", hosted.reference().unwrap_or_default()),
            _ => at.to_string(),
        },
    }
}

/// The way from a package back to itself, if it is among its own ancestors.
fn cycle(visit: &Visit, key_of_visit: &str) -> Option<Vec<String>> {
    let mut way = vec![visit.package.to_string()];
    let mut ancestor = visit.wanted_by.as_ref();
    while let Some(here) = ancestor {
        way.push(here.package.to_string());
        if key(&here.package) == key_of_visit {
            way.reverse();
            return Some(way);
        }
        ancestor = here.parent.as_ref();
    }
    None
}

#[cfg(test)]
mod tests;
