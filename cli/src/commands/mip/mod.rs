//! `mip install`: puts packages on the board.
//!
//! Everything is fetched and verified first; then the library puts all files on the board, or none.

mod failure;
mod report;

use clap::{ArgMatches, Args, FromArgMatches};
use mpr_protocol::mip::{
    BoardFacts, DEFAULT_INDEX, Installation, MpyFormat, Package, Plan, Resolver, Settings, Upload,
};
use sha2::{Digest, Sha256};

use super::Run;
use crate::chain;
use crate::failure::Failure;
use crate::fetch::{self, Client, FetchError, Fetched};
use crate::progress::Progress;
use crate::session::Session;
use report::{State, Teller};

/// The only thing that `mip` does.
const INSTALL: &str = "install";

/// Arguments of `mip`.
#[derive(Debug, Args)]
pub struct Mip {
    /// install
    #[arg(value_name = "CMD")]
    command: String,
    /// NAME[@VERSION] of the index, github:ORG/REPO[/PATH][@REF] (also gitlab:, codeberg:), an address, or a .json,
    /// .py or .mpy file or a folder of this machine
    #[arg(value_name = "PACKAGE", required = true)]
    packages: Vec<String>,
    /// Take compiled files (.mpy) where the index has them (the default)
    #[arg(short, long, overrides_with = "no_mpy")]
    mpy: bool,
    /// Take sources (.py)
    #[arg(long, overrides_with = "mpy")]
    no_mpy: bool,
    /// Directory on the device (default: the first in sys.path that ends in /lib)
    #[arg(long, value_name = "DIRECTORY")]
    target: Option<String>,
    /// Address of the index
    #[arg(long, value_name = "ADDRESS", default_value = DEFAULT_INDEX)]
    index: String,
}

/// What was fetched for a file of the plan, or is on the board already.
enum Content {
    /// On the board.
    Exists,
    /// Fetched, not on the board.
    New(Vec<u8>),
}

/// An installation whose words make sense.
#[derive(Debug)]
struct Install {
    words: Mip,
    packages: Vec<Package>,
}

/// Reads the words of `mip`, so that a wrong one shows before anything runs.
///
/// # Errors
/// A usage failure.
pub fn build(name: &str, matches: &ArgMatches) -> Result<Box<dyn Run>, Failure> {
    let words = Mip::from_arg_matches(matches).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    if words.command != INSTALL {
        let failure = Failure::usage(format!("mip: '{}' is not a command", words.command));
        return Err(match chain::nearest_of(&words.command, [INSTALL]) {
            Some(near) => failure.hint(format!("did you mean `mpr mip {near}`?")),
            None => failure.hint("`{mpr} mip install PACKAGE` installs a package"),
        });
    }
    let packages = words.packages.iter().map(|word| Package::parse(word));
    let packages = packages.collect::<Result<Vec<_>, _>>().map_err(failure::package)?;
    if words.target.as_ref().is_some_and(|target| target.chars().any(char::is_control)) {
        return Err(Failure::usage("mip: --target has a control character"));
    }
    Settings::new(&words.index, "", MpyFormat::Source)
        .and_then(|settings| Resolver::new(settings, &packages))
        .map_err(failure::package)?;
    Ok(Box::new(Install { words, packages }))
}

impl Run for Install {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let client = Client::new(session.timeout())?;
        let settings = self.settings(session)?;
        let mut teller = Teller::new(session.printer(), &self.words.packages, &settings);
        let plan = resolve(settings.clone(), &self.packages, &client, session, &mut teller)?;
        warn(&plan, session);
        let contents = fetch_files(&plan, &settings, &client, session)?;
        install(&plan, &settings, contents, session, &mut teller)
    }
}

impl Install {
    /// Where packages come from and go to; the board is asked for what the command line does not say.
    fn settings(&self, session: &mut Session<'_>) -> Result<Settings, Failure> {
        let facts = BoardFacts::ask(session.device()?).map_err(|error| Failure::device("mip", error))?;
        let format = if self.words.no_mpy { MpyFormat::Source } else { MpyFormat::of_board(facts.mpy) };
        let target = self.words.target.clone().or(facts.lib).ok_or_else(|| {
            Failure::refused("mip: Unable to find lib dir in sys.path, use --target to override")
                .hint("`{mpr} mip install --target / PACKAGE` installs to the root of the board")
        })?;
        Settings::new(&self.words.index, &target, format).map_err(failure::package)
    }
}

