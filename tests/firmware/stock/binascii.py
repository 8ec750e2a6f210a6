# Prints the same on stock MicroPython. The prefix asks for the builtin module where Python extends it.
import ubinascii as b


def show(f, *args, **kw):
    try:
        print(repr(f(*args, **kw)))
    except Exception as e:
        print(type(e).__name__, e.args)


print(dir(b)[3:])
for args in [(b"",), (b"", b":"), (b"\x00\xff", ":"), (b"\x00\xffa", b"ab"), ("abc",), (bytearray(b"abc"), 5), (b"a", None), (1,)]:
    show(b.hexlify, *args)
show(b.hexlify, b"abc", sep=b":")
for text in [b"00fF", "00fF", "", bytearray(b"12"), "0g", "g0", 1]:
    show(b.unhexlify, text)
for text in ["", b"Zm9v\n", "Zm9vZg==", "Zm9vZg=", "Zg", "Zg==Zg==", "Z!g@==", "Zg=!=", "Z", "Zm8=", "Zm8", "====",
             "Z===", "Zm=v", "Zm9=", "Zm9v=", "Zm9vA", "Zm9v==", "+/+/", "-_-_", 5]:
    show(b.a2b_base64, text)
for data in [b"", b"f", "fo", b"foo", bytes(range(256))]:
    show(b.b2a_base64, data)
    show(b.b2a_base64, data, newline=False)
show(b.b2a_base64, b"foo", newline=0)
show(b.b2a_base64, b"x", foo=1)
show(b.b2a_base64, 1)
for args in [(b"",), (b"hello",), (b"lo", b.crc32(b"hel")), ("hello", -1), ("hello", 1 << 40), (bytes(range(256)) * 5,), (1,), (b"", "")]:
    show(b.crc32, *args)
everything = bytes(range(256)) * 3
for n in range(0, 768, 5):
    data = everything[:n]
    assert b.unhexlify(b.hexlify(data)) == data
    assert b.a2b_base64(b.b2a_base64(data)) == data
    assert b.unhexlify(bytes(c for c in b.hexlify(data, b"-") if c != 45)) == data
