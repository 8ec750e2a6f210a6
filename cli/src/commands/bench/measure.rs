//! Measuring: each figure is the median of several rounds, with as many bytes as the board's pace and room allow.

use std::time::{Duration, Instant};

use mpr_protocol::{Device, Error, SCRATCH_MARK};
use serde::{Deserialize, Serialize};

/// A round takes at least so long, or all the bytes there are.
const ROUND: Duration = Duration::from_millis(150);

/// The same for copies, where the exchanges around a small file would count for more than its content.
const COPY: Duration = Duration::from_secs(1);

/// The first round has so many bytes, each further one up to four times as many.
const FIRST: u64 = 512;

/// No round over the link has more bytes than this.
const MOST: u64 = 256 << 10;

/// Files to measure with have no more bytes than this.
const MOST_IN_FLASH: u64 = 64 << 10;

/// And no more than this part of what is free: a copy needs room for the old and the new file.
const SHARE_OF_FREE: u64 = 4;

/// Where the board does not say how much is free.
const BLIND: u64 = 1024;

/// Less room than this shows nothing.
const LEAST: u64 = 512;

/// A rate, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// Bytes a second, of a round with so many bytes.
    Measured {
        /// The median.
        bytes_per_second: f64,
        /// In each round.
        bytes: u64,
    },
    /// Nothing could be measured, for this reason.
    Unknown(String),
}

impl Rate {
    /// Bytes a second.
    pub fn value(&self) -> Option<f64> {
        match self {
            Rate::Measured { bytes_per_second, .. } => Some(*bytes_per_second),
            Rate::Unknown(_) => None,
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Seconds of an exchange that does nothing.
    pub round_trip: f64,
    /// The link to the board.
    pub link_to_board: Rate,
    /// The link from the board.
    pub link_from_board: Rate,
    /// The board writes a file.
    pub flash_write: Rate,
    /// The board reads a file.
    pub flash_read: Rate,
    /// The board computes a SHA-256.
    pub hash: Rate,
    /// A file of bytes that don't compress goes to the board, verified, as `cp` does it.
    pub copy_to_board: Rate,
    /// The same file comes from the board.
    pub copy_from_board: Rate,
}

/// Measures one board.
pub struct Bench<'a> {
    /// The board.
    pub device: &'a mut Device,
    /// The file to measure with; nothing of this name, with and without `.part`, is there.
    pub file: &'a str,
    /// So many rounds.
    pub rounds: usize,
    /// Bytes free beside the file, where that is known.
    pub free: Option<u64>,
    /// Hears what is measured now.
    pub tell: &'a dyn Fn(&str),
}

impl Bench<'_> {
    /// All of it. The file may be left behind, also after an error.
    ///
    /// # Errors
    /// What ends the link, and an interrupt. What a board can't do is no error.
    pub fn run(&mut self) -> Result<Figures, Error> {
        (self.tell)("round trip");
        // The first exchange also enters the raw REPL and asks what the board can do.
        self.device.capabilities()?;
        self.device.time_round_trip()?;
        let mut times = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds.max(5) {
            times.push(self.device.time_round_trip()?);
        }
        let round_trip = median(&mut times);
        // Boards without raw paste keep a program in memory while it comes.
        let memory = self.device.capabilities()?.free_memory;
        let most = memory.map_or(FIRST, |free| (free / 16).clamp(FIRST, MOST));
        let link_to_board =
            self.rate("link to the board", round_trip, (most, ROUND), Device::time_to_board)?;
        let link_from_board =
            self.rate("link from the board", round_trip, (MOST, ROUND), Device::time_from_board)?;
        let hash = self.rate("digests", round_trip, (MOST, ROUND), Device::time_hash)?;
        let room = self.free.map_or(BLIND, |free| (free / SHARE_OF_FREE).min(MOST_IN_FLASH));
        if room < LEAST {
            let unknown = || Rate::Unknown("there is too little room on the board".to_owned());
            return Ok(Figures {
                round_trip: round_trip.as_secs_f64(),
                link_to_board,
                link_from_board,
                flash_write: unknown(),
                flash_read: unknown(),
                hash,
                copy_to_board: unknown(),
                copy_from_board: unknown(),
            });
        }
        let file = self.file;
        let flash_write = self.rate("writing to flash", round_trip, (room, ROUND), |device, bytes| {
            device.time_flash_write(file, bytes)
        })?;
        let flash_read = match &flash_write {
            Rate::Measured { bytes, .. } => {
                let bytes = *bytes;
                self.exact("reading from flash", round_trip, bytes, |device, _| device.time_flash_read(file))?
            }
            Rate::Unknown(why) => Rate::Unknown(why.clone()),
        };
        let mut copies = 0;
        let copy_to_board =
            self.rate("copies to the board", Duration::ZERO, (room, COPY), |device, bytes| {
                // Of a file that is there already only the differences would travel.
                copies += 1;
                let content = content(bytes, copies);
                let start = Instant::now();
                device.write_file(file, &mut &content[..], Some(bytes), &mut |_| {})?;
                Ok(start.elapsed())
            })?;
        let copy_from_board = match &copy_to_board {
            Rate::Measured { bytes, .. } => {
                let bytes = *bytes;
                self.exact("copies from the board", Duration::ZERO, bytes, |device, _| {
                    let start = Instant::now();
                    device.read_file(file, &mut std::io::sink(), &mut |_| {})?;
                    Ok(start.elapsed())
                })?
            }
            Rate::Unknown(why) => Rate::Unknown(why.clone()),
        };
        Ok(Figures {
            round_trip: round_trip.as_secs_f64(),
            link_to_board,
            link_from_board,
            flash_write,
            flash_read,
            hash,
            copy_to_board,
            copy_from_board,
        })
    }

