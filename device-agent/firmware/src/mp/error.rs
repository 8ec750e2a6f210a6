//! Exceptions on their way to Python.

use micropython_sys::ffi;
use micropython_sys::object::{Obj, Type};

use super::call::protect;
use super::values;

/// An exception that a native function ends with. Copyable, so that raising it leaves nothing to drop.
#[derive(Clone, Copy)]
pub enum Error {
    /// An exception object, usually one caught by [`protect`].
    Exception(Obj),
    /// `OSError` with this number (MicroPython's own numbers, which are Linux's).
    Os(i32),
    /// An exception of this type with a message.
    Message(&'static Type, &'static str),
}

impl Error {
    /// `ValueError` with a message.
    pub fn value(message: &'static str) -> Self {
        // SAFETY: a static of the core.
        Self::Message(unsafe { &ffi::mp_type_ValueError }, message)
    }

    /// `TypeError` with a message.
    pub fn typ(message: &'static str) -> Self {
        // SAFETY: a static of the core.
        Self::Message(unsafe { &ffi::mp_type_TypeError }, message)
    }

    /// `MemoryError`, for allocations outside of Python's heap.
    pub fn memory() -> Self {
        // SAFETY: a static of the core.
        Self::Message(unsafe { &ffi::mp_type_MemoryError }, "memory allocation failed")
    }

    /// An exception of a core type with an object as its argument.
    pub fn with_argument(typ: &'static Type, argument: Obj) -> Self {
        let made = protect(|| {
            // SAFETY: one valid argument; may raise for want of memory.
            unsafe { ffi::mp_obj_new_exception_args(typ, 1, &raw const argument) }
        });
        match made {
            Ok(exception) => Self::Exception(exception),
            Err(error) => error,
        }
    }

    /// `OSError(errno, argument)`
    pub fn os_with(errno: i32, argument: Obj) -> Self {
        let args = [Obj::small_int(errno as isize), argument];
        let made = protect(|| {
            // SAFETY: two valid arguments; may raise for want of memory.
            unsafe { ffi::mp_obj_new_exception_args(&raw const ffi::mp_type_OSError, 2, args.as_ptr()) }
        });
        match made {
            Ok(exception) => Self::Exception(exception),
            Err(error) => error,
        }
    }

    /// An exception of a core type with a message made at run time.
    pub fn text(typ: &'static Type, message: &str) -> Self {
        let made = values::str_obj(message).and_then(|message| {
            protect(|| {
                // SAFETY: one valid argument; may raise for want of memory.
                unsafe { ffi::mp_obj_new_exception_args(typ, 1, &raw const message) }
            })
        });
        match made {
            Ok(exception) => Self::Exception(exception),
            Err(error) => error,
        }
    }

    /// The number of an `OSError`, if it is one.
    pub fn errno(self) -> Option<i32> {
        match self {
            Self::Os(errno) => Some(errno),
            // SAFETY: a static of the core.
            Self::Exception(e) if values::is_a(e, unsafe { &ffi::mp_type_OSError }) => {
                // SAFETY: `e` is an exception object.
                let value = unsafe { ffi::mp_obj_exception_get_value(e) };
                values::int_of(value).ok().and_then(|n| i32::try_from(n).ok())
            }
            _ => None,
        }
    }

    /// The exception as an object.
    pub fn object(self) -> Obj {
        // SAFETY: nothing is alive here that has a destructor.
        match protect(|| -> () { unsafe { self.raise() } }) {
            Err(Self::Exception(exception)) => exception,
            _ => Obj::NONE,
        }
    }

    /// Raises the exception: jumps to the innermost handler of the core.
    ///
    /// # Safety
    /// Nothing with a destructor may be alive in the frames that are left: the last act of a native function.
    pub unsafe fn raise(self) -> ! {
        // SAFETY: as the caller; messages are valid for the call.
        unsafe {
            match self {
                Self::Exception(exception) => ffi::mpr_raise_obj(exception),
                Self::Os(errno) => ffi::mp_raise_OSError(errno),
                Self::Message(typ, "") => ffi::mpr_raise_type(typ),
                Self::Message(typ, message) => ffi::mpr_raise_text(typ, message.as_ptr(), message.len()),
            }
        }
    }
}
