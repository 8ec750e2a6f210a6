//! `myport`: the smallest example of a native module.

use micropython_sys::qstr::{MP_QSTR___name__, MP_QSTR_info, MP_QSTR_myport};

use crate::mp::{Obj, Result};
use crate::{console, native_fn, native_module};

native_fn!(INFO, 0..=0, info);

native_module!(mp_module_myport, {
    MP_QSTR___name__: MP_QSTR_myport.obj(),
    MP_QSTR_info: Obj::from_static(&INFO),
});

/// `myport.info()`: prints a line.
fn info(_args: &[Obj]) -> Result {
    console::print("info about my port\n");
    Ok(Obj::NONE)
}
