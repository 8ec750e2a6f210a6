//! `_webrepl`: the native half of WebREPL; `webrepl.py` listens and accepts.
//!
//! A [`Connection`](connection) is a stream over a socket for `os.dupterm`. What a client says is sorted out by
//! `mpr_extmod::webrepl`; what comes for the console waits in a ring until the program reads it.
//!
//! As a rule a client is held back while the ring is full, errors of files are told, and pings are answered. With quirks, for
//! tests of clients, a connection behaves as on stock boards instead: a ring of 255 bytes that drops what does not fit, no word about
//! a full disk, the connection ends when a file can't be opened, 20 ms for each piece of a file.
//!
//! - `connection`: the object.
//! - `transfer`: the file protocol.
//! - `guard`: the password and the attempts.

mod connection;
mod guard;
mod transfer;

use core::cell::Cell;

use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR__webrepl, MP_QSTR_Connection, MP_QSTR_announce, MP_QSTR_config,
    MP_QSTR_listens, MP_QSTR_password, MP_QSTR_quirks,
};

use crate::errno;
use crate::hal::hal;
use crate::mp::{self, Error, Obj, Result};
use crate::network::Service;
use crate::{native_fn, native_module};

pub use connection::{is_connection, pump};

native_fn!(ANNOUNCE, 0..=3, announce);
native_fn!(CONFIG, 0..=0, config);
native_fn!(LISTENS, 0..=0, |_args: &[Obj]| {
    hal().webrepl_listens();
    Ok(Obj::NONE)
});
native_fn!(PASSWORD, 1..=1, |args: &[Obj]| guard::set_password(args[0]).map(|()| Obj::NONE));
native_fn!(QUIRKS, 0..=1, quirks);

native_module!(mp_module__webrepl, {
    MP_QSTR___name__: MP_QSTR__webrepl.obj(),
    MP_QSTR_Connection: Obj::from_static(&connection::TYPE),
    MP_QSTR_announce: Obj::from_static(&ANNOUNCE),
    MP_QSTR_config: Obj::from_static(&CONFIG),
    MP_QSTR_listens: Obj::from_static(&LISTENS),
    MP_QSTR_password: Obj::from_static(&PASSWORD),
    MP_QSTR_quirks: Obj::from_static(&QUIRKS),
});

/// Used on the virtual machine's thread only.
struct Global<T>(T);

// SAFETY: as said.
unsafe impl<T> Sync for Global<T> {}

static STOCK: Global<Cell<bool>> = Global(Cell::new(false));

/// Whether connections have the quirks of stock boards.
fn is_stock() -> bool {
    STOCK.0.get()
}

/// Puts everything into the state of a start. What is known of attempts is kept.
pub fn reset() {
    transfer::reset();
    STOCK.0.set(hal().webrepl().is_some_and(|server| server.stock));
}

/// `_webrepl.announce(name, host, port)`: announces the server. `_webrepl.announce()`: takes that back.
fn announce(args: &[Obj]) -> Result {
    let network = hal().network().ok_or(Error::Os(errno::ENODEV))?;
    let [name, host, port] = args else {
        network.withdraw();
        return Ok(Obj::NONE);
    };
    let name = mp::str_of(*name)?;
    let address = mp::str_of(*host)?.parse().map_err(|_| Error::value("host must be an address"))?;
    let port = u16::try_from(mp::int_of(*port)?).map_err(|_| Error::value("invalid port"))?;
    // A name of DNS has at most 63 bytes.
    if !(1..=63).contains(&name.len()) {
        return Err(Error::value("name must have 1 to 63 bytes"));
    }
    let service = Service { name, kind: "_webrepl._tcp", address, port };
    network.announce(&service).map_err(Error::Os)?;
    Ok(Obj::NONE)
}

/// `_webrepl.config()`: port, password, address and name of the server that the board itself starts, or None.
fn config(_args: &[Obj]) -> Result {
    let Some(server) = hal().webrepl() else { return Ok(Obj::NONE) };
    let (password, host) = (mp::str_obj(server.password)?, mp::str_obj(server.host)?);
    let name = server.name.map_or(Ok(Obj::NONE), mp::str_obj)?;
    mp::tuple(&[Obj::small_int(server.port as isize), password, host, name])
}

/// `_webrepl.quirks([on])`: whether new connections behave as on stock boards.
fn quirks(args: &[Obj]) -> Result {
    if let Some(&on) = args.first() {
        STOCK.0.set(mp::truthy(on)?);
    }
    Ok(if is_stock() { Obj::TRUE } else { Obj::FALSE })
}
