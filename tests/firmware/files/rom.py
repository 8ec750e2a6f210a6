# ROMFS: images in memory and in the board's partition.
import sys


def number(n):
    b = bytes([n & 0x7F])
    n >>= 7
    while n:
        b = bytes([0x80 | n & 0x7F]) + b
        n >>= 7
    return b


def record(kind, body):
    return number(kind) + number(len(body)) + body


def file(name, content):
    return record(5, number(len(name)) + name.encode() + record(2, content))


def folder(name, *members):
    return record(4, number(len(name)) + name.encode() + b"".join(members))


def image(*members):
    body = b"".join(members)
    return b"\xd2\xcd\x31" + number(len(body)) + body


IMAGE = image(
    file("in_rom.py", b"where = __file__\n"),
    file("lines.txt", b"one\ntwo\nthree"),
    file("nothing", b""),
    folder("folder", file("deep.bin", bytes(range(256))), folder("empty")),
)

# What is no image.
for bad in (b"", b"\xd2\xcd\x31", IMAGE[:-1], b"\xff" * 64, b"\xd2\xcd\x32" + IMAGE[3:]):
    fails(19, vfs.VfsRom, bad)
raises(TypeError, vfs.VfsRom)
raises(TypeError, vfs.VfsRom, 5)

# An image in memory.
rom = vfs.VfsRom(IMAGE)
fails(1, lambda: vfs.mount(rom, "/r", mkfs=True))
vfs.mount(rom, "/r")
assert "r" in os.listdir("/")
assert list(os.ilistdir("/r")) == [
    ("in_rom.py", 0x8000, 0, 17),
    ("lines.txt", 0x8000, 0, 13),
    ("nothing", 0x8000, 0, 0),
    ("folder", 0x4000, 0, 0),
]
assert os.listdir(b"/r/folder") == [b"deep.bin", b"empty"]
assert os.listdir("/r/folder/empty") == []
assert os.stat("/r/lines.txt")[:7] == (0x8000, 0, 0, 0, 0, 0, 13)
assert os.stat("/r/folder")[0] == 0x4000
assert os.statvfs("/r")[0] * os.statvfs("/r")[2] == len(IMAGE) - 5
assert os.statvfs("/r")[3] == 0
fails(2, os.stat, "/r/missing")
fails(2, os.stat, "/r/lines.txt/more")
fails(2, os.listdir, "/r/missing")
fails(20, os.listdir, "/r/nothing")
fails(20, os.stat, "/r/nothing/")

# Directories.
os.chdir("/r/folder")
assert os.getcwd() == "/r/folder"
assert os.listdir() == ["deep.bin", "empty"]
assert get("deep.bin", "rb") == bytes(range(256))
assert get("../lines.txt") == "one\ntwo\nthree"
os.chdir("..")
assert os.getcwd() == "/r"
fails(2, os.chdir, "missing")
fails(20, os.chdir, "nothing")
os.chdir("/")

# Reading.
with open("/r/lines.txt") as f:
    assert f.readline() == "one\n"
    assert f.tell() == 4
    assert list(f) == ["two\n", "three"]
    assert f.read() == ""
    assert f.seek(-5, 2) == 8
    assert f.read(3) == "thr"
    assert f.seek(100) == 13
    assert f.seek(2, 0) == 2
    fails(22, f.seek, -1)
    fails(9, f.write, "x")
raises(ValueError, f.read)
assert get("/r/nothing", "rb") == b""
fails(21, open, "/r/folder")
fails(21, open, "/r/")
fails(2, open, "/r/missing")

# Nothing can be changed.
for mode in ("w", "a", "x", "r+", "wb"):
    fails(30, open, "/r/lines.txt", mode)
    fails(30, open, "/r/new", mode)
fails(30, os.remove, "/r/lines.txt")
fails(30, os.rmdir, "/r/folder")
fails(30, os.mkdir, "/r/new")
fails(30, os.rename, "/r/lines.txt", "/r/other")

