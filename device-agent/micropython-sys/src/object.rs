//! Objects, types, modules and functions as the core lays them out (object representation A).
//!
//! `c/layout_check.c` holds one assertion per field, so a layout that is wrong here does not compile there.

use core::cell::UnsafeCell;
use core::ffi::c_void;

use crate::ffi;
use crate::qstr::Qstr;

/// Number of root pointers for Rust code (`MPR_ROOTS` in the port's configuration).
pub const ROOTS: usize = 16;

/// A Python object: a small integer, an interned string, a constant, or a pointer to the heap or to a static.
///
/// The collector finds objects on the stack, in registers, in other heap objects and in root pointers, and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Obj(*const c_void);

// SAFETY: an object is a word; the virtual machine runs on one thread, and statics of objects are read-only.
unsafe impl Sync for Obj {}
// SAFETY: as above.
unsafe impl Send for Obj {}

impl Obj {
    /// No object: end of iteration, absent argument.
    pub const NULL: Obj = Obj::from_bits(0);
    /// Marks a load where a null marks a deletion.
    pub const SENTINEL: Obj = Obj::from_bits(4);
    /// `None`
    pub const NONE: Obj = Obj::from_bits(6);
    /// `False`
    pub const FALSE: Obj = Obj::from_bits(14);
    /// `True`
    pub const TRUE: Obj = Obj::from_bits(30);

    /// The object with these bits.
    pub const fn from_bits(bits: usize) -> Obj {
        Obj(core::ptr::without_provenance(bits))
    }

    /// A pointer to something that starts with [`Base`].
    pub const fn from_ptr<T>(pointer: *const T) -> Obj {
        Obj(pointer.cast())
    }

    /// A static as an object.
    pub const fn from_static<T: Sync>(object: &'static T) -> Obj {
        Obj::from_ptr(core::ptr::from_ref(object))
    }

    /// An integer that fits into a word less one bit.
    pub const fn small_int(value: isize) -> Obj {
        Obj::from_bits((value as usize) << 1 | 1)
    }

    /// `True` or `False`.
    pub const fn bool(value: bool) -> Obj {
        if value { Obj::TRUE } else { Obj::FALSE }
    }

    /// The word.
    pub fn bits(self) -> usize {
        self.0.addr()
    }

    /// The pointer, for an object that is one.
    pub fn as_ptr<T>(self) -> *mut T {
        self.0.cast_mut().cast()
    }

    /// Whether there is no object.
    pub fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// Whether the object is `None`.
    pub fn is_none(self) -> bool {
        self == Obj::NONE
    }

    /// Whether the object is a pointer, not an immediate value.
    pub fn is_pointer(self) -> bool {
        self.bits() & 3 == 0 && !self.is_null()
    }
}

/// The head of every object in memory.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Base {
    /// The object's type.
    pub typ: *const Type,
}

// SAFETY: the type is a static.
unsafe impl Sync for Base {}

impl Base {
    /// The head of an object of this type.
    pub const fn new<const N: usize>(typ: &'static FullType<N>) -> Base {
        Base { typ: core::ptr::from_ref(typ).cast() }
    }
}

/// A type of any number of slots.
#[repr(C)]
pub struct Type {
    /// A type is an object.
    pub base: Base,
    /// See [`flags`].
    pub flags: u16,
    /// The name's interned string.
    pub name: u16,
    /// For each slot kind the index (from 1) in the slots that follow, or 0.
    pub slot_index: [u8; 12],
}

// SAFETY: types are read-only statics here.
unsafe impl Sync for Type {}

/// Flags of a type.
pub mod flags {
    /// The iter slot is `iternext`, the object is its own iterator.
    pub const ITER_IS_ITERNEXT: u16 = 0x0080;
    /// Iteration reads lines of the stream; no iter slot.
    pub const ITER_IS_STREAM: u16 = 0x0180;
}

/// Index of a slot kind in [`Type::slot_index`].
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum Slot {
    /// `fn(type, n_args, n_kw, args) -> Obj`
    MakeNew = 0,
    /// `fn(print, self, kind)`
    Print = 1,
    /// `fn(self, n_args, n_kw, args) -> Obj`
    Call = 2,
    /// `fn(op, self) -> Obj`
    UnaryOp = 3,
    /// `fn(op, left, right) -> Obj`
    BinaryOp = 4,
    /// `fn(self, qstr, dest[2])`
    Attr = 5,
    /// `fn(self, index, value) -> Obj`
    Subscr = 6,
    /// By flags: `fn(self, buffer) -> Obj` or `fn(self) -> Obj`
    Iter = 7,
    /// `fn(self, info, flags) -> isize`
    Buffer = 8,
    /// A [`StreamProtocol`] or another protocol table.
    Protocol = 9,
    /// The parent type.
    Parent = 10,
    /// A [`Dict`] of methods and constants.
    LocalsDict = 11,
}

