//! The commands, one file each, and the table that lists them.
//!
//! A command is a struct of its arguments (clap reads them) with [`Run`]. To add one: write its file, add its line to
//! `COMMANDS`.

pub mod backup;
pub mod bench;
pub mod bootloader;
pub mod cat;
pub mod checksum;
pub mod completions;
pub mod config;
pub mod connect;
pub mod cp;
pub mod devs;
pub mod df;
pub mod disconnect;
pub mod doctor;
pub mod edit;
pub mod eval;
pub mod exec;
pub mod fs;
pub mod help;
pub mod ls;
pub mod mip;
pub mod mkdir;
pub mod mount;
pub mod mv;
pub mod repl;
pub mod reset;
pub mod restore;
pub mod resume;
pub mod rm;
pub mod rmdir;
pub mod romfs;
pub mod rtc;
pub mod run;
pub mod shell;
pub mod sleep;
pub mod soft_reset;
pub mod sync;
pub mod touch;
pub mod tree;
pub mod version;
pub mod webrepl;

use clap::{ArgMatches, Args, Command};

use crate::failure::{Failure, Kind};
use crate::session::Session;

/// A parsed command.
pub trait Run: std::fmt::Debug {
    /// Does it.
    ///
    /// # Errors
    /// What ends the command line early.
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure>;

    /// Whether it does something by itself. A command line of commands that don't ends in the REPL.
    fn is_action(&self) -> bool {
        true
    }

    /// Whether the commands behind it are its own, to run them again and again by [`Run::run_repeating`].
    fn repeats(&self) -> bool {
        false
    }

    /// Does it, with the commands behind it.
    ///
    /// # Errors
    /// As [`Run::run`].
    fn run_repeating(&self, _rest: &[Box<dyn Run>], session: &mut Session<'_>) -> Result<(), Failure> {
        self.run(session)
    }
}

/// Runs commands one after the other.
///
/// # Errors
/// Of the first command that fails; the others do not run.
pub fn run_all(commands: &[Box<dyn Run>], session: &mut Session<'_>) -> Result<(), Failure> {
    for (at, command) in commands.iter().enumerate() {
        if command.repeats() {
            return command.run_repeating(&commands[at + 1..], session);
        }
        command.run(session)?;
        if let Some(signal) = session.signals().received() {
            // It came when nothing was running that it could stop.
            return Err(Failure::new(Kind::Interrupted(signal), "interrupted"));
        }
    }
    Ok(())
}

/// Where a command stands in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Among the commands.
    Commands,
    /// Among the file commands, which may be written `fs NAME` as well.
    Files,
    /// Nowhere.
    Hidden,
}

/// Makes a command from what clap found, for the word by which it was called.
type Build = fn(&str, &ArgMatches) -> Result<Box<dyn Run>, Failure>;

/// A command's line in the table.
pub struct Entry {
    /// Its word.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// Where help lists it.
    pub group: Group,
    /// Which of the file commands' common options help shows. The others are understood and mean nothing.
    pub options: &'static [&'static str],
    /// Adds its arguments to a grammar.
    pub grammar: fn(Command) -> Command,
    /// Makes it.
    pub build: Build,
    /// Says that the positional word of this name is missing.
    pub missing: fn(&str) -> String,
}

