//! The simulated board that both tools talk to.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::paths;
use crate::run::{Result, shown};

/// A running simulated board; it ends when dropped.
pub struct Board {
    child: Child,
    /// The port, by a name outside `/dev/pts`.
    pub port: PathBuf,
}

impl Board {
    /// Starts it in `dir` with a fresh flash of 4 MB.
    pub fn start(sim: &Path, dir: &Path) -> Result<Board> {
        let (port, flash) = (dir.join("tty"), dir.join("flash.img"));
        let _ = fs::remove_file(&flash);
        let mut command = Command::new(sim);
        command.args(["--flash-size", "4M", "--pty", "--link"]).arg(&port).arg("--flash").arg(&flash);
        let (child, _) = started(command.stdin(Stdio::null()))?;
        Ok(Board { child, port })
    }

    /// Starts one by the test harness: the words say which, as `mpr-fixture` takes them.
    pub fn fixture(sim: &Path, words: &[&str]) -> Result<Board> {
        let (child, port) = started(fixture(words).env("MPR_SIM", sim))?;
        Ok(Board { child, port: port.into() })
    }
}

/// Bytes of heap that the agent takes on the board at a port when a text of so many bytes has come, and those of the window among them.
pub fn agent_heap(port: &Path, text: usize) -> Result<(f64, f64)> {
    let port = port.to_string_lossy();
    let output = fixture(&["agent-heap", &port, &text.to_string()]).output();
    let output = output.map_err(|error| format!("error: `mpr-fixture agent-heap`: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [heap, window] => Ok((heap, window)),
        _ => Err(format!("error: the agent does not run on the board at {port}")),
    }
}

/// An index of packages on this machine; it ends when dropped.
pub struct Index {
    child: Child,
    /// Its address.
    pub url: String,
}

impl Index {
    /// Starts it.
    pub fn start() -> Result<Index> {
        let (child, url) = started(&mut fixture(&["index"]))?;
        Ok(Index { child, url })
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A part of the test harness as a program, which ends with its input.
fn fixture(words: &[&str]) -> Command {
    let mut command = Command::new(paths::target().join("debug/mpr-fixture"));
    command.args(words).stdin(Stdio::piped());
    command
}

/// Starts a program that says on its first line where it is reached.
fn started(command: &mut Command) -> Result<(Child, String)> {
    let program = shown(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("error: could not start `{program}`: {error}"))?;
    let stdout = child.stdout.take().expect("a piped child has pipes");
    let mut name = String::new();
    match BufReader::new(stdout).read_line(&mut name) {
        Ok(1..) => Ok((child, name.trim_end().to_owned())),
        _ => {
            end(&mut child);
            Err(format!("error: `{program}` did not start"))
        }
    }
}

/// One that waits for the end of its input cleans up; others are killed.
fn end(child: &mut Child) {
    if child.stdin.take().is_none() {
        let _ = child.kill();
    }
    let _ = child.wait();
}

impl Drop for Board {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// From starting `mpr-sim` to its prompt, with this flash image.
pub fn start_to_prompt(sim: &Path, flash: &Path) -> Result<Duration> {
    let started = Instant::now();
    let mut child = Command::new(sim)
        .arg("--flash")
        .arg(flash)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("error: could not start `{}`: {error}", sim.display()))?;
    let mut stdout = child.stdout.take().expect("a piped child has pipes");
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    while !seen.ends_with(b">>> ") {
        match stdout.read(&mut buffer) {
            Ok(count @ 1..) => seen.extend_from_slice(&buffer[..count]),
            _ => return Err("error: the simulated board ended before its prompt".into()),
        }
    }
    let time = started.elapsed();
    drop(child.stdin.take());
    child.wait().map_err(|error| format!("error: the simulated board: {error}"))?;
    Ok(time)
}
