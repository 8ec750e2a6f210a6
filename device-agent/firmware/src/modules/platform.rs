//! `platform`: what the firmware was built for and with.

use core::ffi::{CStr, c_int};

use micropython_sys::ffi;
use micropython_sys::qstr::{MP_QSTR___name__, MP_QSTR_libc_ver, MP_QSTR_platform, MP_QSTR_python_compiler};

use crate::mp::{self, Obj, Result};
use crate::{native_fn, native_module};

// What `mpr_platform_text` knows.
const PLATFORM: c_int = 0;
const COMPILER: c_int = 1;
const LIBC: c_int = 2;
const LIBC_VERSION: c_int = 3;

native_fn!(PLATFORM_FN, 0..=0, |_: &[Obj]| text(PLATFORM));
native_fn!(PYTHON_COMPILER, 0..=0, |_: &[Obj]| text(COMPILER));
native_fn!(LIBC_VER, 0..=0, |_: &[Obj]| mp::tuple(&[text(LIBC)?, text(LIBC_VERSION)?]));

native_module!(mp_module_platform, {
    MP_QSTR___name__: MP_QSTR_platform.obj(),
    MP_QSTR_platform: Obj::from_static(&PLATFORM_FN),
    MP_QSTR_python_compiler: Obj::from_static(&PYTHON_COMPILER),
    MP_QSTR_libc_ver: Obj::from_static(&LIBC_VER),
});

fn text(which: c_int) -> Result {
    // SAFETY: one of the texts, static and ended by NUL.
    let text = unsafe { CStr::from_ptr(ffi::mpr_platform_text(which)) };
    mp::str_obj(text.to_str().unwrap_or_default())
}
