//! `re`: regular expressions over `str` (characters) and `bytes`.

mod matching;
mod pattern;
mod replace;
mod split;

use core::ffi::{c_int, c_void};

use micropython_sys::object::{FullType, Print, Slot};
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_compile, MP_QSTR_end, MP_QSTR_group, MP_QSTR_groups, MP_QSTR_match, MP_QSTR_re,
    MP_QSTR_search, MP_QSTR_span, MP_QSTR_split, MP_QSTR_start, MP_QSTR_sub,
};

use self::matching::Match;
use crate::mp::{self, Obj, Result};
use crate::{native_dict, native_fn, native_module};

// The first argument is a compiled expression (for methods it always is) or the text of one.
native_fn!(COMPILE, 1..=2, |args: &[Obj]| pattern::compile(args[0]));
native_fn!(MATCH, 2..=4, |args: &[Obj]| find(args, true));
native_fn!(SEARCH, 2..=4, |args: &[Obj]| find(args, false));
native_fn!(SUB, 3..=5, replace::sub);
native_fn!(SPLIT, 2..=3, split::split);

native_module!(mp_module_re, {
    MP_QSTR___name__: MP_QSTR_re.obj(),
    MP_QSTR_compile: Obj::from_static(&COMPILE),
    MP_QSTR_match: Obj::from_static(&MATCH),
    MP_QSTR_search: Obj::from_static(&SEARCH),
    MP_QSTR_sub: Obj::from_static(&SUB),
});

native_dict!(PATTERN_LOCALS, {
    MP_QSTR_match: Obj::from_static(&MATCH),
    MP_QSTR_search: Obj::from_static(&SEARCH),
    MP_QSTR_sub: Obj::from_static(&SUB),
    MP_QSTR_split: Obj::from_static(&SPLIT),
});

static PATTERN: FullType<2> = FullType::new(
    MP_QSTR_re,
    0,
    [(Slot::Print, print_pattern as *const c_void), (Slot::LocalsDict, (&raw const PATTERN_LOCALS).cast())],
);

native_fn!(GROUP, 1..=2, matching::group);
native_fn!(GROUPS, 1..=1, matching::groups);
native_fn!(SPAN, 1..=2, matching::span);
native_fn!(START, 1..=2, |args: &[Obj]| matching::bound(args, false));
native_fn!(END, 1..=2, |args: &[Obj]| matching::bound(args, true));

native_dict!(MATCH_LOCALS, {
    MP_QSTR_group: Obj::from_static(&GROUP),
    MP_QSTR_groups: Obj::from_static(&GROUPS),
    MP_QSTR_span: Obj::from_static(&SPAN),
    MP_QSTR_start: Obj::from_static(&START),
    MP_QSTR_end: Obj::from_static(&END),
});

static MATCH_TYPE: FullType<2> = FullType::new(
    MP_QSTR_match,
    0,
    [(Slot::Print, print_match as *const c_void), (Slot::LocalsDict, (&raw const MATCH_LOCALS).cast())],
);

/// `match(re, text[, pos[, endpos]])`, `search` likewise. In a `str` the positions count characters. As in stock
/// MicroPython they count only with a compiled expression; with the text of one those arguments would be flags.
fn find(args: &[Obj], anchored: bool) -> Result {
    let pattern = pattern::from(args[0])?;
    let args = if pattern::is_compiled(args[0]) { args } else { &args[..2] };
    let text = matching::Text::new(args[1])?;
    let offset = |i: usize, default: usize| match args.get(i) {
        Some(&position) => Ok(text.offset(mp::int_of(position)?)),
        None => Ok(default),
    };
    let (start, end) = (offset(2, 0)?, offset(3, text.bytes.len())?);
    if start > end {
        return Ok(Obj::NONE);
    }
    let found = matching::Search::new(pattern, text)?.run(start, end, anchored)?;
    Ok(found.unwrap_or(Obj::NONE))
}

unsafe extern "C" fn print_pattern(print: *const Print, object: Obj, _kind: c_int) {
    // SAFETY: the core passes a printer, which may raise; nothing with a destructor is alive.
    unsafe { print_number(print, "<re ", object.bits(), 16) }
}

unsafe extern "C" fn print_match(print: *const Print, object: Obj, _kind: c_int) {
    // SAFETY: as above; the core passes a match.
    unsafe { print_number(print, "<match num=", (*object.as_ptr::<Match>()).group_count(), 10) }
}

/// Prints the text, the number and `>`.
unsafe fn print_number(print: *const Print, text: &str, mut number: usize, base: usize) {
    let mut digits = [0; 21];
    let mut at = digits.len() - 1;
    digits[at] = b'>';
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdef"[number % base];
        number /= base;
        if number == 0 {
            break;
        }
    }
    // SAFETY: as the callers.
    unsafe {
        ((*print).print_strn)((*print).data, text.as_ptr(), text.len());
        ((*print).print_strn)((*print).data, digits[at..].as_ptr(), digits.len() - at);
    }
}
