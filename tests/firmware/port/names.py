# The builtin modules are there under their names and, as in stock MicroPython, with a `u` in front; a file extends one.
import os, sys

MODULES = "array binascii collections deflate errno hashlib heapq io json os platform random re select struct sys time".split()
for name in MODULES + ["machine"]:
    assert __import__("u" + name) is __import__(name), name
for name in ("builtins", "gc", "micropython", "math", "cmath", "vfs", "myport"):
    assert __import__(name).__name__ == name

# Names that belong to no builtin module.
for name in ("ujsn", "u", "uu"):
    try:
        __import__(name)
        assert False, name
    except ImportError:
        pass

# A file of a module's name comes first and can take the builtin one in.
with open("heapq.py", "w") as f:
    f.write("from uheapq import *\n\ndef nsmallest(n, items):\n    return sorted(items)[:n]\n")
try:
    sys.modules.pop("heapq", None)
    import heapq, uheapq

    assert heapq is not uheapq and heapq.heappush is uheapq.heappush
    assert heapq.nsmallest(2, [3, 1, 2]) == [1, 2]
finally:
    os.remove("heapq.py")
    sys.modules.pop("heapq", None)
import heapq, uheapq

assert heapq is uheapq

# What stock boards have in the core's modules.
import builtins, collections, errno, gc, io, math, micropython, struct

EXPECTED = {
    builtins: "abs all any bin bool bytearray bytes callable chr classmethod compile complex delattr dict dir divmod enumerate "
    "eval exec filter float frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len list "
    "locals map max memoryview min next object oct open ord pow print property range repr reversed round set setattr slice "
    "sorted staticmethod str sum super tuple type zip Ellipsis NotImplemented StopAsyncIteration UnicodeError execfile",
    collections: "OrderedDict deque namedtuple",
    errno: "EACCES EAGAIN ECONNREFUSED EEXIST EINVAL EIO EISDIR ENODEV ENOENT ENOMEM EPERM ETIMEDOUT errorcode",
    gc: "collect disable enable isenabled mem_alloc mem_free threshold",
    io: "BytesIO IOBase StringIO open",
    math: "acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees e erf erfc exp expm1 fabs floor fmod frexp "
    "gamma inf isclose isfinite isinf isnan ldexp lgamma log log10 log2 modf nan pi pow radians sin sinh sqrt tan tanh tau trunc",
    micropython: "alloc_emergency_exception_buf const heap_lock heap_unlock kbd_intr mem_info opt_level qstr_info schedule "
    "stack_use",
    struct: "calcsize pack pack_into unpack unpack_from",
    sys: "argv byteorder exit implementation maxsize modules path platform print_exception ps1 ps2 stderr stdin stdout "
    "version version_info",
}
for module, names in EXPECTED.items():
    missing = [name for name in names.split() if not hasattr(module, name)]
    assert missing == [], (module, missing)
assert sys.implementation.name == "micropython" and sys.implementation.version[:3] == (1, 23, 0)
