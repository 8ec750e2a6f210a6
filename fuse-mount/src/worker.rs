//! The thread that owns the board: it does what others ask for, one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mpr_protocol::transport::{Door, Visitor, resolve};
use mpr_protocol::{Address, ConnectOptions};

use crate::errno::{Errno, Stop};
use crate::fs::{Access, Fs};
use crate::line::Line;
use crate::status::Doing;
use crate::visit;

/// How often the worker looks for visitors and for signs of the board while nothing is asked of it.
const IDLE: Duration = Duration::from_millis(50);

/// While a program runs on the board, who waits for so long is answered by what was known before it ran, if that will do.
const PATIENCE_FOR_NEWS: Duration = Duration::from_millis(300);

/// Something to do with the board, or an error to answer it with. Tells whether it is done; with [`Access::Before`] it may not be.
pub(crate) type Work = Box<dyn FnMut(std::result::Result<Access<'_>, Errno>) -> bool + Send>;

pub(crate) struct Job {
    since: Instant,
    work: Work,
    /// What was known before does not do.
    needs_news: bool,
}

/// What has changed about the board.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It is away, for this reason.
    Lost(String),
    /// It is back.
    Back,
    /// Files waited too long for a program that runs on the board.
    Busy,
}

/// Hears of events, on the worker's thread.
pub type Observer = Box<dyn FnMut(Event) + Send>;

/// Takes work for the thread.
#[derive(Clone)]
pub(crate) struct Queue(Sender<Job>);

impl Queue {
    /// Has something done.
    pub fn put(&self, work: Work) {
        if let Err(mut refused) = self.0.send(Job { since: Instant::now(), work, needs_news: false }) {
            (refused.0.work)(Err(Errno::EIO));
        }
    }
}

/// The thread.
pub(crate) struct Worker {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Line>,
}

pub(crate) struct Setup {
    pub fs: Arc<Fs>,
    pub line: Line,
    /// How the board is found, also after it was away.
    pub address: Address,
    /// Others come in here while the board is there: what has its port meanwhile may be another board.
    pub door: Option<Door>,
    pub patience: Duration,
    pub observer: Observer,
}

impl Worker {
    pub fn start(setup: Setup) -> std::io::Result<(Worker, Queue)> {
        let (sender, jobs) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("board".into()).spawn(move || {
            let mut desk = Desk { jobs, waiting: VecDeque::new(), stop: stopped, was_visited: false, setup };
            desk.work();
            desk.setup.line
        })?;
        Ok((Worker { stop, thread }, Queue(sender)))
    }

    /// Lets the thread finish what it was asked, and returns the board.
    pub fn stop(self) -> Option<Line> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().ok()
    }
}

/// What the thread works with.
pub(crate) struct Desk {
    jobs: Receiver<Job>,
    waiting: VecDeque<Job>,
    stop: Arc<AtomicBool>,
    /// A visitor has left the board at its prompt.
    was_visited: bool,
    setup: Setup,
}

impl Desk {
    fn work(&mut self) {
        let mut was_lost = false;
        loop {
            match self.next_job(IDLE) {
                Some(job) => self.run(job),
                None if self.is_stopped() => return,
                None => {
                    if std::mem::take(&mut self.was_visited) {
                        self.take_back();
                    }
                    self.setup.line.look();
                    self.expire_if_renewed();
                }
            }
            let trouble = self.setup.line.trouble().map(str::to_owned);
            let is_lost = trouble.is_some();
            match (was_lost, trouble) {
                (false, Some(why)) => {
                    self.setup.fs.status.work(Doing::Away);
                    self.setup.door = None;
                    (self.setup.observer)(Event::Lost(why));
                }
                (true, None) => {
                    self.setup.fs.status.work(Doing::None);
                    self.setup.door = open_door(&self.setup.address);
                    (self.setup.observer)(Event::Back);
                }
                _ => {}
            }
            was_lost = is_lost;
            if let Some(visitor) = self.visitor() {
                self.receive(visitor);
            }
        }
    }

    fn receive(&mut self, visitor: Visitor) {
        match self.setup.line.trouble() {
            Some(why) => visitor.refuse_away(why),
            None => {
                let fs = Arc::clone(&self.setup.fs);
                fs.status.during(Doing::Visitor, || visit::serve(self, visitor));
                self.was_visited = true;
            }
        }
    }

    /// Makes the board ready for files, which then need not wait for that. If it is not at its prompt, it is left alone.
    fn take_back(&mut self) {
        if let Some(device) = self.setup.line.device() {
            // A link that has ended shows when the board is looked at.
            let _ = device.enter_raw_repl_if_idle(visit::PROMPT_PATIENCE);
        }
    }

    /// Another program that wants to use the board.
    pub fn visitor(&self) -> Option<Visitor> {
        self.setup.door.as_ref().and_then(Door::visitor)
    }

    pub fn fs(&self) -> &Fs {
        &self.setup.fs
    }

    pub fn line(&mut self) -> &mut Line {
        &mut self.setup.line
    }

    /// Whether work waits. What has waited long is answered as well as it can be without the board.
    pub fn has_work(&mut self) -> bool {
        while let Ok(job) = self.jobs.try_recv() {
            self.waiting.push_back(job);
        }
        let patience = self.setup.patience;
        let mut is_busy = false;
        self.waiting.retain_mut(|job| {
            let waited = job.since.elapsed();
            if waited >= patience {
                is_busy = true;
                return !(job.work)(Err(Errno::EBUSY));
            }
            if waited < PATIENCE_FOR_NEWS || job.needs_news {
                return true;
            }
            job.needs_news = true;
            !(job.work)(Ok(Access::Before))
        });
        if is_busy {
            (self.setup.observer)(Event::Busy);
        }
        !self.waiting.is_empty()
    }

    /// Does all that waits.
    pub fn catch_up(&mut self) {
        while let Some(job) = self.next_job(Duration::ZERO) {
            self.run(job);
        }
    }

    fn run(&mut self, mut job: Job) {
        (job.work)(Ok(Access::Board(&mut self.setup.line)));
        self.expire_if_renewed();
    }

    /// What was known of a board that was away or restarted may be out of date.
    fn expire_if_renewed(&mut self) {
        if self.setup.line.take_renewed() {
            self.setup.fs.expire();
        }
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn next_job(&mut self, patience: Duration) -> Option<Job> {
        if let Some(job) = self.waiting.pop_front() {
            return Some(job);
        }
        match self.jobs.recv_timeout(patience) {
            Ok(job) => Some(job),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.stop.store(true, Ordering::SeqCst);
                None
            }
        }
    }
}

/// The door of a board that has come back, where it is now. Without one, the mount is as good, only alone.
fn open_door(address: &Address) -> Option<Door> {
    let place = resolve(address, &ConnectOptions::default()).ok()?;
    Door::open(&place).ok().flatten()
}

/// What a program is answered.
pub(crate) fn answer<T>(result: std::result::Result<T, Stop>) -> std::result::Result<T, Errno> {
    result.map_err(|stop| match stop {
        Stop::Failed(errno) => errno,
        // With the board at hand nothing needs it more.
        Stop::NeedsBoard => Errno::EIO,
    })
}
