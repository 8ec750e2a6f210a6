//! The socket object: making, connecting, closing, settings.

use core::cell::Cell;
use core::ffi::c_void;

use micropython_sys::ffi;
use micropython_sys::object::{Base, FullType, Slot, Type, flags, stream as event};
use micropython_sys::qstr::{
    MP_QSTR___del__, MP_QSTR___enter__, MP_QSTR___exit__, MP_QSTR_accept, MP_QSTR_af, MP_QSTR_bind,
    MP_QSTR_close, MP_QSTR_connect, MP_QSTR_listen, MP_QSTR_makefile, MP_QSTR_proto, MP_QSTR_read,
    MP_QSTR_readinto, MP_QSTR_readline, MP_QSTR_recv, MP_QSTR_recv_into, MP_QSTR_recvfrom, MP_QSTR_send,
    MP_QSTR_sendall, MP_QSTR_sendto, MP_QSTR_setblocking, MP_QSTR_setsockopt, MP_QSTR_settimeout,
    MP_QSTR_socket, MP_QSTR_type, MP_QSTR_write,
};

use super::wait::{self, Timeout, os};
use super::{address, network, notify, number, stream, transfer};
use crate::errno;
use crate::hal::hal;
use crate::mp::{self, Args, Error, Finaliser, Native, Obj, Result};
use crate::network::{Errno, Family, Ipv4Addr, Kind, SocketId, SocketOption};
use crate::{native_dict, native_fn, native_make_new, vm};

/// A socket object.
#[repr(C)]
pub struct Socket {
    base: Base,
    /// `None` when closed.
    id: Cell<Option<SocketId>>,
    /// How long operations wait.
    pub timeout: Cell<Timeout>,
    /// What is called when something comes in; null for nothing.
    pub callback: Cell<Obj>,
    /// The address family.
    pub family: Family,
}

// SAFETY: `Base` first, `TYPE` is its type.
unsafe impl Native for Socket {
    const TYPE: &'static Type = TYPE.as_type();
}

impl Finaliser for Socket {}

native_fn!(ACCEPT, 1..=1, accept);
native_fn!(BIND, 2..=2, bind);
native_fn!(CONNECT, 2..=2, connect);
native_fn!(LISTEN, 1..=2, listen);
native_fn!(MAKEFILE, 1..=3, |args: &[Obj]| Ok(args[0]));
native_fn!(SETBLOCKING, 2..=2, setblocking);
native_fn!(SETSOCKOPT, 4..=4, setsockopt);
native_fn!(SETTIMEOUT, 2..=2, settimeout);

native_dict!(LOCALS, {
    MP_QSTR___del__: Obj::from_ptr(&raw const ffi::mp_stream_close_obj),
    MP_QSTR___enter__: Obj::from_ptr(&raw const ffi::mp_identity_obj),
    MP_QSTR___exit__: Obj::from_ptr(&raw const ffi::mp_stream___exit___obj),
    MP_QSTR_accept: Obj::from_static(&ACCEPT),
    MP_QSTR_bind: Obj::from_static(&BIND),
    MP_QSTR_close: Obj::from_ptr(&raw const ffi::mp_stream_close_obj),
    MP_QSTR_connect: Obj::from_static(&CONNECT),
    MP_QSTR_listen: Obj::from_static(&LISTEN),
    MP_QSTR_makefile: Obj::from_static(&MAKEFILE),
    MP_QSTR_read: Obj::from_ptr(&raw const ffi::mp_stream_read_obj),
    MP_QSTR_readinto: Obj::from_ptr(&raw const ffi::mp_stream_readinto_obj),
    MP_QSTR_readline: Obj::from_ptr(&raw const ffi::mp_stream_unbuffered_readline_obj),
    MP_QSTR_recv: Obj::from_static(&transfer::RECV),
    MP_QSTR_recv_into: Obj::from_static(&transfer::RECV_INTO),
    MP_QSTR_recvfrom: Obj::from_static(&transfer::RECVFROM),
    MP_QSTR_send: Obj::from_static(&transfer::SEND),
    MP_QSTR_sendall: Obj::from_static(&transfer::SENDALL),
    MP_QSTR_sendto: Obj::from_static(&transfer::SENDTO),
    MP_QSTR_setblocking: Obj::from_static(&SETBLOCKING),
    MP_QSTR_setsockopt: Obj::from_static(&SETSOCKOPT),
    MP_QSTR_settimeout: Obj::from_static(&SETTIMEOUT),
    MP_QSTR_write: Obj::from_ptr(&raw const ffi::mp_stream_write_obj),
});

