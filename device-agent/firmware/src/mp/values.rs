//! Between Rust values and Python objects.

use micropython_sys::ffi;
use micropython_sys::object::{BufferInfo, Obj, Type, buffer as access};
use micropython_sys::qstr::Qstr;

use super::{Error, Result, protect};

/// An `int` of any machine word.
pub fn int(value: isize) -> Result {
    // SAFETY: may raise for want of memory only.
    protect(|| unsafe { ffi::mp_obj_new_int(value) })
}

/// An `int` of 64 bits.
pub fn long(value: i64) -> Result {
    // SAFETY: may raise for want of memory only.
    protect(|| unsafe { ffi::mp_obj_new_int_from_ll(value) })
}

/// A `float`.
pub fn float(value: f64) -> Result {
    // SAFETY: may raise for want of memory only.
    protect(|| unsafe { ffi::mp_obj_new_float(value) })
}

/// The value of a number as a `float`.
pub fn float_of(object: Obj) -> Result<f64> {
    // SAFETY: a valid object.
    protect(|| unsafe { ffi::mp_obj_get_float(object) })
}

/// The value of an `int` (or of what has `__int__`), if it fits into a word.
pub fn int_of(object: Obj) -> Result<isize> {
    // SAFETY: a valid object.
    protect(|| unsafe { ffi::mp_obj_get_int(object) })
}

/// The value of an `int`; one that doesn't fit into a word loses its upper bits.
pub fn int_truncated(object: Obj) -> Result<usize> {
    // SAFETY: a valid object.
    protect(|| unsafe { ffi::mp_obj_get_int_truncated(object) }).map(|value| value as usize)
}

/// The value of an `int` of 64 bits on any board.
pub fn long_of(object: Obj) -> Result<i64> {
    int_of(object).map(|value| value as i64)
}

/// A `str`. The text is copied.
pub fn str_obj(text: &str) -> Result {
    let (data, len) = (text.as_ptr(), text.len());
    // SAFETY: valid text.
    protect(|| unsafe { ffi::mp_obj_new_str(data, len) })
}

/// A `bytes`. The data is copied.
pub fn bytes(data: &[u8]) -> Result {
    let (data, len) = (data.as_ptr(), data.len());
    // SAFETY: valid data.
    protect(|| unsafe { ffi::mp_obj_new_bytes(data, len) })
}

/// A `tuple`.
pub fn tuple(items: &[Obj]) -> Result {
    let (items, len) = (items.as_ptr(), items.len());
    // SAFETY: valid objects.
    protect(|| unsafe { ffi::mp_obj_new_tuple(len, items) })
}

/// A new `list`.
pub fn list(items: &[Obj]) -> Result {
    let (items, len) = (items.as_ptr(), items.len());
    // SAFETY: valid objects.
    protect(|| unsafe { ffi::mp_obj_new_list(len, items.cast_mut()) })
}

/// `list.append(item)`
pub fn list_append(list: Obj, item: Obj) -> Result<()> {
    // SAFETY: the caller passes a list.
    protect(|| unsafe { ffi::mp_obj_list_append(list, item) }).map(drop)
}

/// A new `dict` with room for `n` entries.
pub fn dict(n: usize) -> Result {
    // SAFETY: may raise for want of memory only.
    protect(|| unsafe { ffi::mp_obj_new_dict(n) })
}

/// `dict[key] = value`
pub fn dict_store(dict: Obj, key: Obj, value: Obj) -> Result<()> {
    // SAFETY: the caller passes a dict.
    protect(|| unsafe { ffi::mp_obj_dict_store(dict, key, value) }).map(drop)
}

/// The entry of a `dict` behind the cursor, which starts at 0.
pub fn dict_next(dict: Obj, cursor: &mut usize) -> Option<(Obj, Obj)> {
    let (mut key, mut value) = (Obj::NULL, Obj::NULL);
    // SAFETY: the caller passes a dict; the pointers are valid.
    unsafe { ffi::mpr_dict_next(dict, cursor, &raw mut key, &raw mut value) }.then_some((key, value))
}

/// The items of a `tuple` or `list`. Valid while the object lives and, for a list, is not changed.
pub fn array(object: Obj) -> Result<&'static [Obj]> {
    let (mut len, mut items) = (0_usize, core::ptr::null_mut());
    let (len_out, items_out) = (&raw mut len, &raw mut items);
    // SAFETY: valid pointers; raises if the object is neither.
    protect(|| unsafe { ffi::mp_obj_get_array(object, len_out, items_out) })?;
    // SAFETY: the core's own array.
    Ok(if len == 0 { &[] } else { unsafe { core::slice::from_raw_parts(items, len) } })
}

