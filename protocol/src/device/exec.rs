//! Running code.

use super::Device;
use super::wrapper::{self, Mode, Way};
use crate::driver::{Keyboard, Limits};
use crate::repl::{Event, Framing, Op};
use crate::{Error, Output, Traceback};

/// Programs up to this size are wrapped without asking how much memory there is.
const SMALL: usize = 2048;

/// The same for boards without `compile`.
const TINY: usize = 1024;

/// Larger ones are wrapped when the board has this many times their size free: the literal, its growth while it is
/// read, and what the compiler needs.
const MEMORY_FACTOR: u64 = 6;

/// Code that arrives damaged is sent so often in all. On a line without flow control, damage comes in runs.
const TRIES: u32 = 5;

/// What an execution came to.
pub(super) struct Ended {
    pub stderr: Vec<u8>,
    pub status: Option<Vec<u8>>,
}

impl Device {
    /// Runs code and hands on what it prints, as it comes, until it ends.
    ///
    /// The program sees nothing of how it was sent; see [`Error::SystemExit`] for its status. With too little memory for the
    /// size of the program, `SystemExit` counts as a normal end. A program may print any bytes; only in that case, output that
    /// starts with exactly the bytes of an ending (`\x04\x04>`) and then pauses is taken for one.
    ///
    /// # Errors
    /// [`Error::Exception`] when the code raised one, [`Error::SystemExit`] when it ended with a status other than
    /// zero, [`Error::Output`] when `out` refused bytes, [`Error::Reset`] when the board restarted.
    pub fn exec(&mut self, code: &[u8], out: &mut dyn Output) -> Result<(), Error> {
        self.exec_typing(code, Mode::Program, out, None)
    }

