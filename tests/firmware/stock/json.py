# Prints the same on stock MicroPython.
import io, json
from collections import OrderedDict, namedtuple


def show(f, *args, **kw):
    try:
        print(repr(f(*args, **kw)))
    except Exception as e:
        print(type(e).__name__, e.args)


print(dir(json)[3:])
VALID = [
    "1", "-1", "1.5", "1e3", "1E5", "-0", "-0.0", "5.", "123456789012345678901234567890", "-9223372036854775809", "1e400",
    "true", "false", "null", "[]", "{}", "[[[]]]", " [ 1 , 2 ] \n", '{"a":{"b":[{}]},"c":[]}', '{"a":1,"a":2}',
    '"\\u0041"', '"\\u00e9\\u20AC"', '"\\n\\r\\t\\b\\f\\/\\\\\\""', '"\xe9\u20ac\U0001f600"', '""', '"\\u0000"',
]
SLOPPY = [
    "[1 2]", "[1,]", "[,1]", '{"a" 1}', '{"a":1,}', "{1:2}", "{,}", "01", ":1", '{"a":1 "b":2}', '{"a" "b"}', "{null:1}",
    "{true:2}", '"a\nb"', '"a\x01b"', '"a\\q"', '"\\ud83d"', '"\\ud83dx"', '"\\ude00"', '"\\ud83d\\u0041"',
]
INVALID = [
    "", " ", "+1", ".5", "{[1]:2}", "[1", "]", "True", "truex", "tru", "nul", "NaN", "Infinity", '"a', '"a\\', '"\\u004"',
    "'a'", "1 2", "1,", "1]", '{"a":1}}', "\ufeff1", "[1]x", "1x", "\x0b1", "{}{}", "\x00", "{", "}",
]
for text in VALID + SLOPPY + INVALID:
    print(repr(text), end=" ")
    show(json.loads, text)
    stream = io.StringIO(text)
    print(repr(text), end=" ")
    show(json.load, stream)
for data in [b"[1]", bytearray(b'"ab"'), memoryview(b"[2]"), b'"\xff"', 1, None]:
    show(json.loads, data)
show(json.load, io.BytesIO(b"5 "))
show(json.load, 1)

for value in [
    None, True, 1, 1.5, 'a"\\\n\t\r\b\f\x01\x7f\xe9\U0001f600', b"ab", (1, 2), [1, [2, {}]], {1: 2, "a": None},
    OrderedDict([("z", 1), ("y", 2)]), {1.5: 1}, {None: 1}, {True: False}, {(1, 2): 3}, {b"k": 1}, object, {1},
    1 << 70, bytearray(b"x"), namedtuple("N", "a b")(1, 2), [], (), (1,), range(3), 1e100, 1e-7, 3.0, 0.1,
]:
    show(json.dumps, value)
show(json.dumps, [1, {"a": 2, "b": 3}], separators=(",", ":"))
show(json.dumps, [1, 2], separators=None)
show(json.dumps, [1, 2], separators=("; ",))
show(json.dumps, [1, 2], separators=1)
show(json.dumps, [1, 2], separators=(1, 2))
show(json.dumps, [1, 2], (",", ":"))
show(json.dumps, [1, 2], separators=["|", "="])
show(json.dumps, {1: [2, 3]}, separators=(b",", b":"))
show(json.dumps, {1: 2}, indent=1)
show(json.dumps)
for make in (io.StringIO, io.BytesIO):
    stream = make()
    show(json.dump, [1, "a", {"b": None}], stream)
    show(json.dump, [1, 2], stream, separators=(",", ":"))
    print(stream.getvalue())
show(json.dump, 1, 1)
show(json.dump, 1)
show(json.dump, [1, 2], stream, (",", ":"))


class Broken(io.IOBase):
    def write(self, data):
        raise OSError(5)

    def readinto(self, buffer):
        raise OSError(6)


show(json.dump, [1], Broken())
show(json.load, Broken())


class Trickle(io.IOBase):
    def __init__(self, data):
        self.data = data

    def write(self, data):
        print("write", bytes(data))
        return len(data)

    def readinto(self, buffer):
        n = min(len(buffer), len(self.data))
        print("read", len(buffer), n)
        buffer[:n] = self.data[:n]
        self.data = self.data[n:]
        return n


show(json.dump, [1, "ab"], Trickle(b""))
show(json.load, Trickle(b'["a"]'))


class Blocked(io.IOBase):
    def write(self, data):
        return None

    def readinto(self, buffer):
        return None


show(json.load, Blocked())
cycle = []
cycle.append(cycle)
try:
    json.dumps(cycle)
except RuntimeError as e:
    print(e)


class Odd:
    def __repr__(self):
        return "odd"


show(json.dumps, [Odd()])