/// All commands, in the order of the alphabet.
static COMMANDS: &[Entry] = &[
    entry::<backup::Backup>("backup", "save the device's files in a tar archive"),
    entry::<bench::Bench>("bench", "measure how fast the device and its link are"),
    entry::<bootloader::Bootloader>("bootloader", "make the device enter its bootloader"),
    file_entry::<cat::Cat>("cat", "print files", &[]),
    entry::<completions::Completions>("completions", "print the script that makes a shell complete"),
    entry::<config::ShowConfig>("config", "show the configuration: its files, macros and devices"),
    entry::<connect::Connect>("connect", "connect to a device"),
    Entry {
        missing: cp::missing,
        build: cp::build,
        ..file_entry::<cp::Cp>("cp", "copy files to, from and on the device", &["recursive", "force"])
    },
    entry::<devs::Devs>("devs", "list available serial ports, with --network boards on the network"),
    entry::<df::Df>("df", "show the size of the device's filesystems"),
    entry::<disconnect::Disconnect>("disconnect", "disconnect the current device"),
    entry::<doctor::Doctor>("doctor", "say what this machine lacks for a command"),
    entry::<edit::Edit>("edit", "edit files on the device with an editor of this machine"),
    entry::<eval::Eval>("eval", "evaluate an expression and print the result"),
    entry::<exec::Exec>("exec", "run code"),
    entry::<help::Help>("help", "print help: all commands, or one"),
    file_entry::<ls::Ls>("ls", "list directories", &[]),
    Entry {
        name: "mip",
        about: "install packages",
        group: Group::Commands,
        options: &[],
        grammar: mip::Mip::augment_args,
        build: mip::build,
        missing: missing_word,
    },
    file_entry::<mkdir::Mkdir>("mkdir", "make directories", &[]),
    entry::<mount::Mount>(
        "mount",
        "show a local folder on the device, or the device's files in a local folder",
    ),
    Entry {
        grammar: mv::grammar,
        missing: mv::missing,
        build: mv::build,
        ..file_entry::<mv::Mv>("mv", "move and rename files and directories", &["force"])
    },
    entry::<repl::Repl>("repl", "enter the interactive prompt"),
    entry::<reset::Reset>("reset", "hard reset the device"),
    entry::<restore::Restore>("restore", "put the files of a tar archive on the device"),
    Entry {
        group: Group::Hidden,
        ..entry::<resume::Resume>("resume", "skip the soft reset that the configuration asks for")
    },
    file_entry::<rm::Rm>("rm", "remove files, with -r directories, too", &["recursive"]),
    file_entry::<rmdir::Rmdir>("rmdir", "remove empty directories", &[]),
    Entry {
        name: "romfs",
        about: "show, build and write read-only filesystems",
        group: Group::Commands,
        options: &[],
        grammar: romfs::Romfs::augment_args,
        build: romfs::build,
        missing: missing_word,
    },
    entry::<rtc::Rtc>("rtc", "print the device's clock, with --set set it"),
    entry::<run::RunFile>("run", "run a local program on the device"),
    Entry {
        name: checksum::NAME,
        about: "print digests; also md5sum, sha1sum",
        group: Group::Files,
        options: &[],
        grammar: checksum::Checksum::augment_args,
        build: checksum::build,
        missing: missing_word,
    },
    entry::<shell::Shell>("shell", "enter commands line by line"),
    entry::<sleep::Sleep>("sleep", "wait before the next command"),
    entry::<soft_reset::SoftReset>("soft-reset", "restart the interpreter on the device"),
    entry::<sync::Sync>("sync", "make a directory on the device like a local folder, or the other way round"),
    file_entry::<touch::Touch>("touch", "make empty files", &[]),
    file_entry::<tree::Tree>("tree", "list directories as a tree", &["size", "human"]),
    entry::<mount::Umount>("umount", "take a mounted folder away"),
    entry::<version::Version>("version", "print the version"),
    Entry {
        name: "webrepl",
        about: "copy files by WebREPL's own protocol, while a program runs",
        group: Group::Commands,
        options: &[],
        grammar: webrepl::WebRepl::augment_args,
        build: webrepl::build,
        missing: missing_word,
    },
];

/// A command's line.
pub const fn entry<C: Args + Run + 'static>(name: &'static str, about: &'static str) -> Entry {
    Entry {
        name,
        about,
        group: Group::Commands,
        options: &[],
        grammar: C::augment_args,
        build: build::<C>,
        missing: missing_word,
    }
}

/// A file command's line, with the options of the family that mean something to it.
const fn file_entry<C: Args + Run + 'static>(
    name: &'static str,
    about: &'static str,
    options: &'static [&'static str],
) -> Entry {
    Entry { group: Group::Files, options, ..entry::<C>(name, about) }
}

/// Makes a command from what clap found.
fn build<C: Args + Run + 'static>(name: &str, matches: &ArgMatches) -> Result<Box<dyn Run>, Failure> {
    match C::from_arg_matches(matches) {
        Ok(command) => Ok(Box::new(command)),
        Err(error) => Err(Failure::usage(format!("{name}: {error}"))),
    }
}

fn missing_word(word: &str) -> String {
    format!("missing argument {word}")
}

/// The command of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    let listed = if checksum::is_name(name) { checksum::NAME } else { name };
    COMMANDS.iter().find(|entry| entry.name == listed)
}

/// Whether a word is a command.
pub fn is_name(word: &str) -> bool {
    word == fs::NAME || find(word).is_some()
}

/// The names of all commands.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|entry| entry.name).chain([fs::NAME])
}

/// The commands of a group, in the order of the alphabet.
pub fn group(group: Group) -> impl Iterator<Item = &'static Entry> {
    COMMANDS.iter().filter(move |entry| entry.group == group)
}
