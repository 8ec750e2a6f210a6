//! The agent of a connection: where it comes from, when it is worth while, and how it is asked.

use std::time::Instant;

use super::{Device, wrapper};
use crate::agent::request::{self, About};
use crate::agent::{self, Outgoing, Session, Setup};
use crate::driver::{Limits, Turn};
use crate::repl::{Framing, Op};
use crate::{Discard, Errno, Error, Traceback, python};

/// The largest payload of a frame that is asked for, in bytes: five blocks.
const PAYLOAD: usize = 5 * mpr_wire::BLOCK;

/// The largest window for inflating that is asked for.
const WBITS: u8 = 15;

/// Bytes between acknowledgements for boards that say nothing of their console: half of 64 bytes.
const SMALL_UNIT: u64 = 32;

/// More needs more than the 7 bits of an acknowledgement's count.
const LARGEST_UNIT: u64 = 4096;

/// A board that lacks the agent is sent it for work of at least so many bytes.
const WORTH_SENDING: u64 = 8 << 10;

/// Free heap that it takes to compile the agent, in bytes.
const ROOM_TO_COMPILE: u64 = 72 << 10;

/// Something that was damaged is sent so often.
const TRIES: u32 = 4;

/// What is known about the agent.
#[derive(Debug, Default)]
pub(super) enum State {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// The board has it.
    Installed,
    /// The board lacks it, but could be sent it.
    Lacking,
    /// It does not work on this board.
    Unusable,
    /// It runs. `sent`: it was sent by us.
    Running { agent: Box<Agent>, sent: bool },
}

impl State {
    /// Whether the agent has run on the board.
    pub(super) fn is_known(&self) -> bool {
        matches!(self, State::Installed | State::Running { .. })
    }
}

/// A running agent.
#[derive(Debug)]
pub(super) struct Agent {
    pub session: Session,
    pub out: Outgoing,
    pub about: About,
    request: u8,
}

impl Agent {
    /// A number for the next request.
    pub(super) fn next_request(&mut self) -> u8 {
        self.request = self.request.wrapping_add(1);
        self.request
    }
}

/// Why the agent did not start.
#[derive(Debug)]
enum NotStarted {
    /// The code for it was damaged on the way.
    Damaged,
    /// By this exception.
    Raised(Traceback),
}

/// How a conversation with the agent went wrong.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The agent has ended, or it or its board does not answer any more.
    Died(Error),
    /// Anything else.
    Error(Error),
}

impl Device {
    /// Starts the agent unless it runs; `None` if it does not pay for work of so many bytes, or does not work here.
    pub(super) fn agent(&mut self, work: u64) -> Result<Option<&mut Agent>, Error> {
        // Code of ours that runs on a mounted folder needs the line for itself.
        if !self.mounted().is_empty() {
            return Ok(None);
        }
        if !matches!(self.agent, State::Running { .. }) {
            if matches!(self.agent, State::Unknown | State::Installed) {
                self.start_installed()?;
            }
            if matches!(self.agent, State::Lacking) && work >= WORTH_SENDING {
                self.send_agent()?;
            }
        }
        Ok(match &mut self.agent {
            State::Running { agent, .. } => Some(&mut **agent),
            _ => None,
        })
    }

