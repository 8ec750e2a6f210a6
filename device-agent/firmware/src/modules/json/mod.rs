//! `json`: the core prints objects as JSON, [`load`] parses.

mod load;

use core::ffi::c_char;

use micropython_sys::ffi;
use micropython_sys::object::{Print, PrintExt, print_kind};
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_dump, MP_QSTR_dumps, MP_QSTR_json, MP_QSTR_load, MP_QSTR_loads,
    MP_QSTR_separators,
};

use crate::mp::{self, Args, Error, Obj, POSITIONAL, Result, TextBuffer};
use crate::{native_fn, native_kw_fn, native_module};

native_kw_fn!(DUMP, 2, dump);
native_kw_fn!(DUMPS, 1, dumps);
native_fn!(LOAD, 1..=1, load);
native_fn!(LOADS, 1..=1, loads);

native_module!(mp_module_json, {
    MP_QSTR___name__: MP_QSTR_json.obj(),
    MP_QSTR_dump: Obj::from_static(&DUMP),
    MP_QSTR_dumps: Obj::from_static(&DUMPS),
    MP_QSTR_load: Obj::from_static(&LOAD),
    MP_QSTR_loads: Obj::from_static(&LOADS),
});

/// `dump(object, stream, *, separators=None)`
fn dump(args: Args<'_>) -> Result {
    if args.positional.len() > 2 {
        return Err(Error::typ("extra positional arguments given"));
    }
    let [object, stream, separators] = args.take([POSITIONAL, POSITIONAL, MP_QSTR_separators])?;
    let stream = stream.unwrap_or(Obj::NONE);
    mp::stream_writable(stream)?;
    let base = Print { data: stream.as_ptr(), print_strn: ffi::mp_stream_write_adaptor };
    print(object.unwrap_or(Obj::NONE), base, separators)?;
    Ok(Obj::NONE)
}

/// `dumps(object, *, separators=None)`
fn dumps(args: Args<'_>) -> Result {
    if args.positional.len() > 1 {
        return Err(Error::typ("extra positional arguments given"));
    }
    let [object, separators] = args.take([POSITIONAL, MP_QSTR_separators])?;
    let mut text = TextBuffer::new(32)?;
    print(object.unwrap_or(Obj::NONE), text.printer(), separators)?;
    text.into_str()
}

fn print(object: Obj, base: Print, separators: Option<Obj>) -> Result<()> {
    let (mut item, mut key) = (c", ".as_ptr(), c": ".as_ptr());
    if let Some(separators) = mp::not_none(separators) {
        let [item_str, key_str] = mp::array_of(separators)?;
        item = c_string(item_str)?;
        key = c_string(key_str)?;
    }
    let print = PrintExt { base, item_separator: item, key_separator: key };
    let print = &raw const print;
    // SAFETY: the printer and its separators outlive the call; raises what a stream or a `__repr__` raises.
    mp::protect(|| unsafe { ffi::mp_obj_print_helper(print.cast(), object, print_kind::JSON) })
}

/// The NUL-terminated text of a `str` or `bytes`. Valid while the object lives.
fn c_string(object: Obj) -> Result<*const c_char> {
    // SAFETY: raises if the object is neither.
    mp::protect(|| unsafe { ffi::mp_obj_str_get_str(object) })
}

/// `load(stream)`: reads the stream to its end.
fn load(args: &[Obj]) -> Result {
    load::parse(load::Source::Stream(mp::stream_readable(args[0])?))
}

/// `loads(text)`
fn loads(args: &[Obj]) -> Result {
    load::parse(load::Source::Memory(mp::buffer(args[0])?))
}