/// A type with `N` slots, for statics.
#[repr(C)]
pub struct FullType<const N: usize> {
    head: Type,
    slots: [*const c_void; N],
}

// SAFETY: types are read-only statics.
unsafe impl<const N: usize> Sync for FullType<N> {}

impl<const N: usize> FullType<N> {
    /// A type with this name and these slots.
    pub const fn new(name: Qstr, flags: u16, slots: [(Slot, *const c_void); N]) -> Self {
        let mut head = Type {
            base: Base { typ: &raw const ffi::mp_type_type },
            flags,
            name: name.0 as u16,
            slot_index: [0; 12],
        };
        let mut pointers = [core::ptr::null(); N];
        let mut i = 0;
        while i < N {
            head.slot_index[slots[i].0 as usize] = i as u8 + 1;
            pointers[i] = slots[i].1;
            i += 1;
        }
        FullType { head, slots: pointers }
    }

    /// The type itself.
    pub const fn as_type(&'static self) -> &'static Type {
        &self.head
    }
}

/// A function object that takes a number of arguments, with or without keywords.
#[repr(C)]
pub struct FunVar {
    base: Base,
    sig: u32,
    fun: *const c_void,
}

// SAFETY: functions are read-only statics.
unsafe impl Sync for FunVar {}

/// A native function of positional arguments.
pub type VarFn = unsafe extern "C" fn(n: usize, args: *const Obj) -> Obj;
/// A native function of positional and keyword arguments.
pub type KwFn = unsafe extern "C" fn(n: usize, args: *const Obj, kw: *const Map) -> Obj;

/// No upper limit on positional arguments.
pub const ARGS_MAX: u32 = 0xffff;

impl FunVar {
    /// A function of `min` to `max` positional arguments.
    pub const fn var(min: u32, max: u32, fun: VarFn) -> Self {
        Self {
            base: Base { typ: &raw const ffi::mp_type_fun_builtin_var },
            sig: min << 17 | max << 1,
            fun: fun as *const c_void,
        }
    }

    /// A function of at least `min` positional arguments and any keywords.
    pub const fn kw(min: u32, fun: KwFn) -> Self {
        Self {
            base: Base { typ: &raw const ffi::mp_type_fun_builtin_var },
            sig: min << 17 | ARGS_MAX << 1 | 1,
            fun: fun as *const c_void,
        }
    }
}

/// A static method of a type, for its [`Dict`].
#[repr(C)]
pub struct StaticMethod {
    base: Base,
    fun: Obj,
}

impl StaticMethod {
    /// The function as a static method.
    pub const fn new(fun: &'static FunVar) -> Self {
        Self { base: Base { typ: &raw const ffi::mp_type_staticmethod }, fun: Obj::from_static(fun) }
    }
}

/// A `bytearray` object.
#[repr(C)]
pub struct ByteArray {
    base: Base,
    typecode_and_free: usize,
    /// Number of bytes.
    pub len: usize,
    /// The bytes.
    pub items: *mut u8,
}

/// A key and its value in a map.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct MapElem {
    /// The key; an interned string in modules and types.
    pub key: Obj,
    /// The value.
    pub value: Obj,
}

/// A hash map, or an ordered fixed table in statics.
#[repr(C)]
pub struct Map {
    head: usize,
    alloc: usize,
    table: *const MapElem,
}

// SAFETY: statics of maps are fixed tables.
unsafe impl Sync for Map {}

impl Map {
    /// A fixed table whose keys are interned strings.
    pub const fn fixed<const N: usize>(table: &'static [MapElem; N]) -> Self {
        // Bits: all keys are qstrs, fixed, ordered; then the count.
        Self { head: N << 3 | 7, alloc: N, table: table.as_ptr() }
    }
}

/// A dictionary object.
#[repr(C)]
pub struct Dict {
    base: Base,
    map: Map,
}

impl Dict {
    /// A read-only dictionary over a fixed table.
    pub const fn fixed<const N: usize>(table: &'static [MapElem; N]) -> Self {
        Self { base: Base { typ: &raw const ffi::mp_type_dict }, map: Map::fixed(table) }
    }
}

/// A module object.
#[repr(C)]
pub struct Module {
    base: Base,
    globals: *const Dict,
}

// SAFETY: builtin modules are read-only statics.
unsafe impl Sync for Module {}

impl Module {
    /// A builtin module with these globals.
    pub const fn new(globals: &'static Dict) -> Self {
        Self { base: Base { typ: &raw const ffi::mp_type_module }, globals }
    }
}

/// A builtin module that the board chooses the globals of.
#[repr(transparent)]
pub struct SwitchedModule(UnsafeCell<Module>);

