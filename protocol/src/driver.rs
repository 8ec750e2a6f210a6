//! The one loop that reads the clock and the link, and drives the raw REPL.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::agent::{self, Session};
use crate::repl::{Event, Failure, Op, RawRepl, Words};
use crate::{ConnectOptions, Error, Transport, TransportError};

/// The interrupt flag is looked at this often, or sooner.
const LOOK: Duration = Duration::from_millis(100);

/// While bytes wait for a link that takes none, bytes from the board are looked for this often.
const FULL_LINK: Duration = Duration::from_millis(2);

/// A program that was sent Ctrl-C may clean up for so long before the prompt is demanded.
const CLEAN_UP: Duration = Duration::from_millis(1500);

/// Typed bytes are asked for this often while a program runs.
const KEYS: Duration = Duration::from_millis(10);

/// Gives the bytes that a person has typed since it was last asked.
pub(crate) type Keyboard<'a> = &'a mut dyn FnMut() -> Vec<u8>;

/// Hears what happens in a conversation with an agent, and says what it came to.
pub(crate) type Turn<'a, A, T> = &'a mut dyn FnMut(&mut A, Option<agent::Event>) -> Result<Option<T>, Error>;

/// So often what has come is taken to be dropped, a buffer each time.
const DROPPED: usize = 16;

/// So long is a board asked for its prompt that is to stop; somebody waits for it.
const STOP: Duration = Duration::from_secs(5);

/// The deadlines of one operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub idle: Option<Duration>,
    pub overall: Option<Duration>,
    /// Without limits once the program has started.
    pub free_once_started: bool,
}

/// Measures one operation.
struct Watch<'a> {
    limits: Limits,
    keyboard: Option<Keyboard<'a>>,
    start: Instant,
    active: Instant,
    received: u64,
    interruptible: bool,
}

impl Watch<'_> {
    fn new(limits: Limits, interruptible: bool) -> Self {
        let now = Instant::now();
        Watch { limits, keyboard: None, start: now, active: now, received: 0, interruptible }
    }

    fn deadline(&self) -> Option<Instant> {
        let idle = self.limits.idle.map(|idle| self.active + idle);
        let overall = self.limits.overall.map(|overall| self.start + overall);
        idle.into_iter().chain(overall).min()
    }

    fn expired(&self, awaited: &str) -> Error {
        Error::Timeout { awaited: awaited.to_owned(), after: self.start.elapsed(), received: self.received }
    }
}

/// A link, the machine that speaks over it, and the bytes between them.
pub(crate) struct Driver {
    pub transport: Box<dyn Transport>,
    pub repl: RawRepl,
    options: ConnectOptions,
    words: Words,
    unsent: Vec<u8>,
    buf: Vec<u8>,
    /// Bytes that went out so far, for whoever shows progress.
    sent: Arc<AtomicU64>,
}

impl Driver {
    pub(crate) fn new(transport: Box<dyn Transport>, options: &ConnectOptions) -> Self {
        let seed = new_seed();
        Driver {
            transport,
            repl: RawRepl::new(seed),
            options: options.clone(),
            words: Words::new(!seed),
            unsent: Vec::new(),
            buf: vec![0; 16 << 10],
            sent: Arc::default(),
        }
    }

    pub(crate) fn set_seed(&mut self, seed: u64) {
        self.repl = RawRepl::new(seed);
        self.words = Words::new(!seed);
    }

    /// A text that no program prints by chance.
    pub(crate) fn new_token(&mut self) -> Vec<u8> {
        format!("{:016x}:", self.words.next()).into_bytes()
    }

