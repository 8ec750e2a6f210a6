//! `select`: waiting for streams.
//!
//! Events of the console and of sockets end the wait. Other streams, such as those written in Python, are asked every
//! millisecond.

mod poll;
mod set;

use micropython_sys::ffi;
use micropython_sys::object::stream;
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_POLLERR, MP_QSTR_POLLHUP, MP_QSTR_POLLIN, MP_QSTR_POLLOUT, MP_QSTR_poll,
    MP_QSTR_select,
};

use self::set::{Deadline, Entry, Set};
use crate::mp::{self, Obj, Result};
use crate::{native_fn, native_module};

native_fn!(SELECT, 3..=4, select);
native_fn!(POLL, 0..=0, poll::new);

native_module!(mp_module_select, {
    MP_QSTR___name__: MP_QSTR_select.obj(),
    MP_QSTR_select: Obj::from_static(&SELECT),
    MP_QSTR_poll: Obj::from_static(&POLL),
    MP_QSTR_POLLIN: Obj::small_int(stream::POLL_RD as isize),
    MP_QSTR_POLLOUT: Obj::small_int(stream::POLL_WR as isize),
    MP_QSTR_POLLERR: Obj::small_int(stream::POLL_ERR as isize),
    MP_QSTR_POLLHUP: Obj::small_int(stream::POLL_HUP as isize),
});

/// What is asked of the objects in each list of `select`, and what counts as an answer. An error or a hang-up makes a
/// stream readable, so that reading tells.
const LISTS: [(usize, usize); 3] = [
    (stream::POLL_RD, stream::POLL_RD | stream::POLL_HUP | stream::POLL_ERR),
    (stream::POLL_WR, stream::POLL_WR | stream::POLL_ERR),
    (stream::POLL_ERR, stream::POLL_ERR | stream::POLL_HUP),
];

/// `select.select(rlist, wlist, xlist, [timeout in seconds])`
fn select(args: &[Obj]) -> Result {
    let set = Set::new()?;
    for (&list, (events, _)) in args.iter().zip(LISTS) {
        for &object in mp::array(list)? {
            let entry = set.add(object)?;
            entry.events.set(entry.events.get() | events);
        }
    }
    let deadline = match args.get(3) {
        Some(&seconds) if !seconds.is_none() => {
            // SAFETY: a valid object; raises if it isn't a number.
            let seconds = mp::protect(|| unsafe { ffi::mp_obj_get_float(seconds) })?;
            Deadline::after_us((seconds * 1e6) as i64)
        }
        _ => Deadline::NEVER,
    };
    set.wait(deadline)?;
    let mut ready = [Obj::NONE; 3];
    for (slot, (&list, (events, answers))) in ready.iter_mut().zip(args.iter().zip(LISTS)) {
        let found = mp::list(&[])?;
        *slot = found;
        for &object in mp::array(list)? {
            let answered =
                |entry: &Entry| entry.events.get() & events != 0 && entry.ready.get() & answers != 0;
            if set.find(object)?.is_some_and(answered) {
                mp::list_append(found, object)?;
            }
        }
    }
    mp::tuple(&ready)
}
