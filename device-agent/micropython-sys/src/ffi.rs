//! The core's functions and types.
//!
//! "Raises" means a non-local jump to the innermost `mpr_protect`: nothing with a destructor may be alive in between.
#![allow(missing_docs)] // The core's own names; their documentation is in its headers.

use core::ffi::{c_char, c_int, c_void};

use crate::object::{Base, BufferInfo, FunVar, Map, Obj, Print, Type, Vstr};
use crate::qstr::Qstr;

macro_rules! types {
    ($($name:ident)*) => { unsafe extern "C" { $(pub static $name: Type;)* } };
}

types! {
    mp_type_type mp_type_fun_builtin_var mp_type_dict mp_type_module mp_type_str mp_type_bytes mp_type_bytearray
    mp_type_tuple mp_type_list mp_type_int mp_type_float mp_type_bool mp_type_NoneType mp_type_array mp_type_object
    mp_type_BaseException mp_type_Exception mp_type_OSError mp_type_ValueError mp_type_TypeError mp_type_RuntimeError
    mp_type_IndexError mp_type_KeyError mp_type_MemoryError mp_type_NotImplementedError mp_type_SystemExit
    mp_type_StopIteration mp_type_AttributeError mp_type_EOFError mp_type_ImportError mp_type_KeyboardInterrupt
    mp_type_OverflowError mp_type_UnicodeError mp_type_staticmethod
}

// Functions that never raise.
unsafe extern "C" {
    pub fn gc_init(start: *mut c_void, end: *mut c_void);
    pub fn gc_collect_start();
    pub fn gc_collect_end();
    pub fn gc_helper_collect_regs_and_stack();
    pub fn gc_sweep_all();
    pub fn mp_stack_set_top(top: *mut c_void);
    pub fn mp_stack_set_limit(limit: usize);
    pub fn mp_init();
    pub fn mp_deinit();
    pub fn readline_init0();
    pub fn pyexec_raw_repl() -> c_int;
    pub fn pyexec_friendly_repl() -> c_int;
    pub fn pyexec_frozen_module(name: *const c_char, allow_keyboard_interrupt: bool) -> c_int;
    pub fn pyexec_file_if_exists(filename: *const c_char) -> c_int;
    pub static mut pyexec_mode_kind: c_int;
    pub static mut pyexec_system_exit: c_int;
    pub fn mp_sched_keyboard_interrupt();
    pub fn mp_sched_vm_abort();
    pub fn mp_sched_lock();
    pub fn mp_sched_unlock();
    pub fn mp_hal_stdout_tx_str(text: *const c_char);
    pub fn mp_obj_get_type(o: Obj) -> *const Type;
    pub fn mp_obj_is_subclass_fast(object: Obj, class: Obj) -> bool;
    pub fn m_free(pointer: *mut c_void);
    pub fn qstr_data(q: usize, len: *mut usize) -> *const u8;
    pub fn mp_get_buffer(o: Obj, info: *mut BufferInfo, flags: usize) -> bool;
    pub fn mpr_platform_text(which: c_int) -> *const c_char;
    pub fn mp_obj_list_get(list: Obj, len: *mut usize, items: *mut *mut Obj);
    pub fn mp_obj_list_set_len(list: Obj, len: usize);
    pub fn vstr_clear(vstr: *mut Vstr);
    pub fn mp_obj_exception_get_value(exception: Obj) -> Obj;

    pub fn mpr_roots() -> *mut Obj;
    pub fn mpr_dupterm_slots() -> *mut Obj;
    pub fn mpr_protect(fun: unsafe extern "C" fn(*mut c_void), arg: *mut c_void) -> Obj;
    pub fn mpr_abortable(fun: unsafe extern "C" fn(*mut c_void), arg: *mut c_void) -> bool;
    pub fn mpr_sys_path() -> Obj;
    pub fn mpr_version(part: c_int) -> *const c_char;
    pub fn mpr_events_pending() -> bool;
    pub fn mpr_exception_pending() -> bool;
    pub fn mpr_gc_locked() -> bool;
    pub fn mpr_map_size(map: *const Map) -> usize;
    pub fn mpr_dict_next(dict: Obj, cursor: *mut usize, key: *mut Obj, value: *mut Obj) -> bool;
    pub fn mpr_is_callable(o: Obj) -> bool;
    pub fn mpr_stream_protocol(o: Obj) -> *const c_void;
    pub fn mpr_instance_native_base(o: Obj, typ: *const Type) -> Obj;
}