    /// Runs code as [`Device::exec`] does. What `keyboard` gives, asked every few milliseconds, goes to the program; a
    /// Ctrl-C (0x03) in it raises `KeyboardInterrupt` there. A statement ([`Mode::Statement`]) shows its value as at the board's own
    /// prompt; without the memory for that it runs as a program.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn exec_interactive(
        &mut self,
        code: &[u8],
        mode: Mode,
        out: &mut dyn Output,
        keyboard: &mut dyn FnMut() -> Vec<u8>,
    ) -> Result<(), Error> {
        self.exec_typing(code, mode, out, Some(keyboard))
    }

    fn exec_typing(
        &mut self,
        code: &[u8],
        mode: Mode,
        out: &mut dyn Output,
        mut keyboard: Option<Keyboard<'_>>,
    ) -> Result<(), Error> {
        self.enter_raw_repl()?;
        let mut tries = TRIES;
        while let Some(way) = self.way_to_wrap(code)? {
            let token = self.driver.new_token();
            let wrapped = wrapper::wrap(code, &token, way, mode);
            let op = Op::ExecGuarded { code: wrapped, framing: Framing::Token(token) };
            let ended = self.run(op, out, &mut keyboard)?;
            let status = ended.status.as_deref();
            if wrapper::was_damaged(status, &ended.stderr) && tries > 1 {
                tries -= 1;
                continue;
            }
            if way == Way::Exec && wrapper::was_unread(&Traceback::parse(&ended.stderr)) {
                break;
            }
            let Some(cause) = wrapper::failed_itself(status, &ended.stderr) else {
                return match status.and_then(wrapper::exit_status) {
                    Some(exit) if ended.stderr.is_empty() => Err(Error::SystemExit(exit)),
                    _ => result(&wrapper::trim(&ended.stderr, way)),
                };
            };
            match (way, cause.exception.as_str()) {
                (_, "MemoryError") => break,
                (Way::Compile, _) => self.way = Some(Way::Exec),
                (Way::Exec, _) => self.way = None,
            }
        }
        let op = Op::Exec { code: code.to_vec(), framing: Framing::Text };
        let ended = self.run(op, out, &mut keyboard)?;
        result(&ended.stderr)
    }

    /// One try at a program of the user's.
    fn run(
        &mut self,
        op: Op,
        out: &mut dyn Output,
        keyboard: &mut Option<Keyboard<'_>>,
    ) -> Result<Ended, Error> {
        let length = match &op {
            Op::Exec { code, .. } | Op::ExecGuarded { code, .. } => code.len() as u64,
            _ => 0,
        };
        let limits = Limits { free_once_started: true, ..self.driver.limits(length) };
        let keyboard: Option<Keyboard<'_>> = match keyboard {
            Some(keyboard) => Some(&mut **keyboard),
            None => None,
        };
        self.operate(op, "running the program", limits, keyboard, out)
    }

    fn way_to_wrap(&mut self, code: &[u8]) -> Result<Option<Way>, Error> {
        if self.way == Some(Way::Compile) && code.len() > SMALL {
            let needed = (code.len() as u64).saturating_mul(MEMORY_FACTOR);
            if self.capabilities()?.free_memory.is_none_or(|free| free < needed) {
                return Ok(None);
            }
        }
        // A board without `compile` has little memory.
        Ok(self.way.filter(|way| *way == Way::Compile || code.len() <= TINY))
    }

    /// Starts code and returns as soon as the board has accepted it. The board is not at a prompt afterwards; the
    /// next operation interrupts the program, but [`Device::leave_raw_repl`] and [`Device::close`] do not: the board goes to its
    /// friendly prompt when the program ends.
    ///
    /// # Errors
    /// As [`Device::exec`], as far as they happen before the code runs.
    pub fn exec_no_follow(&mut self, code: &[u8]) -> Result<(), Error> {
        self.enter_raw_repl()?;
        let op = Op::Exec { code: code.to_vec(), framing: Framing::Text };
        let limits = self.driver.limits(code.len() as u64);
        self.driver.operate(op, "starting the program", limits, &mut |event| {
            Ok(matches!(event, Event::Started).then_some(()))
        })?;
        self.driver.repl.forget();
        self.unfollowed = true;
        Ok(())
    }

    /// What `print(EXPR)` prints, without the last line end.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn eval(&mut self, expr: &str) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        self.exec(format!("print({expr})").as_bytes(), &mut out)?;
        for end in [b'\n', b'\r'] {
            out.pop_if(|last| *last == end);
        }
        Ok(out)
    }

    /// Runs code of ours, once it has arrived whole; returns what it printed.
    pub(super) fn call(&mut self, during: &str, code: &str) -> Result<Vec<u8>, Error> {
        let guarded = wrapper::guard(code).into_bytes();
        self.call_within(during, &guarded, Some(code.as_bytes()), self.driver.limits(code.len() as u64))
    }

    /// The same for code that raises `ValueError` with [`wrapper::DAMAGED`] when it did not arrive whole.
    pub(super) fn call_guarded(&mut self, during: &str, guarded: &[u8]) -> Result<Vec<u8>, Error> {
        self.call_within(during, guarded, None, self.driver.limits(guarded.len() as u64))
    }

    /// [`Device::call`] for work on the board that takes as long as it takes, and shows now and then that it goes on.
    pub(super) fn call_at_length(&mut self, during: &str, code: &str) -> Result<Vec<u8>, Error> {
        let limits = Limits { overall: None, ..self.driver.limits(0) };
        self.call_within(during, wrapper::guard(code).as_bytes(), Some(code.as_bytes()), limits)
    }

    /// The same for statements, which get globals of their own.
    pub(super) fn call_flat(&mut self, during: &str, code: &str) -> Result<Vec<u8>, Error> {
        let limits = Limits { overall: None, ..self.driver.limits(0) };
        let plain = wrapper::as_function(code);
        self.call_within(during, wrapper::guard_apart(code).as_bytes(), Some(plain.as_bytes()), limits)
    }

    /// Runs guarded code; `plain` is the same without its guard, for a board that has no room for both.
    fn call_within(
        &mut self,
        during: &str,
        guarded: &[u8],
        plain: Option<&[u8]>,
        limits: Limits,
    ) -> Result<Vec<u8>, Error> {
        self.enter_raw_repl()?;
        let mut code = guarded;
        let mut plain = plain;
        let mut is_guarded = true;
        let mut tries = TRIES;
        loop {
            let mut out = Vec::new();
            let (code_now, framing) = (code.to_vec(), Framing::Text);
            let op = match is_guarded {
                true => Op::ExecGuarded { code: code_now, framing },
                false => Op::Exec { code: code_now, framing },
            };
            let ended = self.operate(op, during, limits, None, &mut out)?;
            match result(&ended.stderr) {
                Err(Error::Exception(traceback)) if wrapper::is_damage(&traceback) && tries > 1 => tries -= 1,
                // The guard needs the code twice. What is left on a small board varies from one moment to the next.
                Err(Error::Exception(traceback)) if plain.is_some() && wrapper::had_no_room(&traceback) => {
                    code = plain.take().unwrap_or(code);
                    is_guarded = false;
                }
                other => return other.map(|()| out),
            }
        }
    }

    /// Runs code of ours as it is, once.
    pub(super) fn execute(
        &mut self,
        code: Vec<u8>,
        during: &str,
        out: &mut dyn Output,
    ) -> Result<Ended, Error> {
        let limits = self.driver.limits(code.len() as u64);
        self.operate(Op::Exec { code, framing: Framing::Text }, during, limits, None, out)
    }

    fn operate(
        &mut self,
        op: Op,
        during: &str,
        limits: Limits,
        keyboard: Option<Keyboard<'_>>,
        out: &mut dyn Output,
    ) -> Result<Ended, Error> {
        let mut soft_reset = false;
        let ended = self.driver.operate_typing(op, during, limits, keyboard, &mut |event| match event {
            Event::Stdout(bytes) => out.stdout(&bytes).map(|()| None).map_err(Error::Output),
            Event::Done { stderr, status } => Ok(Some(Ended { stderr, status })),
            Event::SoftReset => {
                soft_reset = true;
                Ok(None)
            }
            // The program asked for a soft reset and got it.
            Event::Entered if soft_reset => Ok(Some(Ended { stderr: Vec::new(), status: None })),
            _ => Ok(None),
        });
        if soft_reset {
            self.mounts.may_be_lost();
        }
        ended
    }
}

fn result(stderr: &[u8]) -> Result<(), Error> {
    if stderr.is_empty() { Ok(()) } else { Err(Error::Exception(Traceback::parse(stderr))) }
}
