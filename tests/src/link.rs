//! The wire between a board and its clients: one thread that moves bytes and does to them what [`Faults`] say.

use std::io::{PipeReader, PipeWriter, Write, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use crate::PATIENCE;
use crate::endpoint::{Endpoint, Got, read, set_nonblocking, waiting, write};
use crate::faults::{Engine, Faults, Schedule};

/// Nothing tells when a pipe's reader has taken bytes: it is looked at this often.
const LOOK_FOR_ROOM: Duration = Duration::from_millis(1);

/// A PTY without a client says nothing when one comes: it is looked at this often.
const LOOK_FOR_CLIENT: Duration = Duration::from_millis(2);

/// What the wire is by itself, before any faults.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wire {
    /// The rate of a UART; `None` is as fast as it goes.
    pub(crate) baud: Option<u32>,
    /// At most this many bytes wait for the board's process to take them; then the wire stands still. A UART's pace is the
    /// board's own time, but an emulated board that the machine does not let run would find all bytes of that time at once.
    pub(crate) ahead: Option<usize>,
}

impl Wire {
    fn with(self, mut schedule: Schedule) -> Schedule {
        for faults in [&mut schedule.to_board, &mut schedule.from_board] {
            faults.baud = faults.baud.or(self.baud);
        }
        schedule
    }
}

/// A link in front of a board. Dropping it removes its port.
#[derive(Debug)]
pub struct Link {
    address: String,
    shared: Arc<Shared>,
    wake: PipeWriter,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    commands: Vec<Command>,
    is_cut: bool,
    to_board: u64,
    from_board: u64,
}

#[derive(Debug)]
enum Command {
    Set(Box<Schedule>),
    Cut,
    Restore,
    Stop,
}

impl Link {
    /// Connects a board's pipes with a client's endpoint.
    pub(crate) fn start(
        from_board: OwnedFd,
        to_board: OwnedFd,
        endpoint: Endpoint,
        wire: Wire,
        schedule: &Schedule,
    ) -> Link {
        let schedule = wire.with(schedule.clone());
        set_nonblocking(from_board.as_fd());
        set_nonblocking(to_board.as_fd());
        let address = endpoint.address();
        let shared = Arc::new(Shared::default());
        let (woken, wake) = pipe().expect("a pipe can be made");
        let worker = Worker {
            shared: Arc::clone(&shared),
            woken,
            board_out: Some(from_board),
            board_in: Some(to_board),
            endpoint,
            wire,
            up: Engine::new(schedule.from_board, schedule.seed ^ 1),
            down: Engine::new(schedule.to_board, schedule.seed),
        };
        let thread = thread::Builder::new()
            .name("link".into())
            .spawn(move || worker.run())
            .expect("a thread can be started");
        Link { address, shared, wake, thread: Some(thread) }
    }

    /// The address that `mpr connect` takes.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    fn send(&self, command: Command) {
        let mut state = self.shared.state.lock().expect("the link's state");
        state.commands.push(command);
        drop(state);
        // A thread that has ended needs no waking.
        let _ = (&self.wake).write(&[0]);
    }

    /// Replaces the faults; bytes on their way are dropped and the counts of `cut_after` begin again.
    pub fn set(&self, schedule: Schedule) {
        self.send(Command::Set(Box::new(schedule)));
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.set(Schedule::both(0, &Faults::default()));
    }

    /// Pulls the cable: the client sees its port vanish, the board sees nothing.
    pub fn cut(&self) {
        self.send(Command::Cut);
        self.wait(|state| state.is_cut, "the link to be cut");
    }

    /// Plugs the cable in again, under the old name.
    pub fn restore(&self) {
        self.send(Command::Restore);
        self.wait(|state| !state.is_cut, "the link to be back");
    }

    /// Waits until the link is cut (by `cut_after`, or because the board's process ended).
    pub fn wait_until_cut(&self) {
        self.wait(|state| state.is_cut, "the link to be cut");
    }

    /// Waits until the board has been sent this many bytes in all.
    pub fn wait_until_sent(&self, bytes: u64) {
        self.wait(|state| state.to_board >= bytes, "bytes for the board");
    }

    /// Waits until clients have been sent this many bytes in all.
    pub fn wait_until_came(&self, bytes: u64) {
        self.wait(|state| state.from_board >= bytes, "bytes from the board");
    }

    /// Bytes delivered so far: to the board, and from it.
    #[must_use]
    pub fn traffic(&self) -> (u64, u64) {
        let state = self.shared.state.lock().expect("the link's state");
        (state.to_board, state.from_board)
    }

    fn wait(&self, done: impl Fn(&State) -> bool, awaited: &str) {
        let state = self.shared.state.lock().expect("the link's state");
        let (_state, timeout) = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, |state| !done(state))
            .expect("the link's state");
        assert!(!timeout.timed_out(), "waited in vain for {awaited}");
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !thread::panicking() {
                ended.expect("the link's thread ends well");
            }
        }
    }
}

