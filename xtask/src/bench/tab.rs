//! The TAB key on a path of the board: one process that asks and ends.

use std::fs;

use super::measure::{median, timed};
use super::report::Figure;
use super::{Bench, ROUNDS, figure};
use crate::run::Result;

impl Bench {
    /// The time for the candidates of a path: on a board that is there, and on `sim:`, which is started for it.
    pub(super) fn tabs(&self) -> Result<[Figure; 2]> {
        println!("paths on the board by the TAB key");
        let image = self.dir.join("tab.img");
        let _ = fs::remove_file(&image);
        let sim = format!("sim:{}", image.display());
        let port = self.board.port.display().to_string();
        Ok([
            figure("TAB on a path of a board at its prompt", self.tab(&port)?, "ms", 150.0),
            figure("TAB on a path of `sim:`, started for it", self.tab(&sim)?, "ms", 150.0),
        ])
    }

    fn tab(&self, device: &str) -> Result<f64> {
        timed(self.command(&self.mpr).args(["connect", device, "touch", ":tabbed.py"]))?;
        let ask = || {
            let mut command = self.command(&self.mpr);
            let line = ["connect", device, "cat", ":tab"];
            command.env("MPR_SIM", &self.sim).args(["complete", "--shell", "zsh", "--"]).args(line);
            command
        };
        let answer = ask().output().map_err(|error| format!("error: could not start `mpr`: {error}"))?;
        if !String::from_utf8_lossy(&answer.stdout).contains(":tabbed.py") {
            return Err(format!("error: `{device}` has not named its file"));
        }
        let runs = (0..ROUNDS).map(|_| timed(&mut ask())).collect::<Result<Vec<_>>>()?;
        Ok(median(&runs).as_secs_f64() * 1e3)
    }
}
