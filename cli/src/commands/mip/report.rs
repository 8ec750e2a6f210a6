//! What `mip install` prints: mpremote's lines, or one JSON object.

use mpr_protocol::mip::{Location, Package, Plan, Settings, Step};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::commands::eval::hex;
use crate::failure::Failure;
use crate::printer::Printer;

/// What happens to a file of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum State {
    /// It was on the board already.
    Exists,
    /// It is new.
    Installed {
        /// Its size in bytes.
        size: usize,
        /// Its digest.
        sha256: String,
    },
}

impl State {
    /// For new content.
    pub fn installed(content: &[u8]) -> Self {
        State::Installed { size: content.len(), sha256: hex(&Sha256::digest(content)) }
    }
}

/// Tells of an installation, step by step, in the order of the plan.
pub struct Teller<'a> {
    printer: &'a Printer,
    words: &'a [String],
    index: String,
    target: String,
    /// Steps that were told.
    told: usize,
}

#[derive(Serialize)]
struct Installed<'a> {
    index: &'a str,
    target: String,
    packages: Vec<InstalledPackage<'a>>,
    files: Vec<InstalledFile<'a>>,
}

#[derive(Serialize)]
struct InstalledPackage<'a> {
    name: String,
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct InstalledFile<'a> {
    path: String,
    package: String,
    #[serde(flatten)]
    state: &'a State,
}

impl<'a> Teller<'a> {
    /// For the packages that these words name.
    pub fn new(printer: &'a Printer, words: &'a [String], settings: &Settings) -> Self {
        let target = if settings.target().is_empty() { "/" } else { settings.target() };
        Teller { printer, words, index: settings.index().to_owned(), target: target.to_owned(), told: 0 }
    }

    /// Says at once what the first package is, because finding it may take a while.
    pub fn first(&mut self, package: &Package) -> Result<(), Failure> {
        if self.told == 0 {
            self.begin(0)?;
            self.package(package)?;
            self.told = 2;
        }
        Ok(())
    }

    /// A file of this number is being written. Nothing is called done before everything is.
    pub fn writing(&mut self, plan: &Plan, states: &[State], number: usize) -> Result<(), Failure> {
        let at = plan.steps.iter().position(|step| *step == Step::File(number)).unwrap_or_default();
        while let Some(step) =
            plan.steps.get(self.told).filter(|step| self.told <= at && !matches!(step, Step::End(_)))
        {
            self.step(*step, plan, states)?;
        }
        Ok(())
    }

    /// Everything is in its place.
    pub fn done(&mut self, plan: &Plan, states: &[State]) -> Result<(), Failure> {
        while let Some(step) = plan.steps.get(self.told) {
            self.step(*step, plan, states)?;
        }
        let name = |number: usize| name(&plan.packages[number].package);
        let packages = plan.packages.iter().enumerate().map(|(number, package)| InstalledPackage {
            name: name(number),
            version: package.version.as_deref(),
        });
        let files = plan.files.iter().zip(states).map(|(file, state)| InstalledFile {
            path: format!(":{}", file.path),
            package: name(file.package),
            state,
        });
        let result = Installed {
            index: &self.index,
            target: format!(":{}", self.target),
            packages: packages.collect(),
            files: files.collect(),
        };
        self.printer.json("mip install", &result)
    }

    fn step(&mut self, step: Step, plan: &Plan, states: &[State]) -> Result<(), Failure> {
        self.told += 1;
        match step {
            Step::Begin(number) => self.begin(number),
            Step::Package(number) => self.package(&plan.packages[number].package),
            Step::File(number) => {
                let what = match &states[number] {
                    State::Exists => "Exists",
                    State::Installed { .. } => "Installing",
                };
                self.printer.headline(&format!("{what}: {}", plan.files[number].path))
            }
            Step::End(_) => self.printer.headline("Done"),
        }
    }

    fn begin(&self, number: usize) -> Result<(), Failure> {
        let word = self.words.get(number).map_or("", String::as_str);
        // mpremote names the package without its version here.
        let shown = match Package::parse(word) {
            Ok(Package::Index { name, .. }) => name,
            Ok(Package::Manifest(Location::Hosted(_)) | Package::File(Location::Hosted(_))) => {
                word.rsplit_once('@').map_or(word, |(name, _)| name).to_owned()
            }
            _ => word.to_owned(),
        };
        self.printer.headline(&format!("Install {shown}"))
    }

    fn package(&self, package: &Package) -> Result<(), Failure> {
        let target = &self.target;
        let line = match package {
            Package::Index { name, version } => {
                let version = version.as_deref().unwrap_or("latest");
                format!("Installing {name} ({version}) from {} to {target}", self.index)
            }
            Package::Manifest(Location::Local(_)) | Package::File(Location::Local(_)) => return Ok(()),
            Package::Manifest(at) => format!("Installing {at} to {target}"),
            Package::File(at) => format!("Downloading {at} to {target}"),
        };
        self.printer.headline(&line)
    }
}

/// A package as the command line names it, with its branch or tag.
fn name(package: &Package) -> String {
    match package {
        Package::Manifest(Location::Hosted(hosted)) | Package::File(Location::Hosted(hosted)) => {
            let reference = hosted.reference().map(|reference| format!("@{reference}"));
            format!("{package}{}", reference.unwrap_or_default())
        }
        _ => package.to_string(),
    }
}
