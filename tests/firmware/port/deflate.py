# Round trips, and where this port differs from stock MicroPython: more is checked, names may be given to parameters.
import gc, io
from deflate import DeflateIO, AUTO, RAW, ZLIB, GZIP


def compress(data, format, wbits, piece=100):
    out = io.BytesIO()
    with DeflateIO(out, format=format, wbits=wbits) as d:
        for i in range(0, len(data), piece):
            assert d.write(data[i : i + piece]) == len(data[i : i + piece])
    return out.getvalue()


def decompress(data, format, wbits, piece=-1):
    source = io.BytesIO(data + b"tail")
    d = DeflateIO(source, format, wbits=wbits)
    parts = []
    while True:
        part = d.read(piece)
        if not part:
            break
        parts.append(part)
    assert source.read() == b"tail"
    return b"".join(parts)


def fails(error, f, *args):
    try:
        f(*args)
        assert False
    except error as e:
        return e.args


text = "".join("line %d of a text that repeats itself, %d times\n" % (i % 7, i) for i in range(40)).encode()
noise = bytes((i * i * 7 + (i >> 3) * 31) & 255 for i in range(600))
for data in (b"", b"a", text, noise, text[:300] + noise + text[:300], bytes(2000)):
    for wbits in (5, 8, 9, 12):
        for format in (RAW, ZLIB, GZIP):
            packed = compress(data, format, wbits)
            if data == b"":
                assert packed == b""  # Nothing was written, not even a header.
                continue
            assert decompress(packed, format, wbits) == data
            if format != RAW:
                assert decompress(packed, AUTO, wbits, 77) == data
assert len(compress(text, RAW, 12)) < len(text) // 4

# Dynamic codes, as CPython writes them: zlib.compress(bytes(i * 7 % 31 for i in range(400)), 9)
made = bytes(i * 7 % 31 for i in range(400))
assert decompress(bytes([120, 218]) + compress(made, ZLIB, 15)[2:], ZLIB, 15) == made

# A window that is smaller than the stream needs is noticed, and so is a wrong length.
packed = compress(noise + noise, RAW, 10)
assert decompress(packed, RAW, 10) == noise + noise
assert fails(OSError, decompress, packed, RAW, 9) == (22,)
packed = compress(text, GZIP, 8)
assert fails(OSError, decompress, packed[:-1] + b"\x01", GZIP, 8) == (22,)
# A preset dictionary is not supported.
assert fails(OSError, decompress, b"\x78\xbb" + packed, ZLIB, 8) == (22,)

# 4 KB of window and little more.
gc.collect()
before = gc.mem_alloc()
d = DeflateIO(io.BytesIO(compress(b"abc", RAW, 8)), RAW, 12)
gc.collect()
before = gc.mem_alloc()
assert d.readinto(bytearray(1)) == 1
gc.collect()
assert gc.mem_alloc() - before <= 4096 + 1024 + 512, gc.mem_alloc() - before


# An error of the source, or an interrupt there, is passed on and may be survived.
class Source(io.IOBase):
    def __init__(self, data, every, error):
        self.data, self.at, self.every, self.error, self.stopped = data, 0, every, error, False

    def readinto(self, buffer):
        if self.at % self.every == 0 and not self.stopped:
            self.stopped = True
            if self.error is None:
                return None
            raise self.error
        self.stopped = False
        buffer[:1] = self.data[self.at : self.at + 1]
        self.at += 1
        return 1


packed = compress(text, GZIP, 9)
d = DeflateIO(Source(packed, 3, None))
out, waits, buffer = b"", 0, bytearray(50)
while len(out) < len(text):
    n = d.readinto(buffer)
    if n is None:
        waits += 1
    else:
        out += buffer[:n]
assert out == text and waits > 3  # the header alone needs four
for error in (KeyboardInterrupt, ValueError("x")):
    d = DeflateIO(Source(packed, 20, error))
    fails(error if error is KeyboardInterrupt else ValueError, d.read, 1)
    d.read(1)


# The other stream can't come back while it is asked.
class Loop(io.IOBase):
    def readinto(self, buffer):
        return self.io.readinto(buffer)

    def write(self, data):
        return self.io.write(data)


loop = Loop()
loop.io = DeflateIO(loop, ZLIB)
assert fails(OSError, loop.io.read, 1) == (22,)
assert fails(OSError, loop.io.write, b"a") == (22,)


# A sink that fails breaks the stream.
class Full(io.IOBase):
    room = 30

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError(28)
        return len(data)


d = DeflateIO(Full(), ZLIB)
assert fails(OSError, d.write, noise) == (28,)
assert fails(OSError, d.write, b"a") == (22,)
assert fails(OSError, d.close) == (22,)
d.close()


class Sub(DeflateIO):
    pass


assert Sub(io.BytesIO(compress(b"abc", ZLIB, 8))).read() == b"abc"
