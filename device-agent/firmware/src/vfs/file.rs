//! Open files of every native filesystem: `FileIO` in binary mode, `TextIOWrapper` in text mode.

use core::cell::Cell;
use core::ffi::{c_int, c_void};

use micropython_sys::ffi;
use micropython_sys::object::{
    Base, BufferInfo, FullType, Print, Slot, StreamProtocol, Type, buffer as access, flags, stream,
};
use micropython_sys::qstr::{
    MP_QSTR___del__, MP_QSTR___enter__, MP_QSTR___exit__, MP_QSTR_FileIO, MP_QSTR_TextIOWrapper,
    MP_QSTR_close, MP_QSTR_flush, MP_QSTR_read, MP_QSTR_readinto, MP_QSTR_readline, MP_QSTR_readlines,
    MP_QSTR_seek, MP_QSTR_tell, MP_QSTR_write,
};

use crate::errno::EINVAL;
use crate::mp::{self, Error, Finaliser, Native, Obj, Result};
use crate::{native_dict, native_fn};

/// What a filesystem does with its open files.
pub struct FileOps {
    /// The exception of using a closed file.
    pub closed: fn() -> Error,
    /// The error number of reading or writing against the mode.
    pub denied: i32,
    /// Reads at most as many bytes as fit; 0 at the end.
    pub read: fn(&File, &mut [u8]) -> Result<usize>,
    /// Writes at most all bytes.
    pub write: fn(&File, &[u8]) -> Result<usize>,
    /// Moves by a distance from 0 the start, 1 the position, 2 the end; gives the new position.
    pub seek: fn(&File, isize, i32) -> Result<isize>,
    /// Makes what was written survive the end of power.
    pub flush: fn(&File) -> Result<()>,
    /// Flushes and gives up the state, also if it fails.
    pub close: fn(&File) -> Result<()>,
    /// As `close` in a collection, when nothing can be told; the filesystem may be busy.
    pub finalise: fn(&File),
    /// All bytes of an open file where they lie, if they stay there for as long as the board runs.
    pub content: Option<fn(&File) -> Option<mp::Buffer>>,
}

/// An open file.
#[repr(C)]
pub struct File {
    base: Base,
    ops: &'static FileOps,
    mode: Mode,
    /// The filesystem object; null when the file is closed.
    pub owner: Cell<Obj>,
    /// Belongs to the filesystem. What it points to on Python's heap is kept alive.
    pub state: Cell<*mut c_void>,
}

// SAFETY: `Base` first. Its type may also be `TEXT`, which has the same layout.
unsafe impl Native for File {
    const TYPE: &'static Type = BINARY.as_type();
}
impl Finaliser for File {}

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// May be read.
    pub read: bool,
    /// May be written.
    pub write: bool,
    /// Writes go to the end.
    pub append: bool,
    /// A missing file is made.
    pub create: bool,
    /// An existing file is an error.
    pub exclusive: bool,
    /// An existing file is emptied.
    pub truncate: bool,
    text: bool,
}

impl Mode {
    /// Understands `r`, `w`, `a` or `x`, `+`, `b` or `t`, in any order.
    pub fn parse(mode: Obj) -> Result<Self> {
        let mut result = Self {
            read: false,
            write: false,
            append: false,
            create: false,
            exclusive: false,
            truncate: false,
            text: true,
        };
        let mut kinds = 0;
        let mut plus = false;
        for c in mp::str_bytes(mode)? {
            match c {
                b'r' => result.read = true,
                b'w' => (result.write, result.create, result.truncate) = (true, true, true),
                b'a' => (result.write, result.create, result.append) = (true, true, true),
                b'x' => (result.write, result.create, result.exclusive) = (true, true, true),
                b'+' => plus = true,
                b'b' => result.text = false,
                b't' => result.text = true,
                _ => {} // As stock: an unknown letter means nothing.
            }
            kinds += i32::from(matches!(c, b'r' | b'w' | b'a' | b'x'));
        }
        if kinds > 1 {
            return Err(Error::value(""));
        }
        if kinds == 0 || plus {
            result.read = true;
        }
        result.write |= plus;
        Ok(result)
    }
}

impl File {
    /// A closed file, to be opened by its filesystem.
    pub fn new(ops: &'static FileOps, mode: Mode) -> Result<&'static File> {
        let typ = if mode.text { TEXT.as_type() } else { BINARY.as_type() };
        mp::alloc_finalised(File {
            base: Base { typ },
            ops,
            mode,
            owner: Cell::new(Obj::NULL),
            state: Cell::new(core::ptr::null_mut()),
        })
    }

    /// The file as a Python object.
    pub fn obj(&'static self) -> Obj {
        Obj::from_ptr(self)
    }

    fn check_open(&self) -> Result<()> {
        if self.owner.get().is_null() { Err((self.ops.closed)()) } else { Ok(()) }
    }

    /// Reads into the buffer; 0 at the end.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.check_open()?;
        if !self.mode.read {
            return Err(Error::Os(self.ops.denied));
        }
        (self.ops.read)(self, buffer)
    }

    fn write(&self, data: &[u8]) -> Result<usize> {
        self.check_open()?;
        if !self.mode.write {
            return Err(Error::Os(self.ops.denied));
        }
        (self.ops.write)(self, data)
    }

    /// Closes; does nothing to a closed file.
    pub fn close(&self) -> Result<()> {
        if self.owner.get().is_null() { Ok(()) } else { (self.ops.close)(self) }
    }

