//! `completions`: prints the script that makes a shell complete.

use clap::Args;

use super::Run;
use crate::complete::Shell;
use crate::failure::Failure;
use crate::session::Session;

/// How to use what is printed.
const USE: &str = "\
Shells:
  bash               source <(mpr completions bash)
  zsh                mpr completions zsh > FOLDER/_mpr, where FOLDER is one of $fpath
  fish               mpr completions fish > ~/.config/fish/completions/mpr.fish
  powershell         mpr completions powershell | Out-String | Invoke-Expression";

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = USE)]
pub struct Completions {
    /// bash, zsh, fish or powershell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Run for Completions {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let script = self.shell.script();
        session.printer().data(script.as_bytes()).map_err(|error| Failure::output(&error))
    }
}