/// The items of a `tuple` or `list` of exactly `N`; `ValueError` if it has another length.
pub fn array_of<const N: usize>(object: Obj) -> Result<[Obj; N]> {
    let mut items = core::ptr::null_mut();
    let out = &raw mut items;
    // SAFETY: valid pointers; raises if the object is neither, or has another length.
    protect(|| unsafe { ffi::mp_obj_get_array_fixed_n(object, N, out) })?;
    // SAFETY: the core checked the length.
    Ok(unsafe { *items.cast::<[Obj; N]>() })
}

/// The bytes of a `str` (UTF-8) or `bytes`. Valid while the object lives: keep it on the stack.
pub fn str_bytes(object: Obj) -> Result<&'static [u8]> {
    let mut len = 0_usize;
    let len_out = &raw mut len;
    // SAFETY: raises if the object is neither.
    let data = protect(|| unsafe { ffi::mp_obj_str_get_data(object, len_out) })?;
    // SAFETY: the core's own bytes.
    Ok(unsafe { core::slice::from_raw_parts(data, len) })
}

/// The text of a `str`. Valid while the object lives: keep it on the stack.
pub fn str_of(object: Obj) -> Result<&'static str> {
    core::str::from_utf8(str_bytes(object)?).map_err(|_| {
        // SAFETY: a static of the core.
        Error::Message(unsafe { &ffi::mp_type_UnicodeError }, "")
    })
}

/// Memory lent by an object with the buffer protocol. Valid while the object lives and is not resized.
pub type Buffer = &'static [u8];

fn buffer_info(object: Obj, flags: usize) -> Result<BufferInfo> {
    let mut info = BufferInfo { buf: core::ptr::null_mut(), len: 0, typecode: 0 };
    let out = &raw mut info;
    // SAFETY: valid pointer; raises in a buffer function only.
    if !protect(|| unsafe { ffi::mp_get_buffer(object, out, flags) })? {
        return Err(Error::typ("object with buffer protocol required"));
    }
    if info.buf.is_null() || info.len == 0 {
        info.len = 0;
        info.buf = core::ptr::NonNull::dangling().as_ptr();
    }
    Ok(info)
}

/// The bytes of an object with the buffer protocol.
pub fn buffer(object: Obj) -> Result<Buffer> {
    let info = buffer_info(object, access::READ)?;
    // SAFETY: what the object lends.
    Ok(unsafe { core::slice::from_raw_parts(info.buf, info.len) })
}

/// The writable bytes of an object with the buffer protocol.
///
/// # Safety
/// No other reference to the same bytes may be in use.
pub unsafe fn buffer_mut(object: Obj) -> Result<&'static mut [u8]> {
    let info = buffer_info(object, access::WRITE)?;
    // SAFETY: what the object lends; alone, says the contract.
    Ok(unsafe { core::slice::from_raw_parts_mut(info.buf, info.len) })
}

/// The object's type.
pub fn type_of(object: Obj) -> *const Type {
    // SAFETY: a valid object.
    unsafe { ffi::mp_obj_get_type(object) }
}

/// Whether the object is an instance of `typ` or of a type derived from it.
pub fn is_a(object: Obj, typ: &'static Type) -> bool {
    // SAFETY: valid objects; types are objects.
    unsafe { ffi::mp_obj_is_subclass_fast(Obj::from_ptr(type_of(object)), Obj::from_ptr(typ)) }
}

/// Whether the object is a `str`.
pub fn is_str(object: Obj) -> bool {
    core::ptr::eq(type_of(object), &raw const ffi::mp_type_str)
}

/// Python's `==`.
pub fn equal(a: Obj, b: Obj) -> Result<bool> {
    // SAFETY: valid objects.
    protect(|| unsafe { ffi::mp_obj_equal(a, b) })
}

/// The text of an interned string.
pub fn qstr_str(qstr: Qstr) -> &'static str {
    let mut len = 0;
    // SAFETY: interned strings live as long as the machine; they are UTF-8.
    unsafe {
        let data = ffi::qstr_data(qstr.0, &raw mut len);
        core::str::from_utf8_unchecked(core::slice::from_raw_parts(data, len))
    }
}

/// The name of the object's type.
pub fn class_name(object: Obj) -> &'static str {
    // SAFETY: every object has a type.
    qstr_str(Qstr(usize::from(unsafe { (*type_of(object)).name })))
}
