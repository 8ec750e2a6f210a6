//! `hashlib`: SHA-256, SHA-1 and MD5.

use core::cell::{Cell, UnsafeCell};
use core::mem::ManuallyDrop;

use digest::Digest;
use md5::Md5;
use micropython_sys::object::{Base, FullType, Slot, Type};
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_digest, MP_QSTR_hashlib, MP_QSTR_md5, MP_QSTR_sha1, MP_QSTR_sha256,
    MP_QSTR_update,
};
use sha1::Sha1;
use sha2::Sha256;

use crate::mp::{self, Args, Error, Native, Obj, POSITIONAL, Result};
use crate::{native_dict, native_fn, native_make_new, native_module};

native_module!(mp_module_hashlib, {
    MP_QSTR___name__: MP_QSTR_hashlib.obj(),
    MP_QSTR_sha256: Obj::from_static(&SHA256),
    MP_QSTR_sha1: Obj::from_static(&SHA1),
    MP_QSTR_md5: Obj::from_static(&MD5),
});

/// A hash under way. The state is plain data on Python's heap; its destructor would do nothing, for wiping memory
/// (feature `zeroize`) is off.
#[repr(C)]
struct Hash<D> {
    base: Base,
    state: UnsafeCell<ManuallyDrop<D>>,
    is_final: Cell<bool>,
}

macro_rules! hash_type {
    ($typ:ident, $name:ident, $digest:ty, $make_new:ident, $locals:ident, $update:ident, $finish:ident) => {
        native_make_new!($make_new, new::<$digest>);
        native_fn!($update, 2..=2, update::<$digest>);
        native_fn!($finish, 1..=1, finish::<$digest>);
        native_dict!($locals, {
            MP_QSTR_update: Obj::from_static(&$update),
            MP_QSTR_digest: Obj::from_static(&$finish),
        });
        static $typ: FullType<2> = FullType::new(
            $name,
            0,
            [
                (Slot::MakeNew, $make_new as *const _),
                (Slot::LocalsDict, core::ptr::from_ref(&$locals).cast()),
            ],
        );
        // SAFETY: `repr(C)` with the head first; the head is made with this type.
        unsafe impl Native for Hash<$digest> {
            const TYPE: &'static Type = $typ.as_type();
        }
    };
}

hash_type!(SHA256, MP_QSTR_sha256, Sha256, sha256_new, SHA256_LOCALS, SHA256_UPDATE, SHA256_DIGEST);
hash_type!(SHA1, MP_QSTR_sha1, Sha1, sha1_new, SHA1_LOCALS, SHA1_UPDATE, SHA1_DIGEST);
hash_type!(MD5, MP_QSTR_md5, Md5, md5_new, MD5_LOCALS, MD5_UPDATE, MD5_DIGEST);

/// `sha256([data])` and its like.
fn new<D: Digest + 'static>(args: Args<'_>) -> Result
where
    Hash<D>: Native,
{
    let [data] = args.take([POSITIONAL])?;
    let mut state = D::new();
    if let Some(data) = data {
        state.update(mp::buffer(data)?);
    }
    let hash = Hash {
        base: mp::base::<Hash<D>>(),
        state: UnsafeCell::new(ManuallyDrop::new(state)),
        is_final: Cell::new(false),
    };
    mp::alloc(hash).map(|hash| Obj::from_ptr(hash))
}

fn open<D: 'static>(object: Obj) -> Result<&'static Hash<D>>
where
    Hash<D>: Native,
{
    let hash = mp::native::<Hash<D>>(object)?;
    if hash.is_final.get() { Err(Error::value("hash is final")) } else { Ok(hash) }
}

/// `update(data)`
fn update<D: Digest + 'static>(args: &[Obj]) -> Result
where
    Hash<D>: Native,
{
    let hash = open::<D>(args[0])?;
    let data = mp::buffer(args[1])?;
    // SAFETY: the machine has one thread, and `update` doesn't come back here.
    unsafe { (*hash.state.get()).update(data) };
    Ok(Obj::NONE)
}

/// `digest()`: ends the hash.
fn finish<D: Digest + 'static>(args: &[Obj]) -> Result
where
    Hash<D>: Native,
{
    let hash = open::<D>(args[0])?;
    hash.is_final.set(true);
    // SAFETY: one thread; `is_final` keeps everybody from using the state again.
    let state = unsafe { ManuallyDrop::take(&mut *hash.state.get()) };
    mp::bytes(&state.finalize())
}
