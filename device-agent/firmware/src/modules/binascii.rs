//! `binascii`: bytes as hexadecimal and base64 text, CRC-32.

use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_a2b_base64, MP_QSTR_b2a_base64, MP_QSTR_binascii, MP_QSTR_crc32,
    MP_QSTR_hexlify, MP_QSTR_newline, MP_QSTR_unhexlify,
};

use mpr_extmod::{base64, crc32, hex};

use crate::mp::{self, Args, Error, Obj, POSITIONAL, Result};
use crate::{native_fn, native_kw_fn, native_module};

native_fn!(HEXLIFY, 1..=2, hexlify);
native_fn!(UNHEXLIFY, 1..=1, unhexlify);
native_fn!(A2B_BASE64, 1..=1, a2b_base64);
native_kw_fn!(B2A_BASE64, 1, b2a_base64);
native_fn!(CRC32, 1..=2, crc_32);

native_module!(mp_module_binascii, {
    MP_QSTR___name__: MP_QSTR_binascii.obj(),
    MP_QSTR_hexlify: Obj::from_static(&HEXLIFY),
    MP_QSTR_unhexlify: Obj::from_static(&UNHEXLIFY),
    MP_QSTR_a2b_base64: Obj::from_static(&A2B_BASE64),
    MP_QSTR_b2a_base64: Obj::from_static(&B2A_BASE64),
    MP_QSTR_crc32: Obj::from_static(&CRC32),
});

/// `hexlify(data[, sep])`: the first byte of `sep` goes between the pairs of digits.
fn hexlify(args: &[Obj]) -> Result {
    let separator = match args.get(1) {
        Some(&separator) => mp::str_bytes(separator)?.first().copied(),
        None => None,
    };
    let data = mp::buffer(args[0])?;
    mp::bytes_with(hex::encoded_len(data.len(), separator), |out| hex::encode(data, separator, out))
}

fn unhexlify(args: &[Obj]) -> Result {
    let data = mp::buffer(args[0])?;
    if data.len() % 2 != 0 {
        return Err(Error::value("odd-length string"));
    }
    let mut valid = false;
    let bytes = mp::bytes_with(data.len() / 2, |out| valid = hex::decode(data, out))?;
    if valid { Ok(bytes) } else { Err(Error::value("non-hex digit")) }
}

/// Characters outside of the alphabet are skipped.
fn a2b_base64(args: &[Obj]) -> Result {
    let data = mp::buffer(args[0])?;
    let len = base64::decoded_len(data).ok_or(Error::value("incorrect padding"))?;
    mp::bytes_with(len, |out| base64::decode(data, out))
}

/// `b2a_base64(data, *, newline=True)`
fn b2a_base64(args: Args<'_>) -> Result {
    let [data, newline] = args.take([POSITIONAL, MP_QSTR_newline])?;
    let data = mp::buffer(data.unwrap_or(Obj::NONE))?;
    let newline = newline.map_or(Ok(true), mp::truthy)?;
    let len = base64::encoded_len(data.len());
    mp::bytes_with(len + usize::from(newline), |out| {
        base64::encode(data, &mut out[..len]);
        if newline {
            out[len] = b'\n';
        }
    })
}

/// `crc32(data[, start])`: the checksum goes on from `start`, which is that of the data before.
fn crc_32(args: &[Obj]) -> Result {
    let data = mp::buffer(args[0])?;
    let start = args.get(1).map_or(Ok(0), |&start| mp::int_truncated(start))?;
    mp::long(i64::from(crc32::update(start as u32, data)))
}
