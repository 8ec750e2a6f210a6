//! What the board asks and what it is told, apart from bytes on a line.

use crate::python::{self, Value};

/// A request: a method's name, whose method, its arguments, and data to write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub name: String,
    /// 0 and below: the mount of that number, negated. Above: an open file.
    pub subject: i64,
    pub arguments: Vec<Value>,
    pub data: Vec<u8>,
}

impl Call {
    /// Reads a request's body after its sequence number: a Python tuple, a line end, data.
    pub(crate) fn parse(body: &[u8]) -> Option<Call> {
        let end = body.iter().position(|b| *b == b'\n')?;
        let (head, data) = (&body[..end], &body[end + 1..]);
        let Value::Seq(mut items) = python::parse(std::str::from_utf8(head).ok()?)? else { return None };
        if items.len() < 2 {
            return None;
        }
        let arguments = items.split_off(2);
        let (name, subject) = (items[0].str()?.to_owned(), items[1].int()?);
        Some(Call { name, subject, arguments, data: data.to_vec() })
    }

    /// A path among the arguments. `bytes` count as UTF-8.
    pub(crate) fn path(&self, at: usize) -> Result<&str, Code> {
        match self.arguments.get(at) {
            Some(Value::Str(path)) => Ok(path),
            Some(Value::Bytes(path)) => std::str::from_utf8(path).map_err(|_| EINVAL),
            _ => Err(EINVAL),
        }
    }

    /// Whether a path was given as bytes, so that names are to be bytes, too.
    pub(crate) fn wants_bytes(&self) -> bool {
        matches!(self.arguments.first(), Some(Value::Bytes(_)))
    }

    /// A number among the arguments.
    pub(crate) fn number(&self, at: usize) -> Result<u64, Code> {
        let number = self.arguments.get(at).and_then(Value::int).ok_or(EINVAL)?;
        u64::try_from(number).map_err(|_| EINVAL)
    }
}

/// An error number as MicroPython has them on every port (`py/mperrno.h`).
pub(crate) type Code = i32;

pub(crate) const EPERM: Code = 1;
pub(crate) const ENOENT: Code = 2;
pub(crate) const EIO: Code = 5;
pub(crate) const EBADF: Code = 9;
pub(crate) const EACCES: Code = 13;
pub(crate) const EBUSY: Code = 16;
pub(crate) const EEXIST: Code = 17;
pub(crate) const ENODEV: Code = 19;
pub(crate) const ENOTDIR: Code = 20;
pub(crate) const EISDIR: Code = 21;
pub(crate) const EINVAL: Code = 22;
pub(crate) const EMFILE: Code = 24;
pub(crate) const EFBIG: Code = 27;
pub(crate) const ENOSPC: Code = 28;
pub(crate) const EROFS: Code = 30;
pub(crate) const ENOTEMPTY: Code = 39;

/// An error of the host's filesystem in the board's numbers.
pub(crate) fn code(error: &std::io::Error) -> Code {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => ENOENT,
        ErrorKind::PermissionDenied => EACCES,
        ErrorKind::AlreadyExists => EEXIST,
        ErrorKind::DirectoryNotEmpty => ENOTEMPTY,
        ErrorKind::IsADirectory => EISDIR,
        ErrorKind::NotADirectory => ENOTDIR,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ENOSPC,
        ErrorKind::ReadOnlyFilesystem => EROFS,
        ErrorKind::FileTooLarge => EFBIG,
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => EINVAL,
        ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => EBUSY,
        // A loop of links and the like.
        _ => EIO,
    }
}

/// What the board gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A Python expression.
    Value(String),
    /// Bytes.
    Data(Vec<u8>),
}

/// `None`.
pub(crate) fn none() -> Reply {
    Reply::Value("None".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        let call = Call::parse(b"('write', 5, 10)\n\x00\ndata").unwrap();
        assert_eq!((call.name.as_str(), call.subject, call.number(0)), ("write", 5, Ok(10)));
        assert_eq!(call.data, b"\x00\ndata");
        let call = Call::parse(b"('open', -1, 'a\\n\\xe9', 'rb')\n").unwrap();
        assert_eq!((call.subject, call.path(0), call.path(2)), (-1, Ok("a\n\u{e9}"), Err(EINVAL)));
        for wrong in [&b"('x', 0)"[..], b"('x',)\n", b"(1, 2)\n", b"'x'\n", b"\xff\n", b""] {
            assert_eq!(Call::parse(wrong), None);
        }
    }
}
