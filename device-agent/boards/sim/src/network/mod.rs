//! The network: the host's own sockets.
//!
//! - `watcher`: a thread that ends the board's waiting when a socket has something.
//! - `announcer`: mDNS.
//! - `resolver`: name look-ups, on threads of their own.

mod announcer;
mod resolver;
mod watcher;

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mpr_firmware::errno;
use mpr_firmware::network::{
    Errno, Family, IpAddr, Kind, Network, Service, SocketAddr, SocketId, SocketOption,
};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use self::announcer::Announcer;
use self::resolver::Resolver;
use self::watcher::Watcher;

/// The host's network for one board.
pub struct Host {
    sockets: Mutex<Sockets>,
    watcher: Watcher,
    resolver: Resolver,
    announcer: Announcer,
}

#[derive(Default)]
struct Sockets {
    open: HashMap<SocketId, Arc<Socket>>,
    last: u32,
}

impl Host {
    /// `wake` ends the board's waiting; `ready` is told first when a watched socket has something, again a little later if it says
    /// false.
    pub fn new(
        wake: impl Fn() + Clone + Send + Sync + 'static,
        ready: impl Fn() -> bool + Send + 'static,
    ) -> io::Result<Self> {
        Ok(Self {
            sockets: Mutex::default(),
            watcher: Watcher::start(wake.clone(), ready)?,
            resolver: Resolver::new(wake),
            announcer: Announcer::default(),
        })
    }

    fn sockets(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: SocketId) -> Result<Arc<Socket>, Errno> {
        self.sockets().open.get(&id).cloned().ok_or(errno::EBADF)
    }

    fn add(&self, socket: Socket) -> Result<SocketId, Errno> {
        socket.set_nonblocking(true).map_err(number)?;
        let mut sockets = self.sockets();
        sockets.last += 1;
        let id = SocketId(sockets.last);
        sockets.open.insert(id, Arc::new(socket));
        Ok(id)
    }
}

/// The number of an error; on Linux the host's numbers are MicroPython's.
fn number(error: io::Error) -> Errno {
    match error.kind() {
        io::ErrorKind::WouldBlock => errno::EAGAIN,
        _ => error.raw_os_error().unwrap_or(errno::EINVAL),
    }
}

fn as_std(address: SockAddr) -> Result<SocketAddr, Errno> {
    address.as_socket().ok_or(errno::EINVAL)
}

/// Repeats a call that a signal interrupted.
fn persist<T>(mut call: impl FnMut() -> io::Result<T>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map_err(number),
        }
    }
}

/// Events in the numbers of MicroPython, which are Linux's.
fn flags(events: usize) -> PollFlags {
    PollFlags::from_bits_truncate(events as i16) & (PollFlags::POLLIN | PollFlags::POLLOUT)
}

impl Network for Host {
    fn open(&self, family: Family, kind: Kind, protocol: u8) -> Result<SocketId, Errno> {
        let domain = match family {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        };
        let kind = match kind {
            Kind::Stream => Type::STREAM,
            Kind::Datagram => Type::DGRAM,
            Kind::Raw => Type::from(nix::libc::SOCK_RAW),
        };
        let protocol = (protocol != 0).then(|| Protocol::from(i32::from(protocol)));
        self.add(Socket::new(domain, kind, protocol).map_err(number)?)
    }

    fn close(&self, id: SocketId) {
        let socket = self.sockets().open.remove(&id);
        self.watcher.forget(id);
        // Closed by now for the other side, too: nobody else holds it.
        drop(socket);
    }

    fn close_all(&self) {
        self.announcer.withdraw();
        let ids: Vec<SocketId> = self.sockets().open.keys().copied().collect();
        for id in ids {
            self.close(id);
        }
    }

    fn bind(&self, id: SocketId, address: SocketAddr) -> Result<(), Errno> {
        self.get(id)?.bind(&address.into()).map_err(number)
    }

    fn listen(&self, id: SocketId, backlog: u32) -> Result<(), Errno> {
        self.get(id)?.listen(i32::try_from(backlog).unwrap_or(i32::MAX)).map_err(number)
    }

    fn accept(&self, id: SocketId) -> Result<(SocketId, SocketAddr), Errno> {
        let server = self.get(id)?;
        let (socket, from) = persist(|| server.accept())?;
        Ok((self.add(socket)?, as_std(from)?))
    }

    fn connect(&self, id: SocketId, address: SocketAddr) -> Result<(), Errno> {
        self.get(id)?.connect(&address.into()).map_err(number)
    }

    fn connected(&self, id: SocketId) -> Result<(), Errno> {
        match self.get(id)?.take_error() {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => Err(number(error)),
        }
    }

    fn send(&self, id: SocketId, data: &[u8], to: Option<SocketAddr>) -> Result<usize, Errno> {
        let socket = self.get(id)?;
        persist(|| match to {
            Some(to) => socket.send_to(data, &to.into()),
            None => socket.send(data),
        })
    }

    fn receive(&self, id: SocketId, buffer: &mut [u8]) -> Result<(usize, Option<SocketAddr>), Errno> {
        let socket = self.get(id)?;
        // SAFETY: initialised bytes as bytes that need not be; socket2 writes initialised ones only.
        let buffer = unsafe { &mut *(std::ptr::from_mut(buffer) as *mut [MaybeUninit<u8>]) };
        let (count, from) = persist(|| socket.recv_from(buffer))?;
        Ok((count, from.as_socket()))
    }

    fn set_option(&self, id: SocketId, option: SocketOption) -> Result<(), Errno> {
        let socket = self.get(id)?;
        match option {
            SocketOption::ReuseAddress(on) => socket.set_reuse_address(on),
            SocketOption::Broadcast(on) => socket.set_broadcast(on),
            SocketOption::KeepAlive(on) => socket.set_keepalive(on),
            SocketOption::NoDelay(on) => socket.set_tcp_nodelay(on),
            SocketOption::Join(group, interface) => socket.join_multicast_v4(&group, &interface),
            SocketOption::Leave(group, interface) => socket.leave_multicast_v4(&group, &interface),
        }
        .map_err(number)
    }

    fn poll(&self, id: SocketId, events: usize) -> Result<usize, Errno> {
        let socket = self.get(id)?;
        let mut fds = [PollFd::new(socket.as_fd(), flags(events))];
        match poll(&mut fds, PollTimeout::ZERO) {
            Ok(_) => Ok(fds[0].revents().unwrap_or(PollFlags::empty()).bits() as usize),
            Err(nix::Error::EINTR) => Ok(0),
            Err(error) => Err(error as i32),
        }
    }

    fn watch(&self, id: SocketId, events: usize) -> bool {
        match self.get(id) {
            Ok(socket) => {
                self.watcher.watch(id, socket, flags(events));
                true
            }
            Err(_) => false,
        }
    }

    fn resolve(&self, host: &str, addresses: &mut [IpAddr]) -> Result<usize, Errno> {
        self.resolver.resolve(host, addresses)
    }

    fn announce(&self, service: &Service<'_>) -> Result<(), Errno> {
        self.announcer.announce(service)
    }

    fn withdraw(&self) {
        self.announcer.withdraw();
    }
}
