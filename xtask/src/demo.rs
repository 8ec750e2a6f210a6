//! The main job, on a board without hardware.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{Result, cargo, quoted, run};
use crate::terminal::Terminal;
use crate::{paths, setup, test};

/// Ctrl-]: leaves the prompt.
const LEAVE: &str = "\x1d";

const PROGRAM: &str = "\
import sys, os

print('hello from', sys.implementation.name, os.uname().machine)
for n in range(1, 6):
    print(n, 'squared is', n * n)
";

/// Builds `mpr` and the simulated board and walks through a first session.
pub fn demo() -> Result {
    setup::build()?;
    run(&mut cargo(test::PROGRAMS))?;
    // A home of its own: the board's flash is in the user's data folder, and this must be able to run again.
    let dir = paths::target().join("demo");
    if dir.exists() {
        fs::remove_dir_all(&dir).map_err(|e| format!("error: `{}`: {e}", dir.display()))?;
    }
    fs::create_dir_all(&dir).map_err(|e| format!("error: `{}`: {e}", dir.display()))?;
    fs::write(dir.join("hello.py"), PROGRAM).map_err(|e| format!("error: hello.py: {e}"))?;
    let session = Session { dir: &dir };

    println!("\nA simulated board: MicroPython in a process, its flash in a file. No hardware needed.\n");
    session.host("cat", &["hello.py"], PROGRAM)?;
    session.step("Copy a program in.", &["cp", "hello.py", ":"], "")?;
    session.step("List the board's files.", &["ls"], "hello.py")?;
    session.step("Run the program on the board.", &["exec", "import hello"], "5 squared is 25")?;
    session.step("Run a local file without copying it.", &["run", "hello.py"], "hello from micropython")?;
    session.step("Read it back and compare.", &["cp", ":hello.py", "copy.py"], "")?;
    session.host("cmp", &["hello.py", "copy.py"], "")?;
    session.prompt("Type a line at the prompt; Ctrl-] leaves it.", "print(6 * 7)", "42")?;
    println!("Next: `mpr --help`; with a real board: `mpr devs`.");
    Ok(())
}

struct Session<'a> {
    dir: &'a Path,
}

impl Session<'_> {
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.dir)
            .env("HOME", self.dir)
            .env("XDG_CONFIG_HOME", self.dir.join("config"))
            .env("XDG_DATA_HOME", self.dir.join("data"))
            .env_remove("MPR_DEVICE");
        command
    }

    fn host(&self, program: &str, args: &[&str], expected: &str) -> Result {
        let words: Vec<String> = args.iter().map(|word| quoted(word)).collect();
        println!("$ {program} {}", words.join(" "));
        let mut command = self.command(Path::new(program));
        check(command.args(args), expected)
    }

    /// Shows and runs `mpr connect sim: ARGS`.
    fn step(&self, what: &str, args: &[&str], expected: &str) -> Result {
        let words: Vec<String> = args.iter().map(|word| quoted(word)).collect();
        check(self.mpr(what, &words.join(" ")).args(args), expected)
    }

    /// Shows and runs `mpr connect sim:` on a terminal, where a person types a line.
    fn prompt(&self, what: &str, line: &str, expected: &str) -> Result {
        let mut terminal = Terminal::start(&mut self.mpr(what, ""))?;
        terminal.await_text(">>> ")?;
        terminal.type_in(&format!("{line}\r"))?;
        terminal.await_text(&format!("\n{expected}\r\n>>> "))?;
        terminal.type_in(LEAVE)?;
        println!("{}", terminal.finish()?.trim_end());
        println!();
        Ok(())
    }

    fn mpr(&self, what: &str, words: &str) -> Command {
        println!("# {what}\n$ {}", format!("mpr connect sim: {words}").trim_end());
        let mut command = self.command(&paths::target().join("debug/mpr"));
        command.args(["connect", "sim:"]);
        command
    }
}

/// Runs a step, shows its output, and expects success and `expected` on stdout.
fn check(command: &mut Command, expected: &str) -> Result {
    let failed = |why: String| format!("error: this step failed: {why}");
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    if !text.contains(expected) {
        return Err(failed(format!("its output has no `{expected}`")));
    }
    Ok(())
}
