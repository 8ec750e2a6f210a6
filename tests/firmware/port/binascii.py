# Where this port differs from stock MicroPython 1.27.
import binascii, ubinascii

assert binascii is ubinascii
assert binascii.hexlify(b"abc", b"") == b"616263"
for text in ("0", b"123"):
    try:
        binascii.unhexlify(text)
        assert False
    except ValueError as e:
        assert e.args == ("odd-length string",)
