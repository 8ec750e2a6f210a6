# Prints the same on stock MicroPython.
import hashlib


def show(f, *args):
    try:
        print(repr(f(*args)))
    except Exception as e:
        print(type(e).__name__, e.args)


print(hashlib.sha256, hashlib.sha256())
h = hashlib.sha256(b"abc")
print(dir(h))
show(h.digest)
show(h.digest)
show(h.update, b"a")
h = hashlib.sha256()
show(h.update, "abc")
show(h.update, memoryview(bytearray(b"def")))
show(h.update, 1)
show(h.update)
show(h.digest)
show(hashlib.sha256, 1)
data = bytes(range(256)) * 2
for n in list(range(0, 140)) + [255, 256, 257, 511]:
    h = hashlib.sha256(data[:n])
    h.update(data[n:])
    assert h.digest() == hashlib.sha256(data).digest(), n
    print(n, hashlib.sha256(data[:n]).digest())
