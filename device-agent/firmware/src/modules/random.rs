//! `random`: pseudo-random numbers, seeded from the board's own randomness until the program seeds them.

use core::cell::RefCell;

use micropython_sys::ffi;
use micropython_sys::object::Type;
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_choice, MP_QSTR_getrandbits, MP_QSTR_randint, MP_QSTR_random,
    MP_QSTR_randrange, MP_QSTR_seed, MP_QSTR_uniform,
};
use mpr_extmod::random::Random;

use crate::hal::hal;
use crate::mp::{self, Error, Obj, Result};
use crate::{native_fn, native_module};

native_fn!(SEED, 0..=1, seed);
native_fn!(GETRANDBITS, 1..=1, getrandbits);
native_fn!(RANDRANGE, 1..=3, randrange);
native_fn!(RANDINT, 2..=2, randint);
native_fn!(CHOICE, 1..=1, choice);
native_fn!(RANDOM, 0..=0, |_: &[Obj]| mp::float(with(Random::float)));
native_fn!(UNIFORM, 2..=2, uniform);

native_module!(mp_module_random, {
    MP_QSTR___name__: MP_QSTR_random.obj(),
    MP_QSTR_seed: Obj::from_static(&SEED),
    MP_QSTR_getrandbits: Obj::from_static(&GETRANDBITS),
    MP_QSTR_randrange: Obj::from_static(&RANDRANGE),
    MP_QSTR_randint: Obj::from_static(&RANDINT),
    MP_QSTR_choice: Obj::from_static(&CHOICE),
    MP_QSTR_random: Obj::from_static(&RANDOM),
    MP_QSTR_uniform: Obj::from_static(&UNIFORM),
});

/// The generator; `None` until it is used.
struct Generator(RefCell<Option<Random>>);

// SAFETY: only the virtual machine's thread uses it.
unsafe impl Sync for Generator {}

static GENERATOR: Generator = Generator(RefCell::new(None));

fn with<T>(f: impl FnOnce(&mut Random) -> T) -> T {
    f(GENERATOR.0.borrow_mut().get_or_insert_with(|| Random::new(board_seed())))
}

fn board_seed() -> u32 {
    let mut bytes = [0; 4];
    hal().random(&mut bytes);
    u32::from_ne_bytes(bytes)
}

/// The next use takes a new seed from the board.
pub fn reset() {
    *GENERATOR.0.borrow_mut() = None;
}

/// `seed(n=None)`: the lower 32 bits count.
fn seed(args: &[Obj]) -> Result {
    let seed = match args.first().copied().filter(|n| !n.is_none()) {
        Some(n) => mp::int_truncated(n)? as u32,
        None => board_seed(),
    };
    *GENERATOR.0.borrow_mut() = Some(Random::new(seed));
    Ok(Obj::NONE)
}

/// `getrandbits(n)`, `n` from 0 to 32.
fn getrandbits(args: &[Obj]) -> Result {
    match mp::int_of(args[0])? {
        0 => Ok(Obj::small_int(0)),
        n @ 1..=32 => mp::long(i64::from(with(Random::next_u32) & u32::MAX >> (32 - n))),
        _ => Err(Error::value("bits must be 32 or less")),
    }
}

/// `randrange(stop)`, `randrange(start, stop[, step])`
fn randrange(args: &[Obj]) -> Result {
    let first = mp::int_of(args[0])? as i64;
    let (start, stop) = match args.get(1) {
        Some(&stop) => (first, mp::int_of(stop)? as i64),
        None => (0, first),
    };
    let step = args.get(2).map_or(Ok(1), |&step| mp::int_of(step))? as i64;
    let (from, to) = if step > 0 { (start, stop) } else { (stop, start) };
    if step == 0 || from >= to {
        return Err(Error::value(""));
    }
    let count = from.abs_diff(to).div_ceil(step.unsigned_abs());
    let number = with(|random| random.below(count));
    // Within the range, so that the wrapped result is the true one.
    mp::long(start.wrapping_add(step.wrapping_mul(number as i64)))
}

/// `randint(a, b)`: both ends are possible.
fn randint(args: &[Obj]) -> Result {
    let (a, b) = (mp::int_of(args[0])? as i64, mp::int_of(args[1])? as i64);
    if a > b {
        return Err(Error::value(""));
    }
    let number = match a.abs_diff(b).checked_add(1) {
        Some(count) => with(|random| random.below(count)),
        None => with(|random| u64::from(random.next_u32()) << 32 | u64::from(random.next_u32())),
    };
    mp::long(a.wrapping_add(number as i64))
}

/// `choice(sequence)`
fn choice(args: &[Obj]) -> Result {
    let sequence = args[0];
    // SAFETY: a valid object; raises if it has no length.
    let len = mp::int_of(mp::protect(|| unsafe { ffi::mp_obj_len(sequence) })?)?;
    if len <= 0 {
        // SAFETY: a static of the core.
        let index_error: &'static Type = unsafe { &ffi::mp_type_IndexError };
        return Err(Error::Message(index_error, ""));
    }
    let index = Obj::small_int(with(|random| random.below(len as u64)) as isize);
    // SAFETY: valid objects; raises what the sequence raises.
    mp::protect(|| unsafe { ffi::mp_obj_subscr(sequence, index, Obj::SENTINEL) })
}

/// `uniform(a, b)`
fn uniform(args: &[Obj]) -> Result {
    let (a, b) = (mp::float_of(args[0])?, mp::float_of(args[1])?);
    mp::float(a + (b - a) * with(Random::float))
}
