# Prints the same on stock MicroPython.
import deflate, io
from deflate import DeflateIO, AUTO, RAW, ZLIB, GZIP

Bytes = io.BytesIO


def show(f, *args, **kw):
    try:
        print(repr(f(*args, **kw)))
    except Exception as e:
        print(type(e).__name__, e.args)


print(DeflateIO, AUTO, RAW, ZLIB, GZIP)
print(DeflateIO(Bytes()), dir(DeflateIO(Bytes())))
# "hello world" by CPython.
zlib = b"x\x9c\xcbH\xcd\xc9\xc9W(\xcf/\xcaI\x01\x00\x1a\x0b\x04]"
gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcbH\xcd\xc9\xc9W(\xcf/\xcaI\x01\x00\x85\x11J\r\x0b\x00\x00\x00"
raw = zlib[2:-4]
for data in (zlib, gzip, raw):
    for format in (AUTO, RAW, ZLIB, GZIP):
        show(DeflateIO(Bytes(data), format).read)
for wbits in [-1, 0, 1, 4, 5, 7, 8, 15, 16, 17, "a"]:
    show(lambda: DeflateIO(Bytes(raw), RAW, wbits).read())
for format in [-1, 4, 5, None]:
    show(lambda: DeflateIO(Bytes(zlib), format))
show(DeflateIO)
show(DeflateIO, 1)
show(lambda: DeflateIO(1).read())
for data in (zlib, gzip):
    for n in range(len(data)):
        show(DeflateIO(Bytes(data[:n])).read)
for n in range(len(raw)):
    show(DeflateIO(Bytes(raw[:n]), RAW).read)
show(DeflateIO(Bytes(zlib[:-1] + b"x")).read)
show(DeflateIO(Bytes(gzip[:-5] + b"x" + gzip[-4:])).read)
d = DeflateIO(Bytes(zlib[:-1] + b"x"))
show(d.read, 11)
show(d.read, 1)
d = DeflateIO(Bytes(zlib))
for call in [lambda: d.read(5), lambda: d.read(0), lambda: d.read(100), d.read, lambda: d.read(1), lambda: d.readinto(bytearray(3)),
             d.readline, d.close, d.read, d.close, lambda: d.write(b"a")]:
    show(call)
# What follows the stream stays in the source.
for n in (11, -1):
    source = Bytes(zlib + b"tail")
    show(DeflateIO(source).read, n)
    print(source.read())
for format in (AUTO, RAW, ZLIB, GZIP):
    for wbits in [0, 5, 8, 9, 15]:
        out = Bytes()
        d = DeflateIO(out, format, wbits)
        show(d.write, b"hello hello hello hello world")
        show(d.close)
        print(format, wbits, out.getvalue())
out = Bytes()
d = DeflateIO(out, RAW)
show(d.write, b"a" * 300)
show(d.write, b"")
show(d.close)
show(d.close)
show(d.write, b"x")
for write in (lambda d: None, lambda d: d.write(b"")):
    out = Bytes()
    d = DeflateIO(out, ZLIB)
    write(d)
    d.close()
    print(out.getvalue())
out = Bytes()
d = DeflateIO(out, AUTO, 0, True)
show(d.write, b"a")
show(d.close)
show(out.getvalue)
out = Bytes()
with DeflateIO(out, ZLIB) as d:
    show(d.write, "text")
print(out.getvalue())
show(d.write, b"x")
show(d.read)
for bad in [b"\x07", b"\x01\x01\x00\xfe\xffa", b"\x01\x00\x00\xff\xff", b"\x03\x00", b"\x00\x01\x00\xfe\xffa\x03\x00"]:
    show(DeflateIO(Bytes(bad), RAW).read)


class Slow(io.IOBase):
    def __init__(self, data):
        self.data = data

    def readinto(self, buffer):
        print("read", len(buffer))
        buffer[0] = self.data[0]
        self.data = self.data[1:]
        return 1


show(DeflateIO(Slow(zlib)).read, 3)
lines = Bytes()
with DeflateIO(lines, ZLIB) as d:
    d.write(b"one\ntwo\n\nend")
lines.seek(0)
d = DeflateIO(lines)
for _ in range(5):
    show(d.readline)
