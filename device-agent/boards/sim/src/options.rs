//! The command line, and errors that end the start.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;

/// MicroPython as a process: a board without hardware.
#[derive(Parser)]
#[command(version)]
pub struct Options {
    /// Keep the flash in this image file, made on first use (without: a fresh flash in memory)
    #[arg(long, value_name = "FILE")]
    pub flash: Option<PathBuf>,
    /// Size of a new flash, in bytes or with K or M: a multiple of 4K [default: 2M]
    #[arg(long, value_name = "SIZE")]
    pub flash_size: Option<Size>,
    /// Size of the partition for read-only files (ROMFS), kept beside the flash image in FILE.rom: a multiple of 4K, 0 for a
    /// firmware without ROMFS [default: 256K]
    #[arg(long, value_name = "SIZE")]
    pub romfs: Option<SizeOrNone>,
    /// Cut the power in the middle of the flash's Nth write or erase: the process ends with exit code 4
    #[arg(long, value_name = "N")]
    pub power_cut: Option<u64>,
    /// Run neither boot.py nor main.py at any start
    #[arg(long)]
    pub safe_boot: bool,
    /// Console on standard input and output (the default)
    #[arg(long, conflicts_with_all = ["pty", "tcp"])]
    pub stdio: bool,
    /// Console on a pseudo terminal; prints its name
    #[arg(long, conflicts_with = "tcp")]
    pub pty: bool,
    /// Also make this symbolic link to the pseudo terminal
    #[arg(long, value_name = "PATH", requires = "pty")]
    pub link: Option<PathBuf>,
    /// Console on this port of the loopback address (0: any); prints the address
    #[arg(long, value_name = "PORT")]
    pub tcp: Option<u16>,
    /// Behave like a UART of this speed: 10 bits a byte both ways, input beyond the FIFO is lost
    #[arg(long, value_name = "BAUD", value_parser = clap::value_parser!(u32).range(300..=12_000_000))]
    pub uart: Option<u32>,
    /// Size of the receive FIFO in bytes, 16 to 65535 [default: 256 with --uart, else unlimited]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(16..))]
    pub fifo: Option<u16>,
    /// Serve WebREPL on this port of the loopback address (0: any); prints the address. Without another console, this is the
    /// only one
    #[arg(long, value_name = "PORT", requires = "password")]
    pub webrepl: Option<u16>,
    /// WebREPL's password: 4 to 63 bytes, with quirks at most 9
    #[arg(long, value_name = "PASSWORD", requires = "webrepl")]
    pub password: Option<String>,
    /// Announce the WebREPL server by mDNS under this name, on this machine only (without: not at all)
    #[arg(long, value_name = "NAME", requires = "webrepl")]
    pub announce: Option<String>,
    /// Behave like the WebREPL server of other boards, for tests of clients: input beyond 255 bytes that the program has not read
    /// is lost, a full disk is not reported, a piece of a file takes 20 ms
    #[arg(long, value_name = "WHOSE", requires = "webrepl")]
    pub quirks: Option<Quirks>,
    /// Size of Python's heap
    #[arg(long, value_name = "SIZE", default_value = "512K")]
    pub heap: Size,
}

/// Whose quirks.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Quirks {
    /// MicroPython's own server.
    Stock,
}

/// A number of bytes: `4096`, `512K`, `2M`.
#[derive(Clone, Copy)]
pub struct Size(pub usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, unit) = match text.as_bytes().last() {
            Some(b'k' | b'K') => (&text[..text.len() - 1], 1 << 10),
            Some(b'm' | b'M') => (&text[..text.len() - 1], 1 << 20),
            _ => (text, 1),
        };
        let count: usize = digits.parse().map_err(|_| "not a size; write 4096, 512K or 2M".to_owned())?;
        let size = count.checked_mul(unit).filter(|size| (16 << 10..=1 << 30).contains(size));
        size.map(Size).ok_or_else(|| "a size is 16K to 1024M".to_owned())
    }
}

/// A [`Size`], or 0.
#[derive(Clone, Copy)]
pub struct SizeOrNone(pub usize);

impl FromStr for SizeOrNone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "0" { Ok(SizeOrNone(0)) } else { text.parse::<Size>().map(|size| SizeOrNone(size.0)) }
    }
}

/// Why the simulator could not start.
pub enum Failure {
    /// The flash image is locked by another process.
    FlashBusy(PathBuf),
    /// Anything else, told by its message.
    Other(String),
}

impl Failure {
    /// 3: the flash is in use; 2: anything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::FlashBusy(_) => 3,
            Self::Other(_) => 2,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FlashBusy(path) => {
                write!(f, "flash image `{}` is in use by another process", path.display())
            }
            Self::Other(message) => f.write_str(message),
        }
    }
}
