//! Which configuration files there are.

use std::env;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// The environment variable that names the configuration file when no option does. Empty, it switches configuration off.
const CONFIG_VARIABLE: &str = "MPR_CONFIG";

/// Whose rules a file follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Our own, in TOML.
    Native,
    /// mpremote's, in Python.
    Mpremote,
}

/// A file that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub path: PathBuf,
    pub role: Role,
    /// The user has named it, so it must be there.
    pub named: bool,
    /// It is there and was read.
    pub found: bool,
}

/// Which configuration is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The files at their usual places.
    Usual,
    /// None.
    Off,
    /// This file and no other.
    Named(PathBuf),
}

impl Choice {
    /// What `--config` and `--no-config` say, and the environment if they say nothing.
    pub fn new(option: Option<&str>, off: bool) -> Choice {
        match (option, off, env::var_os(CONFIG_VARIABLE)) {
            (None, true, _) => Choice::Off,
            (Some(file), ..) => Choice::named(Path::new(file)),
            (None, false, Some(file)) => Choice::named(Path::new(&file)),
            (None, false, None) => Choice::Usual,
        }
    }

    fn named(file: &Path) -> Choice {
        match file.as_os_str().is_empty() {
            true => Choice::Off,
            false => Choice::Named(file.to_owned()),
        }
    }

    /// The files, in the order of their weight.
    pub fn files(&self) -> Vec<File> {
        let file = |role| move |path| File { path, role, named: false, found: false };
        match self {
            Choice::Off => Vec::new(),
            Choice::Named(path) => {
                let role = match path.extension().is_some_and(|extension| extension == "py") {
                    true => Role::Mpremote,
                    false => Role::Native,
                };
                vec![File { named: true, ..file(role)(path.clone()) }]
            }
            Choice::Usual => {
                let ours = config_folder().map(|folder| folder.join("mpr").join("config.toml"));
                let theirs = mpremote_folder().map(|folder| folder.join("mpremote").join("config.py"));
                ours.map(file(Role::Native)).into_iter().chain(theirs.map(file(Role::Mpremote))).collect()
            }
        }
    }
}

/// The platform's folder for configuration; nothing on a machine without a home.
fn config_folder() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir())
}

/// Where mpremote (platformdirs' `user_config_dir`) looks on this platform.
fn mpremote_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        return env::var_os("LOCALAPPDATA").map(PathBuf::from);
    }
    match env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => Some(PathBuf::from(folder)),
        None if cfg!(target_os = "macos") => {
            etcetera::home_dir().ok().map(|home| home.join("Library").join("Application Support"))
        }
        None => config_folder(),
    }
}
