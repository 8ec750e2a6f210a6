//! `os.dupterm`: a second stream that takes part in the console. It gets what is printed, and what it receives is input.
//!
//! A stream that fails is dropped with a message, so that the console goes on.

use micropython_sys::ffi;
use micropython_sys::object::{Type, stream as event};

use crate::console;
use crate::errno::EAGAIN;
use crate::modules::{socket, webrepl};
use crate::mp::{self, Error, Obj, Result, Stream};
use crate::native_fn;

native_fn!(pub DUPTERM, 1..=2, dupterm);
native_fn!(pub NOTIFY, 1..=1, notify);

/// The stream, if there is one.
pub fn stream() -> Option<Obj> {
    // SAFETY: the one slot; null at every start.
    let object = unsafe { *ffi::mpr_dupterm_slots() };
    (!object.is_null() && !object.is_none()).then_some(object)
}

pub fn set(object: Obj) {
    // SAFETY: as above.
    unsafe { *ffi::mpr_dupterm_slots() = object };
}

/// `os.dupterm(stream or None, [index])`: the stream before. There is one, with index 0.
fn dupterm(args: &[Obj]) -> Result {
    let index = args.get(1).map_or(Ok(0), |&index| mp::int_of(index))?;
    if index != 0 {
        return Err(Error::value("invalid dupterm index"));
    }
    let before = stream().unwrap_or(Obj::NONE);
    if args[0].is_none() {
        set(Obj::NULL);
    } else {
        mp::stream_readable(args[0])?;
        mp::stream_writable(args[0])?;
        mp::stream_pollable(args[0])?;
        set(args[0]);
    }
    Ok(before)
}

/// `os.dupterm_notify(object)`: the stream has input, which may be the interrupt character.
fn notify(_args: &[Obj]) -> Result {
    if stream().is_some_and(webrepl::pump) {
        return Ok(Obj::NONE);
    }
    while let Some(byte) = receive() {
        console::add_input(byte);
    }
    Ok(Obj::NONE)
}

/// The next byte of input that is not an interrupt.
pub fn receive() -> Option<u8> {
    loop {
        let mut byte = [0];
        let object = stream()?;
        // A WebREPL client's interrupts were taken when they came in.
        let checked = webrepl::is_connection(object);
        let read = mp::stream_readable(object).and_then(|stream| stream.read(&mut byte));
        match read {
            Ok(0) => drop_stream("dupterm: EOF received, deactivating\n", None),
            Ok(_) if !checked && console::interrupt_on(byte[0]) => {}
            Ok(_) => return Some(byte[0]),
            Err(error) if error.errno() == Some(EAGAIN) => return None,
            Err(error) if is_interrupt(error) => return None,
            Err(error) => drop_stream("dupterm: Exception in read() method, deactivating: ", Some(error)),
        }
    }
}

/// Passes on what is printed.
pub fn send(text: &[u8]) {
    let Some(object) = stream() else { return };
    match mp::stream_writable(object).and_then(|stream| stream.write_all(text)) {
        // A stream that takes no more for the moment loses the rest.
        Ok(()) => {}
        Err(error) if error.errno() == Some(EAGAIN) || is_interrupt(error) => {}
        Err(error) => drop_stream("dupterm: Exception in write() method, deactivating: ", Some(error)),
    }
}

/// Which of these events the stream has; none if it can't say.
pub fn poll(events: usize) -> usize {
    let asked = stream().map(|object| mp::stream_pollable(object).and_then(|s| s.ioctl(event::POLL, events)));
    match asked {
        Some(Ok(ready)) => ready & events,
        Some(Err(error)) => {
            is_interrupt(error);
            0
        }
        None => 0,
    }
}

/// Whether input of the stream ends a wait; arranges that it does.
pub fn ends_wait() -> bool {
    stream().is_none_or(|object| webrepl::is_connection(object) || socket::watch(object, event::POLL_RD))
}

/// Whether an interrupt of the program came while the stream's code ran. It is not the stream's fault; the program gets it.
fn is_interrupt(error: Error) -> bool {
    // SAFETY: a static of the core.
    let typ: &'static Type = unsafe { &ffi::mp_type_KeyboardInterrupt };
    let interrupt = matches!(error, Error::Exception(exception) if mp::is_a(exception, typ));
    if interrupt {
        console::interrupt();
    }
    interrupt
}

/// Drops the stream and says why.
fn drop_stream(message: &str, error: Option<Error>) {
    let dropped = stream();
    set(Obj::NULL);
    console::print(message);
    if let Some(error) = error {
        let exception = error.object();
        // SAFETY: an exception object; what printing raises is of no use here.
        let _ =
            mp::protect(|| unsafe { ffi::mp_obj_print_exception(&raw const ffi::mp_plat_print, exception) });
    }
    if let Some(object) = dropped {
        let _ = mp::stream_pollable(object).and_then(Stream::close);
    }
}