// Functions that may raise: only through `mpr_protect`, or last in a native function.
unsafe extern "C" {
    pub fn mpr_raise_obj(exception: Obj) -> !;
    pub fn mpr_raise_type(typ: *const Type) -> !;
    pub fn mpr_raise_text(typ: *const Type, text: *const u8, len: usize) -> !;
    pub fn mp_raise_OSError(errno: c_int) -> !;
    pub fn mpr_map_lookup(map: *const Map, key: Obj) -> Obj;

    pub fn m_malloc(bytes: usize) -> *mut c_void;
    pub fn m_malloc0(bytes: usize) -> *mut c_void;
    pub fn m_malloc_with_finaliser(bytes: usize) -> *mut c_void;

    pub fn mp_obj_new_int(value: isize) -> Obj;
    pub fn mp_obj_new_int_from_ll(value: i64) -> Obj;
    pub fn mp_obj_new_float(value: f64) -> Obj;
    pub fn mp_obj_new_str(text: *const u8, len: usize) -> Obj;
    pub fn mp_obj_new_bytes(data: *const u8, len: usize) -> Obj;
    pub fn mp_obj_new_memoryview(typecode: u8, len: usize, items: *mut c_void) -> Obj;
    pub fn mp_obj_new_bytearray_by_ref(len: usize, data: *const u8) -> Obj;
    pub fn mp_obj_new_tuple(n: usize, items: *const Obj) -> Obj;
    pub fn mp_obj_new_list(n: usize, items: *const Obj) -> Obj;
    pub fn mp_obj_new_dict(n: usize) -> Obj;
    pub fn mp_obj_new_attrtuple(fields: *const Qstr, n: usize, items: *const Obj) -> Obj;
    pub fn mp_obj_new_str_of_type(typ: *const Type, text: *const u8, len: usize) -> Obj;
    pub fn mp_obj_new_exception_args(typ: *const Type, n: usize, args: *const Obj) -> Obj;
    pub fn mp_obj_list_append(list: Obj, item: Obj) -> Obj;
    pub fn mp_obj_list_remove(list: Obj, item: Obj) -> Obj;
    pub fn mp_obj_dict_store(dict: Obj, key: Obj, value: Obj) -> Obj;
    pub fn mp_obj_get_int(o: Obj) -> isize;
    pub fn mp_obj_get_int_truncated(o: Obj) -> isize;
    pub fn mp_obj_get_float(o: Obj) -> f64;
    pub fn mp_obj_get_array(o: Obj, len: *mut usize, items: *mut *mut Obj);
    pub fn mp_obj_get_array_fixed_n(o: Obj, len: usize, items: *mut *mut Obj);
    pub fn mp_obj_str_get_str(o: Obj) -> *const c_char;
    pub fn mp_obj_is_true(o: Obj) -> bool;
    pub fn mp_obj_equal(a: Obj, b: Obj) -> bool;
    pub fn mp_obj_len(o: Obj) -> Obj;
    pub fn mp_obj_str_get_data(o: Obj, len: *mut usize) -> *const u8;
    pub fn mp_obj_subscr(o: Obj, index: Obj, value: Obj) -> Obj;
    pub fn mp_obj_print_helper(print: *const Print, o: Obj, kind: c_int);
    pub fn mp_obj_print_exception(print: *const Print, exception: Obj);
    pub fn mp_binary_op(op: c_int, left: Obj, right: Obj) -> Obj;
    pub fn mp_call_function_n_kw(fun: Obj, n: usize, n_kw: usize, args: *const Obj) -> Obj;
    pub fn mp_call_method_n_kw(n: usize, n_kw: usize, args: *const Obj) -> Obj;
    pub fn mp_load_method(o: Obj, attr: usize, dest: *mut Obj);
    pub fn mp_load_method_maybe(o: Obj, attr: usize, dest: *mut Obj);
    pub fn mp_load_attr(o: Obj, attr: usize) -> Obj;
    pub fn mp_getiter(o: Obj, buffer: *mut c_void) -> Obj;
    pub fn mp_iternext(o: Obj) -> Obj;
    pub fn mp_import_name(name: usize, from: Obj, level: Obj) -> Obj;
    pub fn mp_handle_pending(raise: bool);
    pub fn mp_event_handle_nowait();
    pub fn mp_event_wait_ms(timeout_ms: usize);
    pub fn mp_sched_schedule(fun: Obj, arg: Obj) -> bool;
    pub fn mp_get_stream_raise(o: Obj, flags: c_int) -> *const c_void;
    pub fn vstr_init(vstr: *mut Vstr, alloc: usize);
    pub fn vstr_add_strn(vstr: *mut Vstr, text: *const u8, len: usize);
    pub fn mp_obj_new_str_from_vstr(vstr: *mut Vstr) -> Obj;
    pub fn mp_obj_new_bytes_from_vstr(vstr: *mut Vstr) -> Obj;
    pub fn mp_stream_write_adaptor(stream: *mut c_void, text: *const u8, len: usize);
    pub fn mp_parse_num_integer(text: *const u8, len: usize, base: c_int, lexer: *mut c_void) -> Obj;
    pub fn mp_parse_num_decimal(
        text: *const u8,
        len: usize,
        allow_imag: bool,
        force_complex: bool,
        lexer: *mut c_void,
    ) -> Obj;
}

// Function objects of the core for use in method tables.
unsafe extern "C" {
    pub static mp_stream_read_obj: FunVar;
    pub static mp_stream_readinto_obj: FunVar;
    pub static mp_stream_unbuffered_readline_obj: FunVar;
    pub static mp_stream_unbuffered_readlines_obj: FunVar;
    pub static mp_stream_write_obj: FunVar;
    pub static mp_stream_close_obj: FunVar;
    pub static mp_stream___exit___obj: FunVar;
    pub static mp_stream_seek_obj: FunVar;
    pub static mp_stream_tell_obj: FunVar;
    pub static mp_stream_flush_obj: FunVar;
    pub static mp_identity_obj: FunVar;
    pub static mp_plat_print: Print;
    pub static mp_sys_stdin_obj: Base;
}
