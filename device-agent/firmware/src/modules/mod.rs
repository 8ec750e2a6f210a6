//! The builtin modules written in Rust; each has a line in `port/definitions.txt`.

mod binascii;
mod deflate;
mod hashlib;
mod heapq;
mod json;
pub mod machine;
mod myport;
mod os;
mod platform;
mod random;
mod re;
mod select;
pub mod socket;
mod time;
mod vfs;
pub mod webrepl;

/// Forgets everything that belongs to the last life of the virtual machine: called at every start, before Python code.
pub fn reset() {
    random::reset();
    socket::reset();
    webrepl::reset();
    crate::vfs::reset();
    vfs::reset();
}

/// Puts in order what must not be left to the last collection: called before the heap ends.
pub fn finish() {
    crate::vfs::close_all();
}
