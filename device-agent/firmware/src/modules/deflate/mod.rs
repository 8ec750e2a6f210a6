//! `deflate`: streams that decompress what they read from another stream and compress what they write to it.

mod reader;
mod writer;

use core::cell::Cell;
use core::ffi::{c_int, c_void};

use micropython_sys::ffi;
use micropython_sys::object::{Base, FullType, Slot, StreamProtocol, Type, stream};
use micropython_sys::qstr::{
    MP_QSTR___enter__, MP_QSTR___exit__, MP_QSTR___name__, MP_QSTR_AUTO, MP_QSTR_DeflateIO, MP_QSTR_GZIP,
    MP_QSTR_RAW, MP_QSTR_ZLIB, MP_QSTR_close, MP_QSTR_deflate, MP_QSTR_format, MP_QSTR_read,
    MP_QSTR_readinto, MP_QSTR_readline, MP_QSTR_wbits, MP_QSTR_write,
};
use mpr_extmod::deflate::{Format, MAX_WBITS, MIN_WBITS};

use crate::errno::EINVAL;
use crate::mp::{self, Args, Error, Native, Obj, POSITIONAL, Result};
use crate::{native_dict, native_make_new, native_module};

native_module!(mp_module_deflate, {
    MP_QSTR___name__: MP_QSTR_deflate.obj(),
    MP_QSTR_DeflateIO: Obj::from_static(&TYPE),
    MP_QSTR_AUTO: Obj::small_int(AUTO),
    MP_QSTR_RAW: Obj::small_int(RAW),
    MP_QSTR_ZLIB: Obj::small_int(ZLIB),
    MP_QSTR_GZIP: Obj::small_int(GZIP),
});

const AUTO: isize = 0;
const RAW: isize = 1;
const ZLIB: isize = 2;
const GZIP: isize = 3;

/// A `DeflateIO`. Both directions may be used, each with its own memory, which is allocated on first use.
#[repr(C)]
struct DeflateIo {
    base: Base,
    /// The other stream; null when closed.
    stream: Cell<Obj>,
    reader: Cell<*mut reader::Reader>,
    writer: Cell<*mut writer::Writer>,
    /// `None`: told by the data; a writer writes a raw stream.
    format: Option<Format>,
    /// The window's size as the logarithm to the base 2, or 0.
    wbits: u8,
    close_stream: bool,
    /// One of the directions is at work: the other stream, written in Python, must not come back here.
    busy: Cell<bool>,
}

// SAFETY: `repr(C)` with the head first; the head is made with this type.
unsafe impl Native for DeflateIo {
    const TYPE: &'static Type = TYPE.as_type();
}

native_make_new!(make_new, new);

static PROTOCOL: StreamProtocol = StreamProtocol {
    read: Some(stream_read),
    write: Some(stream_write),
    ioctl: Some(stream_ioctl),
    is_text: 0,
};

native_dict!(LOCALS, {
    MP_QSTR_read: Obj::from_ptr(&raw const ffi::mp_stream_read_obj),
    MP_QSTR_readinto: Obj::from_ptr(&raw const ffi::mp_stream_readinto_obj),
    MP_QSTR_readline: Obj::from_ptr(&raw const ffi::mp_stream_unbuffered_readline_obj),
    MP_QSTR_write: Obj::from_ptr(&raw const ffi::mp_stream_write_obj),
    MP_QSTR_close: Obj::from_ptr(&raw const ffi::mp_stream_close_obj),
    MP_QSTR___enter__: Obj::from_ptr(&raw const ffi::mp_identity_obj),
    MP_QSTR___exit__: Obj::from_ptr(&raw const ffi::mp_stream___exit___obj),
});

static TYPE: FullType<3> = FullType::new(
    MP_QSTR_DeflateIO,
    0,
    [
        (Slot::MakeNew, make_new as *const c_void),
        (Slot::Protocol, (&raw const PROTOCOL).cast()),
        (Slot::LocalsDict, (&raw const LOCALS).cast()),
    ],
);