    /// The heap that the agent takes on the board while it runs, in bytes, with the window that it inflates with; `None` if it
    /// does not run there.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn agent_heap(&mut self) -> Result<Option<(u64, u64)>, Error> {
        let Some(agent) = self.agent(WORTH_SENDING)? else { return Ok(None) };
        let (memory, window) =
            (agent.about.memory, if agent.about.wbits > 0 { 1 << agent.about.wbits } else { 0 });
        let answer = self.ask("asking for free memory", &|id| request::heap(id).to_vec())?;
        let free = answer.ok().and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map(u32::from_le_bytes);
        Ok(free.map(|free| (memory.saturating_sub(u64::from(free)), window)))
    }

    /// Does without the agent from now on.
    pub(super) fn give_agent_up(&mut self) -> Result<(), Error> {
        self.stop_agent()?;
        self.agent = State::Unusable;
        Ok(())
    }

    /// Starts the agent that the board has, if it has one.
    fn start_installed(&mut self) -> Result<(), Error> {
        let unit = self.unit()?;
        if self.driver.repl.is_old() {
            // Only asking takes memory that such a board may lack afterwards.
            self.agent = State::Lacking;
            return Ok(());
        }
        for _ in 0..TRIES {
            let token = self.agent_token();
            let call = format!("__import__('{}').run({}\n", mpr_agent::MODULE, arguments(&token, unit));
            match self.start(call.into_bytes(), token, unit)? {
                Ok(agent) if agent.about.version == mpr_agent::VERSION => {
                    self.agent = State::Running { agent, sent: false };
                    return Ok(());
                }
                // Another version than ours.
                Ok(agent) => {
                    self.agent = State::Running { agent, sent: false };
                    self.stop_agent()?;
                    self.agent = State::Lacking;
                    return Ok(());
                }
                Err(NotStarted::Damaged) => {}
                Err(NotStarted::Raised(traceback)) => {
                    let lacks = traceback.exception == "ImportError"
                        || traceback.exception == "AttributeError"
                            && traceback.text.matches("  File ").count() <= 1;
                    self.agent = if lacks { State::Lacking } else { State::Unusable };
                    return Ok(());
                }
            }
        }
        self.agent = State::Lacking;
        Ok(())
    }

    /// Sends the agent to a board that lacks it, and starts it.
    fn send_agent(&mut self) -> Result<(), Error> {
        let capabilities = self.capabilities()?;
        let fits = capabilities.free_memory.is_some_and(|free| free >= ROOM_TO_COMPILE);
        let able = capabilities.stdin_buffer && capabilities.stdout_buffer && capabilities.sha256;
        if !fits || !able || !capabilities.crc32 || !capabilities.rename || !capabilities.stat {
            self.agent = State::Unusable;
            return Ok(());
        }
        let inflates = capabilities.deflate;
        let unit = self.unit()?;
        for _ in 0..TRIES {
            let token = self.agent_token();
            match self.start(injection(&token, unit, inflates), token, unit)? {
                Ok(agent) => {
                    self.agent = State::Running { agent, sent: true };
                    return Ok(());
                }
                Err(NotStarted::Damaged) => {}
                Err(NotStarted::Raised(_)) => break,
            }
        }
        self.agent = State::Unusable;
        Ok(())
    }

    /// The raw-paste window, which a board says when it is first sent code. Its console holds twice as much.
    fn unit(&mut self) -> Result<u64, Error> {
        self.enter_raw_repl()?;
        if self.driver.repl.raw_paste().is_none() {
            self.execute(Vec::new(), "asking for the window", &mut Discard)?;
        }
        let window = self.driver.repl.window().map(|window| window as u64);
        Ok(window.unwrap_or(SMALL_UNIT).clamp(16, LARGEST_UNIT))
    }

    /// No byte of it is one that the raw REPL or the agent takes for something.
    fn agent_token(&mut self) -> [u8; 8] {
        let token = self.driver.new_token();
        let mut bytes = [b'0'; 8];
        bytes.iter_mut().zip(token).for_each(|(to, from)| *to = from);
        bytes
    }

    /// Runs code that starts the agent. The inner error is the board's.
    fn start(
        &mut self,
        code: Vec<u8>,
        token: [u8; 8],
        unit: u64,
    ) -> Result<Result<Box<Agent>, NotStarted>, Error> {
        let during = "starting the agent";
        self.enter_raw_repl()?;
        let line_rate = f64::from(self.options().baud) / 10.0;
        let pushes_back = self.driver.transport.pushes_back();
        // A network brings all of a window at once, so a board's WebREPL would lose what is beyond its buffer.
        let grows = self.driver.transport.webrepl().is_none();
        let setup = Setup { token, unit, payload: PAYLOAD, line_rate, pushes_back, grows };
        let mut session = Session::new(setup, Instant::now());
        let limits = self.driver.limits(code.len() as u64);
        self.driver.start_program(Op::Exec { code, framing: Framing::Raw }, during, limits, &mut session)?;
        let answer = self.driver.converse(&mut session, during, limits, &mut |_, event| {
            Ok(match event {
                // With another token it was damaged on the way.
                Some(agent::Event::Answer(answer)) if answer.first() == Some(&request::HELLO) => {
                    Some(About::parse(&answer[2..], &token).ok_or(None))
                }
                Some(agent::Event::Ended(text)) => Some(Err(Some(ending(&text)))),
                Some(agent::Event::Restarted) => return Err(Error::Reset { during: during.to_owned() }),
                Some(agent::Event::Silent) => Some(Err(None)),
                _ => None,
            })
        });
        match answer {
            Ok(Ok(about)) => {
                session.limit_payload(about.payload);
                session.await_answer(Instant::now(), false);
                let out = Outgoing::new(about.wbits);
                Ok(Ok(Box::new(Agent { session, out, about, request: 0 })))
            }
            Ok(Err(Some(traceback))) => {
                self.driver.repl.at_prompt_again();
                let damaged = wrapper::is_damage(&traceback);
                Ok(Err(if damaged { NotStarted::Damaged } else { NotStarted::Raised(traceback) }))
            }
            Ok(Err(None)) => {
                self.driver.halt(during)?;
                Ok(Err(NotStarted::Damaged))
            }
            Err(error) => Err(self.halted(error, during)),
        }
    }

    /// After an error that leaves the agent running: the board is stopped if it can be reached.
    fn halted(&mut self, error: Error, during: &str) -> Error {
        match error {
            Error::Lost { .. } | Error::Reset { .. } => self.driver.repl.forget(),
            error if self.driver.halt(during).is_err() => return error,
            _ => {}
        }
        error
    }

    /// Ends the agent if it runs. The board is at the raw prompt then.
    pub(super) fn stop_agent(&mut self) -> Result<(), Error> {
        let Some((mut agent, sent)) = self.take_agent() else { return Ok(()) };
        let during = "ending the agent";
        let id = agent.next_request();
        agent.say(&request::quit(id));
        agent.ask_now();
        self.agent = if sent { State::Lacking } else { State::Installed };
        let limits = self.driver.limits(0);
        let ended = self.driver.converse(&mut agent.session, during, limits, &mut |_, event| {
            Ok(match event {
                Some(agent::Event::Ended(_)) => Some(true),
                Some(agent::Event::Restarted | agent::Event::Silent) => Some(false),
                _ => None,
            })
        });
        match ended {
            Ok(true) => self.driver.repl.at_prompt_again(),
            Ok(false) => self.driver.halt(during)?,
            Err(error) => return Err(self.halted(error, during)),
        }
        Ok(())
    }

    /// Gives a running agent's session what came after its answers, and tells whether the agent still runs.
    pub(super) fn agent_takes(&mut self, bytes: &[u8]) -> bool {
        let State::Running { agent, .. } = &mut self.agent else { return false };
        agent.session.handle_input(Instant::now(), bytes);
        while let Some(event) = agent.session.poll() {
            if matches!(event, agent::Event::Ended(_) | agent::Event::Restarted) {
                return false;
            }
        }
        true
    }

    /// Says good-bye to the agent without waiting for an answer; what it is sent next it takes as the raw REPL would.
    pub(super) fn dismiss_agent(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some((mut agent, sent)) = self.take_agent() {
            let id = agent.next_request();
            agent.out.push(&mut agent.session, &request::quit(id), false);
            agent.out.flush(&mut agent.session);
            let _ = agent.session.poll_transmit(Instant::now(), &mut bytes);
            self.agent = if sent { State::Lacking } else { State::Installed };
        }
        bytes
    }

    fn take_agent(&mut self) -> Option<(Box<Agent>, bool)> {
        match std::mem::take(&mut self.agent) {
            State::Running { agent, sent } => Some((agent, sent)),
            other => {
                self.agent = other;
                None
            }
        }
    }

    /// Talks to the agent until `turn` says what it came to; see [`crate::driver::Driver::converse`]. When it ends badly the agent
    /// is gone, and the board at its prompt if it can be reached.
    pub(super) fn talk<T>(
        &mut self,
        during: &'static str,
        limits: Limits,
        turn: Turn<'_, Agent, T>,
    ) -> Result<T, Trouble> {
        let Some((mut agent, sent)) = self.take_agent() else {
            return Err(Trouble::Error(Error::Protocol { awaited: "agent".into(), got: String::new() }));
        };
        let mut end = None;
        let result = self.driver.converse(&mut *agent, during, limits, &mut |agent, event| match event {
            Some(agent::Event::Ended(text)) => {
                end = Some(End::AtPrompt);
                Err(Error::Exception(ending(&text)))
            }
            Some(agent::Event::Restarted) => Err(Error::Reset { during: during.to_owned() }),
            Some(agent::Event::Silent) => {
                end = Some(End::Silent);
                Err(Error::Timeout {
                    awaited: "answer of the agent".into(),
                    after: agent::SILENCE,
                    received: 0,
                })
            }
            event => {
                if let Some(agent::Event::Answer(answer)) = &event
                    && let [request::DONE | request::FAILED, request, ..] = answer[..]
                    && request == agent.request
                {
                    agent.session.all_accepted();
                }
                turn(agent, event)
            }
        });
        let error = match result {
            Ok(result) => {
                agent.session.await_answer(Instant::now(), false);
                self.agent = State::Running { agent, sent };
                return Ok(result);
            }
            Err(error) => error,
        };
        self.agent = if sent { State::Lacking } else { State::Installed };
        match end {
            // At its prompt it has taken what was on its way for code.
            Some(End::AtPrompt | End::Silent) => match self.driver.halt(during) {
                Ok(()) => Err(Trouble::Died(error)),
                Err(error) => Err(Trouble::Error(error)),
            },
            None => Err(Trouble::Error(self.halted(error, during))),
        }
    }

    /// Asks the agent something that does no harm when it is asked again, and collects what it answers.
    pub(super) fn ask(
        &mut self,
        during: &'static str,
        question: &dyn Fn(u8) -> Vec<u8>,
    ) -> Result<Result<Vec<u8>, request::Trouble>, Error> {
        let mut all = Vec::new();
        let answered = self.ask_with(during, question, &mut |data| match data {
            None => all.clear(),
            Some(data) => all.extend_from_slice(data),
        })?;
        Ok(answered.map(|last| {
            all.extend(last);
            all
        }))
    }

    /// `take` gets the answers one by one, and nothing when they begin anew. Returns what the last one holds.
    fn ask_with(
        &mut self,
        during: &'static str,
        question: &dyn Fn(u8) -> Vec<u8>,
        take: &mut dyn FnMut(Option<&[u8]>),
    ) -> Result<Result<Vec<u8>, request::Trouble>, Error> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let Some(agent) = self.agent(WORTH_SENDING)? else {
                return Err(Error::Unsupported { what: during, lacks: "way to run the agent" });
            };
            let mut reply = Reply::new(agent, question);
            take(None);
            let limits = Limits { overall: None, ..self.driver.limits(0) };
            match self.talk(during, limits, &mut |agent, event| Ok(reply.hear(agent, event, question, take)))
            {
                Ok(answer) => return Ok(answer),
                Err(Trouble::Died(error)) if tries == 0 => return Err(error),
                Err(Trouble::Died(_)) => {}
                Err(Trouble::Error(error)) => return Err(error),
            }
        }
    }

    /// The same for something that is answered by statuses: how each came out.
    pub(super) fn ask_each(
        &mut self,
        during: &'static str,
        question: &dyn Fn(u8) -> Vec<u8>,
    ) -> Result<Vec<request::Status>, Error> {
        let mut statuses = Vec::new();
        let answered = self.ask_with(during, question, &mut |data| match data {
            None => statuses.clear(),
            Some(data) => statuses.extend(request::Status::parse(data)),
        })?;
        match answered {
            Ok(_) => Ok(statuses),
            Err(trouble) => Err(self.agent_error(&trouble, "put", "")),
        }
    }

    /// What an exception that the agent met means.
    pub(super) fn agent_error(&mut self, trouble: &request::Trouble, op: &'static str, path: &str) -> Error {
        let wasi =
            matches!(&self.agent, State::Running { agent, .. } if agent.about.platform == "webassembly");
        trouble_error(trouble, op, path, wasi)
    }
}

