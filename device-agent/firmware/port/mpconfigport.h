// Configuration of MicroPython's core for this port. Names are explained in the core's py/mpconfig.h.
#ifndef MPR_MPCONFIGPORT_H
#define MPR_MPCONFIGPORT_H

#include <stddef.h>
#include <stdint.h>

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)

// Objects and numbers.
#define MICROPY_OBJ_REPR (MICROPY_OBJ_REPR_A)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_DOUBLE)

// Memory, stack, exceptions.
#define MICROPY_ENABLE_GC (1)
#define MICROPY_ENABLE_FINALISER (1)
#define MICROPY_STACK_CHECK (1)
#define MICROPY_GC_SPLIT_HEAP (0)
#define MICROPY_MALLOC_USES_ALLOCATED_SIZE (0)
#define MICROPY_ENABLE_VM_ABORT (1)
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
// Of the size that micropython.alloc_emergency_exception_buf is asked for.
#define MICROPY_EMERGENCY_EXCEPTION_BUF_SIZE (0)
#define MICROPY_ERROR_REPORTING (MICROPY_ERROR_REPORTING_DETAILED)
#define MICROPY_ENABLE_SOURCE_LINE (1)
#define MICROPY_WARNINGS (1)
#define MICROPY_USE_INTERNAL_ERRNO (1)
#define MICROPY_ROM_TEXT_COMPRESSION (0)

// Compiler, imports, frozen code.
#define MICROPY_ENABLE_COMPILER (1)
#define MICROPY_EMIT_X64 (0)
#define MICROPY_PERSISTENT_CODE_LOAD (1)
#define MICROPY_ENABLE_EXTERNAL_IMPORT (1)
#define MICROPY_READER_VFS (1)
#define MICROPY_VFS (0)
#define MICROPY_MODULE_BUILTIN_INIT (1)
#define MICROPY_MODULE_FROZEN_MPY (1)
#define MICROPY_MODULE_FROZEN_STR (1)
#define MICROPY_QSTR_EXTRA_POOL mp_qstr_frozen_const_pool
#define MICROPY_ALLOC_PATH_MAX (256)
#if defined(__thumb2__)
#define MICROPY_EMIT_THUMB (1)
#define MICROPY_EMIT_INLINE_THUMB (1)
#endif
#if !defined(__x86_64__) && !defined(__arm__) && !defined(__aarch64__)
#define MICROPY_GCREGS_SETJMP (1)
#endif

// The REPL.
#define MICROPY_HELPER_REPL (1)
#define MICROPY_REPL_AUTO_INDENT (1)
#define MICROPY_REPL_EMACS_KEYS (1)
#define MICROPY_REPL_EVENT_DRIVEN (0)
#define MICROPY_KBD_EXCEPTION (1)
#define MICROPY_READLINE_HISTORY_SIZE (16)
// Asked at run time: a console with a small receive FIFO needs a small raw-paste window.
extern uint16_t mpr_stdin_buffer_max(void);
#define MICROPY_REPL_STDIN_BUFFER_MAX (mpr_stdin_buffer_max())

// The scheduler.
#define MICROPY_ENABLE_SCHEDULER (1)
#define MICROPY_SCHEDULER_DEPTH (8)
#define MICROPY_PY_THREAD (0)

// Builtin modules of the core.
#define MICROPY_PY_SYS_PLATFORM "mpr"
#define MICROPY_PY_SYS_STDFILES (1)
#define MICROPY_PY_SYS_STDIO_BUFFER (1)
#define MICROPY_PY_SYS_EXC_INFO (1)
#define MICROPY_PY_BUILTINS_HELP_TEXT mpr_help_text
#define MICROPY_PY_BUILTINS_HELP_MODULES (1)
#define MICROPY_PY_OS_DUPTERM (1)
// Makes the core print objects as JSON; the module is the port's own.
#define MICROPY_PY_JSON (1)
// Their C sources are not part of the core: the port's own modules take their place.
#define MICROPY_PY_ASYNCIO (0)
#define MICROPY_PY_UCTYPES (0)
#define MICROPY_PY_DEFLATE (0)
#define MICROPY_PY_OS (0)
#define MICROPY_PY_RE (0)
#define MICROPY_PY_HEAPQ (0)
#define MICROPY_PY_HASHLIB (0)
#define MICROPY_PY_BINASCII (0)
#define MICROPY_PY_RANDOM (0)
#define MICROPY_PY_SELECT (0)
#define MICROPY_PY_TIME (0)
#define MICROPY_PY_FRAMEBUF (0)
#define MICROPY_PY_PLATFORM (0)
#define MICROPY_PY_ONEWIRE (0)
#define MICROPY_PY_MACHINE (0)

#define MICROPY_BANNER_MACHINE MICROPY_HW_BOARD_NAME " with " MICROPY_HW_MCU_NAME
#if defined(__linux__)
#define MICROPY_HW_BOARD_NAME "mpr simulator"
#define MICROPY_HW_MCU_NAME "host"
#else
#define MICROPY_HW_BOARD_NAME "mpr board"
#define MICROPY_HW_MCU_NAME "bare metal"
#endif

typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef long mp_off_t;

#define MP_STATE_PORT MP_STATE_VM
#if defined(__thumb__)
#define MICROPY_MAKE_POINTER_CALLABLE(p) ((void *)((mp_uint_t)(p) | 1))
#endif

// Another thread (or interrupt handler) schedules callbacks and exceptions.
extern mp_uint_t mpr_atomic_begin(void);
extern void mpr_atomic_end(mp_uint_t state);
#define MICROPY_BEGIN_ATOMIC_SECTION() mpr_atomic_begin()
#define MICROPY_END_ATOMIC_SECTION(state) mpr_atomic_end(state)

// Waiting: at most this long, or until something happens.
extern void mpr_wait_for_event(mp_uint_t timeout_ms);
#define MICROPY_INTERNAL_WFE(TIMEOUT_MS) mpr_wait_for_event((mp_uint_t)(TIMEOUT_MS))

// Roots that Rust code may use (see micropython-sys/src/object.rs).
#define MPR_ROOTS (16)

#include <alloca.h>

#endif
