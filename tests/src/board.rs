//! Boards: each in a process of its own, with its own flash.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::child::Process;
use crate::endpoint::Endpoint;
use crate::faults::Schedule;
use crate::link::{Link, Wire};
use crate::mpr::{Mpr, mpr};
use crate::{Console, locate};

/// What kind of board, and how it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Our firmware as `sim:FILE`: `mpr` starts it, the flash image stays between commands.
    Sim,
    /// Our firmware on a PTY that it opens itself.
    SimPty,
    /// Our firmware on a loopback TCP port that it opens itself.
    SimTcp,
    /// Our firmware on a PTY, paced as a UART whose receive FIFO overflows.
    SimUart {
        /// Bits a second.
        baud: u32,
    },
    /// Our firmware as a WebREPL server, with [`Board::PASSWORD`].
    SimWs,
    /// The same with the quirks of stock boards.
    SimWsStock,
    /// Our firmware on a PTY that pyserial's RFC 2217 server serves.
    SimRfc2217,
    /// Our firmware behind the harness's [`Link`].
    SimLink,
    /// Stock MicroPython 1.9.2 on an emulated BBC micro:bit, behind a [`Link`].
    Microbit,
    /// Stock MicroPython 1.27 for WebAssembly, behind a [`Link`].
    Wasm,
}

impl Kind {
    /// One of each firmware: the boards on which every file command is tried.
    pub const FIRMWARES: [Kind; 3] = [Kind::SimPty, Kind::Microbit, Kind::Wasm];

    /// A micro:bit's only port is a UART at 115200 baud behind a USB chip; its firmware has room for 64 bytes.
    fn wire(self) -> Wire {
        match self {
            Kind::Microbit => Wire { baud: Some(115_200), ahead: Some(16) },
            _ => Wire::default(),
        }
    }

    /// Our firmware over networks: every command is tried over them, too.
    pub const NETWORKS: [Kind; 3] = [Kind::SimWs, Kind::SimWsStock, Kind::SimRfc2217];

    /// The kind that stands in for another: `MPR_TEST_KIND` names one for every [`Kind::SimPty`].
    fn substituted(self) -> Kind {
        match (self, std::env::var("MPR_TEST_KIND").as_deref()) {
            (Kind::SimPty, Ok("SimWs")) => Kind::SimWs,
            (Kind::SimPty, Ok("SimWsStock")) => Kind::SimWsStock,
            (Kind::SimPty, Ok("SimRfc2217")) => Kind::SimRfc2217,
            (kind, _) => kind,
        }
    }

    /// Whether a [`Link`] is in front of it.
    #[must_use]
    pub fn is_linked(self) -> bool {
        matches!(self, Kind::SimLink | Kind::Microbit | Kind::Wasm)
    }
}

/// The port that a linked board's clients see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Port {
    /// A PTY, as a serial port.
    #[default]
    Pty,
    /// A loopback TCP port.
    Tcp,
}

/// How to start a board; see [`Board::with`].
#[derive(Clone, Debug, Default)]
pub struct BoardOptions {
    /// Faults of the link, for the kinds that have one.
    pub schedule: Schedule,
    /// The port of the link, for the kinds that have one.
    pub port: Port,
    /// `mpr-sim --flash-size`, for the kinds of our firmware that the harness starts.
    pub flash_size: Option<String>,
    /// More options for `mpr-sim`, such as `--fifo`.
    pub sim_options: Vec<String>,
}

/// A running board. Its process is killed and its flash removed when this is dropped.
#[derive(Debug)]
pub struct Board {
    kind: Kind,
    address: String,
    // Fields drop in this order: the port goes before the process, the folder last.
    link: Option<Link>,
    server: Option<Process>,
    process: Option<Process>,
    dir: TempDir,
}

impl Board {
    /// The password of boards that are WebREPL servers.
    pub const PASSWORD: &str = "secret";

    /// Starts a board of this kind with nothing in its flash.
    ///
    /// # Panics
    /// When a program or a firmware file is missing, with the command that installs it.
    #[must_use]
    pub fn start(kind: Kind) -> Board {
        Board::with(kind, BoardOptions::default())
    }

