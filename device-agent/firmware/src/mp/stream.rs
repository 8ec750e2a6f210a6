//! Python streams, native or written in Python, used from Rust.

use core::ffi::c_int;

use micropython_sys::ffi;
use micropython_sys::object::{Obj, StreamProtocol, stream};

use super::{Error, Result, protect};
use crate::errno::{EAGAIN, EINVAL};

/// The C protocol's `MP_STREAM_OP_*`.
const OP_READ: c_int = 1;
const OP_WRITE: c_int = 2;
const OP_IOCTL: c_int = 4;

/// A stream that has been checked. Keep it on the stack or in an object: the collector finds the stream there.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Stream {
    object: Obj,
    protocol: *const StreamProtocol,
}

fn checked(object: Obj, operations: c_int) -> Result<Stream> {
    // SAFETY: raises if the object has no such operations.
    let protocol = protect(|| unsafe { ffi::mp_get_stream_raise(object, operations) })?;
    Ok(Stream { object, protocol: protocol.cast() })
}

/// The object as a stream to read from; `OSError` if it is none.
pub fn stream_readable(object: Obj) -> Result<Stream> {
    checked(object, OP_READ)
}

/// The object as a stream of any operations; `OSError` if it is none.
pub fn stream_any(object: Obj) -> Result<Stream> {
    checked(object, 0)
}

/// The object as a stream to write to; `OSError` if it is none.
pub fn stream_writable(object: Obj) -> Result<Stream> {
    checked(object, OP_WRITE)
}

/// The object as a stream with an ioctl: one that can be polled and closed; `OSError` if it is none.
pub fn stream_pollable(object: Obj) -> Result<Stream> {
    checked(object, OP_IOCTL)
}

impl Stream {
    /// The Python object.
    pub fn object(self) -> Obj {
        self.object
    }

    /// Reads once: at most `buffer.len()` bytes, 0 at the end. A stream that would block is `OSError(EAGAIN)`.
    pub fn read(self, buffer: &mut [u8]) -> Result<usize> {
        let (data, len) = (buffer.as_mut_ptr(), buffer.len());
        self.run(|errno| {
            // SAFETY: the protocol belongs to the object; a stream written in Python may raise.
            unsafe { (*self.protocol).read.map_or(stream::ERROR, |read| read(self.object, data, len, errno)) }
        })
    }

    /// The next byte, or `None` at the end.
    pub fn read_byte(self) -> Result<Option<u8>> {
        let mut byte = [0];
        Ok((self.read(&mut byte)? != 0).then_some(byte[0]))
    }

    /// Writes all of `data`; a stream that takes nothing is `OSError(EAGAIN)`.
    pub fn write_all(self, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            let (start, len) = (data.as_ptr(), data.len());
            let written = self.run(|errno| {
                // SAFETY: as above.
                unsafe {
                    (*self.protocol)
                        .write
                        .map_or(stream::ERROR, |write| write(self.object, start, len, errno))
                }
            })?;
            match data.get(written..) {
                Some(rest) if written > 0 => data = rest,
                _ => return Err(Error::Os(EAGAIN)),
            }
        }
        Ok(())
    }

    /// Closes the stream, if it can be closed.
    pub fn close(self) -> Result<()> {
        let Ok(stream) = checked(self.object, OP_IOCTL) else { return Ok(()) };
        stream.ioctl(stream::CLOSE, 0).map(drop)
    }

    /// One of [`stream`]'s requests.
    pub fn ioctl(self, request: usize, argument: usize) -> Result<usize> {
        self.run(|errno| {
            // SAFETY: as above.
            unsafe {
                (*self.protocol)
                    .ioctl
                    .map_or(stream::ERROR, |ioctl| ioctl(self.object, request, argument, errno))
            }
        })
    }

    fn run(self, operation: impl Fn(*mut c_int) -> usize + Copy) -> Result<usize> {
        let mut errno: c_int = EINVAL;
        let out = &raw mut errno;
        match protect(|| operation(out))? {
            stream::ERROR => Err(Error::Os(errno)),
            n => Ok(n),
        }
    }
}

/// Ends a function of a stream protocol: an error number is returned, any other exception is raised, as the core's own
/// streams do.
///
/// # Safety
/// Must be the last act of the function, with nothing alive that has a destructor; `errcode` as the core passed it.
pub unsafe fn finish_stream(result: Result<usize>, errcode: *mut c_int) -> usize {
    match result {
        Ok(n) => n,
        Err(Error::Os(code)) => {
            // SAFETY: the core passes a valid pointer.
            unsafe { *errcode = code };
            stream::ERROR
        }
        // SAFETY: as the caller.
        Err(error) => unsafe { error.raise() },
    }
}
