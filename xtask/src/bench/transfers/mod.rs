//! Files and trees between this machine and a board, through several links, by all tools.

mod lab;
mod work;

use super::Bench;
use super::measure::{Pace, in_turns, median};
use super::report::{Row, Section, ms, times};
use super::tools::Tool;
use crate::run::Result;
use lab::Lab;
use work::{Goal, Work};

/// Bytes a second of 115200 baud with 10 bits a byte.
const LINE: f64 = 11_520.0;

/// A board, how it is reached, and what is measured there.
struct Place {
    title: &'static str,
    text: &'static str,
    /// The words for `mpr-fixture`; none for `mpr-sim` on a PTY of its own.
    fixture: &'static [&'static str],
    /// Bytes a second that its line carries.
    line: Option<f64>,
    peers: fn(Work) -> &'static [Tool],
    work: &'static [Work],
    goal: fn(Work) -> Goal,
    /// Rounds of commands over 5 s.
    slow: usize,
}

const PEERS: [Tool; 2] = [Tool::Mpremote, Tool::Mpytool];

/// It finds no files on a board whose `os.ilistdir` has entries without sizes.
fn mpytool_puts(work: Work) -> &'static [Tool] {
    match work {
        Work::Get(_) | Work::List | Work::RemoveTree => &[],
        _ => &[Tool::Mpytool],
    }
}

const PLACES: [Place; 7] = [
    Place {
        title: "Line of 115200 baud, 1 ms",
        text: "Every byte comes 1 ms later. The board's receive buffer holds 1024 bytes: with 256 or 512, as many boards have, mpytool \
               loses bytes, not always with an error. The column `line` is the size of the file as a share of what the line \
               carries in the time.",
        fixture: &["slow-board", "1", "1024"],
        line: Some(LINE),
        peers: |_| &PEERS,
        work: &Work::ALL,
        goal: Goal::on_a_line,
        slow: 3,
    },
    Place {
        title: "Line of 115200 baud, 5 ms",
        text: "As above, with 5 ms on the way.",
        fixture: &["slow-board", "5", "1024"],
        line: Some(LINE),
        peers: |_| &PEERS,
        work: &Work::ALL,
        goal: Goal::on_a_longer_line,
        slow: 1,
    },
    Place {
        title: "Line of 115200 baud, 20 ms",
        text: "As above, with 20 ms on the way.",
        fixture: &["slow-board", "20", "1024"],
        line: Some(LINE),
        peers: |_| &PEERS,
        work: &Work::ALL,
        goal: Goal::on_a_longer_line,
        slow: 1,
    },
    Place {
        title: "Line of 115200 baud, 48 KB of heap",
        text: "With 1 ms on the way, and so little memory that the board inflates with a window of 4 KB.",
        fixture: &["slow-board", "1", "1024", "48K"],
        line: Some(LINE),
        peers: |_| &PEERS,
        work: &Work::TEXT,
        goal: Goal::with_a_small_window,
        slow: 3,
    },
    Place {
        title: "Unpaced PTY",
        text: "`mpr-sim` with nothing in between.",
        fixture: &[],
        line: None,
        peers: |_| &PEERS,
        work: &Work::ALL,
        goal: Goal::unpaced,
        slow: 3,
    },
    Place {
        title: "MicroPython for WebAssembly",
        text: "Stock MicroPython 1.27 in Node.js, its files in memory, on an unpaced PTY. mpremote copies nothing new there, for it does not \
               know the board's number for a file that does not exist; mpytool finds no files there and only brings some.",
        fixture: &["wasm"],
        line: None,
        peers: mpytool_puts,
        work: &Work::ALL,
        goal: Goal::elsewhere,
        slow: 3,
    },
    Place {
        title: "micro:bit",
        text: "Stock MicroPython 1.9.2 with 16 KB of RAM on a micro:bit in QEMU, 115200 baud. It has neither directories nor \
               raw paste, and no room for larger files; the other tools can't copy to it.",
        fixture: &["microbit"],
        line: Some(LINE),
        peers: |_| &[],
        work: &Work::SMALL,
        goal: |_| Goal::default(),
        slow: 3,
    },
];

impl Bench {
    /// A section for each place.
    pub(super) fn transfers(&self) -> Result<Vec<Section>> {
        PLACES.iter().map(|place| self.section(place)).collect()
    }

    fn section(&self, place: &Place) -> Result<Section> {
        let mut section = Section {
            title: place.title,
            text: place.text.to_owned(),
            columns: match place.line {
                Some(_) => &COLUMNS_WITH_LINE,
                None => &COLUMNS,
            },
            rows: Vec::new(),
        };
        let wanted = place.work.iter().filter(|work| self.choice.wants(place.title, &work.name()));
        let wanted: Vec<Work> = wanted.copied().collect();
        if wanted.is_empty() {
            return Ok(section);
        }
        let lab = Lab::open(self, place.fixture)?;
        for work in wanted {
            println!("{}: {}", place.title, work.name());
            let tools: Vec<Tool> = [Tool::Mpr].iter().chain((place.peers)(work)).copied().collect();
            section.rows.push(self.row(place, &lab, work, &tools)?);
        }
        Ok(section)
    }

    fn row(&self, place: &Place, lab: &Lab<'_>, work: Work, tools: &[Tool]) -> Result<Row> {
        let pace = Pace { rounds: self.choice.rounds(5), slow: self.choice.rounds(place.slow) };
        let works = tools.iter().map(|tool| Box::new(move || lab.run(work, *tool)) as _);
        let runs = in_turns(pace, works.collect())?;
        for tool in tools {
            lab.verify(work, *tool)?;
        }
        let of = |tool: Tool| {
            let at = tools.iter().position(|measured| *measured == tool)?;
            Some(median(&runs[at]).as_secs_f64())
        };
        let ours = median(&runs[0]);
        let ratio = |tool| of(tool).map(|theirs| theirs / ours.as_secs_f64());
        let share = place.line.zip(work.size()).map(|(line, size)| size as f64 / ours.as_secs_f64() / line);
        let lacks = |tool| !tools.contains(&tool);
        let goal = (place.goal)(work).without(lacks(Tool::Mpremote), lacks(Tool::Mpytool));
        let rounds: Vec<String> = runs.iter().map(|runs| runs.len().to_string()).collect();
        let shown_time = |tool| of(tool).map_or(String::new(), |seconds| format!("{:.1}", seconds * 1e3));
        let shown_ratio = |tool| ratio(tool).map_or(String::new(), times);
        let mut cells = vec![
            ms(ours),
            shown_time(Tool::Mpremote),
            shown_time(Tool::Mpytool),
            shown_ratio(Tool::Mpremote),
            shown_ratio(Tool::Mpytool),
        ];
        if place.line.is_some() {
            cells.push(share.map_or(String::new(), |share| format!("{:.1} %", share * 100.0)));
        }
        cells.extend([goal.to_string(), rounds.join("/")]);
        let met = goal.is_met(ours.as_secs_f64(), share, ratio(Tool::Mpremote), ratio(Tool::Mpytool));
        Ok(Row { name: work.name(), cells, met })
    }
}

const COLUMNS: [&str; 9] =
    ["work", "mpr, ms", "mpremote, ms", "mpytool, ms", "× mpremote", "× mpytool", "wanted", "rounds", "met"];

const COLUMNS_WITH_LINE: [&str; 10] = [
    "work",
    "mpr, ms",
    "mpremote, ms",
    "mpytool, ms",
    "× mpremote",
    "× mpytool",
    "line",
    "wanted",
    "rounds",
    "met",
];
