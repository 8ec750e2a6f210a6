//! The simulated board that both tools talk to.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::Result;

/// A running `mpr-sim --pty`; killed when dropped.
pub struct Board {
    child: Child,
    /// The port, by a name outside `/dev/pts`.
    pub port: PathBuf,
}

impl Board {
    /// Starts it in `dir` with a fresh flash of 4 MB.
    pub fn start(sim: &Path, dir: &Path) -> Result<Board> {
        Board::launch(sim, dir, "", &[])
    }

    /// Starts one behind a line of 115200 baud. mpremote's mount hangs when the receive buffer holds 256 bytes only, as on
    /// many boards, so this one has more.
    pub fn slow(sim: &Path, dir: &Path) -> Result<Board> {
        Board::launch(sim, dir, "slow-", &["--uart", "115200", "--fifo", "1024"])
    }

    fn launch(sim: &Path, dir: &Path, prefix: &str, options: &[&str]) -> Result<Board> {
        let port = dir.join(format!("{prefix}tty"));
        let flash = dir.join(format!("{prefix}flash.img"));
        let _ = fs::remove_file(&flash);
        let mut child = Command::new(sim)
            .args(options)
            .args(["--flash-size", "4M", "--pty", "--link"])
            .arg(&port)
            .arg("--flash")
            .arg(&flash)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("error: could not start `{}`: {error}", sim.display()))?;
        let stdout = child.stdout.take().expect("a piped child has pipes");
        let mut name = String::new();
        let said = BufReader::new(stdout).read_line(&mut name);
        let board = Board { child, port };
        match said {
            Ok(1..) => Ok(board),
            _ => Err("error: the simulated board did not start".into()),
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
