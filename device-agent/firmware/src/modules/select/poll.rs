//! `select.poll()` objects.

use core::cell::Cell;
use core::ffi::c_void;

use micropython_sys::object::{Base, FullType, Slot, Type, flags, stream};
use micropython_sys::qstr::{
    MP_QSTR_ipoll, MP_QSTR_modify, MP_QSTR_poll, MP_QSTR_register, MP_QSTR_unregister,
};

use super::set::{Deadline, Set};
use crate::errno::ENOENT;
use crate::mp::{self, Error, Native, Obj, Result};
use crate::{native_dict, native_fn};

/// A poll object; it is its own iterator for `ipoll`.
#[repr(C)]
struct Poll {
    base: Base,
    set: Set,
    /// The place where `ipoll`'s iteration goes on.
    next: Cell<usize>,
    /// Whether an entry is switched off when it is reported.
    one_shot: Cell<bool>,
}

// SAFETY: `Base` first, `TYPE` is its type.
unsafe impl Native for Poll {
    const TYPE: &'static Type = TYPE.as_type();
}

static TYPE: FullType<2> = FullType::new(
    MP_QSTR_poll,
    flags::ITER_IS_ITERNEXT,
    [(Slot::Iter, iternext as *const c_void), (Slot::LocalsDict, (&raw const LOCALS).cast())],
);

native_fn!(REGISTER, 2..=3, register);
native_fn!(UNREGISTER, 2..=2, unregister);
native_fn!(MODIFY, 3..=3, modify);
native_fn!(POLL, 1..=3, poll);
native_fn!(IPOLL, 1..=3, ipoll);

native_dict!(LOCALS, {
    MP_QSTR_register: Obj::from_static(&REGISTER),
    MP_QSTR_unregister: Obj::from_static(&UNREGISTER),
    MP_QSTR_modify: Obj::from_static(&MODIFY),
    MP_QSTR_poll: Obj::from_static(&POLL),
    MP_QSTR_ipoll: Obj::from_static(&IPOLL),
});

/// Bit of `ipoll`'s flags: report once.
const ONE_SHOT: isize = 1;

/// `select.poll()`
pub fn new(_args: &[Obj]) -> Result {
    let set = Set::new()?;
    let poll =
        Poll { base: mp::base::<Poll>(), set, next: Cell::new(usize::MAX), one_shot: Cell::new(false) };
    mp::alloc(poll).map(|poll| Obj::from_ptr(poll))
}

/// `poll.register(stream, [events])`: again for a registered stream changes its events.
fn register(args: &[Obj]) -> Result {
    let events = match args.get(2) {
        Some(&events) => mp::int_of(events)? as usize,
        None => stream::POLL_RD | stream::POLL_WR,
    };
    mp::native::<Poll>(args[0])?.set.add(args[1])?.events.set(events);
    Ok(Obj::NONE)
}

/// `poll.unregister(stream)`; a stream that isn't registered is ignored.
fn unregister(args: &[Obj]) -> Result {
    mp::native::<Poll>(args[0])?.set.remove(args[1])?;
    Ok(Obj::NONE)
}

/// `poll.modify(stream, events)`
fn modify(args: &[Obj]) -> Result {
    let entry = mp::native::<Poll>(args[0])?.set.find(args[1])?;
    entry.ok_or(Error::Os(ENOENT))?.events.set(mp::int_of(args[2])? as usize);
    Ok(Obj::NONE)
}

/// Waits; the arguments are those of `poll`.
fn wait(args: &[Obj]) -> Result<(&'static Poll, usize)> {
    let poll = mp::native::<Poll>(args[0])?;
    let timeout = match args.get(1) {
        Some(&ms) if !ms.is_none() => mp::long_of(ms)?,
        _ => -1,
    };
    let flags = args.get(2).map_or(Ok(0), |&flags| mp::int_of(flags))?;
    let deadline =
        if timeout < 0 { Deadline::NEVER } else { Deadline::after_us(timeout.saturating_mul(1000)) };
    poll.one_shot.set(flags & ONE_SHOT != 0);
    let ready = poll.set.wait(deadline)?;
    Ok((poll, ready))
}

/// `poll.poll([timeout in milliseconds, [flags]])`: a list of (stream, events).
fn poll(args: &[Obj]) -> Result {
    let (poll, _) = wait(args)?;
    let list = mp::list(&[])?;
    poll.next.set(0);
    while let Some(found) = poll.next()? {
        mp::list_append(list, found)?;
    }
    Ok(list)
}

/// `poll.ipoll([timeout in milliseconds, [flags]])`: an iterator over (stream, events).
fn ipoll(args: &[Obj]) -> Result {
    let (poll, ready) = wait(args)?;
    poll.next.set(if ready == 0 { usize::MAX } else { 0 });
    Ok(args[0])
}

impl Poll {
    /// The next ready stream as a tuple with its events.
    fn next(&self) -> Result<Option<Obj>> {
        while let Some(entry) = self.set.get(self.next.get())? {
            self.next.set(self.next.get() + 1);
            let ready = entry.ready.get();
            if ready != 0 {
                if self.one_shot.get() {
                    entry.events.set(0);
                }
                let found = mp::tuple(&[entry.object, Obj::small_int(ready as isize)])?;
                return Ok(Some(found));
            }
        }
        self.next.set(usize::MAX);
        Ok(None)
    }
}

unsafe extern "C" fn iternext(this: Obj) -> Obj {
    match mp::native::<Poll>(this).and_then(Poll::next) {
        Ok(next) => next.unwrap_or(Obj::NULL),
        // SAFETY: nothing here has a destructor.
        Err(error) => unsafe { error.raise() },
    }
}
