//! Text and bytes that grow on Python's heap until an object takes them over.

use core::ffi::c_void;

use micropython_sys::ffi;
use micropython_sys::object::{Obj, Print, Vstr};

use super::{Result, protect};

/// A growing buffer on Python's heap. Keep it on the stack: the collector finds its memory there.
///
/// It has no destructor, so a raise may skip it; what it held is then garbage.
pub struct TextBuffer(Vstr);

impl TextBuffer {
    /// An empty buffer with room for `capacity` bytes.
    pub fn new(capacity: usize) -> Result<Self> {
        let mut vstr = Vstr { alloc: 0, len: 0, buf: core::ptr::null_mut(), fixed_buf: false };
        let out = &raw mut vstr;
        // SAFETY: valid pointer; may raise for want of memory only.
        protect(|| unsafe { ffi::vstr_init(out, capacity.max(1)) })?;
        Ok(Self(vstr))
    }

    /// A buffer of `len` zero bytes.
    pub fn zeroed(len: usize) -> Result<Self> {
        // One more, so that the object that takes the memory has room for its final NUL.
        let mut buffer = Self::new(len.saturating_add(1))?;
        // SAFETY: so many bytes are allocated.
        unsafe { core::ptr::write_bytes(buffer.0.buf, 0, len) };
        buffer.0.len = len;
        Ok(buffer)
    }

    /// Appends bytes.
    pub fn push(&mut self, data: &[u8]) -> Result<()> {
        let (vstr, data, len) = (&raw mut self.0, data.as_ptr(), data.len());
        // SAFETY: valid pointers; may raise for want of memory only.
        protect(|| unsafe { ffi::vstr_add_strn(vstr, data, len) })
    }

    /// Appends a character in UTF-8.
    pub fn push_char(&mut self, c: char) -> Result<()> {
        self.push(c.encode_utf8(&mut [0; 4]).as_bytes())
    }

    /// What the buffer holds.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: `len` bytes are in use.
        unsafe { core::slice::from_raw_parts(self.0.buf, self.0.len) }
    }

    /// What the buffer holds, to be changed.
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        // SAFETY: `len` bytes are in use.
        unsafe { core::slice::from_raw_parts_mut(self.0.buf, self.0.len) }
    }

    /// Forgets the contents, keeps the memory.
    pub fn clear(&mut self) {
        self.0.len = 0;
    }

    /// Keeps the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.0.len = self.0.len.min(len);
    }

    /// A printer for the core that appends here. Valid while the buffer stays where it is.
    pub fn printer(&mut self) -> Print {
        Print { data: (&raw mut self.0).cast(), print_strn: add }
    }

    /// Gives the memory back, where waiting for the collector would be a waste.
    pub fn free(mut self) {
        // SAFETY: the buffer is not used again.
        unsafe { ffi::vstr_clear(&raw mut self.0) };
    }

    /// A `str`; `UnicodeError` if the bytes aren't UTF-8.
    pub fn into_str(mut self) -> Result {
        let vstr = &raw mut self.0;
        // SAFETY: valid pointer; the object takes the memory.
        protect(|| unsafe { ffi::mp_obj_new_str_from_vstr(vstr) })
    }

    /// A `bytes`.
    pub fn into_bytes(mut self) -> Result {
        let vstr = &raw mut self.0;
        // SAFETY: valid pointer; the object takes the memory.
        protect(|| unsafe { ffi::mp_obj_new_bytes_from_vstr(vstr) })
    }
}

/// What a printer of [`TextBuffer::printer`] calls. May raise for want of memory.
unsafe extern "C" fn add(vstr: *mut c_void, text: *const u8, len: usize) {
    // SAFETY: the pointers are the printer's.
    unsafe { ffi::vstr_add_strn(vstr.cast(), text, len) };
}

/// A `bytes` of `len` bytes that `fill` writes; it must not call into the core.
pub fn bytes_with(len: usize, fill: impl FnOnce(&mut [u8])) -> Result {
    let mut buffer = TextBuffer::zeroed(len)?;
    fill(buffer.as_mut_bytes());
    buffer.into_bytes()
}

/// A `str` of these bytes; `UnicodeError` if they aren't UTF-8. The bytes are copied.
pub fn str_of_bytes(data: &[u8]) -> Result {
    let mut text = TextBuffer::new(data.len() + 1)?;
    text.push(data)?;
    text.into_str()
}

/// `None` as no object, for optional arguments that may be given as `None`.
pub fn not_none(object: Option<Obj>) -> Option<Obj> {
    object.filter(|o| !o.is_none())
}
