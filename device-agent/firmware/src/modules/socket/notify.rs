//! Functions that are called when something comes in: option 20 of `setsockopt`, as on stock boards.
//!
//! They run as scheduled callbacks, also while a program computes. A function that returns False is not called again before
//! [`again`].

use core::sync::atomic::{AtomicBool, Ordering};

use micropython_sys::ffi;
use micropython_sys::object::{Obj, Type, stream as event};

use super::object::{Socket, socket, watch};
use crate::mp::{self, Error, Result, Root};
use crate::{console, native_fn};

/// Whether any socket has a function.
static WANTED: AtomicBool = AtomicBool::new(false);
/// Whether [`READY`] is in the scheduler's queue.
static QUEUED: AtomicBool = AtomicBool::new(false);

native_fn!(READY, 1..=1, ready);

/// Forgets the last life of the virtual machine.
pub fn reset() {
    WANTED.store(false, Ordering::Relaxed);
    QUEUED.store(false, Ordering::Relaxed);
}

/// A watched socket has something. False: the scheduler's queue is full. From any thread or interrupt.
pub fn on_ready() -> bool {
    if !WANTED.load(Ordering::Relaxed) || QUEUED.swap(true, Ordering::Relaxed) {
        return true;
    }
    // SAFETY: made to be called asynchronously; has its own critical section.
    let queued = unsafe { ffi::mp_sched_schedule(Obj::from_static(&READY), Obj::NONE) };
    QUEUED.store(queued, Ordering::Relaxed);
    queued
}

/// Gives a socket a function, or takes it away.
pub fn set(socket: &'static Socket, callback: Obj) -> Result<()> {
    if callback.is_none() {
        socket.callback.set(Obj::NULL);
        return Ok(());
    }
    let list = mp::root(Root::Callbacks);
    if list.get().is_null() {
        list.set(mp::list(&[])?);
    }
    let object = Obj::from_ptr(core::ptr::from_ref(socket));
    if !mp::array(list.get())?.contains(&object) {
        mp::list_append(list.get(), object)?;
    }
    socket.callback.set(callback);
    WANTED.store(true, Ordering::Relaxed);
    again(object);
    Ok(())
}

/// Has the function of this socket called when something comes in, or has come in.
pub fn again(object: Obj) {
    watch(object, event::POLL_RD);
}

/// Calls the functions of the sockets that have something.
fn ready(_args: &[Obj]) -> Result {
    QUEUED.store(false, Ordering::Relaxed);
    let list = mp::root(Root::Callbacks).get();
    let mut index = 0;
    // By index: a function may add sockets, and close them.
    while let Some(&object) = if list.is_null() { None } else { mp::array(list)?.get(index) } {
        let one = socket(object)?;
        if one.id().is_err() || one.callback.get().is_null() {
            // SAFETY: a list that holds the socket, whose comparison is by identity.
            mp::protect(|| unsafe { ffi::mp_obj_list_remove(list, object) })?;
            continue;
        }
        index += 1;
        // What has hung up can be read, too: its end.
        if matches!(one.poll(event::POLL_RD), Ok(0)) {
            // It may have been read by now, and its watch is spent.
            again(object);
            continue;
        }
        match mp::call(one.callback.get(), &[object]) {
            Ok(answer) if answer == Obj::FALSE => {}
            Ok(_) => again(object),
            // An interrupt of the program is not the function's fault, and what came is still there.
            Err(error) => {
                if report(error) {
                    again(object);
                }
            }
        }
    }
    Ok(Obj::NONE)
}

/// A function's exception must not hit the program that happens to run; an interrupt is meant for it. Tells whether it was one.
fn report(error: Error) -> bool {
    // SAFETY: a static of the core.
    let interrupt: &'static Type = unsafe { &ffi::mp_type_KeyboardInterrupt };
    if matches!(error, Error::Exception(exception) if mp::is_a(exception, interrupt)) {
        console::interrupt();
        return true;
    }
    let exception = error.object();
    // SAFETY: an exception object; what printing raises is of no use here.
    let _ = mp::protect(|| unsafe { ffi::mp_obj_print_exception(&raw const ffi::mp_plat_print, exception) });
    false
}
