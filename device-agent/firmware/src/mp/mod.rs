//! Safe wrappers around the C core, and what native modules are made of.
//!
//! Three rules keep a C exception (a long jump) from crossing Rust frames that own something:
//! 1. A native function returns `Result<Obj, Error>`; the thunk that [`native_fn!`](crate::native_fn) makes raises last.
//! 2. Every core function that may raise is called through [`protect`], whose closure and result are `Copy`.
//! 3. No raise and no allocation on Python's heap while a `RefCell` guard is held: a collection may run a finaliser.

mod args;
mod call;
mod error;
mod heap;
mod macros;
mod roots;
mod stream;
mod text;
mod values;

pub use args::{Args, Keywords, POSITIONAL};
pub use call::{
    Iter, attr, call, call_method, import_module, iter, load_method_maybe, method_exists, protect, truthy,
};
pub use error::Error;
pub use heap::{Finaliser, Native, alloc, alloc_finalised, base, bytes_on_heap, native};
pub use micropython_sys::object::Obj;
pub use roots::{Root, RootCell, root};
pub use stream::{Stream, finish_stream, stream_any, stream_pollable, stream_readable, stream_writable};
pub use text::{TextBuffer, bytes_with, not_none, str_of_bytes};
pub use values::{
    Buffer, array, array_of, buffer, buffer_mut, bytes, class_name, dict, dict_next, dict_store, equal,
    float, float_of, int, int_of, int_truncated, is_a, is_str, list, list_append, long, long_of, qstr_str,
    str_bytes, str_obj, str_of, tuple, type_of,
};

/// What a native function gives.
pub type Result<T = Obj> = core::result::Result<T, Error>;
