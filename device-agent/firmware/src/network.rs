//! Sockets as a board provides them, for module `socket`.
//!
//! A board with an operating system passes calls on; a bare-metal board answers from its own TCP/IP stack. Nothing here waits:
//! what can't be done yet is [`crate::errno::EAGAIN`], and the firmware waits with [`Network::poll`] and [`Network::watch`].

pub use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// An error number as `OSError` shows it: MicroPython's own, which are Linux's.
pub type Errno = i32;

/// A socket of the board. Never 0, and not given again before [`Network::close_all`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SocketId(pub u32);

/// An address family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A kind of socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// TCP.
    Stream,
    /// UDP.
    Datagram,
    /// Packets of a protocol.
    Raw,
}

/// A setting of a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SocketOption {
    /// `SO_REUSEADDR`
    ReuseAddress(bool),
    /// `SO_BROADCAST`
    Broadcast(bool),
    /// `SO_KEEPALIVE`
    KeepAlive(bool),
    /// `TCP_NODELAY`
    NoDelay(bool),
    /// `IP_ADD_MEMBERSHIP`: the group, and the interface's address.
    Join(Ipv4Addr, Ipv4Addr),
    /// `IP_DROP_MEMBERSHIP`: as above.
    Leave(Ipv4Addr, Ipv4Addr),
}

/// A service that a board offers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Service<'a> {
    /// The name that others see.
    pub name: &'a str,
    /// Its type, such as `_webrepl._tcp`.
    pub kind: &'a str,
    /// The address that it listens on; the unspecified one is all.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

/// The board's network. Called from the virtual machine's thread only.
pub trait Network: Sync {
    /// A new socket; `protocol` is 0 for the kind's own.
    fn open(&self, family: Family, kind: Kind, protocol: u8) -> Result<SocketId, Errno>;
    /// Closes a socket; one that isn't open is ignored.
    fn close(&self, socket: SocketId);
    /// Closes every socket: the virtual machine starts again.
    fn close_all(&self);
    /// Sets the socket's own address.
    fn bind(&self, socket: SocketId, address: SocketAddr) -> Result<(), Errno>;
    /// Makes it a server with so many connections waiting.
    fn listen(&self, socket: SocketId, backlog: u32) -> Result<(), Errno>;
    /// The next connection and where it comes from.
    fn accept(&self, socket: SocketId) -> Result<(SocketId, SocketAddr), Errno>;
    /// Starts connecting: [`crate::errno::EINPROGRESS`] until the socket is writable, then [`Network::connected`] tells.
    fn connect(&self, socket: SocketId, address: SocketAddr) -> Result<(), Errno>;
    /// The outcome of [`Network::connect`].
    fn connected(&self, socket: SocketId) -> Result<(), Errno>;
    /// Sends at least one byte (or all of a datagram); with an address, there.
    fn send(&self, socket: SocketId, data: &[u8], to: Option<SocketAddr>) -> Result<usize, Errno>;
    /// Receives bytes (0 at the end of a stream) and, for datagrams, where they come from.
    fn receive(&self, socket: SocketId, buffer: &mut [u8]) -> Result<(usize, Option<SocketAddr>), Errno>;
    /// Changes a setting.
    fn set_option(&self, socket: SocketId, option: SocketOption) -> Result<(), Errno>;
    /// Which of these events (`micropython_sys::object::stream::POLL_*`) the socket has; errors and hang-ups always.
    fn poll(&self, socket: SocketId, events: usize) -> Result<usize, Errno>;
    /// Asks that [`crate::hal::Hal::wait`] ends, once, when the socket has one of these events, even if it has it already.
    /// False: the socket must be polled.
    fn watch(&self, socket: SocketId, events: usize) -> bool;
    /// Addresses of a host; returns how many were written. [`crate::errno::EINPROGRESS`]: call again with the same name after
    /// [`crate::hal::Hal::wait`].
    fn resolve(&self, host: &str, addresses: &mut [IpAddr]) -> Result<usize, Errno>;
    /// Announces a service by mDNS, in the place of the one before, until [`Network::withdraw`] or [`Network::close_all`].
    /// [`crate::errno::EOPNOTSUPP`]: the board can't.
    fn announce(&self, _service: &Service<'_>) -> Result<(), Errno> {
        Err(crate::errno::EOPNOTSUPP)
    }
    /// Takes the announcement back.
    fn withdraw(&self) {}
}
