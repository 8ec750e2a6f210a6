//! Figures of `mpr` and the simulated board that have a bound.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::board::{Board, agent_heap, start_to_prompt};
use super::measure::{Run, median, peak_kb, timed};
use super::report::{Row, Section};
use super::tools::Tool;
use super::{Bench, ROUNDS};
use crate::run::Result;

impl Bench {
    /// Values, and what they may be at most.
    pub(super) fn figures(&self) -> Result<Section> {
        let mut section = Section {
            title: "Figures",
            text: "Peak memory is the largest resident set of all rounds. The heap of the agent is what it takes on the board while it runs, beside its\n\
                   code and the window that it inflates with (32 KB, less where memory is short): on `mpr-sim`, whose words have 64 bits, once 100 KB of\n\
                   text were copied there and back; on WebAssembly, which collects no garbage while a program runs, before the first file comes."
                .into(),
            columns: &["figure", "value", "at most", "met"],
            rows: Vec::new(),
        };
        type Measure<'a> = &'a dyn Fn() -> Result<f64>;
        let all: [(&str, &str, f64, Measure<'_>); 10] = [
            ("`mpr --version`", "ms", 5.0, &|| self.version()),
            ("peak memory of `mpr`, 100 KB copies", "MB", 12.0, &|| self.memory(&["text", "random"])),
            ("peak memory of `mpr`, 1 MB copies", "MB", 12.0, &|| self.memory(&["big"])),
            ("`mpr`, stripped", "MB", 8.0, &|| self.size()),
            ("`mpr-sim` to its prompt, new flash", "ms", 50.0, &|| self.start(true)),
            ("`mpr-sim` to its prompt, old flash", "ms", 50.0, &|| self.start(false)),
            ("TAB on a path of a board at its prompt", "ms", 150.0, &|| self.tab_on_board()),
            ("TAB on a path of `sim:`, started for it", "ms", 150.0, &|| self.tab_on_sim()),
            ("heap of the agent on `mpr-sim`", "KB", 4.0, &|| agent_heap_kb(&self.board.port, 100_000)),
            ("heap of the agent on WebAssembly", "KB", 4.0, &|| {
                agent_heap_kb(&Board::fixture(&self.programs.sim, &["wasm"])?.port, 0)
            }),
        ];
        for (name, unit, at_most, measure) in all {
            if !self.choice.wants(section.title, name) {
                continue;
            }
            println!("{name}");
            let value = measure()?;
            section.rows.push(Row {
                name: name.to_owned(),
                cells: vec![format!("{value:.1} {unit}"), format!("{at_most} {unit}")],
                met: Some(value <= at_most),
            });
        }
        Ok(section)
    }

    fn version(&self) -> Result<f64> {
        let run = || timed(self.command(Tool::Mpr).arg("--version"));
        run()?;
        let runs = (0..self.choice.rounds(ROUNDS)).map(|_| run()).collect::<Result<Vec<_>>>()?;
        Ok(median(&runs).as_secs_f64() * 1e3)
    }

    /// Peak memory in MB of copies there and back.
    fn memory(&self, names: &[&str]) -> Result<f64> {
        let mut runs: Vec<Run> = Vec::new();
        for name in names {
            runs.push(self.on_board(Tool::Mpr, &["cp", "-f", name, &format!(":{name}")])?);
            runs.push(self.checked_get(Tool::Mpr, name)?);
        }
        Ok(peak_kb(&runs) as f64 / 1024.0)
    }

    fn size(&self) -> Result<f64> {
        let meta = fs::metadata(&self.programs.mpr).map_err(|e| format!("error: `mpr`: {e}"))?;
        Ok(meta.len() as f64 / (1024.0 * 1024.0))
    }

    fn start(&self, new_flash: bool) -> Result<f64> {
        let flash = self.dir.join("start.img");
        let mut times = Vec::new();
        for _ in 0..=self.choice.rounds(ROUNDS) {
            if new_flash {
                let _ = fs::remove_file(&flash);
            }
            times.push(start_to_prompt(&self.programs.sim, &flash)?);
        }
        // The first warms up.
        let mut times: Vec<Duration> = times.split_off(1);
        times.sort();
        Ok(times[times.len() / 2].as_secs_f64() * 1e3)
    }
}

/// Without the window, in KB.
fn agent_heap_kb(port: &Path, text: usize) -> Result<f64> {
    let (heap, window) = agent_heap(port, text)?;
    Ok((heap - window) / 1024.0)
}
