//! A thread that polls sockets for the board and ends its waiting when one has something.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mpr_firmware::network::SocketId;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::Socket;

/// How soon the firmware is told again if its queue was full.
const AGAIN: Duration = Duration::from_millis(1);

/// The board's side of the thread.
pub struct Watcher {
    shared: Arc<Shared>,
    /// A byte here makes the thread look at its orders again.
    poke: UnixStream,
}

#[derive(Default)]
struct Shared {
    orders: Mutex<Orders>,
    /// The thread has let go of the sockets that it polled.
    released: Condvar,
}

#[derive(Default)]
struct Orders {
    wanted: HashMap<SocketId, (Arc<Socket>, PollFlags)>,
    /// What the thread polls at the moment; it holds these sockets.
    polled: Vec<SocketId>,
}

impl Shared {
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Starts the thread; it lives as long as the process.
    pub fn start(
        wake: impl Fn() + Send + 'static,
        ready: impl Fn() -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let (poke, poked) = UnixStream::pair()?;
        poked.set_nonblocking(true)?;
        poke.set_nonblocking(true)?;
        let shared = Arc::new(Shared::default());
        let watcher = Self { shared: Arc::clone(&shared), poke };
        std::thread::Builder::new().name("sockets".into()).spawn(move || {
            loop {
                if round(&shared, &poked) {
                    while !ready() {
                        std::thread::sleep(AGAIN);
                    }
                    wake();
                }
            }
        })?;
        Ok(watcher)
    }

    /// Asks for one wake-up when the socket has one of these events.
    pub fn watch(&self, id: SocketId, socket: Arc<Socket>, events: PollFlags) {
        let mut orders = self.shared.orders();
        let same = orders.wanted.get(&id).is_some_and(|(_, wanted)| *wanted == events);
        orders.wanted.insert(id, (socket, events));
        if !same || !orders.polled.contains(&id) {
            self.poke();
        }
    }

    /// Stops watching a socket; when this returns, the thread no longer holds it.
    pub fn forget(&self, id: SocketId) {
        let mut orders = self.shared.orders();
        orders.wanted.remove(&id);
        while orders.polled.contains(&id) {
            self.poke();
            orders = self.shared.released.wait(orders).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn poke(&self) {
        // A full pipe means that the thread has been poked enough.
        let _ = (&self.poke).write(&[0]);
    }
}

/// Polls what is wanted until something comes. True: the board must be woken.
fn round(shared: &Shared, poked: &UnixStream) -> bool {
    let watched: Vec<(SocketId, Arc<Socket>, PollFlags)> = {
        let mut orders = shared.orders();
        orders.polled = orders.wanted.keys().copied().collect();
        orders.wanted.iter().map(|(id, (socket, events))| (*id, Arc::clone(socket), *events)).collect()
    };
    let mut fds = vec![PollFd::new(poked.as_fd(), PollFlags::POLLIN)];
    fds.extend(watched.iter().map(|(_, socket, events)| PollFd::new(socket.as_fd(), *events)));
    let polled = poll(&mut fds, PollTimeout::NONE).is_ok();
    let came = |fd: &PollFd<'_>| polled && fd.any().unwrap_or(false);
    if came(&fds[0]) {
        let _ = (&mut &*poked).read(&mut [0; 64]);
    }
    let ready: Vec<SocketId> =
        watched.iter().zip(&fds[1..]).filter(|(_, fd)| came(fd)).map(|((id, ..), _)| *id).collect();
    drop(fds);
    drop(watched);
    let mut orders = shared.orders();
    orders.polled.clear();
    for id in &ready {
        orders.wanted.remove(id);
    }
    shared.released.notify_all();
    !ready.is_empty()
}
