//! A set of streams to wait for.

use core::cell::Cell;
use core::ffi::c_int;

use micropython_sys::ffi;
use micropython_sys::object::{Base, FullType, StreamProtocol, Type, stream};
use micropython_sys::qstr::MP_QSTR_poll;

use crate::dupterm;
use crate::errno::EINVAL;
use crate::hal::hal;
use crate::modules::socket;
use crate::mp::{self, Error, Native, Obj, Result};
use crate::wait;

/// `MP_STREAM_OP_IOCTL`
const NEEDS_IOCTL: c_int = 4;
/// How often streams are asked whose events don't end a wait, in milliseconds.
const ASK_EVERY_MS: u32 = 1;

/// A stream and what is wanted of it.
#[repr(C)]
pub struct Entry {
    base: Base,
    /// The stream.
    pub object: Obj,
    /// The events wanted; 0 for none.
    pub events: Cell<usize>,
    /// The events that came, by the last look.
    pub ready: Cell<usize>,
}

static ENTRY: FullType<0> = FullType::new(MP_QSTR_poll, 0, []);

// SAFETY: `Base` first, `TYPE` is its type.
unsafe impl Native for Entry {
    const TYPE: &'static Type = ENTRY.as_type();
}

/// When waiting ends, in microseconds of the board's clock.
#[derive(Clone, Copy)]
pub struct Deadline(u64);

impl Deadline {
    /// Waits until an event comes.
    pub const NEVER: Self = Self(u64::MAX);

    /// So many microseconds from now; a negative time is none.
    pub fn after_us(us: i64) -> Self {
        Self(hal().ticks_us().saturating_add(us.max(0) as u64))
    }
}

/// The entries, in the order of their registration: a Python list, so that the collector sees them.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Set(Obj);

impl Set {
    /// An empty set. The caller keeps it on the stack or in an object.
    pub fn new() -> Result<Self> {
        mp::list(&[]).map(Self)
    }

    /// The entry at this place.
    pub fn get(self, index: usize) -> Result<Option<&'static Entry>> {
        mp::array(self.0)?.get(index).map(|&entry| mp::native(entry)).transpose()
    }

    /// The entry of an object.
    pub fn find(self, object: Obj) -> Result<Option<&'static Entry>> {
        for &item in mp::array(self.0)? {
            let entry = mp::native::<Entry>(item)?;
            if entry.object == object {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// The entry of an object, a new one (without events) if there is none.
    pub fn add(self, object: Obj) -> Result<&'static Entry> {
        if let Some(entry) = self.find(object)? {
            return Ok(entry);
        }
        // SAFETY: raises if the object is not a stream with an ioctl.
        mp::protect(|| unsafe { ffi::mp_get_stream_raise(object, NEEDS_IOCTL) })?;
        let entry = mp::alloc(Entry {
            base: mp::base::<Entry>(),
            object,
            events: Cell::new(0),
            ready: Cell::new(0),
        })?;
        mp::list_append(self.0, Obj::from_ptr(entry))?;
        Ok(entry)
    }

    /// Removes the entry of an object, if there is one.
    pub fn remove(self, object: Obj) -> Result<()> {
        if let Some(entry) = self.find(object)? {
            let (list, entry) = (self.0, Obj::from_ptr(entry));
            // SAFETY: a list that holds the entry, whose comparison is by identity.
            mp::protect(|| unsafe { ffi::mp_obj_list_remove(list, entry) })?;
        }
        Ok(())
    }

    /// Waits until a stream is ready or the deadline has come; returns how many are ready.
    pub fn wait(self, deadline: Deadline) -> Result<usize> {
        loop {
            let ready = self.look()?;
            let left = wait::ms_until(deadline.0);
            if ready != 0 || left == 0 {
                return Ok(ready);
            }
            wait::event(Some(if self.ends_wait()? { left } else { left.min(ASK_EVERY_MS) }))?;
        }
    }

    /// Asks every stream; returns how many are ready.
    fn look(self) -> Result<usize> {
        let (mut count, mut index) = (0, 0);
        // By index: a stream written in Python may change the set.
        while let Some(entry) = self.get(index)? {
            entry.ready.set(if entry.events.get() == 0 { 0 } else { ask(entry)? });
            count += usize::from(entry.ready.get() != 0);
            index += 1;
        }
        Ok(count)
    }

    /// Whether events of all entries end a wait; arranges that they do.
    fn ends_wait(self) -> Result<bool> {
        let mut all = true;
        for &item in mp::array(self.0)? {
            let entry = mp::native::<Entry>(item)?;
            let (object, events) = (entry.object, entry.events.get());
            all &= events == 0 || is_console(object) || socket::watch(object, events);
        }
        Ok(all)
    }
}

/// Which of the wanted events a stream has.
fn ask(entry: &Entry) -> Result<usize> {
    let (object, events) = (entry.object, entry.events.get());
    let Some(ioctl) = protocol(object).and_then(|protocol| protocol.ioctl) else {
        return Err(Error::Os(EINVAL));
    };
    let mut errno = 0;
    let errno_out = &raw mut errno;
    // SAFETY: the stream's own function; one written in Python may raise.
    let answer = mp::protect(|| unsafe { ioctl(object, stream::POLL, events, errno_out) })?;
    if answer == stream::ERROR { Err(Error::Os(errno)) } else { Ok(answer) }
}

fn protocol(object: Obj) -> Option<&'static StreamProtocol> {
    // SAFETY: only called for streams, whose protocol is this table.
    unsafe { ffi::mpr_stream_protocol(object).cast::<StreamProtocol>().as_ref() }
}

/// Whether the stream is the console, and its input ends a wait, also that of the stream beside it.
fn is_console(object: Obj) -> bool {
    let stdin = Obj::from_ptr(&raw const ffi::mp_sys_stdin_obj);
    let ioctl = |object| protocol(object).and_then(|p| p.ioctl).map(|f| f as usize);
    ioctl(object) == ioctl(stdin) && dupterm::ends_wait()
}
