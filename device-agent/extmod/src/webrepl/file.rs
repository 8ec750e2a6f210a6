//! The file protocol, in binary frames.
//!
//! A client sends a request of [`REQUEST`] bytes: `WA`, the operation, flags, an offset (8 bytes), a size (4), the length of the
//! name (2) and the name, padded to 64 bytes; numbers are little-endian. It is answered with `WB` and a status; 0 is success, stock
//! boards know no other.

/// Bytes of a request.
pub const REQUEST: usize = 82;
/// Bytes of a reply.
pub const REPLY: usize = 4;
/// Bytes of a file that are sent at once.
pub const BLOCK: usize = 256;
/// Bytes of a name.
const NAME: usize = 64;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The client sends a file of this size.
    Put(u32),
    /// The client wants a file.
    Get,
    /// The client wants the version of the firmware.
    Version,
}

/// A request that makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub operation: Operation,
    name: [u8; NAME],
    name_len: usize,
}

impl Request {
    /// Reads a request; `None` when it is none.
    pub fn parse(bytes: &[u8; REQUEST]) -> Option<Request> {
        let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if bytes[..2] != *b"WA" {
            return None;
        }
        let operation = match bytes[2] {
            1 => Operation::Put(number(12)),
            2 => Operation::Get,
            3 => Operation::Version,
            _ => return None,
        };
        let mut name = [0; NAME];
        name.copy_from_slice(&bytes[18..]);
        let said = usize::from(u16::from_le_bytes([bytes[16], bytes[17]]));
        // The name ends with a zero, whatever its length says.
        let name_len = name.iter().position(|&byte| byte == 0).unwrap_or(NAME).min(said).min(NAME - 1);
        Some(Request { operation, name, name_len })
    }

    /// The file's name.
    pub fn name(&self) -> &[u8] {
        &self.name[..self.name_len]
    }
}

/// The reply with this status: 0, or the number of an `OSError`.
pub fn reply(status: u16) -> [u8; REPLY] {
    let [low, high] = status.to_le_bytes();
    [b'W', b'B', low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(op: u8, size: u32, len: u16, name: &[u8]) -> [u8; REQUEST] {
        let mut out = [0; REQUEST];
        out[..3].copy_from_slice(&[b'W', b'A', op]);
        out[12..16].copy_from_slice(&size.to_le_bytes());
        out[16..18].copy_from_slice(&len.to_le_bytes());
        out[18..18 + name.len()].copy_from_slice(name);
        out
    }

    #[test]
    fn requests() {
        let put = Request::parse(&request(1, 70_000, 7, b"main.py")).expect("a request");
        assert_eq!((put.operation, put.name()), (Operation::Put(70_000), &b"main.py"[..]));
        let get = Request::parse(&request(2, 0, 300, &[b'n'; 64])).expect("a request");
        assert_eq!((get.operation, get.name().len()), (Operation::Get, 63));
        let short = Request::parse(&request(3, 0, 3, b"a\0b")).expect("a request");
        assert_eq!((short.operation, short.name()), (Operation::Version, &b"a"[..]));
        assert_eq!(Request::parse(&request(4, 0, 1, b"a")), None);
        assert_eq!(Request::parse(&[0; REQUEST]), None);
        assert_eq!(reply(0x1c), *b"WB\x1c\0");
    }
}
