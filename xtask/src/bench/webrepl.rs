//! Boards over WebREPL, with a network in between: copies against WebREPL's own file protocol, and figures.

use std::fs;
use std::time::Duration;

use super::board::Board;
use super::measure::{Pace, Run, in_turns, median, timed};
use super::report::{Row, Section, ms, times};
use super::tools::Tool;
use super::{Bench, ROUNDS};
use crate::run::{Result, shown};

/// Time that is added each way, in ms.
const DELAY: &str = "5";
/// How many times as fast as WebREPL's own protocol a copy is to be.
const FASTER: f64 = 10.0;
/// What an execution may take when the connection is there.
const EXEC: Duration = Duration::from_millis(15);
/// So many executions in one session tell what one takes.
const MANY: u32 = 20;

const EXEC_ROW: &str = "a further `exec pass` of a session";
const STATE_ROW: &str = "heap of the server for each client";

/// Clients that are not connected take what others take; their sockets count.
const STATE: &str = "\
import gc, socket, _webrepl
clients = [None] * 16
gc.collect()
before = gc.mem_alloc()
for i in range(16): clients[i] = _webrepl.Connection(socket.socket())
gc.collect()
print((gc.mem_alloc() - before) // 16)";

/// A server.
#[derive(Clone, Copy)]
struct Server {
    name: &'static str,
    fixture: &'static str,
}

const OURS: Server = Server { name: "our server", fixture: "webrepl" };
const STOCK: Server = Server { name: "stock quirks", fixture: "webrepl-stock" };

/// A copy of 100 KB of text to the board, or from it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    To,
    From,
}

impl Way {
    fn row(self, server: Server) -> String {
        let way = if self == Way::To { "to" } else { "from" };
        format!("{}: `cp` 100 KB of text {way} the board", server.name)
    }
}

impl Bench {
    /// Our server and one with the quirks of stock boards.
    pub(super) fn webrepl(&self) -> Result<Section> {
        let mut section = Section {
            title: "WebREPL",
            text: format!(
                "`ws://` on loopback, every byte {DELAY} ms later each way. `theirs` is `mpr webrepl put` or `get` on a server with the \
                 quirks of stock boards (a ring of 255 bytes, 20 ms for each piece of a file, blocks of 256 bytes from the board), \
                 which copies by WebREPL's own file protocol. An `exec` is one round trip, for the code goes out with \
                 the request for raw paste; with the quirks two, for it takes more than the ring. What it takes beyond the connection is found from \
                 sessions with {MANY} more. With the quirks a copy to the board has at most 254 bytes on their way at a time, so the \
                 round trip of 10 ms bounds it to 25 KB/s. WebREPL's own protocol moves as much, 512 bytes in 20 ms: what deflating saves \
                 is the difference."
            ),
            columns: &["work", "mpr", "theirs", "times faster", "wanted", "rounds", "met"],
            rows: Vec::new(),
        };
        let wants = |row: &str| self.choice.wants(section.title, row);
        let mut rows = Vec::new();
        for server in [OURS, STOCK] {
            let row = format!("{}: {EXEC_ROW}", server.name);
            if wants(&row) {
                rows.push(self.exec_over(server, row)?);
            }
        }
        for way in [Way::To, Way::From] {
            let servers: Vec<Server> =
                [OURS, STOCK].into_iter().filter(|server| wants(&way.row(*server))).collect();
            if !servers.is_empty() {
                rows.extend(self.copies_over(way, &servers)?);
            }
        }
        if wants(STATE_ROW) {
            rows.push(self.state()?);
        }
        section.rows = rows;
        Ok(section)
    }

    fn server(&self, server: Server) -> Result<Board> {
        Board::fixture(&self.programs.sim, &[server.fixture, DELAY])
    }

