// Fails to compile where Rust's hand-written layouts (src/object.rs) would be wrong.
#include <stddef.h>

#include "py/mpstate.h"
#include "py/obj.h"
#include "py/objarray.h"
#include "py/objmodule.h"
#include "py/reader.h"
#include "py/runtime0.h"
#include "py/mpprint.h"
#include "py/stream.h"

#define W sizeof(void *)

_Static_assert(sizeof(mp_obj_t) == W, "Obj");
_Static_assert(sizeof(mp_obj_base_t) == W, "Base");
_Static_assert(offsetof(mp_obj_type_t, flags) == W, "Type.flags");
_Static_assert(offsetof(mp_obj_type_t, name) == W + 2, "Type.name");
_Static_assert(offsetof(mp_obj_type_t, slot_index_make_new) == W + 4, "Type.slots[0]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_print) == W + 5, "Type.slots[1]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_call) == W + 6, "Type.slots[2]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_unary_op) == W + 7, "Type.slots[3]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_binary_op) == W + 8, "Type.slots[4]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_attr) == W + 9, "Type.slots[5]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_subscr) == W + 10, "Type.slots[6]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_iter) == W + 11, "Type.slots[7]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_buffer) == W + 12, "Type.slots[8]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_protocol) == W + 13, "Type.slots[9]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_parent) == W + 14, "Type.slots[10]");
_Static_assert(offsetof(mp_obj_type_t, slot_index_locals_dict) == W + 15, "Type.slots[11]");
_Static_assert(offsetof(mp_obj_type_t, slots) == W + 16, "Type.slots");
_Static_assert(offsetof(mp_obj_fun_builtin_var_t, sig) == W, "FunVar.sig");
_Static_assert(offsetof(mp_obj_fun_builtin_var_t, fun) == 2 * W, "FunVar.fun");
_Static_assert(sizeof(mp_map_t) == 3 * W, "Map");
_Static_assert(offsetof(mp_map_t, alloc) == W, "Map.alloc");
_Static_assert(offsetof(mp_map_t, table) == 2 * W, "Map.table");
_Static_assert(sizeof(mp_map_elem_t) == 2 * W, "MapElem");
_Static_assert(offsetof(mp_obj_dict_t, map) == W, "Dict.map");
_Static_assert(offsetof(mp_obj_module_t, globals) == W, "Module.globals");
_Static_assert(sizeof(mp_buffer_info_t) == 3 * W, "BufferInfo");
_Static_assert(offsetof(mp_buffer_info_t, len) == W, "BufferInfo.len");
_Static_assert(offsetof(mp_stream_p_t, read) == 0, "StreamProtocol.read");
_Static_assert(offsetof(mp_stream_p_t, write) == W, "StreamProtocol.write");
_Static_assert(offsetof(mp_stream_p_t, ioctl) == 2 * W, "StreamProtocol.ioctl");
_Static_assert(sizeof(mp_stream_p_t) == 4 * W, "StreamProtocol");
_Static_assert(offsetof(struct mp_stream_seek_t, whence) == sizeof(mp_off_t), "StreamSeek");
_Static_assert(sizeof(mp_off_t) == W, "Offset");
_Static_assert(sizeof(mp_reader_t) == 3 * W, "Reader");
_Static_assert(offsetof(mp_reader_t, readbyte) == W, "Reader.read_byte");
_Static_assert(offsetof(mp_reader_t, close) == 2 * W, "Reader.close");
_Static_assert(sizeof(mp_uint_t) == W, "mp_uint_t");
_Static_assert(sizeof(mp_obj_array_t) == 4 * W, "ByteArray");
_Static_assert(offsetof(mp_obj_array_t, len) == 2 * W, "ByteArray.len");
_Static_assert(offsetof(mp_obj_array_t, items) == 3 * W, "ByteArray.items");
_Static_assert(offsetof(mp_rom_obj_static_class_method_t, fun) == W, "StaticMethod.fun");
_Static_assert(sizeof(mp_print_t) == 2 * W, "Print");
_Static_assert(sizeof(mp_float_t) == 8, "Float");
_Static_assert(sizeof(vstr_t) == 4 * W, "Vstr");
_Static_assert(offsetof(vstr_t, len) == W, "Vstr.len");
_Static_assert(offsetof(vstr_t, buf) == 2 * W, "Vstr.buf");
_Static_assert(offsetof(vstr_t, fixed_buf) == 3 * W, "Vstr.fixed_buf");
_Static_assert(offsetof(mp_print_ext_t, item_separator) == 2 * W, "PrintExt.item_separator");
_Static_assert(offsetof(mp_print_ext_t, key_separator) == 3 * W, "PrintExt.key_separator");
_Static_assert(PRINT_REPR == 1 && PRINT_JSON == 3, "print kinds");
_Static_assert(MP_BINARY_OP_LESS == 0, "binary operators");
