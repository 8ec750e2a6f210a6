//! Objects that Rust code keeps alive between calls.

use micropython_sys::ffi;

use super::Obj;

/// What a root pointer is for. All are null at every start of the virtual machine.
#[derive(Clone, Copy)]
pub enum Root {
    /// The table of mounted filesystems.
    Mounts = 0,
    /// The row of the table that the current directory is on.
    CurrentMount = 1,
    /// The running timers.
    Timers = 2,
    /// The sockets with a callback.
    Callbacks = 3,
}

/// A root pointer.
#[derive(Clone, Copy)]
pub struct RootCell(*mut Obj);

/// The root pointer for this purpose.
pub fn root(root: Root) -> RootCell {
    // SAFETY: the array has `ROOTS` members, more than there are purposes.
    RootCell(unsafe { ffi::mpr_roots().add(root as usize) })
}

impl RootCell {
    /// The object, or null.
    pub fn get(self) -> Obj {
        // SAFETY: a member of the array; only this thread uses it.
        unsafe { *self.0 }
    }

    /// Replaces the object.
    pub fn set(self, object: Obj) {
        // SAFETY: as above.
        unsafe { *self.0 = object };
    }
}