    /// Takes more bytes each time, until a round is long enough to measure, and then the rounds.
    fn rate(
        &mut self,
        what: &str,
        round_trip: Duration,
        (most, round): (u64, Duration),
        mut work: impl FnMut(&mut Device, u64) -> Result<Duration, Error>,
    ) -> Result<Rate, Error> {
        (self.tell)(what);
        let mut bytes = FIRST.min(most);
        loop {
            let time = match work(self.device, bytes) {
                Ok(time) => time.saturating_sub(round_trip),
                Err(error) => return unknown(error),
            };
            if time >= round || bytes >= most {
                return self.exact(what, round_trip, bytes, work);
            }
            bytes = (bytes * 4).min(most);
        }
    }

    /// The rounds, with so many bytes.
    fn exact(
        &mut self,
        what: &str,
        round_trip: Duration,
        bytes: u64,
        mut work: impl FnMut(&mut Device, u64) -> Result<Duration, Error>,
    ) -> Result<Rate, Error> {
        (self.tell)(what);
        let mut times = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds {
            match work(self.device, bytes) {
                Ok(time) => times.push(time.saturating_sub(round_trip)),
                Err(error) => return unknown(error),
            }
        }
        let median = median(&mut times).as_secs_f64();
        match median > 0.0 {
            true => Ok(Rate::Measured { bytes_per_second: bytes as f64 / median, bytes }),
            false => Ok(Rate::Unknown("it takes no time beside the round trip".to_owned())),
        }
    }
}

/// What the board lacks is no error.
fn unknown(error: Error) -> Result<Rate, Error> {
    match error {
        Error::Unsupported { .. } | Error::NoSpace { .. } | Error::Os { .. } => {
            Ok(Rate::Unknown(error.to_string()))
        }
        Error::Exception(traceback) => {
            let last = traceback.text.trim_end().lines().last().unwrap_or("an exception").to_owned();
            Ok(Rate::Unknown(last))
        }
        error => Err(error),
    }
}

/// Bytes that don't compress, others for each number, behind the mark of files that are ours.
fn content(bytes: u64, number: u64) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15 ^ (number << 32);
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[4]
    });
    let size = usize::try_from(bytes).unwrap_or(usize::MAX);
    SCRATCH_MARK.iter().copied().chain(noise).take(size).collect()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_marked_and_noisy() {
        let content = content(4000, 1);
        assert!(content.starts_with(SCRATCH_MARK) && content.len() == 4000);
        assert_ne!(content, super::content(4000, 2));
        let mut seen = [0; 256];
        content.iter().for_each(|byte| seen[usize::from(*byte)] += 1);
        assert!(seen.iter().all(|count| *count < 60), "some byte is too frequent");
        assert_eq!(median(&mut [3, 1, 2].map(Duration::from_secs)), Duration::from_secs(2));
    }
}