# Importing.
sys.path.append("/r")
import in_rom

assert in_rom.where == "/r/in_rom.py"
sys.path.pop()
del sys.modules["in_rom"]

# Memory that may go away lends no view; the file keeps it alive otherwise.
f = open("/r/folder/deep.bin", "rb")
raises(TypeError, memoryview, f)
vfs.umount("/r")
del rom
gc.collect()
assert f.read() == bytes(range(256))
f.close()

# An image that changes under its filesystem is no image any longer.
changing = bytearray(IMAGE)
rom = vfs.VfsRom(changing)
f = rom.open("/lines.txt", "rb")
listing = rom.ilistdir("/")
changing[0] = 0
fails(19, rom.stat, "/lines.txt")
fails(19, next, listing)
fails(19, rom.statvfs, "/")
assert f.read(3) == b"one"
shrunk = bytearray(IMAGE)
rom = vfs.VfsRom(shrunk)
for name in ("/lines.txt", "/folder/deep.bin"):
    f = rom.open(name, "rb")
    kept = bytes(shrunk)
    shrunk[4:] = b""
    fails(5, f.read)
    shrunk[:] = kept

# The board's partition.
assert vfs.rom_ioctl(1) == 1
rom = vfs.rom_ioctl(2, 0)
block = vfs.rom_ioctl(6, 0)
assert len(rom) % block == 0
raises(TypeError, exec, "rom[0] = 1")
for wrong in (
    (0,),
    (7, 0),
    (2,),
    (2, 1),
    (2, -1),
    (3, 0),
    (3, 0, len(rom) + 1),
    (3, 0, -1),
    (3, 0, 1, block),
    (3, 0, block, len(rom)),
    (4, 0, 0),
    (4, 0, len(rom), b"1234"),
    (4, 0, -4, b"1234"),
    (4, 0, 2, b"1234"),
    (4, 0, 0, b"123"),
    (4, 0, 0, rom[:8]),
    (4, 0, 0, memoryview(rom)[4:8]),
    (5,),
    (6, 5),
):
    assert vfs.rom_ioctl(*wrong) == -22, wrong
raises(TypeError, vfs.rom_ioctl)
unit = vfs.rom_ioctl(3, 0, block + 1)
assert unit > 0
assert rom[: 2 * block] == b"\xff" * (2 * block)
padded = IMAGE + bytes(-len(IMAGE) % unit)
assert vfs.rom_ioctl(4, 0, 0, padded) == 0
assert vfs.rom_ioctl(5, 0) == 0
assert rom[: len(IMAGE)] == IMAGE
# Bits are cleared and never set.
assert vfs.rom_ioctl(4, 0, block, b"\x0f" * unit) == 0
assert vfs.rom_ioctl(4, 0, block, b"\xf5" * unit) == 0
assert rom[block : block + unit] == b"\x05" * unit
assert vfs.rom_ioctl(3, 0, block, block) == unit
assert rom[block : block + unit] == b"\xff" * unit
assert rom[: len(IMAGE)] == IMAGE

# Views without a copy, for as long as anybody has them.
vfs.mount(vfs.VfsRom(rom), "/r")
f = open("/r/folder/deep.bin", "rb")
view = memoryview(f)
del f
gc.collect()
assert view == bytes(range(256))
raises(TypeError, exec, "view[0] = 1")
assert memoryview(open("/r/nothing", "rb")) == b""
f = open("/r/lines.txt", "rb")
f.close()
raises(TypeError, memoryview, f)
raises(TypeError, memoryview, open("/r/lines.txt", "rb").read)

# Erased while it is mounted: the files are gone, nothing else is.
f = open("/r/lines.txt", "rb")
vfs.rom_ioctl(3, 0, block)
fails(19, os.stat, "/r/lines.txt")
fails(19, os.listdir, "/r")
assert f.read() == b"\xff" * 13
f.close()
vfs.umount("/r")
fails(19, vfs.VfsRom, rom)
print("ok")