/// Finds out what is needed.
fn resolve(
    settings: Settings,
    packages: &[Package],
    client: &Client,
    session: &Session<'_>,
    teller: &mut Teller<'_>,
) -> Result<Plan, Failure> {
    let mut resolver = Resolver::new(settings, packages).map_err(failure::package)?;
    while let Some(request) = resolver.poll().map_err(failure::manifest)? {
        if packages.first() == Some(&request.package) {
            teller.first(&request.package)?;
        }
        session.printer().detail(&format!("looking for `{}`", request.package));
        let fetched = fetch::first(client, request.candidates, session.signals());
        let Fetched { content, from } =
            fetched.map_err(|error| failure::fetch(error, Some(&request.package)))?;
        resolver.answer(&content, &from).map_err(failure::manifest)?;
    }
    resolver.finish().map_err(failure::manifest)
}

/// What the user should know of a plan that works all the same.
fn warn(plan: &Plan, session: &Session<'_>) {
    for cycle in &plan.cycles {
        session.printer().note(&format!("note: these packages need each other: {}", cycle.join(" -> ")));
    }
    for (path, loser, winner) in &plan.overridden {
        session
            .printer()
            .note(&format!("note: `{loser}` and `{winner}` both bring `:{path}`; `{winner}` wins"));
    }
}

/// Fetches and verifies all files that are not on the board as the index describes them.
fn fetch_files(
    plan: &Plan,
    settings: &Settings,
    client: &Client,
    session: &mut Session<'_>,
) -> Result<Vec<Content>, Failure> {
    let paths: Vec<&str> = plan.files.iter().map(|file| file.path.as_str()).collect();
    let digests = Installation::new(session.device()?, settings.target()).digests(&paths);
    let digests = digests.map_err(|error| Failure::device("mip", error))?;
    let known = |number: usize| {
        digests[number]
            .is_some_and(|digest| plan.files[number].hash.as_ref().is_some_and(|hash| hash.matches(&digest)))
    };
    let wanted: Vec<_> = (0..plan.files.len())
        .filter(|number| !known(*number))
        .map(|number| (number, plan.files[number].candidates.clone()))
        .collect();
    let mut contents: Vec<Content> = plan.files.iter().map(|_| Content::Exists).collect();
    fetch::all(client, wanted, session.signals(), |number, Fetched { content, from }| {
        plan.files[number].check(&content, &from).map_err(failure::manifest)?;
        session.printer().detail(&format!("fetched `{from}`, {} bytes", content.len()));
        if digests[number] != Some(Sha256::digest(&content).into()) {
            contents[number] = Content::New(content);
        }
        Ok::<_, Failure>(())
    })?;
    Ok(contents)
}

/// Puts the new files on the board, and tells of all of them.
fn install(
    plan: &Plan,
    settings: &Settings,
    contents: Vec<Content>,
    session: &mut Session<'_>,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let mut states = Vec::with_capacity(contents.len());
    let (mut uploads, mut numbers) = (Vec::new(), Vec::new());
    for (number, content) in contents.into_iter().enumerate() {
        states.push(match content {
            Content::Exists => State::Exists,
            Content::New(content) => {
                let state = State::installed(&content);
                numbers.push(number);
                uploads.push(Upload { path: plan.files[number].path.clone(), content });
                state
            }
        });
    }
    let printer = session.printer();
    let total: u64 = uploads.iter().map(|upload| upload.content.len() as u64).sum();
    let progress = Progress::new(printer, "", total);
    let (mut before, mut current) = (0, None);
    let mut told = Ok(());
    let mut heard = |number: usize, done: u64| {
        if current != Some(number) {
            before += current.map_or(0, |last: usize| uploads[last].content.len() as u64);
            current = Some(number);
            progress.name(&uploads[number].path);
            if told.is_ok() {
                told = teller.writing(plan, &states, numbers[number]);
            }
        }
        progress.at(before + done);
    };
    let installed = Installation::new(session.device()?, settings.target()).install(&uploads, &mut heard);
    drop(progress);
    installed.map_err(|failure| failure::install(*failure))?;
    told?;
    teller.done(plan, &states)
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        failure::fetch(error, None)
    }
}