    /// Starts a board with options.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn with(kind: Kind, options: BoardOptions) -> Board {
        let dir =
            tempfile::Builder::new().prefix("mpr-board-").tempdir().expect("a temporary folder can be made");
        let kind = kind.substituted();
        let mut board = Board { kind, address: String::new(), link: None, server: None, process: None, dir };
        board.launch(&options);
        board
    }

    fn launch(&mut self, options: &BoardOptions) {
        if self.kind == Kind::Sim {
            // Found now, so that a missing program is a clear message and not `mpr`'s.
            let _ = locate::sim_program();
            self.address = format!("sim:{}", self.flash().display());
            return;
        }
        let mut command = self.command(options);
        command.stderr(self.log("stderr"));
        if self.kind.is_linked() {
            self.launch_linked(command, options);
        } else {
            self.launch_direct(command);
        }
    }

    fn log(&self, name: &str) -> Stdio {
        let file = fs::File::create(self.dir.path().join(name)).expect("a log can be made");
        Stdio::from(file)
    }

    fn launch_linked(&mut self, mut command: Command, options: &BoardOptions) {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let pipe = "a piped child has pipes";
        let to_board = OwnedFd::from(process.child().stdin.take().expect(pipe));
        let from_board = OwnedFd::from(process.child().stdout.take().expect(pipe));
        let endpoint = match options.port {
            Port::Pty => Endpoint::pty(self.dir.path().join("tty")),
            Port::Tcp => Endpoint::tcp(),
        };
        let link = Link::start(from_board, to_board, endpoint, self.kind.wire(), &options.schedule);
        self.address = link.address().to_owned();
        self.link = Some(link);
        self.process = Some(process);
    }

    fn launch_direct(&mut self, mut command: Command) {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let stdout = process.child().stdout.take().expect("a piped child has pipes");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("the board's first line is text");
        let name = line.trim_end();
        assert!(!name.is_empty(), "the board gave no address: {}", self.stderr());
        self.address = match self.kind {
            Kind::SimTcp => format!("tcp://{name}"),
            Kind::SimWs | Kind::SimWsStock => name.to_owned(),
            _ => self.dir.path().join("tty").display().to_string(),
        };
        self.process = Some(process);
        if self.kind == Kind::SimRfc2217 {
            let (server, port) = Process::rfc2217(&self.address);
            self.server = Some(server);
            self.address = format!("rfc2217://127.0.0.1:{port}");
        }
    }

    fn command(&self, options: &BoardOptions) -> Command {
        match self.kind {
            Kind::Microbit => {
                let mut command = Command::new(locate::system_program("qemu-system-arm"));
                let firmware = locate::microbit_firmware();
                command
                    .args(["-M", "microbit", "-display", "none", "-monitor", "none"])
                    .args(["-serial", "stdio", "-device"])
                    .arg(format!("loader,file={}", firmware.display()));
                command
            }
            Kind::Wasm => {
                let mut command = Command::new(locate::system_program("node"));
                command.arg(locate::wasm_script()).arg(locate::wasm_package());
                command
            }
            _ => self.sim_command(options),
        }
    }

    fn sim_command(&self, options: &BoardOptions) -> Command {
        let mut command = Command::new(locate::sim_program());
        command.arg("--flash").arg(self.flash());
        if let Some(size) = &options.flash_size {
            command.args(["--flash-size", size]);
        }
        command.args(&options.sim_options);
        match self.kind {
            Kind::SimTcp => command.args(["--tcp", "0"]),
            Kind::SimWs => command.args(["--webrepl", "0", "--password", Board::PASSWORD]),
            Kind::SimWsStock => {
                command.args(["--webrepl", "0", "--password", Board::PASSWORD, "--quirks", "stock"])
            }
            Kind::SimLink => command.arg("--stdio"),
            Kind::SimUart { baud } => command
                .args(["--uart", &baud.to_string(), "--pty", "--link"])
                .arg(self.dir.path().join("tty")),
            _ => command.args(["--pty", "--link"]).arg(self.dir.path().join("tty")),
        };
        command
    }

    /// The flash image of a board with our firmware; the file exists once the board has run.
    #[must_use]
    pub fn flash(&self) -> PathBuf {
        self.dir.path().join("flash.img")
    }

    /// A folder that lives as long as the board.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The address that `mpr connect` takes.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `mpr connect ADDRESS`, ready for a command.
    #[must_use]
    pub fn mpr(&self) -> Mpr {
        let mpr = mpr().args(["connect", &self.address]);
        match self.kind {
            Kind::SimWs | Kind::SimWsStock => mpr.env("MPR_WEBREPL_PASSWORD", Board::PASSWORD),
            _ => mpr,
        }
    }

    /// The board's console, without `mpr`.
    ///
    /// # Panics
    /// For [`Kind::Sim`], which has none between commands.
    #[must_use]
    pub fn console(&self) -> Console {
        Console::open(&self.address)
    }

    /// The link in front of the board.
    ///
    /// # Panics
    /// When this kind has none.
    #[must_use]
    pub fn link(&self) -> &Link {
        let link = self.link.as_ref();
        link.unwrap_or_else(|| panic!("{:?} has no link", self.kind))
    }

    /// The board's process.
    ///
    /// # Panics
    /// For [`Kind::Sim`], whose process belongs to `mpr`.
    pub fn process(&mut self) -> &mut Process {
        let process = self.process.as_mut();
        process.expect("this kind's process belongs to mpr")
    }

    /// Takes the power away: SIGKILL.
    ///
    /// # Panics
    /// For [`Kind::Sim`].
    pub fn kill(&mut self) {
        self.process().kill();
    }

    /// The board stops in the middle of whatever it does, as a hung one; [`thaw`](Self::thaw) lets it go on.
    ///
    /// # Panics
    /// For [`Kind::Sim`].
    pub fn freeze(&mut self) {
        self.process().stop();
    }

    /// See [`freeze`](Self::freeze).
    ///
    /// # Panics
    /// For [`Kind::Sim`].
    pub fn thaw(&mut self) {
        self.process().signal(Signal::SIGCONT);
    }

    /// What the board's process has said on stderr so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        let bytes = fs::read(self.dir.path().join("stderr")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
