//! Sending and receiving.

use micropython_sys::object::stream as event;

use super::object::socket;
use super::wait::{os, retry};
use super::{address, network};
use crate::errno;
use crate::mp::{self, Error, Obj, Result, TextBuffer};
use crate::native_fn;
use crate::network::SocketAddr;

native_fn!(pub RECV, 2..=3, recv);
native_fn!(pub RECV_INTO, 2..=4, recv_into);
native_fn!(pub RECVFROM, 2..=3, recvfrom);
native_fn!(pub SEND, 2..=3, send);
native_fn!(pub SENDALL, 2..=3, sendall);
native_fn!(pub SENDTO, 3..=4, sendto);

/// Flags are not supported; what is optional must be 0.
fn no_flags(flags: Option<&Obj>) -> Result<()> {
    match flags {
        Some(&flags) if mp::int_of(flags)? != 0 => Err(Error::Os(errno::EOPNOTSUPP)),
        _ => Ok(()),
    }
}

fn receive(object: Obj, len: Obj) -> Result<(Obj, Option<SocketAddr>)> {
    let socket = socket(object)?;
    let len = usize::try_from(mp::int_of(len)?).map_err(|_| Error::value("negative length"))?;
    let mut buffer = TextBuffer::zeroed(len)?;
    let (count, from) =
        retry(socket, event::POLL_RD, || os(network()?.receive(socket.id()?, buffer.as_mut_bytes())))?;
    buffer.truncate(count);
    Ok((buffer.into_bytes()?, from))
}

/// `socket.recv(length)`: at least a byte, empty at the end of the stream.
fn recv(args: &[Obj]) -> Result {
    no_flags(args.get(2))?;
    if args[1] == Obj::small_int(0) {
        // No byte is there to be waited for.
        socket(args[0])?.id()?;
        return mp::bytes(&[]);
    }
    receive(args[0], args[1]).map(|(data, _)| data)
}

/// `socket.recvfrom(length)`: the bytes, and where a datagram comes from (`None` for a stream).
fn recvfrom(args: &[Obj]) -> Result {
    no_flags(args.get(2))?;
    let (data, from) = receive(args[0], args[1])?;
    let from = from.map_or(Ok(Obj::NONE), address::tuple)?;
    mp::tuple(&[data, from])
}

/// `socket.recv_into(buffer, [length])`: the number of bytes.
fn recv_into(args: &[Obj]) -> Result {
    no_flags(args.get(3))?;
    let socket = socket(args[0])?;
    let limit = match args.get(2) {
        Some(&len) => match mp::int_of(len)? {
            0 => usize::MAX,
            len => usize::try_from(len).map_err(|_| Error::value("negative length"))?,
        },
        None => usize::MAX,
    };
    let (count, _) = retry(socket, event::POLL_RD, || {
        // SAFETY: this reference ends before anything else runs.
        let buffer = unsafe { mp::buffer_mut(args[1])? };
        let len = buffer.len().min(limit);
        os(network()?.receive(socket.id()?, &mut buffer[..len]))
    })?;
    mp::int(count as isize)
}

/// `socket.send(data)`: how many bytes were taken.
fn send(args: &[Obj]) -> Result {
    no_flags(args.get(2))?;
    let socket = socket(args[0])?;
    let count =
        retry(socket, event::POLL_WR, || os(network()?.send(socket.id()?, mp::buffer(args[1])?, None)))?;
    mp::int(count as isize)
}

/// `socket.sendall(data)`
fn sendall(args: &[Obj]) -> Result {
    no_flags(args.get(2))?;
    let socket = socket(args[0])?;
    let mut sent = 0;
    loop {
        let left = retry(socket, event::POLL_WR, || {
            let data = mp::buffer(args[1])?;
            let Some(rest) = data.get(sent..).filter(|rest| !rest.is_empty()) else {
                return Ok(0);
            };
            sent += os(network()?.send(socket.id()?, rest, None))?;
            Ok(data.len().saturating_sub(sent))
        })?;
        if left == 0 {
            return Ok(Obj::NONE);
        }
    }
}

/// `socket.sendto(data, address)`
fn sendto(args: &[Obj]) -> Result {
    let &to = args.last().ok_or(Error::Os(errno::EINVAL))?;
    no_flags(args.get(2).filter(|_| args.len() == 4))?;
    let socket = socket(args[0])?;
    let to = address::parse(to, socket.family)?;
    let count =
        retry(socket, event::POLL_WR, || os(network()?.send(socket.id()?, mp::buffer(args[1])?, Some(to))))?;
    mp::int(count as isize)
}
