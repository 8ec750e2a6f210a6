//! The TAB key on a path of the board: one process that asks and ends.

use std::fs;

use super::measure::{median, timed};
use super::tools::Tool;
use super::{Bench, ROUNDS};
use crate::run::Result;

impl Bench {
    /// The time in ms for the candidates of a path, on a board that is there.
    pub(super) fn tab_on_board(&self) -> Result<f64> {
        self.tab(&self.board.port.display().to_string())
    }

    /// The same on `sim:`, which is started for it.
    pub(super) fn tab_on_sim(&self) -> Result<f64> {
        let image = self.dir.join("tab.img");
        let _ = fs::remove_file(&image);
        self.tab(&format!("sim:{}", image.display()))
    }

    fn tab(&self, device: &str) -> Result<f64> {
        timed(self.command(Tool::Mpr).args(["connect", device, "touch", ":tabbed.py"]))?;
        let ask = || {
            let mut command = self.command(Tool::Mpr);
            let line = ["connect", device, "cat", ":tab"];
            command.args(["complete", "--shell", "zsh", "--"]).args(line);
            command
        };
        let answer = ask().output().map_err(|error| format!("error: could not start `mpr`: {error}"))?;
        if !String::from_utf8_lossy(&answer.stdout).contains(":tabbed.py") {
            return Err(format!("error: `{device}` has not named its file"));
        }
        let rounds = self.choice.rounds(ROUNDS);
        let runs = (0..rounds).map(|_| timed(&mut ask())).collect::<Result<Vec<_>>>()?;
        Ok(median(&runs).as_secs_f64() * 1e3)
    }
}
