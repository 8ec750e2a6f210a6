//! Addresses as tuples, names, and the resolver.

use core::fmt::Write;
use core::net::{SocketAddrV4, SocketAddrV6};

use super::object::family;
use super::{network, number};
use crate::errno;
use crate::mp::{self, Error, Obj, Result};
use crate::network::{Family, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use crate::{native_fn, wait};

native_fn!(pub GETADDRINFO, 2..=6, getaddrinfo);

/// How many addresses of a name are looked at.
const ADDRESSES: usize = 8;
/// How often the resolver is asked again, should it not end the wait itself, in milliseconds.
const ASK_EVERY_MS: u32 = 50;

/// Text in a fixed buffer; what doesn't fit is an error.
struct Text {
    bytes: [u8; 64],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let free = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(core::fmt::Error)?;
        free.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// An address as Python sees it.
pub fn tuple(address: SocketAddr) -> Result {
    let mut text = Text { bytes: [0; 64], len: 0 };
    write!(text, "{}", address.ip()).map_err(|_| Error::Os(errno::EINVAL))?;
    let host = mp::str_obj(core::str::from_utf8(&text.bytes[..text.len]).unwrap_or_default())?;
    let port = Obj::small_int(address.port() as isize);
    match address {
        SocketAddr::V4(_) => mp::tuple(&[host, port]),
        SocketAddr::V6(v6) => {
            let (flow, scope) = (mp::long(v6.flowinfo().into())?, mp::long(v6.scope_id().into())?);
            mp::tuple(&[host, port, flow, scope])
        }
    }
}

/// The address that a tuple names, for a socket of this family. A name is looked up.
pub fn parse(address: Obj, family: Family) -> Result<SocketAddr> {
    let items = mp::array(address)?;
    let &[host, port, ref rest @ ..] = items else {
        return Err(Error::value("address needs a host and a port"));
    };
    let port = port_of(port)?;
    let mut more = [0; 2];
    for (slot, &item) in more.iter_mut().zip(rest) {
        *slot = u32::try_from(mp::int_of(item)?).map_err(|_| Error::Os(errno::EINVAL))?;
    }
    let mut found = [IpAddr::V4(Ipv4Addr::UNSPECIFIED); ADDRESSES];
    let found = hosts(host, Some(family), &mut found)?;
    match found.first() {
        Some(&IpAddr::V4(ip)) => Ok(SocketAddrV4::new(ip, port).into()),
        Some(&IpAddr::V6(ip)) => Ok(SocketAddrV6::new(ip, port, more[0], more[1]).into()),
        None => Err(Error::Os(errno::EAI_NONAME)),
    }
}

fn port_of(port: Obj) -> Result<u16> {
    u16::try_from(mp::int_of(port)?).map_err(|_| Error::value("port must be 0 to 65535"))
}

/// The addresses of a host, IPv4 first: most programs take the first.
fn hosts(host: Obj, family: Option<Family>, found: &mut [IpAddr; ADDRESSES]) -> Result<&[IpAddr]> {
    let name = if host.is_none() { "" } else { mp::str_of(host)? };
    let count = if name.is_empty() {
        found[0] = match family {
            Some(Family::V6) => Ipv6Addr::UNSPECIFIED.into(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        1
    } else if let Ok(literal) = name.parse() {
        found[0] = literal;
        1
    } else {
        resolve(name, found)?
    };
    found[..count].sort_unstable_by_key(IpAddr::is_ipv6);
    let (v4, v6) = found[..count].split_at(found[..count].partition_point(IpAddr::is_ipv4));
    Ok(match family {
        None => &found[..count],
        Some(Family::V4) => v4,
        Some(Family::V6) => v6,
    })
}

/// Asks the board's resolver, which may take its time.
fn resolve(name: &str, found: &mut [IpAddr]) -> Result<usize> {
    loop {
        match network()?.resolve(name, found) {
            Err(errno::EINPROGRESS) => wait::event(Some(ASK_EVERY_MS))?,
            Ok(count) => return Ok(count.min(found.len())),
            Err(errno) => return Err(Error::Os(errno)),
        }
    }
}

/// `socket.getaddrinfo(host, port, [af, [type, [proto, [flags]]]])`: a list of
/// (family, type, protocol, canonical name, address).
fn getaddrinfo(args: &[Obj]) -> Result {
    let mut numbers = [0; 4];
    for (number, &arg) in numbers.iter_mut().zip(&args[2..]) {
        *number = mp::int_of(arg)?;
    }
    let [af, kind, protocol, _flags] = numbers;
    let wanted = if af == 0 { None } else { Some(family(af)?) };
    let kind = if kind == 0 { number::SOCK_STREAM } else { kind };
    let port = port_of(args[1])?;
    let mut found = [IpAddr::V4(Ipv4Addr::UNSPECIFIED); ADDRESSES];
    let found = hosts(args[0], wanted, &mut found)?;
    if found.is_empty() {
        return Err(Error::Os(errno::EAI_NONAME));
    }
    let list = mp::list(&[])?;
    for &ip in found {
        let af = if ip.is_ipv4() { number::AF_INET } else { number::AF_INET6 };
        let address = tuple(SocketAddr::new(ip, port))?;
        let name = mp::str_obj("")?;
        let numbers = [Obj::small_int(af), Obj::small_int(kind), Obj::small_int(protocol)];
        mp::list_append(list, mp::tuple(&[numbers[0], numbers[1], numbers[2], name, address])?)?;
    }
    Ok(list)
}