native_make_new!(make_new, new);

/// The type; its name is also the constructor.
pub static TYPE: FullType<3> = FullType::new(
    MP_QSTR_socket,
    flags::ITER_IS_STREAM,
    [
        (Slot::MakeNew, make_new as *const c_void),
        (Slot::Protocol, (&raw const stream::PROTOCOL).cast()),
        (Slot::LocalsDict, (&raw const LOCALS).cast()),
    ],
);

impl Socket {
    /// An object without a socket: made first, so that no socket is lost if memory runs out.
    fn empty(family: Family) -> Result<&'static Socket> {
        let (timeout, callback) = (Cell::new(Timeout::Never), Cell::new(Obj::NULL));
        mp::alloc_finalised(Socket {
            base: mp::base::<Socket>(),
            id: Cell::new(None),
            timeout,
            callback,
            family,
        })
    }

    /// The board's socket; `OSError(EBADF)` when closed.
    pub fn id(&self) -> Result<SocketId> {
        self.id.get().ok_or(Error::Os(errno::EBADF))
    }

    /// Closes it. Never raises: also called by the collector.
    pub fn close(&self) {
        if let (Some(id), Some(network)) = (self.id.take(), hal().network()) {
            network.close(id);
        }
    }

    /// Which of the events it has.
    pub fn poll(&self, events: usize) -> core::result::Result<usize, Errno> {
        match (self.id.get(), hal().network()) {
            (Some(id), Some(network)) => network.poll(id, events),
            _ => Ok(event::POLL_NVAL),
        }
    }
}

/// The socket behind an object.
pub fn socket(object: Obj) -> Result<&'static Socket> {
    mp::native(object)
}

/// Whether `object` is a socket whose next event ends a wait; arranges that it does.
pub fn watch(object: Obj, events: usize) -> bool {
    match (mp::native::<Socket>(object).map(|socket| socket.id.get()), hal().network()) {
        (Ok(Some(id)), Some(network)) => network.watch(id, events),
        _ => false,
    }
}

/// The address family for its number.
pub fn family(number: isize) -> Result<Family> {
    match number {
        number::AF_INET => Ok(Family::V4),
        number::AF_INET6 => Ok(Family::V6),
        _ => Err(Error::Os(errno::EINVAL)),
    }
}

/// Calls `open`; where sockets have run out, once more after a collection, which closes those that are lost.
fn with_collection<T>(open: impl Fn() -> core::result::Result<T, Errno>) -> Result<T> {
    os(match open() {
        Err(errno::EMFILE | errno::ENFILE) => {
            vm::collect();
            open()
        }
        result => result,
    })
}

/// `socket([af, [type, [proto]]])`
fn new(args: Args<'_>) -> Result {
    let given = args.take([MP_QSTR_af, MP_QSTR_type, MP_QSTR_proto])?;
    let mut numbers = [number::AF_INET, number::SOCK_STREAM, 0];
    for (number, given) in numbers.iter_mut().zip(given) {
        if let Some(given) = given {
            *number = mp::int_of(given)?;
        }
    }
    let family = family(numbers[0])?;
    let kind = match numbers[1] {
        number::SOCK_STREAM => Kind::Stream,
        number::SOCK_DGRAM => Kind::Datagram,
        number::SOCK_RAW => Kind::Raw,
        _ => return Err(Error::Os(errno::EINVAL)),
    };
    let protocol = u8::try_from(numbers[2]).map_err(|_| Error::Os(errno::EINVAL))?;
    let (socket, network) = (Socket::empty(family)?, network()?);
    socket.id.set(Some(with_collection(|| network.open(family, kind, protocol))?));
    Ok(Obj::from_ptr(socket))
}

/// `socket.accept()`: the connection, and where it comes from.
fn accept(args: &[Obj]) -> Result {
    let server = socket(args[0])?;
    let client = Socket::empty(server.family)?;
    let from = wait::retry(server, event::POLL_RD, || {
        let (id, network) = (server.id()?, network()?);
        let (accepted, from) = with_collection(|| network.accept(id))?;
        client.id.set(Some(accepted));
        Ok(from)
    })?;
    mp::tuple(&[Obj::from_ptr(client), address::tuple(from)?])
}

