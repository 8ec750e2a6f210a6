//! Options that hold for the whole command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use crate::session::Target;

/// The environment variable that names the device when neither `connect` nor `--device` does.
pub const DEVICE_VARIABLE: &str = "MPR_DEVICE";

/// Options that are understood before the first command, between commands, and after a command's own words.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Anywhere {
    /// Device, written as for `connect` (default: $MPR_DEVICE, the configuration's, the only USB board)
    #[arg(short, long, value_name = "DEVICE", value_parser = Target::parse)]
    pub device: Option<Target>,
    /// Print one JSON object per result instead of text
    #[arg(long)]
    pub json: bool,
    /// Print results and errors only
    #[arg(short, long)]
    pub quiet: bool,
    /// Write every byte to and from the board to a file
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// File with the password for `ws://` and `wss://` (default: $MPR_WEBREPL_PASSWORD, the configuration's, a question)
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// File with the certificates (PEM) that `wss://` trusts instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Let `wss://` trust whoever answers
    #[arg(long)]
    pub insecure: bool,
    /// Give up on a program or an exchange after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub timeout: Option<Duration>,
}

/// Options that are understood where a command could stand.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    #[command(flatten)]
    pub anywhere: Anywhere,
    /// File to read instead of the usual configuration; before the first command (default: $MPR_CONFIG)
    #[arg(long, value_name = "FILE", overrides_with = "no_config")]
    pub config: Option<String>,
    /// Read no configuration; before the first command
    #[arg(long, overrides_with = "config")]
    pub no_config: bool,
    /// Say on standard error what is done
    #[arg(short, long)]
    pub verbose: bool,
    /// Print help: all commands, or `mpr COMMAND --help` for one
    #[arg(short, long, action = ArgAction::SetTrue)]
    pub help: bool,
    /// Print the version
    #[arg(long)]
    pub version: bool,
}

impl Anywhere {
    /// Takes over what `later` sets.
    pub fn merge(&mut self, later: Anywhere) {
        self.json |= later.json;
        self.quiet |= later.quiet;
        self.device = later.device.or(self.device.take());
        self.trace = later.trace.or(self.trace.take());
        self.timeout = later.timeout.or(self.timeout);
        self.password_file = later.password_file.or(self.password_file.take());
        self.ca = later.ca.or(self.ca.take());
        self.insecure |= later.insecure;
    }
}

impl Globals {
    /// Takes over what `later` sets.
    pub fn merge(&mut self, later: Globals) {
        self.anywhere.merge(later.anywhere);
        if later.config.is_some() || later.no_config {
            (self.config, self.no_config) = (later.config, later.no_config);
        }
        self.verbose |= later.verbose;
        self.help |= later.help;
        self.version |= later.version;
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}
