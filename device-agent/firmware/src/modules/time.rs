//! `time`: sleeping, ticks, the clock and the calendar. The epoch is 1970-01-01 00:00 UTC; there are no time zones.

use micropython_sys::ffi;
use micropython_sys::object::Type;
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_gmtime, MP_QSTR_localtime, MP_QSTR_mktime, MP_QSTR_sleep, MP_QSTR_sleep_ms,
    MP_QSTR_sleep_us, MP_QSTR_ticks_add, MP_QSTR_ticks_cpu, MP_QSTR_ticks_diff, MP_QSTR_ticks_ms,
    MP_QSTR_ticks_us, MP_QSTR_time, MP_QSTR_time_ns,
};

use crate::hal::hal;
use crate::mp::{self, Error, Obj, Result};
use crate::{calendar, native_fn, native_module, wait};

native_fn!(SLEEP, 1..=1, sleep);
native_fn!(SLEEP_MS, 1..=1, sleep_ms);
native_fn!(SLEEP_US, 1..=1, sleep_us);
native_fn!(TICKS_MS, 0..=0, |_: &[Obj]| ticks(hal().ticks_us() / 1000));
native_fn!(TICKS_US, 0..=0, |_: &[Obj]| ticks(hal().ticks_us()));
native_fn!(TICKS_ADD, 2..=2, ticks_add);
native_fn!(TICKS_DIFF, 2..=2, ticks_diff);
native_fn!(TIME, 0..=0, |_: &[Obj]| mp::long((hal().time_ns() / NS) as i64));
native_fn!(TIME_NS, 0..=0, |_: &[Obj]| mp::long(hal().time_ns() as i64));
native_fn!(LOCALTIME, 0..=1, localtime);
native_fn!(MKTIME, 1..=1, mktime);

native_module!(mp_module_time, {
    MP_QSTR___name__: MP_QSTR_time.obj(),
    MP_QSTR_sleep: Obj::from_static(&SLEEP),
    MP_QSTR_sleep_ms: Obj::from_static(&SLEEP_MS),
    MP_QSTR_sleep_us: Obj::from_static(&SLEEP_US),
    MP_QSTR_ticks_ms: Obj::from_static(&TICKS_MS),
    MP_QSTR_ticks_us: Obj::from_static(&TICKS_US),
    // No counter of processor cycles: microseconds are the finest that every board has.
    MP_QSTR_ticks_cpu: Obj::from_static(&TICKS_US),
    MP_QSTR_ticks_add: Obj::from_static(&TICKS_ADD),
    MP_QSTR_ticks_diff: Obj::from_static(&TICKS_DIFF),
    MP_QSTR_time: Obj::from_static(&TIME),
    MP_QSTR_time_ns: Obj::from_static(&TIME_NS),
    MP_QSTR_gmtime: Obj::from_static(&LOCALTIME),
    MP_QSTR_localtime: Obj::from_static(&LOCALTIME),
    MP_QSTR_mktime: Obj::from_static(&MKTIME),
});

/// Nanoseconds of a second.
const NS: u64 = 1_000_000_000;

/// Ticks wrap around here: a power of two, so that every value is a small integer that is not negative.
const PERIOD: usize = 1 << (usize::BITS - 2);

fn overflow(message: &'static str) -> Error {
    // SAFETY: a static of the core.
    let typ: &'static Type = unsafe { &ffi::mp_type_OverflowError };
    Error::Message(typ, message)
}

/// Waits this long; a negative time is none.
fn pause(us: i64) -> Result {
    wait::until(hal().ticks_us().saturating_add(us.max(0) as u64))?;
    Ok(Obj::NONE)
}

/// `time.sleep(seconds)`, which may be a float.
fn sleep(args: &[Obj]) -> Result {
    let seconds = args[0];
    // SAFETY: a valid object; raises if it isn't a number.
    let seconds = mp::protect(|| unsafe { ffi::mp_obj_get_float(seconds) })?;
    // The conversion saturates.
    pause((seconds * 1e6) as i64)
}

/// `time.sleep_ms(ms)`
fn sleep_ms(args: &[Obj]) -> Result {
    pause(mp::long_of(args[0])?.saturating_mul(1000))
}

/// `time.sleep_us(us)`
fn sleep_us(args: &[Obj]) -> Result {
    let us = mp::long_of(args[0])?.max(0) as u64;
    wait::until_exactly(hal().ticks_us().saturating_add(us))?;
    Ok(Obj::NONE)
}

fn ticks(value: u64) -> Result {
    Ok(Obj::small_int((value as usize & (PERIOD - 1)) as isize))
}

/// `time.ticks_add(ticks, delta)`
fn ticks_add(args: &[Obj]) -> Result {
    let (start, delta) = (mp::int_of(args[0])? as usize, mp::int_of(args[1])? as usize);
    // Beyond half a period `ticks_diff` could not tell the direction.
    if delta.wrapping_add(PERIOD / 2 - 1) >= PERIOD - 1 {
        return Err(overflow("ticks interval overflow"));
    }
    ticks(start.wrapping_add(delta) as u64)
}

/// `time.ticks_diff(end, start)`: signed, right across one wrap-around.
fn ticks_diff(args: &[Obj]) -> Result {
    let (end, start) = (mp::int_of(args[0])? as usize, mp::int_of(args[1])? as usize);
    let shifted = end.wrapping_sub(start).wrapping_add(PERIOD / 2) & (PERIOD - 1);
    Ok(Obj::small_int(shifted as isize - (PERIOD / 2) as isize))
}

/// `time.localtime([seconds])`, also `gmtime`: year, month, day, hour, minute, second, weekday, day of the year.
fn localtime(args: &[Obj]) -> Result {
    let seconds = match args.first() {
        Some(&value) if !value.is_none() => mp::long_of(value)?,
        _ => (hal().time_ns() / NS) as i64,
    };
    // Keeps the calendar's arithmetic far from the ends of 64 bits.
    if !(-(1_i64 << 56)..1 << 56).contains(&seconds) {
        return Err(overflow("timestamp out of range"));
    }
    let at = calendar::from_seconds(seconds);
    let fields = [at.year, at.month, at.day, at.hour, at.minute, at.second, at.weekday, at.yearday];
    let mut items = [Obj::NONE; 8];
    for (item, field) in items.iter_mut().zip(fields) {
        *item = mp::long(field)?;
    }
    mp::tuple(&items)
}

/// `time.mktime(tuple)`: seconds; the fields may go beyond their ranges, weekday and day of the year are not looked at.
fn mktime(args: &[Obj]) -> Result {
    let items = mp::array(args[0])?;
    if !matches!(items.len(), 8 | 9) {
        return Err(Error::typ("mktime needs a tuple of length 8 or 9"));
    }
    let mut fields = [0; 6];
    for (field, &item) in fields.iter_mut().zip(items) {
        *field = mp::long_of(item)?;
    }
    let [year, month, day, time @ ..] = fields;
    let seconds =
        calendar::to_seconds(year, month, day, time).ok_or(overflow("mktime argument out of range"))?;
    mp::long(seconds)
}