/// `socket.bind(address)`
fn bind(args: &[Obj]) -> Result {
    let socket = socket(args[0])?;
    let at = address::parse(args[1], socket.family)?;
    os(network()?.bind(socket.id()?, at))?;
    Ok(Obj::NONE)
}

/// `socket.listen([backlog])`
fn listen(args: &[Obj]) -> Result {
    let backlog = args.get(1).map_or(Ok(8), |&backlog| mp::int_of(backlog))?;
    os(network()?.listen(socket(args[0])?.id()?, u32::try_from(backlog).unwrap_or(0)))?;
    Ok(Obj::NONE)
}

/// `socket.connect(address)`; without waiting, `OSError(EINPROGRESS)` until the socket is writable.
fn connect(args: &[Obj]) -> Result {
    let socket = socket(args[0])?;
    let to = address::parse(args[1], socket.family)?;
    match network()?.connect(socket.id()?, to) {
        Err(errno::EINPROGRESS | errno::EALREADY) => {
            wait::connection(socket, event::POLL_WR)?;
            os(network()?.connected(socket.id()?))?;
        }
        result => os(result)?,
    }
    Ok(Obj::NONE)
}

/// `socket.setblocking(flag)`
fn setblocking(args: &[Obj]) -> Result {
    let timeout = if mp::truthy(args[1])? { Timeout::Never } else { Timeout::Micros(0) };
    socket(args[0])?.timeout.set(timeout);
    Ok(Obj::NONE)
}

/// `socket.settimeout(seconds or None)`
fn settimeout(args: &[Obj]) -> Result {
    let value = args[1];
    let timeout = if value.is_none() {
        Timeout::Never
    } else {
        // SAFETY: a valid object; raises if it isn't a number.
        let seconds = mp::protect(|| unsafe { ffi::mp_obj_get_float(value) })?;
        if seconds.is_nan() || seconds < 0.0 {
            return Err(Error::value("timeout must not be negative"));
        }
        Timeout::Micros((seconds * 1e6) as u64)
    };
    socket(args[0])?.timeout.set(timeout);
    Ok(Obj::NONE)
}

/// `socket.setsockopt(level, option, value)`, the value an integer or what C would have in memory; for option 20 a function
/// that is called with the socket when something comes in, or None.
fn setsockopt(args: &[Obj]) -> Result {
    let id = socket(args[0])?.id()?;
    let option = match (mp::int_of(args[1])?, mp::int_of(args[2])?) {
        (number::SOL_SOCKET, number::SO_CALLBACK) => {
            return notify::set(socket(args[0])?, args[3]).map(|()| Obj::NONE);
        }
        (number::SOL_SOCKET, number::SO_REUSEADDR) => SocketOption::ReuseAddress(switch(args[3])?),
        (number::SOL_SOCKET, number::SO_BROADCAST) => SocketOption::Broadcast(switch(args[3])?),
        (number::SOL_SOCKET, number::SO_KEEPALIVE) => SocketOption::KeepAlive(switch(args[3])?),
        (number::IPPROTO_TCP, number::TCP_NODELAY) => SocketOption::NoDelay(switch(args[3])?),
        (number::IPPROTO_IP, option @ (number::IP_ADD_MEMBERSHIP | number::IP_DROP_MEMBERSHIP)) => {
            let &[a, b, c, d, e, f, g, h] = mp::buffer(args[3])? else {
                return Err(Error::Os(errno::EINVAL));
            };
            let (group, interface) = (Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h));
            if option == number::IP_ADD_MEMBERSHIP {
                SocketOption::Join(group, interface)
            } else {
                SocketOption::Leave(group, interface)
            }
        }
        _ => return Err(Error::Os(errno::EOPNOTSUPP)),
    };
    os(network()?.set_option(id, option))?;
    Ok(Obj::NONE)
}

/// A setting that is on or off.
fn switch(value: Obj) -> Result<bool> {
    match mp::int_of(value) {
        Ok(number) => Ok(number != 0),
        Err(_) => Ok(mp::buffer(value)?.iter().any(|&byte| byte != 0)),
    }
}