/// What an exception that the agent met means; `wasi`: on a board with the error numbers of WASI.
pub(super) fn trouble_error(trouble: &request::Trouble, op: &'static str, path: &str, wasi: bool) -> Error {
    match trouble.errno {
        request::IS_DIRECTORY => {
            Error::Os { errno: Errno::new(21, Some("EISDIR")), path: path.to_owned(), op: "open" }
        }
        request::NO_ROOM => Error::NoSpace { path: path.to_owned() },
        1.. => {
            let errno = if wasi { Errno::wasi(trouble.errno) } else { Errno::new(trouble.errno, None) };
            match errno.is("ENOSPC") {
                true => Error::NoSpace { path: path.to_owned() },
                false => Error::Os { errno, path: path.to_owned(), op },
            }
        }
        _ => {
            let text = trouble.text.replacen('(', ": ", 1);
            Error::Exception(Traceback::parse(format!("{}\r\n", text.trim_end_matches(')')).as_bytes()))
        }
    }
}

/// How an agent ended.
enum End {
    AtPrompt,
    Silent,
}

/// Collects the answers to one request.
struct Reply {
    id: u8,
    count: u8,
    /// An answer is missing.
    gap: bool,
}

impl Reply {
    /// Asks.
    fn new(agent: &mut Agent, question: &dyn Fn(u8) -> Vec<u8>) -> Reply {
        let id = agent.next_request();
        agent.say(&question(id));
        agent.ask_now();
        Reply { id, count: 0, gap: false }
    }

