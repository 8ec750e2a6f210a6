//! `socket`: TCP and UDP on the board's network.
//!
//! Addresses are tuples, as on stock boards: `(host, port)` for IPv4, `(host, port, flow, scope)` for IPv6.
//!
//! - `object`: the socket object: making, connecting, closing, settings.
//! - `transfer`: sending and receiving; `stream`: the same as a Python stream.
//! - `address`: tuples, names and the resolver.
//! - `wait`: timeouts, and waiting for a socket.
//! - `notify`: functions that are called when something comes in.

mod address;
mod notify;
mod object;
mod stream;
mod transfer;
mod wait;

use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_AF_INET, MP_QSTR_AF_INET6, MP_QSTR_IP_ADD_MEMBERSHIP,
    MP_QSTR_IP_DROP_MEMBERSHIP, MP_QSTR_IPPROTO_IP, MP_QSTR_IPPROTO_TCP, MP_QSTR_IPPROTO_UDP,
    MP_QSTR_SO_BROADCAST, MP_QSTR_SO_KEEPALIVE, MP_QSTR_SO_REUSEADDR, MP_QSTR_SOCK_DGRAM, MP_QSTR_SOCK_RAW,
    MP_QSTR_SOCK_STREAM, MP_QSTR_SOL_SOCKET, MP_QSTR_TCP_NODELAY, MP_QSTR_getaddrinfo, MP_QSTR_socket,
};

use crate::errno::ENODEV;
use crate::hal::hal;
use crate::mp::{Error, Obj, Result};
use crate::native_module;
use crate::network::Network;

pub use notify::{again, on_ready};
pub use object::{Socket, socket, watch};

/// Numbers of the constants: Linux's, which are those of most stock ports.
mod number {
    pub const AF_INET: isize = 2;
    pub const AF_INET6: isize = 10;
    pub const SOCK_STREAM: isize = 1;
    pub const SOCK_DGRAM: isize = 2;
    pub const SOCK_RAW: isize = 3;
    pub const IPPROTO_IP: isize = 0;
    pub const IPPROTO_TCP: isize = 6;
    pub const IPPROTO_UDP: isize = 17;
    pub const SOL_SOCKET: isize = 1;
    pub const SO_REUSEADDR: isize = 2;
    pub const SO_BROADCAST: isize = 6;
    pub const SO_KEEPALIVE: isize = 9;
    /// As on stock boards; it has no name in Python.
    pub const SO_CALLBACK: isize = 20;
    pub const TCP_NODELAY: isize = 1;
    pub const IP_ADD_MEMBERSHIP: isize = 35;
    pub const IP_DROP_MEMBERSHIP: isize = 36;
}

native_module!(mp_module_socket, {
    MP_QSTR___name__: MP_QSTR_socket.obj(),
    MP_QSTR_socket: Obj::from_static(&object::TYPE),
    MP_QSTR_getaddrinfo: Obj::from_static(&address::GETADDRINFO),
    MP_QSTR_AF_INET: Obj::small_int(number::AF_INET),
    MP_QSTR_AF_INET6: Obj::small_int(number::AF_INET6),
    MP_QSTR_SOCK_STREAM: Obj::small_int(number::SOCK_STREAM),
    MP_QSTR_SOCK_DGRAM: Obj::small_int(number::SOCK_DGRAM),
    MP_QSTR_SOCK_RAW: Obj::small_int(number::SOCK_RAW),
    MP_QSTR_IPPROTO_IP: Obj::small_int(number::IPPROTO_IP),
    MP_QSTR_IPPROTO_TCP: Obj::small_int(number::IPPROTO_TCP),
    MP_QSTR_IPPROTO_UDP: Obj::small_int(number::IPPROTO_UDP),
    MP_QSTR_SOL_SOCKET: Obj::small_int(number::SOL_SOCKET),
    MP_QSTR_SO_REUSEADDR: Obj::small_int(number::SO_REUSEADDR),
    MP_QSTR_SO_BROADCAST: Obj::small_int(number::SO_BROADCAST),
    MP_QSTR_SO_KEEPALIVE: Obj::small_int(number::SO_KEEPALIVE),
    MP_QSTR_TCP_NODELAY: Obj::small_int(number::TCP_NODELAY),
    MP_QSTR_IP_ADD_MEMBERSHIP: Obj::small_int(number::IP_ADD_MEMBERSHIP),
    MP_QSTR_IP_DROP_MEMBERSHIP: Obj::small_int(number::IP_DROP_MEMBERSHIP),
});

/// The board's network.
fn network() -> Result<&'static dyn Network> {
    hal().network().ok_or(Error::Os(ENODEV))
}

/// Closes what the last life of the virtual machine left open.
pub fn reset() {
    if let Some(network) = hal().network() {
        network.close_all();
    }
    notify::reset();
}
