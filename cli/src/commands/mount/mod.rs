//! `mount` and `umount`: folders of this machine on the board, and the board's files in a folder of this machine.

#[cfg(all(feature = "fuse", target_os = "linux"))]
mod background;
#[cfg(all(feature = "fuse", target_os = "linux"))]
mod board;
mod folder;
#[cfg(all(feature = "fuse", target_os = "linux"))]
mod status;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `mount`.
#[derive(Debug, Args)]
pub struct Mount {
    /// Follow symbolic links that lead out of the folder
    #[arg(short = 'l', long, overrides_with = "no_unsafe_links")]
    unsafe_links: bool,
    #[arg(long, overrides_with = "unsafe_links", hide = true)]
    no_unsafe_links: bool,
    /// Change nothing in what is mounted
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    here: Here,
    /// Folder on this machine; or a directory on the device, with its colon
    #[arg(value_name = "PATH")]
    path: String,
    /// Where the folder is to be on the device [default: :/remote]; or the folder of this machine that shows the device's directory
    #[arg(value_name = ":PLACE|FOLDER")]
    place: Option<String>,
}

/// Options for the device's files on this machine.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of `mount :PATH FOLDER`")]
struct Here {
    /// Return when the folder is there, and go on in the background
    #[arg(long)]
    background: bool,
    /// File for messages in the background [default: mount.log in the user's state folder]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Let other users of this machine use the folder
    #[arg(long)]
    allow_other: bool,
    /// Owner of the files, as a number [default: who mounts]
    #[arg(long, value_name = "UID")]
    uid: Option<u32>,
    /// Group of the files, as a number [default: that of who mounts]
    #[arg(long, value_name = "GID")]
    gid: Option<u32>,
    /// Permissions that the files lack, in octal
    #[arg(long, value_name = "MASK", default_value = "022", value_parser = parse_umask)]
    umask: u16,
    /// How long names and sizes are good, if a program on the device may change them
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    cache_ttl: Duration,
    /// How long a file waits for a program that runs on the device
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    busy_timeout: Duration,
    /// Leave out what matches, as a line of .mprignore would (several times if wanted)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Put swap files, desktop databases and the like on the device, too
    #[arg(long)]
    no_overlay: bool,
    /// Make chmod and chown fail, which do nothing else
    #[arg(long)]
    strict_modes: bool,
    /// This is the process in the background
    #[arg(long, hide = true)]
    detached: bool,
}

impl Run for Mount {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        match self.shows_board() {
            true => self.show_board(session),
            false => self.show_folder(session),
        }
    }

    fn is_action(&self) -> bool {
        self.shows_board()
    }
}

impl Mount {
    fn shows_board(&self) -> bool {
        self.path.starts_with(':')
    }

    #[cfg(not(all(feature = "fuse", target_os = "linux")))]
    fn show_board(&self, _session: &mut Session<'_>) -> Result<(), Failure> {
        Err(Failure::usage("mount: this mpr was built without FUSE").hint(format!(
            "on Linux, `cargo install` builds it with FUSE; `{} sync :PATH FOLDER` copies instead",
            crate::hints::MPR
        )))
    }
}

/// Arguments of `umount`.
#[derive(Debug, Args)]
pub struct Umount {
    /// Where the folder is on the device [default: all that were mounted here, else :/remote]; or the folder of this machine that
    /// shows the device's files
    #[arg(value_name = ":PLACE|FOLDER")]
    place: Option<String>,
    /// Unmount a folder of this machine although files there are open
    #[arg(long)]
    force: bool,
}

impl Run for Umount {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        #[cfg(all(feature = "fuse", target_os = "linux"))]
        if let Some(folder) = self.place.as_deref().filter(|place| !place.starts_with(':'))
            && board::is_mounted(folder)
        {
            return board::unmount(folder, self.force, session);
        }
        folder::take_away(self.place.as_deref(), session)
    }
}

fn parse_umask(text: &str) -> Result<u16, String> {
    match u16::from_str_radix(text, 8) {
        Ok(mask) if mask <= 0o777 => Ok(mask),
        _ => Err("not an octal number up to 777".to_owned()),
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a number of seconds".to_owned())
}
