//! The words that only the shell has, beside all commands of the command line.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::chain;
use crate::commands::help::own_words;
use crate::commands::{self, Entry, Group, Run, entry, fs as board_fs};
use crate::complete::Vocabulary;
use crate::config::Config;
use crate::failure::Failure;
use crate::session::Session;

/// The shell's own words, in the order of the alphabet.
static WORDS: &[Entry] = &[
    entry::<Cd>("cd", "change the device's current directory"),
    entry::<Exit>("exit", "leave the shell; also quit, Ctrl-D"),
    entry::<Help>("help", "list all commands, or explain one"),
    entry::<Lcd>("lcd", "change the folder on this machine"),
    entry::<Lls>("lls", "list folders of this machine"),
    entry::<Lpwd>("lpwd", "print the folder on this machine"),
    entry::<Pwd>("pwd", "print the device's current directory"),
    Entry { group: Group::Hidden, ..entry::<Exit>("quit", "leave the shell") },
    Entry { group: Group::Hidden, ..entry::<Within>("shell", "the shell is there already") },
];

/// The command of this name, the shell's own first.
pub fn find(name: &str) -> Option<&'static Entry> {
    WORDS.iter().find(|entry| entry.name == name).or_else(|| commands::find(name))
}

/// All words that may begin a command.
pub const VOCABULARY: Vocabulary = Vocabulary { find, own: WORDS };

/// Arguments of `cd`.
#[derive(Debug, Args)]
struct Cd {
    /// Directory on the device [default: /]
    #[arg(value_name = "DIRECTORY")]
    directory: Option<String>,
}

impl Run for Cd {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let path = self.directory.as_deref().map_or("/", board_fs::board_path);
        let path = if path.is_empty() { "/" } else { path };
        session.device()?.chdir(path).map_err(|error| Failure::device_at("cd", path, error))
    }
}

/// Arguments of `pwd`.
#[derive(Debug, Args)]
struct Pwd {}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
}

impl Run for Pwd {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let cwd = session.device()?.cwd().map_err(|error| Failure::device("pwd", error))?;
        session.printer().line(&cwd)?;
        session.printer().json("pwd", &Place { path: &format!(":{cwd}") })
    }
}

/// Arguments of `lcd`.
#[derive(Debug, Args)]
struct Lcd {
    /// Folder on this machine [default: your home]
    #[arg(value_name = "FOLDER")]
    folder: Option<String>,
}

impl Run for Lcd {
    fn run(&self, _: &mut Session<'_>) -> Result<(), Failure> {
        let folder = at_home(self.folder.as_deref().unwrap_or("~"));
        env::set_current_dir(&folder)
            .map_err(|error| Failure::local("lcd", &folder.display().to_string(), &error))
    }
}

/// Arguments of `lpwd`.
#[derive(Debug, Args)]
struct Lpwd {}

impl Run for Lpwd {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let folder = env::current_dir().map_err(|error| Failure::local("lpwd", ".", &error))?;
        let folder = folder.display().to_string();
        session.printer().line(&folder)?;
        session.printer().json("lpwd", &Place { path: &folder })
    }
}

/// Arguments of `lls`.
#[derive(Debug, Args)]
struct Lls {
    /// Folders on this machine [default: the current one]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
}

#[derive(Serialize)]
struct Listing<'a> {
    path: &'a str,
    entries: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    size: u64,
}

impl Run for Lls {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let current = [".".to_owned()];
        let paths = if self.paths.is_empty() { &current[..] } else { &self.paths };
        let printer = session.printer();
        for path in paths {
            let entries = list(&at_home(path)).map_err(|error| Failure::local("lls", path, &error))?;
            for Listed { name, kind, size } in &entries {
                let slash = if *kind == "directory" { "/" } else { "" };
                printer.line(&format!("{size:12} {name}{slash}"))?;
            }
            printer.json("lls", &Listing { path, entries })?;
        }
        Ok(())
    }
}

fn list(path: &Path) -> std::io::Result<Vec<Listed>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // A link that leads nowhere is listed as it is.
        let data = fs::metadata(entry.path()).or_else(|_| entry.metadata())?;
        let kind = if data.is_dir() { "directory" } else { "file" };
        let size = if data.is_dir() { 0 } else { data.len() };
        entries.push(Listed { name: entry.file_name().to_string_lossy().into_owned(), kind, size });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// A folder of this machine as users write it: `~` is the home.
pub fn at_home(path: &str) -> PathBuf {
    let rest = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (rest, env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

/// Arguments of `exit`.
#[derive(Debug, Args)]
struct Exit {}

impl Run for Exit {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        session.leave_shell();
        Ok(())
    }
}

/// Arguments of `shell`, in the shell.
#[derive(Debug, Args)]
struct Within {}

impl Run for Within {
    fn run(&self, _: &mut Session<'_>) -> Result<(), Failure> {
        Err(Failure::usage("this is the shell already").hint("`exit` leaves it"))
    }
}

/// Arguments of `help`.
#[derive(Debug, Args)]
struct Help {
    /// Command to explain
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

impl Run for Help {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let text = match self.command.as_deref() {
            None => overview(session.config()),
            Some(board_fs::NAME) => board_fs::render_help(),
            Some(name) => match find(name) {
                Some(entry) => chain::render_help(chain::grammar(name, entry)),
                None => {
                    return Err(Failure::usage(format!("`{name}` is not a command"))
                        .hint("`help` lists the commands"));
                }
            },
        };
        // Lines here begin with the command.
        let text = text.replace("Usage: mpr ", "Usage: ");
        session.printer().data(text.as_bytes()).map_err(|error| Failure::output(&error))
    }
}

fn overview(config: &Config) -> String {
    let mut text = String::from(
        "A line is a command, or several with `+` between them; quotes and backslashes are a shell's. Paths are the\n\
         device's; for cp, those with a colon are. `!COMMAND` runs a command of this machine.\n",
    );
    let files = commands::group(Group::Files);
    let others = commands::group(Group::Commands).filter(|entry| !matches!(entry.name, "help" | "shell"));
    let own = WORDS.iter().filter(|entry| entry.group != Group::Hidden);
    let mut section = |title: &str, entries: &mut dyn Iterator<Item = &Entry>| {
        text.push_str(&format!("\n{title}:\n"));
        for entry in entries {
            text.push_str(&format!("  {:<12} {}\n", entry.name, entry.about));
        }
    };
    section("The shell's own", &mut own.into_iter());
    section("Files on the device", &mut files.into_iter());
    section("Other commands", &mut others.into_iter());
    own_words(&mut text, config);
    text.push_str("\n`help COMMAND` explains one.\n");
    text
}
