//! `machine.mem8`, `mem16`, `mem32`: memory by address, as far as the board allows.

use core::ffi::c_void;

use micropython_sys::object::{Base, FullType, Slot, Type};
use micropython_sys::qstr::MP_QSTR_mem;

use crate::hal::{Width, hal};
use crate::mp::{self, Error, Native, Obj, Result};

pub static MEM8: Mem = Mem { base: Base::new(&TYPE), width: Width::Byte };
pub static MEM16: Mem = Mem { base: Base::new(&TYPE), width: Width::Half };
pub static MEM32: Mem = Mem { base: Base::new(&TYPE), width: Width::Word };

/// One of the three objects.
#[repr(C)]
pub struct Mem {
    base: Base,
    width: Width,
}

// SAFETY: `Base` first, `TYPE` is its type.
unsafe impl Native for Mem {
    const TYPE: &'static Type = TYPE.as_type();
}

static TYPE: FullType<1> = FullType::new(MP_QSTR_mem, 0, [(Slot::Subscr, subscr as *const c_void)]);

unsafe extern "C" fn subscr(this: Obj, index: Obj, value: Obj) -> Obj {
    match access(this, index, value) {
        Ok(result) => result,
        // SAFETY: nothing here has a destructor.
        Err(error) => unsafe { error.raise() },
    }
}

/// `mem[address]`, `mem[address] = value`; a null result says that deleting is not possible.
fn access(this: Obj, index: Obj, value: Obj) -> Result {
    let width = mp::native::<Mem>(this)?.width;
    if value.is_null() {
        return Ok(Obj::NULL);
    }
    let address = mp::int_truncated(index)?;
    if address % width.bytes() != 0 {
        return Err(Error::value("address is not aligned"));
    }
    let outside = Error::value("address is outside of the board's memory");
    let memory = hal().memory().ok_or(outside)?;
    if value == Obj::SENTINEL {
        let word = memory.read(address, width).ok_or(outside)?;
        return mp::long(i64::from(word));
    }
    let word = mp::int_truncated(value)? as u32;
    memory.write(address, width, word).ok_or(outside)?;
    Ok(Obj::NONE)
}
