//! A socket as a Python stream.

use micropython_sys::object::{Obj, StreamProtocol, stream};

use super::network;
use super::object::{Socket, socket};
use super::wait::{os, retry};
use crate::errno;
use crate::mp::{self, Error, Result};

pub static PROTOCOL: StreamProtocol =
    StreamProtocol { read: Some(read), write: Some(write), ioctl: Some(ioctl), is_text: 0 };

unsafe extern "C" fn read(this: Obj, data: *mut u8, len: usize, errno: *mut i32) -> usize {
    let received = socket(this).and_then(|socket| {
        retry(socket, stream::POLL_RD, || {
            // SAFETY: the caller's buffer; the reference ends before anything else runs.
            let buffer = unsafe { slice_mut(data, len) };
            os(network()?.receive(socket.id()?, buffer)).map(|(count, _)| count)
        })
    });
    // SAFETY: the caller's pointer; no destructors here.
    unsafe { mp::finish_stream(received, errno) }
}

unsafe extern "C" fn write(this: Obj, data: *const u8, len: usize, errno: *mut i32) -> usize {
    let sent = socket(this).and_then(|socket| {
        retry(socket, stream::POLL_WR, || {
            // SAFETY: the caller's data.
            let data = if len == 0 { &[] } else { unsafe { core::slice::from_raw_parts(data, len) } };
            os(network()?.send(socket.id()?, data, None))
        })
    });
    // SAFETY: the caller's pointer; no destructors here.
    unsafe { mp::finish_stream(sent, errno) }
}

unsafe extern "C" fn ioctl(this: Obj, request: usize, argument: usize, errno: *mut i32) -> usize {
    let answer = socket(this).and_then(|socket| control(socket, request, argument));
    // SAFETY: the caller's pointer; no destructors here.
    unsafe { mp::finish_stream(answer, errno) }
}

fn control(socket: &Socket, request: usize, argument: usize) -> Result<usize> {
    match request {
        stream::POLL => os(socket.poll(argument)),
        stream::CLOSE => {
            socket.close();
            Ok(0)
        }
        stream::FLUSH => Ok(0),
        _ => Err(Error::Os(errno::EINVAL)),
    }
}

/// # Safety
/// `data` must point to `len` bytes that nothing else refers to.
unsafe fn slice_mut<'a>(data: *mut u8, len: usize) -> &'a mut [u8] {
    // SAFETY: as the contract says.
    if len == 0 { &mut [] } else { unsafe { core::slice::from_raw_parts_mut(data, len) } }
}