/// `DeflateIO(stream, format=AUTO, wbits=0, close=False)`
fn new(args: Args<'_>) -> Result {
    let [stream, format, wbits, close] =
        args.take([POSITIONAL, MP_QSTR_format, MP_QSTR_wbits, MP_QSTR_close])?;
    let stream = stream.ok_or(Error::typ("function missing 1 required positional arguments"))?;
    let format = match format.map_or(Ok(AUTO), mp::int_of)? {
        AUTO => None,
        RAW => Some(Format::Raw),
        ZLIB => Some(Format::Zlib),
        GZIP => Some(Format::Gzip),
        _ => return Err(Error::value("format")),
    };
    let wbits = match u8::try_from(wbits.map_or(Ok(0), mp::int_of)?) {
        Ok(wbits @ (0 | MIN_WBITS..=MAX_WBITS)) => wbits,
        _ => return Err(Error::value("wbits")),
    };
    let close_stream = close.map_or(Ok(false), mp::truthy)?;
    let io = DeflateIo {
        base: mp::base::<DeflateIo>(),
        stream: Cell::new(stream),
        reader: Cell::new(core::ptr::null_mut()),
        writer: Cell::new(core::ptr::null_mut()),
        format,
        wbits,
        close_stream,
        busy: Cell::new(false),
    };
    mp::alloc(io).map(|io| Obj::from_ptr(io))
}

impl DeflateIo {
    /// Runs an operation with the other stream, unless this one is closed or at work.
    fn run(&self, operation: impl FnOnce(Obj) -> Result<usize>) -> Result<usize> {
        let stream = self.stream.get();
        if stream.is_null() || self.busy.replace(true) {
            return Err(Error::Os(EINVAL));
        }
        let result = operation(stream);
        self.busy.set(false);
        result
    }

    fn read(&self, out: &mut [u8]) -> Result<usize> {
        self.run(|stream| {
            let stream = mp::stream_readable(stream)?;
            if self.reader.get().is_null() {
                self.reader.set(reader::Reader::on_heap(self.format, self.wbits)?);
            }
            // SAFETY: made above; `busy` makes this the only reference.
            unsafe { &mut *self.reader.get() }.read(stream, out)
        })
    }

    fn write(&self, data: &[u8]) -> Result<usize> {
        self.run(|stream| {
            let stream = mp::stream_writable(stream)?;
            if self.writer.get().is_null() {
                let format = self.format.unwrap_or(Format::Raw);
                self.writer.set(writer::Writer::on_heap(format, self.wbits, stream)?);
            }
            // SAFETY: made above; `busy` makes this the only reference.
            unsafe { &mut *self.writer.get() }.write(stream, data)
        })
    }

    fn close(&self) -> Result<usize> {
        if self.stream.get().is_null() {
            return Ok(0);
        }
        self.run(|stream| {
            let stream = mp::stream_any(stream)?;
            // Closed in any case: what failed can't be repeated.
            self.stream.set(Obj::NULL);
            // SAFETY: `busy` makes this the only reference.
            let finished =
                unsafe { self.writer.get().as_mut() }.map_or(Ok(()), |writer| writer.finish(stream));
            let closed = if self.close_stream { stream.close() } else { Ok(()) };
            self.reader.set(core::ptr::null_mut());
            self.writer.set(core::ptr::null_mut());
            finished.and(closed).map(|()| 0)
        })
    }
}

unsafe extern "C" fn stream_read(io: Obj, buffer: *mut u8, size: usize, errcode: *mut c_int) -> usize {
    // SAFETY: the core passes an object of this type and a buffer of this size.
    unsafe {
        let buffer = if size == 0 { &mut [] } else { core::slice::from_raw_parts_mut(buffer, size) };
        mp::finish_stream((*io.as_ptr::<DeflateIo>()).read(buffer), errcode)
    }
}

unsafe extern "C" fn stream_write(io: Obj, data: *const u8, size: usize, errcode: *mut c_int) -> usize {
    // SAFETY: as above.
    unsafe {
        let data = if size == 0 { &[] } else { core::slice::from_raw_parts(data, size) };
        mp::finish_stream((*io.as_ptr::<DeflateIo>()).write(data), errcode)
    }
}

unsafe extern "C" fn stream_ioctl(io: Obj, request: usize, _argument: usize, errcode: *mut c_int) -> usize {
    // SAFETY: as above.
    unsafe {
        let result = match request {
            stream::CLOSE => (*io.as_ptr::<DeflateIo>()).close(),
            _ => Err(Error::Os(EINVAL)),
        };
        mp::finish_stream(result, errcode)
    }
}
