//! Rust structures on Python's heap.

use micropython_sys::ffi;
use micropython_sys::object::{Base, Obj, Type};

use super::{Error, Result, protect};

/// A structure that is a Python object: `#[repr(C)]`, [`Base`] first, no destructor that must run.
///
/// The collector scans the structure, so objects in its fields stay alive; what its other pointers point to must not be
/// on Python's heap unless the pointer is to the start of a block.
///
/// # Safety
/// The layout must be as said, and `TYPE` must be the type that `Base` is made with.
pub unsafe trait Native: 'static {
    /// The Python type.
    const TYPE: &'static Type;
}

/// Marks a type whose locals have a `__del__`.
pub trait Finaliser: Native {}

/// Moves a structure to Python's heap.
pub fn alloc<T: Native>(value: T) -> Result<&'static T> {
    // SAFETY: may raise for want of memory only.
    place(protect(|| unsafe { ffi::m_malloc(size_of::<T>()) })?.cast(), value)
}

/// Moves a structure to Python's heap; its `__del__` runs before the collector frees it.
pub fn alloc_finalised<T: Finaliser>(value: T) -> Result<&'static T> {
    // SAFETY: may raise for want of memory only.
    place(protect(|| unsafe { ffi::m_malloc_with_finaliser(size_of::<T>()) })?.cast(), value)
}

fn place<T: Native>(memory: *mut T, value: T) -> Result<&'static T> {
    const { assert!(align_of::<T>() <= 2 * size_of::<usize>(), "heap blocks are aligned to two words") };
    // SAFETY: fresh memory of the right size and alignment.
    unsafe {
        memory.write(value);
        Ok(&*memory)
    }
}

/// A zeroed buffer on Python's heap; keep the pointer where the collector sees it.
pub fn bytes_on_heap(len: usize) -> Result<*mut u8> {
    // SAFETY: may raise for want of memory only.
    Ok(protect(|| unsafe { ffi::m_malloc0(len) })?.cast())
}

/// The structure behind an object of this type or of a Python class derived from it.
pub fn native<T: Native>(object: Obj) -> Result<&'static T> {
    // SAFETY: valid objects.
    let base = unsafe { ffi::mpr_instance_native_base(object, T::TYPE) };
    if base.is_null() {
        return Err(Error::typ("object of another type expected"));
    }
    // SAFETY: the type was checked; `Native` says that the layout fits.
    Ok(unsafe { &*base.as_ptr::<T>() })
}

/// The head of an object of type `T`.
pub const fn base<T: Native>() -> Base {
    Base { typ: core::ptr::from_ref(T::TYPE) }
}