    fn control(&self, request: usize, arg: usize) -> Result<usize> {
        if request == stream::CLOSE {
            return self.close().map(|()| 0);
        }
        self.check_open()?;
        match request {
            stream::SEEK => {
                let seek = core::ptr::with_exposed_provenance_mut::<stream::Seek>(arg);
                // SAFETY: the protocol says that the argument points to this.
                let seek = unsafe { &mut *seek };
                seek.offset = (self.ops.seek)(self, seek.offset, seek.whence)?;
                Ok(0)
            }
            stream::FLUSH => (self.ops.flush)(self).map(|()| 0),
            _ => Err(Error::Os(EINVAL)),
        }
    }
}

unsafe extern "C" fn stream_read(file: Obj, buffer: *mut u8, size: usize, errcode: *mut c_int) -> usize {
    // SAFETY: the core passes a file and a buffer of this size.
    unsafe {
        let buffer = if size == 0 { &mut [] } else { core::slice::from_raw_parts_mut(buffer, size) };
        mp::finish_stream((*file.as_ptr::<File>()).read(buffer), errcode)
    }
}

unsafe extern "C" fn stream_write(file: Obj, data: *const u8, size: usize, errcode: *mut c_int) -> usize {
    // SAFETY: as above.
    unsafe {
        let data = if size == 0 { &[] } else { core::slice::from_raw_parts(data, size) };
        mp::finish_stream((*file.as_ptr::<File>()).write(data), errcode)
    }
}

unsafe extern "C" fn stream_ioctl(file: Obj, request: usize, arg: usize, errcode: *mut c_int) -> usize {
    // SAFETY: as above.
    unsafe { mp::finish_stream((*file.as_ptr::<File>()).control(request, arg), errcode) }
}

unsafe extern "C" fn print(print: *const Print, file: Obj, _kind: c_int) {
    // SAFETY: the core passes a printer; printing may raise, and nothing with a destructor is alive.
    unsafe {
        let write = |text: &str| ((*print).print_strn)((*print).data, text.as_ptr(), text.len());
        write("<io.");
        write(mp::class_name(file));
        write(">");
    }
}

/// The buffer protocol: `memoryview(file)` without a copy. 0 if the file has a buffer.
unsafe extern "C" fn buffer(file: Obj, info: *mut BufferInfo, wanted: usize) -> isize {
    // SAFETY: the core passes a file.
    let file = unsafe { &*file.as_ptr::<File>() };
    let readable = wanted & access::WRITE == 0 && file.check_open().is_ok();
    let Some(bytes) = file.ops.content.filter(|_| readable).and_then(|content| content(file)) else {
        return 1;
    };
    // SAFETY: the core passes room for the answer.
    unsafe {
        info.write(BufferInfo {
            buf: bytes.as_ptr().cast_mut(),
            len: bytes.len(),
            typecode: i32::from(b'B'),
        });
    }
    0
}

fn finalise(args: &[Obj]) -> Result {
    // SAFETY: the method is found on files only.
    let file = unsafe { &*args[0].as_ptr::<File>() };
    if !file.owner.get().is_null() {
        (file.ops.finalise)(file);
    }
    Ok(Obj::NONE)
}
native_fn!(DEL, 1..=1, finalise);

native_dict!(LOCALS, {
    MP_QSTR_read: Obj::from_ptr(&raw const ffi::mp_stream_read_obj),
    MP_QSTR_readinto: Obj::from_ptr(&raw const ffi::mp_stream_readinto_obj),
    MP_QSTR_readline: Obj::from_ptr(&raw const ffi::mp_stream_unbuffered_readline_obj),
    MP_QSTR_readlines: Obj::from_ptr(&raw const ffi::mp_stream_unbuffered_readlines_obj),
    MP_QSTR_write: Obj::from_ptr(&raw const ffi::mp_stream_write_obj),
    MP_QSTR_flush: Obj::from_ptr(&raw const ffi::mp_stream_flush_obj),
    MP_QSTR_close: Obj::from_ptr(&raw const ffi::mp_stream_close_obj),
    MP_QSTR_seek: Obj::from_ptr(&raw const ffi::mp_stream_seek_obj),
    MP_QSTR_tell: Obj::from_ptr(&raw const ffi::mp_stream_tell_obj),
    MP_QSTR___del__: Obj::from_static(&DEL),
    MP_QSTR___enter__: Obj::from_ptr(&raw const ffi::mp_identity_obj),
    MP_QSTR___exit__: Obj::from_ptr(&raw const ffi::mp_stream___exit___obj),
});

static BINARY_STREAM: StreamProtocol = StreamProtocol {
    read: Some(stream_read),
    write: Some(stream_write),
    ioctl: Some(stream_ioctl),
    is_text: 0,
};
static TEXT_STREAM: StreamProtocol = StreamProtocol {
    read: Some(stream_read),
    write: Some(stream_write),
    ioctl: Some(stream_ioctl),
    is_text: 1,
};

static BINARY: FullType<4> = FullType::new(
    MP_QSTR_FileIO,
    flags::ITER_IS_STREAM,
    [
        (Slot::Print, print as *const c_void),
        (Slot::Buffer, buffer as *const c_void),
        (Slot::Protocol, (&raw const BINARY_STREAM).cast()),
        (Slot::LocalsDict, (&raw const LOCALS).cast()),
    ],
);
static TEXT: FullType<4> = FullType::new(
    MP_QSTR_TextIOWrapper,
    flags::ITER_IS_STREAM,
    [
        (Slot::Print, print as *const c_void),
        (Slot::Buffer, buffer as *const c_void),
        (Slot::Protocol, (&raw const TEXT_STREAM).cast()),
        (Slot::LocalsDict, (&raw const LOCALS).cast()),
    ],
);
