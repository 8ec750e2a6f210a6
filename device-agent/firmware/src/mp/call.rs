//! Calling the core and Python code, with exceptions as results.

use core::ffi::c_void;
use core::mem::MaybeUninit;

use micropython_sys::ffi;
use micropython_sys::object::Obj;
use micropython_sys::qstr::Qstr;

use super::{Error, Result};

/// Calls `f`; an exception raised inside is the error.
///
/// A raise skips destructors, so the closure captures only what is `Copy` and must not create anything that isn't.
pub fn protect<T: Copy, F: Fn() -> T + Copy>(f: F) -> Result<T> {
    struct Call<F, T> {
        f: F,
        result: MaybeUninit<T>,
    }
    unsafe extern "C" fn run<T, F: Fn() -> T>(call: *mut c_void) {
        // SAFETY: `protect` passes its own local.
        let call = unsafe { &mut *call.cast::<Call<F, T>>() };
        call.result.write((call.f)());
    }
    let mut call = Call { f, result: MaybeUninit::uninit() };
    // SAFETY: `run` matches the argument; what a raise skips has no destructors.
    let exception = unsafe { ffi::mpr_protect(run::<T, F>, (&raw mut call).cast()) };
    if exception.is_null() {
        // SAFETY: no exception, so `run` reached its end.
        Ok(unsafe { call.result.assume_init() })
    } else {
        Err(Error::Exception(exception))
    }
}

/// Calls a Python callable.
pub fn call(fun: Obj, args: &[Obj]) -> Result {
    // SAFETY: valid objects.
    protect(|| unsafe { ffi::mp_call_function_n_kw(fun, args.len(), 0, args.as_ptr()) })
}

/// `object.name(args...)` for at most 6 arguments.
pub fn call_method(object: Obj, name: Qstr, args: &[Obj]) -> Result {
    let mut words = [Obj::NULL; 8];
    let words = words.get_mut(..args.len() + 2).ok_or(Error::typ("too many arguments"))?;
    words[2..].copy_from_slice(args);
    let words = words.as_mut_ptr();
    let n = args.len();
    protect(|| {
        // SAFETY: two words for the method, then the arguments; `words` outlives the call.
        unsafe {
            ffi::mp_load_method(object, name.0, words);
            ffi::mp_call_method_n_kw(n, 0, words)
        }
    })
}

/// The bound method `object.name` as the pair (function, self), if there is one.
pub fn load_method_maybe(object: Obj, name: Qstr) -> Result<Option<[Obj; 2]>> {
    let mut pair = [Obj::NULL; 2];
    let words = pair.as_mut_ptr();
    // SAFETY: two words; may raise in an attribute function written in Python.
    protect(|| unsafe { ffi::mp_load_method_maybe(object, name.0, words) })?;
    Ok((!pair[0].is_null()).then_some(pair))
}

/// Whether `object.name` exists.
pub fn method_exists(object: Obj, name: Qstr) -> Result<bool> {
    load_method_maybe(object, name).map(|found| found.is_some())
}

/// `object.name`
pub fn attr(object: Obj, name: Qstr) -> Result {
    // SAFETY: valid objects.
    protect(|| unsafe { ffi::mp_load_attr(object, name.0) })
}

/// The module `name`, imported.
pub fn import_module(name: Qstr) -> Result {
    // SAFETY: an absolute import of a top-level module.
    protect(|| unsafe { ffi::mp_import_name(name.0, Obj::NONE, Obj::small_int(0)) })
}

/// Python's truth value.
pub fn truthy(object: Obj) -> Result<bool> {
    // SAFETY: a valid object.
    protect(|| unsafe { ffi::mp_obj_is_true(object) })
}

/// An iteration over a Python object.
#[derive(Clone, Copy)]
pub struct Iter(Obj);

/// Starts iterating over `object`.
pub fn iter(object: Obj) -> Result<Iter> {
    // SAFETY: without a buffer the iterator is on the heap.
    protect(|| unsafe { ffi::mp_getiter(object, core::ptr::null_mut()) }).map(Iter)
}

impl Iter {
    /// The next item, or `None` at the end.
    pub fn next(self) -> Result<Option<Obj>> {
        // SAFETY: a valid iterator.
        let item = protect(|| unsafe { ffi::mp_iternext(self.0) })?;
        Ok((!item.is_null()).then_some(item))
    }
}
