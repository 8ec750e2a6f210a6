//! `machine.Timer`: callbacks at times, by the scheduler.
//!
//! All timers are virtual: any identifier gives a new one. A running timer is kept alive until it ends. Callbacks run when the
//! scheduler may run them, as all scheduled callbacks; periods that were missed meanwhile are not made up for.

use core::cell::Cell;
use core::ffi::c_void;

use micropython_sys::ffi;
use micropython_sys::object::{Base, FullType, Slot, Type};
use micropython_sys::qstr::{
    MP_QSTR_ONE_SHOT, MP_QSTR_PERIODIC, MP_QSTR_Timer, MP_QSTR_callback, MP_QSTR_deinit, MP_QSTR_freq,
    MP_QSTR_hard, MP_QSTR_id, MP_QSTR_init, MP_QSTR_mode, MP_QSTR_period, MP_QSTR_tick_hz,
};

use crate::errno::ENODEV;
use crate::hal::hal;
use crate::mp::{self, Args, Error, Native, Obj, Result, Root};
use crate::{native_dict, native_fn, native_kw_fn, native_make_new};

const ONE_SHOT: isize = 0;
const PERIODIC: isize = 1;

/// How soon a callback is tried again that did not fit into the scheduler's queue, in microseconds.
const QUEUE_FULL_US: u64 = 1000;

/// A timer; it runs while it is in the list of running timers.
#[repr(C)]
struct Timer {
    base: Base,
    callback: Cell<Obj>,
    /// Microseconds between callbacks; 0 for a single one.
    repeat_us: Cell<u64>,
    /// When it is due, by the board's clock.
    due: Cell<u64>,
}

// SAFETY: `Base` first, `TYPE` is its type.
unsafe impl Native for Timer {
    const TYPE: &'static Type = TYPE.as_type();
}

