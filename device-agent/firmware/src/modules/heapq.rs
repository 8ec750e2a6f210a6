//! `heapq`: a list as a binary heap, ordered by Python's `<`.
//!
//! A comparison may raise, or change the list. Items only ever swap places, so that none is lost or doubled.

use micropython_sys::ffi;
use micropython_sys::object::binary_op;
use micropython_sys::qstr::{
    MP_QSTR___name__, MP_QSTR_heapify, MP_QSTR_heappop, MP_QSTR_heappush, MP_QSTR_heapq,
};

use crate::mp::{self, Error, Obj, Result};
use crate::{native_fn, native_module};

native_fn!(HEAPPUSH, 2..=2, heappush);
native_fn!(HEAPPOP, 1..=1, heappop);
native_fn!(HEAPIFY, 1..=1, heapify);

native_module!(mp_module_heapq, {
    MP_QSTR___name__: MP_QSTR_heapq.obj(),
    MP_QSTR_heappush: Obj::from_static(&HEAPPUSH),
    MP_QSTR_heappop: Obj::from_static(&HEAPPOP),
    MP_QSTR_heapify: Obj::from_static(&HEAPIFY),
});

/// A list of a known length.
#[derive(Clone, Copy)]
struct Heap {
    list: Obj,
    len: usize,
}

impl Heap {
    fn new(list: Obj) -> Result<Self> {
        if !core::ptr::eq(mp::type_of(list), &raw const ffi::mp_type_list) {
            return Err(Error::typ("heap must be a list"));
        }
        Ok(Self { list, len: mp::array(list)?.len() })
    }

    fn items(self) -> Result<*mut Obj> {
        let (mut len, mut items) = (0, core::ptr::null_mut());
        // SAFETY: it is a list; the pointers are valid.
        unsafe { ffi::mp_obj_list_get(self.list, &raw mut len, &raw mut items) };
        if len == self.len {
            Ok(items)
        } else {
            // SAFETY: a static of the core.
            Err(Error::Message(
                unsafe { &ffi::mp_type_RuntimeError },
                "list changed size during a comparison",
            ))
        }
    }

    /// Whether the item at `a` is less than the one at `b`.
    fn less(self, a: usize, b: usize) -> Result<bool> {
        let items = self.items()?;
        // SAFETY: both are below the length.
        let (a, b) = unsafe { (*items.add(a), *items.add(b)) };
        // SAFETY: valid objects; raises what the comparison raises.
        let less = mp::protect(|| unsafe { ffi::mp_binary_op(binary_op::LESS, a, b) })?;
        let less = mp::truthy(less)?;
        self.items()?;
        Ok(less)
    }

    fn swap(self, a: usize, b: usize) -> Result<()> {
        // SAFETY: both are below the length.
        unsafe { core::ptr::swap(self.items()?.add(a), self.items()?.add(b)) };
        Ok(())
    }

    /// Moves the item at `at` towards `top` until its parent is not greater.
    fn up(self, top: usize, mut at: usize) -> Result<()> {
        while at > top {
            let parent = (at - 1) / 2;
            if !self.less(at, parent)? {
                break;
            }
            self.swap(at, parent)?;
            at = parent;
        }
        Ok(())
    }

    /// Moves the item at `top` to its place among those below `end`: down to the bottom, then up. An item that comes
    /// from the bottom mostly belongs there, and the way up is short.
    fn down(self, top: usize, end: usize) -> Result<()> {
        let mut at = top;
        while 2 * at + 1 < end {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let child = if right < end && !self.less(left, right)? { right } else { left };
            self.swap(at, child)?;
            at = child;
        }
        self.up(top, at)
    }
}

/// `heappush(heap, item)`
fn heappush(args: &[Obj]) -> Result {
    Heap::new(args[0])?;
    mp::list_append(args[0], args[1])?;
    let heap = Heap::new(args[0])?;
    heap.up(0, heap.len - 1)?;
    Ok(Obj::NONE)
}

/// `heappop(heap)`: the smallest item, removed. If a comparison raises, it is still there.
fn heappop(args: &[Obj]) -> Result {
    let heap = Heap::new(args[0])?;
    if heap.len == 0 {
        // SAFETY: a static of the core.
        return Err(Error::Message(unsafe { &ffi::mp_type_IndexError }, "empty heap"));
    }
    let last = heap.len - 1;
    heap.swap(0, last)?;
    heap.down(0, last)?;
    // SAFETY: below the length, which shrinks by the item that is taken; the slot must not keep it alive.
    unsafe {
        let slot = heap.items()?.add(last);
        let item = *slot;
        *slot = Obj::NULL;
        ffi::mp_obj_list_set_len(heap.list, last);
        Ok(item)
    }
}

/// `heapify(list)`
fn heapify(args: &[Obj]) -> Result {
    let heap = Heap::new(args[0])?;
    for at in (0..heap.len / 2).rev() {
        heap.down(at, heap.len)?;
    }
    Ok(Obj::NONE)
}
