//! One line: parsed as a command line, and run.

use std::process::{Command, Stdio};

use super::commands;
use crate::chain::{self, Chain, Parsed};
use crate::commands::run_all;
use crate::failure::{Failure, Kind, strerror};
use crate::hints::{Advice, MPR, shell_word};
use crate::session::Session;
use crate::words::{self, Unfinished};

/// The start of a line for this machine's shell.
pub(super) const HOST: char = '!';

/// Text that may go on in the next line.
#[derive(Debug, Default)]
pub struct Pending(String);

impl Pending {
    /// Whether a line has begun.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a line. Returns all of it when it is finished, and otherwise keeps it.
    pub fn add(&mut self, line: &str) -> Option<String> {
        self.0.push_str(line);
        let unfinished = match self.0.trim_start().starts_with([HOST, '#']) {
            true => None,
            false => words::split(&self.0).err(),
        };
        match unfinished {
            None => Some(std::mem::take(&mut self.0)),
            Some(Unfinished::Quote(_)) => {
                self.0.push('\n');
                None
            }
            Some(Unfinished::Backslash) => {
                self.0.pop();
                // An empty line behind it is the end, too.
                self.0.push(' ');
                None
            }
        }
    }

    /// Gives up what has begun, and says why it is no line.
    pub fn give_up(&mut self) -> Failure {
        let text = std::mem::take(&mut self.0);
        let why = words::split(&text).err().map(|unfinished| unfinished.to_string());
        let failure = Failure::usage(format!("`{}` is not a whole line", text.trim_end()));
        why.into_iter().fold(failure, Failure::cause).hint("`help` lists the commands")
    }
}

/// Runs a line.
///
/// # Errors
/// What ends it early, in the words of the shell.
pub fn execute(line: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let line = line.trim();
    let result = match line.chars().next() {
        None | Some('#') => Ok(()),
        Some(HOST) => on_host(&line[HOST.len_utf8()..], session),
        Some(_) => on_board(line, session),
    };
    let result = result.and_then(|()| match session.signals().received() {
        // It came when nothing was running that it could stop.
        Some(signal) => Err(Failure::new(Kind::Interrupted(signal), "interrupted")),
        None => Ok(()),
    });
    session.signals().forget();
    session.printer().end_line();
    result.map_err(|failure| {
        let failure = match session.device_name() {
            Some(name) if failure.kind == Kind::Link => failure.about_link(name),
            _ => failure,
        };
        if failure.kind == Kind::Link {
            session.drop_link();
        }
        in_shell(failure, session)
    })
}

fn on_board(line: &str, session: &mut Session<'_>) -> Result<(), Failure> {
    let words = words::split(line).map_err(|unfinished| {
        Failure::usage(format!("`{line}` is not a whole line")).cause(unfinished.to_string())
    })?;
    match chain::parse_among(&words, session.config(), commands::find)? {
        Parsed::Help(text) => {
            session.printer().data(text.as_bytes()).map_err(|error| Failure::output(&error))
        }
        Parsed::Chain(chain) => run(&chain, session),
    }
}

/// Runs a parsed line. Its options hold for this line.
fn run(chain: &Chain, session: &mut Session<'_>) -> Result<(), Failure> {
    let options = &chain.globals.anywhere;
    if options.device.is_some() {
        return Err(Failure::usage("--device: the shell has a device").hint("`connect DEVICE` takes another"));
    }
    if options.trace.is_some() {
        return Err(
            Failure::usage("--trace: not for a single line").hint("`mpr --trace FILE shell` keeps all bytes")
        );
    }
    if chain.globals.config.is_some() || chain.globals.no_config {
        return Err(Failure::usage("--config: the shell has its configuration")
            .hint("`mpr --config FILE shell` begins with another"));
    }
    let printer = session.printer();
    let wanted = printer.want_too(&chain.globals);
    let limit = session.timeout();
    session.limit_programs(options.timeout.or(limit));
    let result = run_all(&chain.commands, session);
    session.limit_programs(limit);
    printer.want(wanted);
    result
}

/// Runs a line of this machine's shell. The terminal and its Ctrl-C are the command's meanwhile.
fn on_host(line: &str, session: &Session<'_>) -> Result<(), Failure> {
    let theirs = session.signals().hand_over();
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    if !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        // The lines that follow are ours.
        command.stdin(Stdio::null());
    }
    let status = command.status();
    drop(theirs);
    let failure = |what: String| {
        let check = format!("sh -c {}", shell_word(line.trim()));
        Failure::usage(format!("`!{}`: {what}", line.trim())).hint(format!("`{check}` is what was run"))
    };
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => match status.code() {
            Some(code) => Err(failure(format!("ended with status {code}"))),
            None => Err(failure(format!("was killed ({status})"))),
        },
        Err(error) => Err(failure(strerror(&error))),
    }
}

/// Advice as it is typed in the shell.
fn in_shell(failure: Failure, session: &Session<'_>) -> Failure {
    let Some(hint) = &failure.hint else { return failure };
    let text = match hint {
        Advice::Text(text) => text.replace(&format!("{MPR} "), ""),
        Advice::Link(_) => hint.text(session.named()),
    };
    Failure { hint: Some(Advice::Text(text.replace("`mpr ", "`"))), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_have_several() {
        let mut pending = Pending::default();
        assert_eq!(pending.add("ls 'a"), None);
        assert_eq!(pending.add("b'").as_deref(), Some("ls 'a\nb'"));
        assert_eq!(pending.add("cp a \\"), None);
        assert_eq!(pending.add("b :").as_deref(), Some("cp a  b :"));
        assert_eq!(pending.add("!echo 'it").as_deref(), Some("!echo 'it"));
        assert_eq!(pending.add("# it's a comment").as_deref(), Some("# it's a comment"));
        assert!(pending.is_empty());
        assert_eq!(pending.add("exec \"x"), None);
        assert!(pending.give_up().message.contains("exec \"x"));
        assert!(pending.is_empty());
    }
}
