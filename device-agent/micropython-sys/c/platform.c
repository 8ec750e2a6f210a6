// What the C compiler knows about the platform, as text for the module `platform`.
#include "py/obj.h"

#include <stdlib.h>

#define STRING_(x) #x
#define STRING(x) STRING_(x)

#if defined(__x86_64__)
#define ARCH "x86_64"
#elif defined(__i386__)
#define ARCH "x86"
#elif defined(__aarch64__)
#define ARCH "aarch64"
#elif defined(__ARM_ARCH)
#define ARCH "armv" STRING(__ARM_ARCH)
#elif defined(__riscv)
#define ARCH "riscv" STRING(__riscv_xlen)
#else
#define ARCH ""
#endif

#if defined(__clang__)
#define COMPILER "Clang " STRING(__clang_major__) "." STRING(__clang_minor__) "." STRING(__clang_patchlevel__)
#elif defined(__GNUC__)
#define COMPILER "GCC " STRING(__GNUC__) "." STRING(__GNUC_MINOR__) "." STRING(__GNUC_PATCHLEVEL__)
#else
#define COMPILER ""
#endif

#if defined(__GLIBC__)
#define LIBC "glibc"
#define LIBC_VERSION STRING(__GLIBC__) "." STRING(__GLIBC_MINOR__)
#elif defined(__PICOLIBC__)
#define LIBC "picolibc"
#define LIBC_VERSION __PICOLIBC_VERSION__
#elif defined(__NEWLIB__)
#define LIBC "newlib"
#define LIBC_VERSION _NEWLIB_VERSION
#else
#define LIBC ""
#define LIBC_VERSION ""
#endif

#if defined(__linux__)
#define SYSTEM "Linux"
#else
#define SYSTEM "MicroPython"
#endif

// 0 platform, 1 compiler, 2 C library, 3 its version.
const char *mpr_platform_text(int which) {
    static const char *const texts[] = {
        SYSTEM "-" MICROPY_VERSION_STRING "-" ARCH "-with-" LIBC LIBC_VERSION, COMPILER, LIBC, LIBC_VERSION
    };
    return texts[which];
}