// SAFETY: changed only before the virtual machine looks at modules.
unsafe impl Sync for SwitchedModule {}

impl SwitchedModule {
    /// A builtin module with these globals, so far.
    pub const fn new(globals: &'static Dict) -> Self {
        Self(UnsafeCell::new(Module::new(globals)))
    }

    /// Gives the module other globals.
    ///
    /// # Safety
    /// Only before Python code runs, on the virtual machine's thread.
    pub unsafe fn set_globals(&self, globals: &'static Dict) {
        // SAFETY: nobody else looks at the module, says the contract.
        unsafe { (*self.0.get()).globals = globals };
    }
}

/// What the buffer protocol fills in.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct BufferInfo {
    /// First byte; may be null if `len` is 0.
    pub buf: *mut u8,
    /// Length in bytes.
    pub len: usize,
    /// Element type, as `array` names it.
    pub typecode: i32,
}

/// Access wanted from the buffer protocol.
pub mod buffer {
    /// Readable.
    pub const READ: usize = 1;
    /// Writable.
    pub const WRITE: usize = 2;
}

/// The stream protocol. Its functions never raise: they return `STREAM_ERROR` and set the error number.
#[repr(C)]
pub struct StreamProtocol {
    /// Reads at most `size` bytes.
    pub read: Option<unsafe extern "C" fn(Obj, *mut u8, usize, *mut i32) -> usize>,
    /// Writes at most `size` bytes.
    pub write: Option<unsafe extern "C" fn(Obj, *const u8, usize, *mut i32) -> usize>,
    /// Everything else; requests are in [`stream`].
    pub ioctl: Option<unsafe extern "C" fn(Obj, usize, usize, *mut i32) -> usize>,
    /// 1 if reading gives `str`, 0 for `bytes`.
    pub is_text: usize,
}

/// Requests and flags of the stream protocol's `ioctl`.
pub mod stream {
    /// What a stream function returns with an error number.
    pub const ERROR: usize = usize::MAX;
    /// Write out what is buffered.
    pub const FLUSH: usize = 1;
    /// Move the position; the argument is a [`Seek`].
    pub const SEEK: usize = 2;
    /// Which of the asked events are ready.
    pub const POLL: usize = 3;
    /// Close.
    pub const CLOSE: usize = 4;
    /// Readable.
    pub const POLL_RD: usize = 1;
    /// Writable.
    pub const POLL_WR: usize = 4;
    /// An error is pending.
    pub const POLL_ERR: usize = 8;
    /// The other end has gone.
    pub const POLL_HUP: usize = 0x10;
    /// Not open.
    pub const POLL_NVAL: usize = 0x20;

    /// Argument and result of [`SEEK`].
    #[repr(C)]
    pub struct Seek {
        /// In: distance; out: the new position.
        pub offset: isize,
        /// 0 start, 1 current position, 2 end.
        pub whence: i32,
    }
}

/// Where the core's printer sends text.
#[repr(C)]
pub struct Print {
    /// First argument of `print_strn`.
    pub data: *mut c_void,
    /// Takes a piece of text.
    pub print_strn: unsafe extern "C" fn(data: *mut c_void, text: *const u8, len: usize),
}

/// Where the core's lexer and loader read bytes from.
#[repr(C)]
pub struct Reader {
    /// First argument of the functions; the collector must find it.
    pub data: *mut c_void,
    /// The next byte, or [`Reader::EOF`] (again and again). May raise.
    pub read_byte: unsafe extern "C" fn(data: *mut c_void) -> usize,
    /// Called once at the end, unless an exception comes first.
    pub close: unsafe extern "C" fn(data: *mut c_void),
}

impl Reader {
    /// No more bytes.
    pub const EOF: usize = usize::MAX;
}

/// A growing buffer on Python's heap, which an object can take over.
#[repr(C)]
pub struct Vstr {
    /// Bytes allocated.
    pub alloc: usize,
    /// Bytes used.
    pub len: usize,
    /// The bytes.
    pub buf: *mut u8,
    /// Not on the heap, so it can't grow.
    pub fixed_buf: bool,
}

/// What the core's printer takes for JSON: the printer, and the separators as C strings.
#[repr(C)]
pub struct PrintExt {
    /// The printer itself.
    pub base: Print,
    /// Between items.
    pub item_separator: *const core::ffi::c_char,
    /// Between a key and its value.
    pub key_separator: *const core::ffi::c_char,
}

/// Operators of `mp_binary_op`.
pub mod binary_op {
    /// `<`
    pub const LESS: i32 = 0;
}

/// How the core's printer shows an object.
pub mod print_kind {
    /// As `repr()`.
    pub const REPR: i32 = 1;
    /// As JSON; the printer is a [`PrintExt`](super::PrintExt).
    pub const JSON: i32 = 3;
}