struct Worker {
    shared: Arc<Shared>,
    woken: PipeReader,
    board_out: Option<OwnedFd>,
    board_in: Option<OwnedFd>,
    endpoint: Endpoint,
    wire: Wire,
    /// From the board.
    up: Engine,
    /// To the board.
    down: Engine,
}

/// What may be done without blocking.
#[derive(Default)]
struct Ready {
    woken: bool,
    from_board: bool,
    from_client: bool,
}

impl Worker {
    fn run(mut self) {
        let mut buffer = [0; 4096];
        loop {
            let ready = self.wait();
            if ready.woken && !self.obey() {
                return;
            }
            self.endpoint.accept();
            if ready.from_board {
                self.read_board(&mut buffer);
            }
            if ready.from_client {
                self.read_client(&mut buffer);
            }
            self.deliver();
            if self.up.is_cut() || self.down.is_cut() {
                self.cut();
            }
        }
    }

    fn wait(&mut self) -> Ready {
        let now = Instant::now();
        let client = self.endpoint.client();
        let listener = self.endpoint.listener();
        let mut fds = vec![PollFd::new(self.woken.as_fd(), PollFlags::POLLIN)];
        let mut watch = |fd, flags| {
            fds.push(PollFd::new(fd, flags));
            Some(fds.len() - 1)
        };
        let from_board = self
            .board_out
            .as_ref()
            .filter(|_| self.up.room(now) > 0)
            .and_then(|fd| watch(fd.as_fd(), PollFlags::POLLIN));
        let from_client =
            client.filter(|_| self.down.room(now) > 0).and_then(|fd| watch(fd, PollFlags::POLLIN));
        if let Some(fd) = listener {
            watch(fd, PollFlags::POLLIN);
        }
        let stands_still = self.board_room() == 0;
        if let (Some(fd), Some(_), false) = (&self.board_in, self.down.arrived(now), stands_still) {
            watch(fd.as_fd(), PollFlags::POLLOUT);
        }
        if let (Some(fd), Some(_)) = (client, self.up.arrived(now)) {
            watch(fd, PollFlags::POLLOUT);
        }
        // What has arrived waits for room, which poll watches; only what is still on its way needs the clock, and a line
        // that can take more later.
        let times = [&self.up, &self.down].map(|line| [line.next_arrival(), line.next_room(now)]);
        let until = times.into_iter().flatten().flatten().filter(|due| *due > now);
        let mut timeout = until.min().map(|due| due - now);
        if client.is_none() && listener.is_none() {
            timeout = Some(timeout.map_or(LOOK_FOR_CLIENT, |time| time.min(LOOK_FOR_CLIENT)));
        }
        if stands_still {
            timeout = Some(timeout.map_or(LOOK_FOR_ROOM, |time| time.min(LOOK_FOR_ROOM)));
        }
        match ppoll(&mut fds, timeout.map(TimeSpec::from_duration), None) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => panic!("poll failed: {error}"),
        }
        let seen = |index: Option<usize>| index.is_some_and(|index| fds[index].any().unwrap_or(true));
        Ready { woken: seen(Some(0)), from_board: seen(from_board), from_client: seen(from_client) }
    }

    /// How many bytes the board's process may be given now.
    fn board_room(&self) -> usize {
        match (&self.board_in, self.wire.ahead) {
            (Some(fd), Some(ahead)) => ahead.saturating_sub(waiting(fd.as_fd())),
            _ => usize::MAX,
        }
    }

    /// Does what the test asked for; false to stop.
    fn obey(&mut self) -> bool {
        let _ = read(self.woken.as_fd(), &mut [0; 1]);
        let commands = {
            let mut state = self.shared.state.lock().expect("the link's state");
            std::mem::take(&mut state.commands)
        };
        for command in commands {
            match command {
                Command::Set(schedule) => {
                    let schedule = self.wire.with(*schedule);
                    self.up = Engine::new(schedule.from_board, schedule.seed ^ 1);
                    self.down = Engine::new(schedule.to_board, schedule.seed);
                }
                Command::Cut => self.cut(),
                Command::Restore => {
                    self.endpoint.restore();
                    self.tell(|state| state.is_cut = false);
                }
                Command::Stop => return false,
            }
        }
        true
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.shared.state.lock().expect("the link's state"));
        self.shared.changed.notify_all();
    }

    fn cut(&mut self) {
        self.endpoint.cut();
        self.up.clear();
        // A link is cut once by its count: what comes after it is restored passes.
        self.up.forget_cut();
        self.down.forget_cut();
        self.tell(|state| state.is_cut = true);
    }

    fn read_board(&mut self, buffer: &mut [u8]) {
        let Some(fd) = &self.board_out else { return };
        let now = Instant::now();
        let room = self.up.room(now).min(buffer.len());
        match read(fd.as_fd(), &mut buffer[..room]) {
            // With nobody at the port the bytes are lost, as on any serial line.
            Got::Bytes(_) if self.endpoint.client().is_none() => {}
            Got::Bytes(count) => self.up.take(now, &buffer[..count]),
            Got::Nothing => {}
            Got::End => {
                self.board_out = None;
                self.cut();
            }
        }
    }

    fn read_client(&mut self, buffer: &mut [u8]) {
        let Some(fd) = self.endpoint.client() else {
            return;
        };
        let now = Instant::now();
        let room = self.down.room(now).min(buffer.len());
        match read(fd, &mut buffer[..room]) {
            Got::Bytes(count) => self.down.take(now, &buffer[..count]),
            Got::Nothing => {}
            Got::End => self.endpoint.client_left(),
        }
    }

    fn deliver(&mut self) {
        let now = Instant::now();
        let mut sent = (0, 0);
        while let (Some(bytes), Some(fd)) = (self.down.arrived(now), &self.board_in) {
            let count = bytes.len().min(self.board_room());
            if count == 0 {
                break;
            }
            match write(fd.as_fd(), &bytes[..count]) {
                Some(0) => break,
                Some(count) => {
                    sent.0 += count as u64;
                    self.down.delivered(count);
                }
                None => self.board_in = None,
            }
        }
        while let Some(bytes) = self.up.arrived(now) {
            let Some(fd) = self.endpoint.client() else {
                self.up.clear();
                break;
            };
            match write(fd, bytes) {
                Some(0) => break,
                Some(count) => {
                    sent.1 += count as u64;
                    self.up.delivered(count);
                }
                None => {
                    self.endpoint.client_left();
                    self.up.clear();
                }
            }
        }
        if sent != (0, 0) {
            self.tell(|state| {
                state.to_board += sent.0;
                state.from_board += sent.1;
            });
        }
    }
}
