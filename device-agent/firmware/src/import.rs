//! Imports and `open`: how the core reaches files.

use core::ffi::{c_char, c_int};

use micropython_sys::ffi;
use micropython_sys::object::Reader;

use crate::mp::{Args, Error, Result};
use crate::native_kw_fn;

/// Nothing is mounted.
const ENODEV: i32 = 19;

/// `MP_IMPORT_STAT_NO_EXIST`
const NOT_FOUND: c_int = 0;

#[unsafe(no_mangle)]
extern "C" fn mp_import_stat(_path: *const c_char) -> c_int {
    NOT_FOUND
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mp_reader_new_file(_reader: *mut Reader, _name: usize) {
    // SAFETY: the core calls this where it can take an exception; nothing with a destructor is alive.
    unsafe { ffi::mp_raise_OSError(ENODEV) }
}

native_kw_fn!(
    #[allow(non_upper_case_globals)]
    #[unsafe(no_mangle)]
    mp_builtin_open_obj,
    1,
    open
);

/// `open(path, mode='r', ...)`
fn open(_args: Args<'_>) -> Result {
    Err(Error::Os(ENODEV))
}
