//! `machine.RTC`: the board's clock as a date.

use core::ffi::c_void;

use micropython_sys::object::{Base, FullType, Slot};
use micropython_sys::qstr::{MP_QSTR_RTC, MP_QSTR_datetime, MP_QSTR_id, MP_QSTR_init};

use crate::hal::hal;
use crate::mp::{self, Args, Error, Obj, Result};
use crate::{calendar, native_dict, native_fn, native_make_new};

/// There is one clock, so every `RTC()` is this object.
#[repr(C)]
struct Rtc {
    base: Base,
}

static RTC: Rtc = Rtc { base: Base::new(&TYPE) };

native_fn!(DATETIME, 1..=2, datetime);
native_fn!(INIT, 2..=2, datetime);

native_dict!(LOCALS, {
    MP_QSTR_datetime: Obj::from_static(&DATETIME),
    MP_QSTR_init: Obj::from_static(&INIT),
});

native_make_new!(make_new, new);

pub static TYPE: FullType<2> = FullType::new(
    MP_QSTR_RTC,
    0,
    [(Slot::MakeNew, make_new as *const c_void), (Slot::LocalsDict, (&raw const LOCALS).cast())],
);

/// `RTC([id])`
fn new(args: Args<'_>) -> Result {
    args.take([MP_QSTR_id])?;
    Ok(Obj::from_static(&RTC))
}

/// `RTC.datetime([tuple])`, also `RTC.init(tuple)`: year, month, day, weekday (0 for Monday), hour, minute, second,
/// microsecond. Setting does not look at the weekday: it follows from the date.
fn datetime(args: &[Obj]) -> Result {
    let Some(&tuple) = args.get(1) else {
        return now();
    };
    let items = mp::array(tuple)?;
    if items.len() != 8 {
        return Err(Error::value("a tuple of 8 is needed"));
    }
    let mut fields = [0; 8];
    for (field, &item) in fields.iter_mut().zip(items) {
        *field = mp::long_of(item)?;
    }
    let [year, month, day, _weekday, hour, minute, second, microsecond] = fields;
    let ns = calendar::to_seconds(year, month, day, [hour, minute, second])
        .and_then(|seconds| u64::try_from(seconds).ok())
        .and_then(|seconds| seconds.checked_mul(1_000_000_000))
        .and_then(|ns| ns.checked_add(u64::try_from(microsecond).ok()?.checked_mul(1000)?));
    hal().set_time_ns(ns.ok_or(Error::value("date out of range"))?);
    Ok(Obj::NONE)
}

fn now() -> Result {
    let ns = hal().time_ns();
    let at = calendar::from_seconds((ns / 1_000_000_000) as i64);
    let microsecond = (ns / 1000 % 1_000_000) as i64;
    let fields = [at.year, at.month, at.day, at.weekday, at.hour, at.minute, at.second, microsecond];
    let mut items = [Obj::NONE; 8];
    for (item, field) in items.iter_mut().zip(fields) {
        *item = mp::long(field)?;
    }
    mp::tuple(&items)
}