native_kw_fn!(INIT, 1, |args: Args<'_>| init(args).map(|()| Obj::NONE));
native_fn!(DEINIT, 1..=1, deinit);
native_fn!(DUE, 1..=1, due);

native_dict!(LOCALS, {
    MP_QSTR_init: Obj::from_static(&INIT),
    MP_QSTR_deinit: Obj::from_static(&DEINIT),
    MP_QSTR_ONE_SHOT: Obj::small_int(ONE_SHOT),
    MP_QSTR_PERIODIC: Obj::small_int(PERIODIC),
});

native_make_new!(make_new, new);

pub static TYPE: FullType<2> = FullType::new(
    MP_QSTR_Timer,
    0,
    [(Slot::MakeNew, make_new as *const c_void), (Slot::LocalsDict, (&raw const LOCALS).cast())],
);

/// What an alarm of the board puts into the scheduler: the function that looks for timers that are due.
pub fn on_alarm() -> Obj {
    Obj::from_static(&DUE)
}

/// The parameters of `init`, and of the constructor beside the identifier.
fn parameters(timer: &'static Timer, given: [Option<Obj>; 6]) -> Result<()> {
    let [mode, period, freq, callback, tick_hz, _hard] = given;
    let mode = mode.map_or(Ok(PERIODIC), mp::int_of)?;
    let number = |object: Option<Obj>, absent: f64| match object {
        // SAFETY: a valid object; raises if it isn't a number.
        Some(object) => mp::protect(|| unsafe { ffi::mp_obj_get_float(object) }),
        None => Ok(absent),
    };
    let (period, freq, tick_hz) = (number(period, -1.0)?, number(freq, -1.0)?, number(tick_hz, 1000.0)?);
    let us = if freq > 0.0 { 1e6 / freq } else { period * 1e6 / tick_hz };
    if us < 1.0 || us.is_nan() || !matches!(mode, ONE_SHOT | PERIODIC) {
        return Err(Error::value("invalid mode, period or freq"));
    }
    stop(timer)?;
    let us = us as u64;
    timer.callback.set(callback.unwrap_or(Obj::NONE));
    timer.repeat_us.set(if mode == PERIODIC { us } else { 0 });
    timer.due.set(hal().ticks_us().saturating_add(us));
    let running = mp::root(Root::Timers);
    if running.get().is_null() {
        running.set(mp::list(&[])?);
    }
    mp::list_append(running.get(), Obj::from_ptr(timer))?;
    set_alarm(None)
}

/// `Timer([id], [mode, period in ms, freq in Hz, callback, tick_hz, hard])`: with parameters it starts at once.
fn new(args: Args<'_>) -> Result {
    let [id, given @ ..] = args.take([
        MP_QSTR_id,
        MP_QSTR_mode,
        MP_QSTR_period,
        MP_QSTR_freq,
        MP_QSTR_callback,
        MP_QSTR_tick_hz,
        MP_QSTR_hard,
    ])?;
    id.map(mp::int_of).transpose()?;
    let timer = mp::alloc(Timer {
        base: mp::base::<Timer>(),
        callback: Cell::new(Obj::NONE),
        repeat_us: Cell::new(0),
        due: Cell::new(0),
    })?;
    if given.iter().any(Option::is_some) {
        parameters(timer, given)?;
    }
    Ok(Obj::from_ptr(timer))
}

/// `timer.init(mode=PERIODIC, period=, freq=, callback=, tick_hz=1000, hard=False)`: starts it anew.
fn init(args: Args<'_>) -> Result<()> {
    let (&this, positional) = args.positional.split_first().ok_or(Error::typ("no timer"))?;
    let names = [MP_QSTR_mode, MP_QSTR_period, MP_QSTR_freq, MP_QSTR_callback, MP_QSTR_tick_hz, MP_QSTR_hard];
    parameters(mp::native(this)?, Args { positional, ..args }.take(names)?)
}

/// `timer.deinit()`: stops it. A callback that waits in the scheduler still runs.
fn deinit(args: &[Obj]) -> Result {
    stop(mp::native(args[0])?)?;
    set_alarm(None)?;
    Ok(Obj::NONE)
}

/// Takes a timer off the list.
fn stop(timer: &'static Timer) -> Result<()> {
    let (running, timer) = (mp::root(Root::Timers).get(), Obj::from_ptr(timer));
    if !running.is_null() && mp::array(running)?.contains(&timer) {
        // SAFETY: a list that holds the timer, whose comparison is by identity.
        mp::protect(|| unsafe { ffi::mp_obj_list_remove(running, timer) })?;
    }
    Ok(())
}

/// Sets the board's alarm to the first timer that is due, but not before `earliest`.
fn set_alarm(earliest: Option<u64>) -> Result<()> {
    let running = mp::root(Root::Timers).get();
    let mut first = None;
    if !running.is_null() {
        for &timer in mp::array(running)? {
            let due = mp::native::<Timer>(timer)?.due.get();
            first = Some(first.map_or(due, |first: u64| first.min(due)));
        }
    }
    let at = first.map(|first| first.max(earliest.unwrap_or(0)));
    if hal().set_alarm(at) || at.is_none() { Ok(()) } else { Err(Error::Os(ENODEV)) }
}

/// Schedules the callbacks of the timers that are due, each by itself, so that what one raises is its own matter.
fn due(_args: &[Obj]) -> Result {
    let (running, now) = (mp::root(Root::Timers).get(), hal().ticks_us());
    let (mut index, mut earliest) = (0, None);
    while !running.is_null() {
        let Some(&object) = mp::array(running)?.get(index) else { break };
        let timer = mp::native::<Timer>(object)?;
        index += 1;
        if timer.due.get() > now {
            continue;
        }
        let callback = timer.callback.get();
        // SAFETY: valid objects.
        if !callback.is_none() && !mp::protect(|| unsafe { ffi::mp_sched_schedule(callback, object) })? {
            earliest = Some(now + QUEUE_FULL_US);
            continue;
        }
        match timer.repeat_us.get() {
            0 => {
                stop(timer)?;
                index -= 1;
            }
            repeat => {
                let next = timer.due.get().saturating_add(repeat);
                timer.due.set(if next > now { next } else { now.saturating_add(repeat) });
            }
        }
    }
    set_alarm(earliest)?;
    Ok(Obj::NONE)
}