    fn exec_over(&self, server: Server, row: String) -> Result<Row> {
        println!("WebREPL: {row}");
        let board = self.server(server)?;
        let run = |executions: u32| {
            let words = (0..executions).flat_map(|_| ["exec", "pass"]).collect::<Vec<_>>();
            timed(&mut self.mpr_on(&board, &words))
        };
        let works = [1, 1 + MANY].map(|executions| Box::new(move || run(executions)) as _);
        let runs = in_turns(Pace::of(self.choice.rounds(ROUNDS.div_ceil(3))), works.into())?;
        let each = median(&runs[1]).saturating_sub(median(&runs[0])) / MANY;
        Ok(Row {
            name: row,
            cells: vec![
                format!("{} ms", ms(each)),
                String::new(),
                String::new(),
                format!("at most {} ms", EXEC.as_millis()),
                runs[1].len().to_string(),
            ],
            met: Some(each <= EXEC),
        })
    }

    /// A row for each server; all are compared with the same runs.
    fn copies_over(&self, way: Way, servers: &[Server]) -> Result<Vec<Row>> {
        let stock = self.server(STOCK)?;
        let boards = servers.iter().map(|server| self.server(*server)).collect::<Result<Vec<_>>>()?;
        servers.iter().for_each(|server| println!("WebREPL: {}", way.row(*server)));
        let mut works: Vec<Box<dyn FnMut() -> Result<Run> + '_>> =
            vec![Box::new(|| self.copy(way, &stock, ["webrepl", "put"], ["webrepl", "get"]))];
        for board in &boards {
            works.push(Box::new(move || self.copy(way, board, ["cp", "-f"], ["cp", "-f"])));
        }
        let rounds = self.choice.rounds(ROUNDS.div_ceil(3));
        let runs = in_turns(Pace::of(rounds), works)?;
        let theirs = median(&runs[0]);
        let rows = servers.iter().zip(&runs[1..]).map(|(server, measured)| {
            let ours = median(measured);
            let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
            Row {
                name: way.row(*server),
                cells: vec![
                    format!("{} ms", ms(ours)),
                    format!("{} ms", ms(theirs)),
                    times(ratio),
                    format!("{FASTER:.0} times"),
                    format!("{}/{}", measured.len(), runs[0].len()),
                ],
                met: Some(ratio >= FASTER),
            }
        });
        Ok(rows.collect())
    }

    /// One copy, timed, with what must be there before, and compared with the original afterwards.
    fn copy(&self, way: Way, board: &Board, put: [&str; 2], get: [&str; 2]) -> Result<Run> {
        let (from, back) = (self.dir.join("text"), self.dir.join("back"));
        let must = |words: &[&str]| timed(&mut self.mpr_on(board, words));
        let _ = fs::remove_file(&back);
        let colon = |words: [&str; 2]| if words[0] == "cp" { ":text" } else { "text" };
        let run = match way {
            Way::To => {
                must(&["exec", "import os\ntry: os.remove('text')\nexcept OSError: pass"])?;
                let run = must(&[put[0], put[1], "text", colon(put)])?;
                must(&["cp", "-f", ":text", "back"])?;
                run
            }
            Way::From => {
                must(&["cp", "text", ":text"])?;
                must(&[get[0], get[1], colon(get), "back"])?
            }
        };
        let read = |path| fs::read(path).map_err(|error| format!("error: `{}`: {error}", back.display()));
        match read(&from)? == read(&back)? {
            true => Ok(run),
            false => Err(format!("error: `{}` is not what was copied", back.display())),
        }
    }

    /// What the server keeps of a client, as the board counts it.
    fn state(&self) -> Result<Row> {
        println!("WebREPL: {STATE_ROW}");
        let mut command = self.command(Tool::Mpr);
        command.arg("connect").arg(&self.board.port).args(["exec", STATE]);
        let output = command.output().map_err(|error| format!("error: could not start `mpr`: {error}"))?;
        let bytes = String::from_utf8_lossy(&output.stdout).trim().parse::<u32>();
        let bytes = bytes.map_err(|_| format!("error: `{}` told no number of bytes", shown(&command)))?;
        let empty = String::new;
        Ok(Row {
            name: STATE_ROW.to_owned(),
            cells: vec![format!("{bytes} bytes"), empty(), empty(), empty(), "1".to_owned()],
            met: None,
        })
    }
}
