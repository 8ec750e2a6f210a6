//! From an address to a link.

use std::env;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::webrepl::Patience;
use super::{Child, ChildKind, Recorder, Rfc2217, Serial, Tcp, Transport, WebRepl, WebReplError};
use crate::{Address, ConnectOptions, Error, InterruptFlag, SimFlash, ports};

/// A host that does not answer within this is not there.
const TCP_CONNECT: Duration = Duration::from_secs(5);

/// The environment variable that names the simulated board's program.
const SIM_VARIABLE: &str = "MPR_SIM";
const SIM_PROGRAM: &str = "mpr-sim";

/// Opens the link that an address names; with [`ConnectOptions::trace`] it is recorded. Where another process of this machine has
/// the board and lets others use it, the link goes through that one.
///
/// # Errors
/// [`Error::NoDevice`], [`Error::SeveralDevices`], [`Error::NoSuchSerial`], [`Error::NotFound`], [`Error::Busy`],
/// [`Error::PermissionDenied`], [`Error::Open`], [`Error::WebRepl`]; [`Error::LocalIo`] for the trace file.
pub fn open(address: &Address, options: &ConnectOptions) -> Result<Box<dyn Transport>, Error> {
    let place = resolve(address, options)?;
    // The name stays the user's.
    let named = if let Address::Sim(_) = address { address } else { &place };
    let link = match shared(&place, named, options)? {
        Some(link) => link,
        None => direct(named, options)?,
    };
    match &options.trace {
        None => Ok(link),
        Some(file) => Ok(Box::new(Recorder::create(link, file).map_err(|source| Error::LocalIo { source })?)),
    }
}

/// The address of what an address that only describes a board means now.
///
/// # Errors
/// As [`open`], if there is no such board, or more than one.
pub fn resolve(address: &Address, options: &ConnectOptions) -> Result<Address, Error> {
    Ok(match address {
        Address::Auto => Address::Serial(ports::only_device(&crate::list_ports()?)?.path.clone()),
        Address::Id(serial_number) => {
            Address::Serial(ports::with_serial(&crate::list_ports()?, serial_number)?.path.clone())
        }
        Address::Sim(SimFlash::UserData) => Address::Sim(SimFlash::File(user_flash(options)?)),
        address => address.clone(),
    })
}

#[cfg(unix)]
fn shared(
    place: &Address,
    named: &Address,
    options: &ConnectOptions,
) -> Result<Option<Box<dyn Transport>>, Error> {
    if options.exclusive {
        return Ok(None);
    }
    let name = match named {
        Address::Serial(path) => path.clone(),
        named => named.to_string(),
    };
    let link = super::Shared::enter(place, &name, &options.interrupt)?;
    Ok(link.map(|link| Box::new(link) as Box<dyn Transport>))
}

#[cfg(not(unix))]
fn shared(
    _place: &Address,
    _named: &Address,
    _options: &ConnectOptions,
) -> Result<Option<Box<dyn Transport>>, Error> {
    Ok(None)
}

fn direct(address: &Address, options: &ConnectOptions) -> Result<Box<dyn Transport>, Error> {
    Ok(match address {
        Address::Auto | Address::Id(_) => return direct(&resolve(address, options)?, options),
        Address::Serial(path) => serial(path, options)?,
        Address::Tcp { host, port } => {
            let name = address.to_string();
            Box::new(Tcp::connect(host, *port, name.clone(), TCP_CONNECT).map_err(|e| refused(&name, e))?)
        }
        Address::Rfc2217 { host, port } => {
            let name = address.to_string();
            let link = Rfc2217::connect(host, *port, name.clone(), options.baud, TCP_CONNECT);
            Box::new(link.map_err(|e| refused(&name, e))?)
        }
        Address::WebRepl(place) => {
            let patience = Patience {
                connect: TCP_CONNECT,
                answer: options.timeouts.idle,
                interrupt: options.interrupt.clone(),
            };
            let link = WebRepl::connect(place, address.to_string(), &options.webrepl, &patience);
            Box::new(link.map_err(|source| not_let_in(address, source, &options.interrupt))?)
        }
        Address::Exec(command) => {
            Box::new(Child::shell(command, address.to_string()).map_err(|e| refused(command, e))?)
        }
        Address::Sim(flash) => Box::new(sim(flash, address.to_string(), options)?),
    })
}

fn not_let_in(address: &Address, source: WebReplError, interrupt: &InterruptFlag) -> Error {
    match source {
        WebReplError::Interrupted => {
            interrupt.take();
            Error::Interrupted
        }
        WebReplError::Connect(error) => refused(&address.to_string(), error),
        source => Error::WebRepl { port: address.to_string(), source },
    }
}

fn serial(path: &str, options: &ConnectOptions) -> Result<Box<dyn Transport>, Error> {
    Ok(Box::new(Serial::open(path, options.baud).map_err(|e| refused(path, e))?))
}

fn refused(port: &str, source: io::Error) -> Error {
    let port = port.to_owned();
    match source.kind() {
        ErrorKind::NotFound => Error::NotFound { port },
        ErrorKind::PermissionDenied => Error::PermissionDenied { port },
        ErrorKind::ResourceBusy => Error::Busy { port },
        _ => Error::Open { port, source },
    }
}

fn sim(flash: &SimFlash, name: String, options: &ConnectOptions) -> Result<Child, Error> {
    let program = sim_program().ok_or_else(|| Error::NotFound { port: SIM_PROGRAM.to_owned() })?;
    let mut command = Command::new(&program);
    command.arg("--stdio");
    let image = match flash {
        SimFlash::Memory => None,
        SimFlash::File(file) => Some(file.clone()),
        SimFlash::UserData => Some(user_flash(options)?),
    };
    if options.only_look {
        command.arg("--safe-boot");
        if let Some(image) = image.as_ref().filter(|image| !image.is_file()) {
            return Err(Error::NotFound { port: image.display().to_string() });
        }
    }
    if let Some(image) = &image {
        command.arg("--flash").arg(image);
    }
    let flash = image.map_or("memory".to_owned(), |image| image.display().to_string());
    let program = program.display().to_string();
    Child::spawn(command, ChildKind::Sim { flash }, name).map_err(|e| refused(&program, e))
}

/// The simulated board's program: the environment variable's, or one beside this program, or one on the path.
fn sim_program() -> Option<PathBuf> {
    if let Some(named) = env::var_os(SIM_VARIABLE).filter(|name| !name.is_empty()) {
        return Some(PathBuf::from(named));
    }
    let file_name = format!("{SIM_PROGRAM}{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(&file_name)));
    let on_path = env::var_os("PATH").unwrap_or_default();
    beside
        .into_iter()
        .chain(env::split_paths(&on_path).map(|folder| folder.join(&file_name)))
        .find(|p| p.is_file())
}

/// The flash image in the user's data folder; the folder is made, unless all is only to be looked at.
fn user_flash(options: &ConnectOptions) -> Result<PathBuf, Error> {
    let image = data_folder()
        .ok_or_else(|| Error::LocalIo {
            source: io::Error::new(ErrorKind::NotFound, "there is no home folder for the flash image"),
        })?
        .join("mpr")
        .join("sim.flash");
    if options.only_look {
        return Ok(image);
    }
    let folder = image.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| Error::LocalIo {
        source: io::Error::new(e.kind(), format!("{}: {e}", folder.display())),
    })?;
    Ok(image)
}

fn data_folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    etcetera::choose_base_strategy().ok().map(|strategy| strategy.data_dir())
}
