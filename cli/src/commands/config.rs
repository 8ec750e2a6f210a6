//! `config`: shows where the configuration is, and what was understood.

use clap::Args;
use serde::Serialize;

use super::Run;
use crate::config::{Config, Role};
use crate::failure::Failure;
use crate::session::{Session, Target};

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ShowConfig {}

#[derive(Serialize)]
struct Report<'a> {
    files: Vec<File>,
    device: Option<String>,
    auto_soft_reset: bool,
    macros: Vec<Macro<'a>>,
    devices: Vec<Device<'a>>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct File {
    path: String,
    /// `mpr` or `mpremote`.
    format: &'static str,
    read: bool,
}

#[derive(Serialize)]
struct Macro<'a> {
    name: &'a str,
    signature: String,
    command: &'a [String],
    help: Option<&'a str>,
    file: &'a str,
    line: usize,
}

#[derive(Serialize)]
struct Device<'a> {
    name: &'a str,
    address: String,
    file: &'a str,
    line: usize,
}

impl Run for ShowConfig {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let report = report(session.config());
        if report.files.is_empty() {
            printer.line("no configuration is read")?;
        }
        for File { path, format, read } in &report.files {
            let state = if *read { "read" } else { "not there, or not wanted" };
            printer.line(&format!("{path} ({format}): {state}"))?;
        }
        if let Some(device) = &report.device {
            printer.line(&format!("device: {device}"))?;
        }
        if report.auto_soft_reset {
            printer.line("auto_soft_reset: true")?;
        }
        for Macro { signature, file, line, .. } in &report.macros {
            let name = signature.split(' ').next().unwrap_or_default();
            let words = session.config().macros.get(name).map(|found| found.expansion()).unwrap_or_default();
            printer.line(&format!("macro {signature}: {words} ({file}:{line})"))?;
        }
        for Device { name, address, file, line } in &report.devices {
            printer.line(&format!("device {name}: {address} ({file}:{line})"))?;
        }
        printer.json("config", &report)
    }
}

fn report(config: &Config) -> Report<'_> {
    let files = config.files.iter().map(|file| File {
        path: file.path.display().to_string(),
        format: match file.role {
            Role::Native => "mpr",
            Role::Mpremote => "mpremote",
        },
        read: file.found,
    });
    let macros = config.macros.values().map(|found| Macro {
        name: &found.name,
        signature: found.signature(),
        command: &found.words,
        help: found.help.as_deref(),
        file: &found.origin.file,
        line: found.origin.line,
    });
    let devices = config.devices.iter().map(|(name, alias)| Device {
        name,
        address: alias.address.to_string(),
        file: &alias.origin.file,
        line: alias.origin.line,
    });
    Report {
        files: files.collect(),
        device: config.device.as_ref().map(|device| match device {
            Target::List => "list".to_owned(),
            Target::Board(address) => address.to_string(),
            Target::Name(name) => name.clone(),
        }),
        auto_soft_reset: config.auto_soft_reset,
        macros: macros.collect(),
        devices: devices.collect(),
        warnings: &config.warnings,
    }
}
