// The part of the port that must be C: functions that return twice.
#include <string.h>

#include "genhdr/mpversion.h"
#include "py/gc.h"
#include "py/mpstate.h"
#include "py/nlr.h"
#include "py/objlist.h"
#include "py/runtime.h"
#include "shared/runtime/pyexec.h"

// Objects that Rust code keeps alive between calls; the collector scans them.
MP_REGISTER_ROOT_POINTER(mp_obj_t mpr_roots[MPR_ROOTS]);
// Streams that take part in the REPL beside the console (os.dupterm).
MP_REGISTER_ROOT_POINTER(mp_obj_t dupterm_objs[MICROPY_PY_OS_DUPTERM]);

mp_obj_t *mpr_roots(void) {
    return MP_STATE_VM(mpr_roots);
}

mp_obj_t *mpr_dupterm_slots(void) {
    return MP_STATE_VM(dupterm_objs);
}

// Calls fun(arg). Returns NULL, or the exception that it raised.
void *mpr_protect(void (*fun)(void *), void *arg) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        fun(arg);
        nlr_pop();
        return NULL;
    }
    return nlr.ret_val;
}

// Calls fun(arg). Returns true if the virtual machine was aborted (mp_sched_vm_abort) meanwhile.
bool mpr_abortable(void (*fun)(void *), void *arg) {
    nlr_buf_t nlr;
    nlr_set_abort(&nlr);
    if (nlr_push(&nlr) == 0) {
        fun(arg);
        nlr_pop();
        nlr_set_abort(NULL);
        return false;
    }
    nlr_set_abort(NULL);
    return nlr.ret_val == NULL;
}

// Variables of the core behind functions, so that Rust needs no layout of mp_state_ctx.
mp_obj_t mpr_sys_path(void) {
    return mp_sys_path;
}

// What os.uname() says: 0 the platform, 1 the release, 2 the version, 3 the machine.
const char *mpr_version(int part) {
    static const char *const parts[] = {
        MICROPY_PY_SYS_PLATFORM,
        MICROPY_VERSION_STRING,
        MICROPY_GIT_TAG " on " MICROPY_BUILD_DATE,
        MICROPY_BANNER_MACHINE,
    };
    return parts[part];
}

// Whether callbacks or exceptions are scheduled that could run now.
bool mpr_events_pending(void) {
    return *(volatile int16_t *)&MP_STATE_VM(sched_state) == MP_SCHED_PENDING;
}

// Whether an exception is scheduled that could be raised now: not inside of callbacks and finalisers.
bool mpr_exception_pending(void) {
    return mpr_events_pending() && *(void *volatile *)&MP_STATE_THREAD(mp_pending_exception) != NULL;
}

bool mpr_gc_locked(void) {
    return MP_STATE_THREAD(gc_lock_depth) != 0;
}

void mpr_raise_type(const mp_obj_type_t *type) {
    nlr_raise(mp_obj_new_exception(type));
}

void mpr_raise_obj(mp_obj_t exception) {
    nlr_raise(exception);
}

// A message with its own length: Rust strings have no NUL.
void mpr_raise_text(const mp_obj_type_t *type, const char *text, size_t len) {
    mp_obj_t message = mp_obj_new_str(text, len);
    nlr_raise(mp_obj_new_exception_arg1(type, message));
}

size_t mpr_map_size(const mp_map_t *map) {
    return map->used;
}

mp_obj_t mpr_map_lookup(const mp_map_t *map, mp_obj_t key) {
    mp_map_elem_t *elem = mp_map_lookup((mp_map_t *)map, key, MP_MAP_LOOKUP);
    return elem == NULL ? MP_OBJ_NULL : elem->value;
}

// Iterates over a dictionary: returns false at the end.
bool mpr_dict_next(mp_obj_t dict, size_t *cursor, mp_obj_t *key, mp_obj_t *value) {
    mp_map_t *map = mp_obj_dict_get_map(dict);
    for (; *cursor < map->alloc; ++*cursor) {
        if (mp_map_slot_is_filled(map, *cursor)) {
            *key = map->table[*cursor].key;
            *value = map->table[*cursor].value;
            ++*cursor;
            return true;
        }
    }
    return false;
}

bool mpr_is_callable(mp_obj_t obj) {
    return mp_obj_is_callable(obj);
}

const void *mpr_stream_protocol(mp_obj_t obj) {
    const mp_obj_type_t *type = mp_obj_get_type(obj);
    return MP_OBJ_TYPE_GET_SLOT_OR_NULL(type, protocol);
}

mp_obj_t mpr_instance_native_base(mp_obj_t obj, const mp_obj_type_t *type) {
    return mp_obj_cast_to_native_base(obj, MP_OBJ_FROM_PTR(type));
}
