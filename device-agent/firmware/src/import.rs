//! Imports and `open`: how the core reaches files.

use core::ffi::{CStr, c_char, c_int, c_void};

use micropython_sys::ffi;
use micropython_sys::object::Reader;
use micropython_sys::qstr::{MP_QSTR_rb, Qstr};

use crate::mp::{self, Error, Obj, Result, Stream};
use crate::{native_kw_fn, vfs};

/// `MP_IMPORT_STAT_NO_EXIST`
const NOT_FOUND: c_int = 0;
/// `MP_IMPORT_STAT_DIR`
const DIRECTORY: c_int = 1;
/// `MP_IMPORT_STAT_FILE`
const FILE: c_int = 2;
/// Bit of `st_mode`.
const S_IFDIR: isize = 0x4000;

native_kw_fn!(
    #[allow(non_upper_case_globals)]
    #[unsafe(no_mangle)]
    mp_builtin_open_obj,
    0,
    vfs::open
);

#[unsafe(no_mangle)]
unsafe extern "C" fn mp_import_stat(path: *const c_char) -> c_int {
    // SAFETY: the core passes a C string.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    let (data, len) = (path.as_ptr(), path.len());
    // SAFETY: valid text, which the core checks.
    let path = mp::protect(|| unsafe { ffi::mp_obj_new_str(data, len) });
    match path.and_then(vfs::import_kind) {
        Ok(Some(mode)) if mode & S_IFDIR != 0 => DIRECTORY,
        Ok(Some(_)) => FILE,
        Ok(None) => NOT_FOUND,
        Err(error) => {
            // Any exception means that there is no such file, but Ctrl-C must still reach the program.
            // SAFETY: a static of the core; scheduling never raises.
            unsafe {
                if matches!(error, Error::Exception(e) if mp::is_a(e, &ffi::mp_type_KeyboardInterrupt)) {
                    ffi::mp_sched_keyboard_interrupt();
                }
            }
            NOT_FOUND
        }
    }
}

/// A file that the compiler or the loader reads; a block of Python's heap.
#[repr(C)]
struct Source {
    file: Stream,
    position: usize,
    len: usize,
    /// The end is an error: the loader takes it for data.
    whole: bool,
    buffer: [u8; 512],
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mp_reader_new_file(reader: *mut Reader, name: usize) {
    match open_source(Qstr(name)) {
        Ok(source) => {
            // SAFETY: the core passes room for a reader.
            unsafe { reader.write(Reader { data: source.cast(), read_byte, close }) };
        }
        // SAFETY: the core can take an exception here; nothing with a destructor is alive.
        Err(error) => unsafe { error.raise() },
    }
}

fn open_source(name: Qstr) -> Result<*mut Source> {
    let args = [name.obj(), MP_QSTR_rb.obj()];
    let file = mp::stream_readable(mp::call(Obj::from_static(&mp_builtin_open_obj), &args)?)?;
    let source = mp::bytes_on_heap(size_of::<Source>())?.cast::<Source>();
    // SAFETY: fresh, zeroed memory of this size.
    unsafe {
        (*source).file = file;
        (*source).whole = mp::qstr_str(name).ends_with(".mpy");
    }
    Ok(source)
}

/// The next byte of the file, which is read in pieces.
fn next_byte(source: &mut Source) -> Result<usize> {
    if source.position == source.len {
        source.len = source.file.read(&mut source.buffer)?;
        source.position = 0;
        if source.len == 0 {
            // SAFETY: a static of the core.
            let cut_off = unsafe { &ffi::mp_type_EOFError };
            return if source.whole { Err(Error::Message(cut_off, "")) } else { Ok(Reader::EOF) };
        }
    }
    let byte = source.buffer[source.position];
    source.position += 1;
    Ok(byte.into())
}

unsafe extern "C" fn read_byte(source: *mut c_void) -> usize {
    // SAFETY: what `open_source` made.
    match next_byte(unsafe { &mut *source.cast::<Source>() }) {
        Ok(byte) => byte,
        // SAFETY: as in the core's own readers; nothing with a destructor is alive.
        Err(error) => unsafe { error.raise() },
    }
}

unsafe extern "C" fn close(source: *mut c_void) {
    // SAFETY: what `open_source` made.
    let file = unsafe { (*source.cast::<Source>()).file };
    if let Err(error) = file.close() {
        // SAFETY: nothing with a destructor is alive.
        unsafe { error.raise() };
    }
}
