//! `doctor`: what this machine lacks for a command.

use clap::Args;
use serde::Serialize;

use super::Run;
use crate::failure::Failure;
#[cfg(all(feature = "fuse", target_os = "linux"))]
use crate::local::on_path;
use crate::session::Session;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// What to look at: fuse, which shows the device's files in a folder
    #[arg(value_name = "TOPIC")]
    topic: String,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    what: &'static str,
    ok: bool,
    /// Without it nothing works.
    needed: bool,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Report {
    topic: &'static str,
    usable: bool,
    checks: Vec<Check>,
}

impl Run for Doctor {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        if self.topic != "fuse" {
            return Err(Failure::usage(format!(
                "doctor: `{}` is nothing that could be looked at",
                self.topic
            ))
            .hint("`mpr doctor fuse` looks at what `mpr mount :PATH FOLDER` needs"));
        }
        let checks = checks();
        let usable = checks.iter().all(|check| check.ok || !check.needed);
        let printer = session.printer();
        for check in &checks {
            let state = match (check.ok, check.needed) {
                (true, _) => "ok",
                (false, true) => "missing",
                (false, false) => "note",
            };
            printer.line(&format!("{state:8}{}: {}", check.what, check.found))?;
            if let Some(advice) = check.advice {
                printer.line(&format!("        {advice}"))?;
            }
        }
        let missing = checks.iter().find(|check| check.needed && !check.ok).map(|check| check.what);
        printer.json("doctor", &Report { topic: "fuse", usable, checks })?;
        match missing {
            None => Ok(()),
            Some(what) => Err(Failure::usage(format!("doctor: folders can't be mounted: {what}"))),
        }
    }
}

#[cfg(not(all(feature = "fuse", target_os = "linux")))]
fn checks() -> Vec<Check> {
    vec![Check {
        what: "this mpr has FUSE",
        ok: false,
        needed: true,
        found: format!("built without it for {}", std::env::consts::OS),
        advice: Some("on Linux it is there unless it was built with `--no-default-features`"),
    }]
}

#[cfg(all(feature = "fuse", target_os = "linux"))]
fn checks() -> Vec<Check> {
    let is_root = nix::unistd::geteuid().is_root();
    let mut checks = vec![kernel(), device(), helper(is_root)];
    if !is_root {
        checks.push(others());
    }
    checks
}

#[cfg(all(feature = "fuse", target_os = "linux"))]
fn kernel() -> Check {
    let list = std::fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let ok = list.lines().any(|line| line.split_whitespace().last() == Some("fuse"));
    Check {
        what: "the kernel knows FUSE",
        ok,
        // Opening the device loads it.
        needed: false,
        found: if ok { "yes" } else { "not now" }.to_owned(),
        advice: (!ok).then_some("`sudo modprobe fuse` loads it; a container takes it from its host"),
    }
}

#[cfg(all(feature = "fuse", target_os = "linux"))]
fn device() -> Check {
    const PATH: &str = "/dev/fuse";
    let opened = std::fs::OpenOptions::new().read(true).write(true).open(PATH);
    let advice = match &opened {
        Ok(_) => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Some("`sudo modprobe fuse` makes it; a container needs `--device /dev/fuse`")
        }
        Err(_) => Some("its mode should be 0666, or you in its group: `ls -l /dev/fuse`"),
    };
    let found = match &opened {
        Ok(_) => "can be opened".to_owned(),
        Err(error) => crate::failure::strerror(error),
    };
    Check { what: PATH, ok: opened.is_ok(), needed: true, found, advice }
}

#[cfg(all(feature = "fuse", target_os = "linux"))]
fn helper(is_root: bool) -> Check {
    let found = ["fusermount3", "fusermount"].into_iter().find_map(on_path);
    Check {
        what: "fusermount3",
        ok: found.is_some() || is_root,
        needed: true,
        found: match &found {
            Some(path) => path.display().to_string(),
            None if is_root => "not there, and not needed by root".to_owned(),
            None => "not on the path".to_owned(),
        },
        advice: (found.is_none() && !is_root).then_some(
            "`sudo apt install fuse3`, `sudo dnf install fuse3` or `sudo pacman -S fuse3` brings it",
        ),
    }
}

#[cfg(all(feature = "fuse", target_os = "linux"))]
fn others() -> Check {
    let text = std::fs::read_to_string("/etc/fuse.conf").unwrap_or_default();
    let ok = text.lines().any(|line| line.trim() == "user_allow_other");
    Check {
        what: "user_allow_other in /etc/fuse.conf",
        ok,
        needed: false,
        found: if ok { "set" } else { "not set" }.to_owned(),
        advice: (!ok).then_some("only `mpr mount --allow-other` needs it"),
    }
}
