# Values from RFC 1321, RFC 3174 and FIPS 180-4.
import hashlib
from binascii import hexlify

KNOWN = {
    hashlib.md5: [
        (b"", b"d41d8cd98f00b204e9800998ecf8427e"),
        (b"abc", b"900150983cd24fb0d6963f7d28e17f72"),
        (b"1234567890" * 8, b"57edf4a22be3c955ac49da2e2107b67a"),
    ],
    hashlib.sha1: [
        (b"", b"da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (b"abc", b"a9993e364706816aba3e25717850c26c9cd0d89d"),
        (b"01234567" * 80, b"dea356a2cddd90c7a7ecedc5ebb563934f460452"),
    ],
    hashlib.sha256: [
        (b"", b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         b"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    ],
}
for make, values in KNOWN.items():
    for data, digest in values:
        assert hexlify(make(data).digest()) == digest
        for n in range(0, len(data), 7):
            h = make(data[:n])
            h.update(data[n:])
            assert hexlify(h.digest()) == digest
    h = make()
    h.digest()
    for again in (h.digest, lambda: h.update(b"")):
        try:
            again()
            assert False
        except ValueError as e:
            assert e.args == ("hash is final",)
    for wrong in ((1,), (b"", b"")):
        try:
            make(*wrong)
            assert False
        except TypeError:
            pass

# A digest is not bothered by what happens to the heap in between, and classes can derive.
class Named(hashlib.sha256):
    name = "sha256"


hashes = [Named() for _ in range(20)]
for i in range(50):
    junk = [bytearray(i) for _ in range(20)]
    for h in hashes:
        h.update(bytes([i]))
for h in hashes:
    assert h.digest() == hashlib.sha256(bytes(range(50))).digest()
