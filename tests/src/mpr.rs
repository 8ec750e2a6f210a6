//! `mpr` as a user runs it.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::PATIENCE;
use crate::child::Process;
use crate::locate;
use crate::reader::Reader;
use crate::terminal::Terminal;
use crate::usb::Machine;

/// A command line of `mpr`, in an environment of its own: an empty home, no configuration, no variables but `PATH`.
#[derive(Clone, Debug)]
pub struct Mpr {
    home: Arc<TempDir>,
    dir: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    prefix: Vec<OsString>,
}

/// `mpr`, with no arguments yet.
#[must_use]
pub fn mpr() -> Mpr {
    let home =
        tempfile::Builder::new().prefix("mpr-home-").tempdir().expect("a temporary folder can be made");
    Mpr {
        home: Arc::new(home),
        dir: None,
        args: Vec::new(),
        env: Vec::new(),
        stdin: Vec::new(),
        prefix: Vec::new(),
    }
}

impl Mpr {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Mpr {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Mpr {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Mpr {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs in this folder; the home otherwise.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Mpr {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Runs on a machine with other serial ports. The machine must outlive the run.
    #[must_use]
    pub fn on(mut self, machine: &Machine) -> Mpr {
        self.prefix = machine.prefix();
        self
    }

    /// What it reads on stdin; nothing otherwise.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Mpr {
        self.stdin = bytes.into();
        self
    }

    /// The home folder, which clones of this share.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The command, without stdin, stdout and stderr.
    #[must_use]
    pub fn command(&self) -> Command {
        let home = self.home.path();
        let mut words = self.prefix.iter().cloned();
        let program = locate::mpr_program();
        let mut command = match words.next() {
            Some(first) => Command::new(first),
            None => Command::new(&program),
        };
        command.args(words);
        if !self.prefix.is_empty() {
            command.arg(&program);
        }
        command
            .args(&self.args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_STATE_HOME", home.join("state"))
            .env("TERM", "dumb")
            .env("MPR_SIM", locate::sim_program())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.as_deref().unwrap_or(home));
        command
    }

    /// Starts it with pipes.
    #[must_use]
    pub fn spawn(&self) -> Running {
        self.spawn_reading(None)
    }

    /// `leave_after`: what on stdout makes the reader go away.
    fn spawn_reading(&self, leave_after: Option<&str>) -> Running {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let child = process.child();
        let pipe = "a piped child has pipes";
        let mut stdin = child.stdin.take().expect(pipe);
        let input = self.stdin.clone();
        // A program that does not read its input is no fault.
        thread::spawn(move || drop(stdin.write_all(&input)));
        Running {
            shown: format!("{command:?}"),
            stdout: Reader::start(child.stdout.take().expect(pipe), leave_after),
            stderr: Reader::start(child.stderr.take().expect(pipe), None),
            process,
        }
    }

    /// Runs it with a reader of its stdout that goes away when this text has come.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`].
    #[must_use]
    pub fn run_with_closed_stdout_after(&self, text: &str) -> Outcome {
        self.spawn_reading(Some(text)).wait()
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`].
    #[must_use]
    pub fn run(&self) -> Outcome {
        self.spawn().wait()
    }

    /// Runs it and expects exit code 0.
    ///
    /// # Panics
    /// On any other end.
    pub fn ok(&self) -> Outcome {
        let outcome = self.run();
        outcome.expect_code(0);
        outcome
    }

    /// Runs it and expects this exit code and each of these texts on stderr.
    ///
    /// # Panics
    /// On any other end.
    pub fn fails(&self, code: i32, texts: &[&str]) -> Outcome {
        let outcome = self.run();
        outcome.expect_code(code);
        for text in texts {
            outcome.expect_stderr(text);
        }
        outcome
    }

    /// Starts it on a terminal.
    #[must_use]
    pub fn terminal(&self) -> Terminal {
        Terminal::start(self.command(), Arc::clone(&self.home))
    }
}

/// A started `mpr`. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    shown: String,
    process: Process,
    stdout: Reader,
    stderr: Reader,
}

impl Running {
    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Waits until this text is on stdout.
    ///
    /// # Panics
    /// When it does not come within [`PATIENCE`].
    #[track_caller]
    pub fn wait_for_stdout(&self, text: &str) {
        if !self.stdout.wait_for(text) {
            let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
            panic!("no {text:?} on stdout\n$ {}\nstdout: {stdout}\nstderr: {stderr}", self.shown);
        }
    }

    /// Waits until this text is on stderr.
    ///
    /// # Panics
    /// When it does not come within [`PATIENCE`].
    #[track_caller]
    pub fn wait_for_stderr(&self, text: &str) {
        if !self.stderr.wait_for(text) {
            let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
            panic!("no {text:?} on stderr\n$ {}\nstdout: {stdout}\nstderr: {stderr}", self.shown);
        }
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`]; the message has what it wrote.
    #[must_use]
    pub fn wait(mut self) -> Outcome {
        let in_time = self.process.wait_for(PATIENCE);
        let status = in_time.unwrap_or_else(|| self.process.kill());
        let outcome =
            Outcome { shown: self.shown, status, stdout: self.stdout.finish(), stderr: self.stderr.finish() };
        assert!(in_time.is_some(), "did not end: {outcome}");
        outcome
    }
}

/// How `mpr` ended and what it wrote.
#[derive(Clone, Debug)]
pub struct Outcome {
    shown: String,
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// stdout as text; other bytes become U+FFFD.
    #[must_use]
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// stdout as text, with `\n` for the `\r\n` that some firmwares print.
    #[must_use]
    pub fn text(&self) -> String {
        self.stdout().replace("\r\n", "\n")
    }

    /// stderr as text; other bytes become U+FFFD.
    #[must_use]
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Expects this exit code.
    ///
    /// # Panics
    /// On another one, with everything that was written.
    #[track_caller]
    pub fn expect_code(&self, code: i32) {
        assert_eq!(self.status.code(), Some(code), "exit code: {self}");
    }

    /// Expects this text somewhere on stderr.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn expect_stderr(&self, text: &str) {
        assert!(self.stderr().contains(text), "no {text:?} on stderr: {self}");
    }

    /// Expects a failure told as all are: an `error:` line, the object in backticks, one `hint:` line, this exit code.
    ///
    /// # Panics
    /// When a part is missing, or `mpr` itself panicked.
    #[track_caller]
    pub fn expect_failure(&self, code: i32, object: &str) {
        self.expect_code(code);
        let stderr = self.stderr();
        assert!(!stderr.contains("panicked"), "a panic: {self}");
        assert!(stderr.lines().any(|line| line.starts_with("error: ")), "no `error:` line: {self}");
        assert!(stderr.contains(&format!("`{object}`")), "`{object}` is not named: {self}");
        let hints = stderr.lines().filter(|line| line.starts_with("hint: ")).count();
        assert_eq!(hints, 1, "not one `hint:` line: {self}");
    }

    /// Expects this text somewhere on stdout.
    ///
    /// # Panics
    /// When it is not there.
    #[track_caller]
    pub fn expect_stdout(&self, text: &str) {
        assert!(self.stdout().contains(text), "no {text:?} on stdout: {self}");
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shorten = |text: String| -> String { text.chars().take(4000).collect() };
        write!(f, "\n$ {}\n", self.shown)?;
        match self.status.code() {
            Some(code) => writeln!(f, "exit code {code}")?,
            None => writeln!(f, "killed by signal {:?}", self.status.signal())?,
        }
        writeln!(f, "stdout: {}", shorten(self.stdout()))?;
        writeln!(f, "stderr: {}", shorten(self.stderr()))
    }
}