    /// Counts the bytes that go out.
    pub(crate) fn sent(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.sent)
    }

    pub(crate) fn options(&self) -> &ConnectOptions {
        &self.options
    }

    /// The limits of an exchange that moves so many bytes: a slow line gets 2 ms for each.
    pub(crate) fn limits(&self, bytes: u64) -> Limits {
        let timeouts = self.options.timeouts;
        let overall = timeouts.overall.map(|t| t + Duration::from_millis(bytes.saturating_mul(2)));
        Limits { idle: Some(timeouts.idle), overall, free_once_started: false }
    }

    /// Runs an operation until `event` says what it came to. Interrupted, or when `event` fails, the board is stopped and
    /// brought to its prompt.
    pub(crate) fn operate<T>(
        &mut self,
        op: Op,
        during: &str,
        limits: Limits,
        event: &mut dyn FnMut(Event) -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        self.operate_typing(op, during, limits, None, event)
    }

    /// The same; what `keyboard` gives goes to the program while it runs.
    pub(crate) fn operate_typing<T>(
        &mut self,
        op: Op,
        during: &str,
        limits: Limits,
        keyboard: Option<Keyboard<'_>>,
        event: &mut dyn FnMut(Event) -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let mut watch = Watch { keyboard, ..Watch::new(limits, true) };
        let enters = matches!(op, Op::Enter | Op::EnterIdle);
        self.unsent.clear();
        if self.repl.start(Instant::now(), op).is_err() {
            return Err(Error::Protocol { awaited: "raw REPL prompt".into(), got: String::new() });
        }
        let error = loop {
            match self.next_event(during, &mut watch) {
                Ok(Event::Failed(failure)) => return Err(failed(failure, during)),
                Ok(happened) => {
                    if happened == Event::Started && watch.limits.free_once_started {
                        watch.limits.idle = None;
                        watch.limits.overall = None;
                    }
                    match event(happened) {
                        Ok(None) => {}
                        Ok(Some(result)) => return Ok(result),
                        Err(error) => break error,
                    }
                }
                Err(error @ Error::Interrupted) if enters => {
                    // The board may be beyond help; the user wants out.
                    self.repl.forget();
                    return Err(error);
                }
                Err(error @ Error::Interrupted) => break error,
                Err(error) => {
                    self.repl.forget();
                    return Err(error);
                }
            }
        };
        self.stop(during, &mut |bytes| {
            if matches!(error, Error::Interrupted) {
                // The caller has its answer already; what it thinks of the last words does not matter.
                let _ = event(Event::Stdout(bytes));
            }
        })?;
        Err(error)
    }

    /// Interrupts a running program and waits for the raw prompt. `last_words` gets what the program still prints.
    fn stop(&mut self, during: &str, last_words: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        if self.repl.is_ready() {
            return Ok(());
        }
        if self.repl.is_running() {
            self.unsent.clear();
            // Only a program that runs is interrupted this way, so this can't fail.
            let _ = self.repl.start(Instant::now(), Op::Interrupt);
            let limits = Limits { idle: None, overall: Some(CLEAN_UP), free_once_started: false };
            let mut watch = Watch::new(limits, true);
            loop {
                match self.next_event(during, &mut watch) {
                    Ok(Event::Stdout(bytes)) => last_words(bytes),
                    Ok(Event::Done { .. } | Event::Entered) => return Ok(()),
                    Ok(Event::Failed(_)) | Err(Error::Timeout { .. }) => break,
                    Ok(_) => {}
                    // Asked to stop again: no more patience.
                    Err(Error::Interrupted) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        self.unsent.clear();
        let _ = self.repl.start(Instant::now(), Op::Enter);
        let limits = Limits { overall: Some(STOP), ..self.limits(0) };
        let mut watch = Watch::new(limits, true);
        loop {
            match self.next_event(during, &mut watch) {
                Ok(Event::Entered) => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    self.repl.forget();
                    return Err(error);
                }
            }
        }
    }

    /// Starts a program that somebody else talks to, and hands it what it says at once.
    pub(crate) fn start_program(
        &mut self,
        op: Op,
        during: &str,
        limits: Limits,
        session: &mut Session,
    ) -> Result<(), Error> {
        self.operate(op, during, limits, &mut |event| Ok(matches!(event, Event::Started).then_some(())))?;
        while let Some(event) = self.repl.poll() {
            if let Event::Stdout(bytes) = event {
                session.handle_input(Instant::now(), &bytes);
            }
        }
        self.unsent.clear();
        Ok(())
    }

    /// Talks to the running agent until `turn` says what it came to. It is given each event, and nothing once a turn, to
    /// have more to say. When the caller is interrupted or `turn` fails, the board is not stopped.
    pub(crate) fn converse<A: AsMut<Session>, T>(
        &mut self,
        with: &mut A,
        during: &str,
        limits: Limits,
        turn: Turn<'_, A, T>,
    ) -> Result<T, Error> {
        let mut watch = Watch::new(limits, true);
        loop {
            while let Some(event) = with.as_mut().poll() {
                if let Some(result) = turn(with, Some(event))? {
                    return Ok(result);
                }
            }
            if let Some(result) = turn(with, None)? {
                return Ok(result);
            }
            if self.options.interrupt.take() {
                return Err(Error::Interrupted);
            }
            let now = Instant::now();
            if watch.deadline().is_some_and(|deadline| now >= deadline) {
                return Err(watch.expired("answer of the agent"));
            }
            let _ = with.as_mut().poll_transmit(now, &mut self.unsent);
            self.send_pending(now, during, &mut watch)?;
            let look = if self.unsent.is_empty() { LOOK } else { FULL_LINK };
            let wake = watch
                .deadline()
                .into_iter()
                .chain(with.as_mut().poll_timeout())
                .fold(now + look, Instant::min);
            let n = self.receive(wake, during, &mut watch)?;
            let now = Instant::now();
            if n > 0 {
                with.as_mut().handle_input(now, &self.buf[..n]);
            }
            with.as_mut().handle_timeout(now);
        }
    }

    /// Interrupts whatever runs and brings the board to the raw prompt.
    pub(crate) fn halt(&mut self, during: &str) -> Result<(), Error> {
        self.repl.forget();
        self.stop(during, &mut |_| {})
    }

    /// Opens the link again that a restart of the board closed. `false` when this kind of link can't.
    pub(crate) fn reconnect(&mut self, during: &str, patience: Duration) -> Result<bool, Error> {
        let now = Instant::now();
        self.unsent.clear();
        let result = self.transport.reconnect(now + patience);
        result.map_err(|error| lost(error, during, Instant::now() - now))
    }

    /// Starts an operation that awaits nothing, and sends its bytes.
    pub(crate) fn send_off(&mut self, op: Op, during: &str, patience: Duration) -> Result<(), Error> {
        let now = Instant::now();
        self.unsent.clear();
        // Operations without an answer are possible in every state.
        let _ = self.repl.start(now, op);
        let mut bytes = Vec::new();
        let _ = self.repl.poll_transmit(now, &mut bytes);
        self.send_bytes(&bytes, during, patience)
    }

    /// Sends bytes and awaits nothing.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8], during: &str, patience: Duration) -> Result<(), Error> {
        let now = Instant::now();
        let result = self.transport.send_all(bytes, now + patience);
        result.map_err(|error| lost(error, during, Instant::now() - now))
    }

    /// Takes what has come, which nobody waits for.
    pub(crate) fn drop_received(&mut self, during: &str) -> Result<(), Error> {
        let now = Instant::now();
        // A board that never stops printing does not hold the caller up.
        for _ in 0..DROPPED {
            let taken = self.transport.recv(&mut self.buf, now);
            if taken.map_err(|error| lost(error, during, Duration::ZERO))? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Hands the link what it takes now of what is to be sent.
    fn send_pending(&mut self, now: Instant, during: &str, watch: &mut Watch<'_>) -> Result<(), Error> {
        if !self.unsent.is_empty() {
            let sent =
                self.transport.send(&self.unsent, now).map_err(|e| lost(e, during, watch.start.elapsed()))?;
            self.sent.fetch_add(sent as u64, Ordering::Relaxed);
            self.unsent.drain(..sent);
            if sent > 0 {
                watch.active = now;
            }
        }
        Ok(())
    }

    /// Waits for bytes, which are in `buf` then; returns how many.
    fn receive(&mut self, wake: Instant, during: &str, watch: &mut Watch<'_>) -> Result<usize, Error> {
        let n =
            self.transport.recv(&mut self.buf, wake).map_err(|e| lost(e, during, watch.start.elapsed()))?;
        if n > 0 {
            watch.active = Instant::now();
            watch.received += n as u64;
        }
        Ok(n)
    }

    /// Drives link and machine until something happens.
    fn next_event(&mut self, during: &str, watch: &mut Watch<'_>) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.repl.poll() {
                return Ok(event);
            }
            if watch.interruptible && self.options.interrupt.take() {
                return Err(Error::Interrupted);
            }
            let now = Instant::now();
            if watch.deadline().is_some_and(|deadline| now >= deadline) {
                return Err(watch.expired(self.repl.awaits()));
            }
            let _ = self.repl.poll_transmit(now, &mut self.unsent);
            let keyboard = watch.keyboard.as_mut().filter(|_| self.repl.is_running());
            let typing = keyboard.is_some();
            self.unsent.extend(keyboard.into_iter().flat_map(|keyboard| keyboard()));
            self.send_pending(now, during, watch)?;
            let look = match (self.unsent.is_empty(), typing) {
                (false, _) => FULL_LINK,
                (true, true) => KEYS,
                (true, false) => LOOK,
            };
            let wake =
                watch.deadline().into_iter().chain(self.repl.poll_timeout()).fold(now + look, Instant::min);
            let n = self.receive(wake, during, watch)?;
            let now = Instant::now();
            if n > 0 {
                self.repl.handle_input(now, &self.buf[..n]);
            } else if self.repl.poll_timeout().is_some_and(|at| now >= at) {
                self.repl.handle_timeout(now);
            }
        }
    }
}

/// Another one each time; it need not be secret.
fn new_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // Every RandomState has keys of its own, random at the start of the process.
    let mut hasher = RandomState::new().build_hasher();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    hasher.write_u128(now.as_nanos());
    hasher.finish()
}

fn failed(failure: Failure, during: &str) -> Error {
    match failure {
        Failure::Restarted => Error::Reset { during: during.to_owned() },
        Failure::Unexpected { awaited, got } => {
            Error::Protocol { awaited: awaited.to_owned(), got: got.escape_ascii().to_string() }
        }
        Failure::ControlByte(_) => {
            Error::Unsupported { what: "sending code with control characters", lacks: "a way to take them" }
        }
    }
}

/// What a link's error means for an operation.
pub(crate) fn lost(error: TransportError, during: &str, after: Duration) -> Error {
    let during = during.to_owned();
    match error {
        TransportError::Closed { detail } => Error::Lost { during, cause: detail },
        TransportError::InUse { what } => Error::Busy { port: what },
        TransportError::TimedOut => {
            Error::Timeout { awaited: "room for more bytes on the link".to_owned(), after, received: 0 }
        }
        TransportError::Io(error) => Error::Lost { during, cause: Some(error.to_string()) },
    }
}
