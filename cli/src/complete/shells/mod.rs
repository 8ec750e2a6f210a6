//! How shells ask, and how they are answered.
//!
//! A shell's script runs `mpr complete --shell SHELL -- WORDS...`. What the words are, and what is printed, is a matter between
//! the script and its file here. It is no command: it prints nothing but candidates, and says nothing of what goes wrong.

mod bash;
mod fish;
mod line;
mod powershell;
mod zsh;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::str::FromStr;

use super::ask::Asking;
use super::{Candidate, ThisMachine, Vocabulary, complete};
use crate::chain;
use crate::config::Config;

/// The word that a script puts behind `mpr` to ask.
pub const COMMAND: &str = "complete";

/// A shell that has a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// bash, from 3.2 on.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell, from 5.0 on.
    PowerShell,
}

impl Shell {
    /// All of them.
    pub const ALL: [Shell; 4] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell];

    /// Its name, as it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::PowerShell => "powershell",
        }
    }

    /// The script that makes the shell ask.
    pub fn script(self) -> &'static str {
        match self {
            Shell::Bash => include_str!("mpr.bash"),
            Shell::Zsh => include_str!("_mpr"),
            Shell::Fish => include_str!("mpr.fish"),
            Shell::PowerShell => include_str!("_mpr.ps1"),
        }
    }

    /// The name that the script has as a file.
    pub fn file_name(self) -> &'static str {
        match self {
            Shell::Bash => "mpr.bash",
            Shell::Zsh => "_mpr",
            Shell::Fish => "mpr.fish",
            Shell::PowerShell => "_mpr.ps1",
        }
    }
}

impl FromStr for Shell {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Shell::ALL.map(Shell::name).join(", ");
        let found = Shell::ALL.into_iter().find(|shell| shell.name() == text);
        found.ok_or_else(|| format!("`{text}` is none of {}", known()))
    }
}

/// Candidates as a script wants them; the argument finds them for the words and the one that is being typed.
type Find<'a> = &'a mut dyn FnMut(&[String], &str) -> Vec<Candidate>;

/// Answers a script whose words follow [`COMMAND`].
pub fn answer(words: impl Iterator<Item = OsString>) -> ExitCode {
    // Words that are not UTF-8 name nothing on a board, and there is nobody to tell.
    let words: Option<Vec<String>> = words.map(|word| word.into_string().ok()).collect();
    let text = words.and_then(|words| {
        reply(&words, &mut |words, current| {
            // A configuration that is wrong is told when a command is run.
            let config = chain::choice(words).and_then(|choice| Config::load(&choice)).unwrap_or_default();
            complete(
                words,
                current,
                Vocabulary::COMMAND_LINE,
                &config,
                &mut ThisMachine(Asking::from_environment(&config)),
            )
        })
    });
    // The shell may have stopped listening.
    let _ = std::io::stdout().write_all(text.unwrap_or_default().as_bytes());
    ExitCode::SUCCESS
}

/// What to print for `--shell SHELL -- WORDS...`; `None` when that is not what the words are.
fn reply(words: &[String], find: Find<'_>) -> Option<String> {
    let [option, shell, end, asked @ ..] = words else { return None };
    if option != "--shell" || end != "--" {
        return None;
    }
    match shell.parse().ok()? {
        Shell::Bash => bash::reply(asked, find),
        Shell::Zsh => zsh::reply(asked, find),
        Shell::Fish => fish::reply(asked, find),
        Shell::PowerShell => powershell::reply(asked, find),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::complete::Kind;

    /// The answer to a script, with these candidates: a value ends unless it ends in a slash.
    pub fn answer_to(shell: Shell, asked: &[&str], values: &[&str]) -> (Vec<String>, String, Option<String>) {
        let words: Vec<String> =
            ["--shell", shell.name(), "--"].iter().chain(asked).map(|w| (*w).into()).collect();
        let mut seen = (Vec::new(), String::new());
        let text = reply(&words, &mut |words, current| {
            seen = (words.to_vec(), current.to_owned());
            let candidate = |value: &&str| Candidate {
                value: (*value).into(),
                about: String::new(),
                kind: Kind::Board,
                ends: !value.ends_with('/'),
            };
            values.iter().map(candidate).collect()
        });
        (seen.0, seen.1, text)
    }

    #[test]
    fn scripts_are_found_by_name() {
        for shell in Shell::ALL {
            assert_eq!(shell.name().parse(), Ok(shell));
            assert!(shell.script().contains(&format!("complete --shell {}", shell.name())), "{shell:?}");
        }
        assert_eq!("csh".parse::<Shell>(), Err("`csh` is none of bash, zsh, fish, powershell".into()));
    }

    #[test]
    fn other_words_have_no_answer() {
        for words in [&["bash"][..], &["--shell", "csh", "--", "x"], &["--shell", "bash", "x", "y"], &[]] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(reply(&words, &mut |_, _| Vec::new()), None);
        }
    }

    proptest! {
        #[test]
        fn any_words_are_survived(shell in 0..4usize, words in prop::collection::vec("\\PC*", 0..5), value in "\\PC*") {
            let asked: Vec<&str> = words.iter().map(String::as_str).collect();
            answer_to(Shell::ALL[shell], &asked, &[&value]);
        }
    }
}