    /// Takes an event; asks again when an answer was lost.
    fn hear(
        &mut self,
        agent: &mut Agent,
        event: Option<agent::Event>,
        question: &dyn Fn(u8) -> Vec<u8>,
        take: &mut dyn FnMut(Option<&[u8]>),
    ) -> Option<Result<Vec<u8>, request::Trouble>> {
        match event? {
            agent::Event::Synchronised => {
                // Whether the request or an answer was lost: both come again.
                *self = Reply::new(agent, question);
                take(None);
                None
            }
            agent::Event::Answer(answer) => {
                let [kind, id, count, ..] = answer[..] else { return None };
                if id != self.id {
                    return None;
                }
                self.gap |= count != self.count;
                self.count = count.wrapping_add(1);
                match kind {
                    request::DATA if !self.gap => take(Some(&answer[3..])),
                    request::DONE if !self.gap => return Some(Ok(answer[3..].to_vec())),
                    request::FAILED if !self.gap => return request::Trouble::parse(&answer[3..]).map(Err),
                    request::DONE | request::FAILED => {
                        *self = Reply::new(agent, question);
                        take(None);
                    }
                    _ => {}
                }
                None
            }
            _ => None,
        }
    }
}

impl AsMut<Session> for Agent {
    fn as_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

/// The traceback that an execution ended with.
fn ending(text: &[u8]) -> Traceback {
    let body = text.strip_suffix(b"\x04>").unwrap_or(text);
    let start = body.iter().position(|b| *b == 4).map_or(0, |at| at + 1);
    Traceback::parse(&body[start..])
}

/// The call that starts the agent.
fn arguments(token: &[u8; 8], unit: u64) -> String {
    format!("b'{}',{unit},{PAYLOAD},{WBITS})", String::from_utf8_lossy(token))
}

/// Code that brings the agent and starts it, and leaves no name behind.
fn injection(token: &[u8; 8], unit: u64, inflates: bool) -> Vec<u8> {
    let content = if inflates { mpr_agent::DEFLATED } else { mpr_agent::SOURCE.as_bytes() };
    let source = match inflates {
        true => format!("deflate.DeflateIO(io.BytesIO(c),deflate.RAW,{}).read()", mpr_agent::DEFLATED_WBITS),
        false => "c".to_owned(),
    };
    let import = if inflates { ",io,deflate" } else { "" };
    let mut code = format!(
        "def _mpr(c):\n \
         global _mpr\n \
         del _mpr\n \
         import binascii{import}\n \
         if binascii.crc32(c)&0xffffffff!={}:raise ValueError('{}')\n \
         d={{}}\n \
         exec({source},d)\n \
         c=None\n \
         d['run']({}\n\
         _mpr(",
        crc32fast::hash(content),
        wrapper::DAMAGED,
        arguments(token, unit),
    )
    .into_bytes();
    python::dense_bytes_literal(content, &mut code);
    code.extend_from_slice(b")\n");
    code
}
