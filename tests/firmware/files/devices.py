# Block devices written in Python: what they may do to a filesystem.


class Trouble(Exception):
    pass


class Failing(Ram):
    # Raises at one of its calls, or returns something else.
    left = -1
    trouble = Trouble
    kept = None

    def count(self):
        self.left -= 1
        if self.left == 0:
            raise self.trouble

    def readblocks(self, *args):
        self.count()
        super().readblocks(*args)
        self.kept = args[1]

    def writeblocks(self, *args):
        self.count()
        super().writeblocks(*args)

    def ioctl(self, op, arg):
        self.count()
        return super().ioctl(op, arg)


def readwrite():
    with open("/m/new", "w") as f:
        f.write("n" * 1500)
        f.flush()
        f.write("m" * 700)
    with open("/m/keep") as f:
        assert f.read() == "k" * 2000
    os.rename("/m/new", "/m/newer")
    os.mkdir("/m/d")
    put("/m/d/e", "e")
    assert sorted(os.listdir("/m")) == ["d", "keep", "newer"]
    os.remove("/m/d/e")
    os.rmdir("/m/d")
    os.remove("/m/newer")
    os.statvfs("/m")
    os.stat("/m/keep")


for kind in (vfs.VfsLfs2, vfs.VfsFat):
    bdev = Failing(96)
    kind.mkfs(bdev)
    vfs.mount(kind(bdev), "/m")
    put("/m/keep", "k" * 2000)
    vfs.umount("/m")
    clean = bytes(bdev.data)

    # At every call in turn: the exception comes out as it is, the filesystem refuses nothing afterwards, and what was
    # there stays there.
    n = 0
    while True:
        n += 150 if COLLECTING else 7
        bdev.data[:] = clean
        fs = kind(bdev)
        vfs.mount(fs, "/m")
        bdev.left = n
        try:
            readwrite()
        except Trouble:
            assert bdev.left <= 0
        finished = bdev.left > 0
        bdev.left = -1
        assert get("/m/keep") == "k" * 2000, n
        gc.collect()
        vfs.umount("/m")
        vfs.mount(kind(bdev), "/m")
        assert get("/m/keep") == "k" * 2000, n
        vfs.umount("/m")
        if finished or COLLECTING and n > 400:
            break
    assert n > 50

    # An exception during construction, making and mounting.
    for left in range(1, 4):
        bdev.data[:] = clean
        bdev.left = left
        raises(Trouble, kind, bdev)
        bdev.left = left
        raises(Trouble, kind.mkfs, bdev)
    bdev.left = -1
    bdev.data[:] = clean
    vfs.mount(kind(bdev), "/m")

    # Ctrl-C and errors of the device's own are no other error.
    for trouble in (KeyboardInterrupt, OSError(5), OSError(110, "far away"), MemoryError):
        bdev.trouble = trouble
        with open("/m/keep") as f:
            bdev.left = 1
            try:
                f.read()
            except BaseException as e:
                assert type(e) is trouble or e is trouble
            else:
                assert False
            f.seek(0)
            assert f.read() == "k" * 2000

    # The buffer is lent for the call only.
    assert type(bdev.kept) is bytearray and len(bdev.kept) == 0
    vfs.umount("/m")


# What a device returns.
class Returns(Ram):
    value = None

    def readblocks(self, *args):
        super().readblocks(*args)
        return self.value


for kind in (vfs.VfsLfs2, vfs.VfsFat):
    bdev = Returns(64)
    kind.mkfs(bdev)
    for value, errno in ((-5, 5), (-110, 110), (7, 22), (True, 22)):
        bdev.value = value
        fails(errno, kind, bdev)
    bdev.value = "text"
    raises(TypeError, kind, bdev)
    for value in (0, None, False):
        bdev.value = value
        kind(bdev)


# Devices that lack something.
class Nothing:
    pass


class ReadOnly:
    def __init__(self, ram):
        self.readblocks = ram.readblocks
        self.ioctl = ram.ioctl


class Old:
    # The protocol before ioctl.
    synced = 0

    def __init__(self, ram):
        self.ram = ram

    def readblocks(self, n, buf):
        self.ram.readblocks(n, buf)

    def writeblocks(self, n, buf):
        self.ram.writeblocks(n, buf)

    def count(self):
        return len(self.ram.data) // 512

    def sync(self):
        self.synced += 1


for kind in (vfs.VfsLfs2, vfs.VfsFat):
    raises(AttributeError, kind, Nothing())
    raises(AttributeError, kind.mkfs, Nothing())
    raises(TypeError, kind)
    raises(TypeError, kind.mkfs)
    bdev = Ram(64)
    kind.mkfs(bdev)
    fs = kind(bdev)
    f = fs.open("f", "w")
    f.write("x")
    f.close()
    fs.umount()
    vfs.mount(kind(ReadOnly(bdev)), "/m")
    assert get("/m/f") == "x"
    fails(30, put, "/m/f", "y")
    fails(30, os.remove, "/m/f")
    vfs.umount("/m")
    fails(30, kind.mkfs, ReadOnly(bdev))
bdev = Old(Ram(64))
vfs.VfsFat.mkfs(bdev)
vfs.mount(bdev, "/m")
put("/m/f", "old" * 1000)
assert get("/m/f") == "old" * 1000 and bdev.synced
vfs.umount("/m")


# Geometries that can't be.
class Shape:
    def __init__(self, size, count):
        self.size, self.blocks = size, count

    def readblocks(self, n, buf, off=0):
        pass

    def writeblocks(self, n, buf, off=0):
        pass

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return self.size
        return 0


for kind in (vfs.VfsLfs2, vfs.VfsFat):
    for size, count in ((0, 10), (512, 0), (-512, 10), (512, -1), (7, 10), (3000, 10), (1 << 40, 10), (512, 1 << 40)):
        fails(22, kind, Shape(size, count))
        fails(22, kind.mkfs, Shape(size, count))
    raises(TypeError, kind, Shape(None, None))
    raises(TypeError, kind, Shape("512", 10))
for wrong in ({"readsize": 0}, {"progsize": 3}, {"lookahead": 0}, {"lookahead": 12}, {"readsize": 1024}, {"progsize": -1}):
    try:
        vfs.VfsLfs2.mkfs(Ram(64), **wrong)
    except OSError as e:
        assert e.errno == 22
    else:
        assert False, wrong
vfs.VfsLfs2.mkfs(bdev=Ram(64), readsize=64, progsize=128, lookahead=16)

# Random contents: an error, or a filesystem, but no crash.
for seed in range(1 if COLLECTING else 20):
    bdev = Ram(64)
    x = seed + 1
    for i in range(0, len(bdev.data), 97 if COLLECTING else 5):
        x = x * 1103515245 + 12345 & 0x7FFFFFFF
        bdev.data[i] = x >> 16 & 255
    for kind in (vfs.VfsLfs2, vfs.VfsFat):
        try:
            vfs.mount(kind(bdev), "/m")
            os.listdir("/m")
        except (OSError, UnicodeError):
            pass
        if len(vfs.mount()) > 1:
            vfs.umount("/m")

# A FAT whose chains lead nowhere, to themselves or out of the disk: errors or wrong data, but the board goes on.
bdev = Ram(96)
vfs.VfsFat.mkfs(bdev)
vfs.mount(vfs.VfsFat(bdev), "/m")
put("/m/f", "f" * 3000)
os.mkdir("/m/d")
put("/m/d/g", "g" * 3000)
vfs.umount("/m")
clean = bytes(bdev.data)
for pattern in (b"\x01\x10\x00", b"\x00\x00\x00", b"\x02\x20\x00", b"\xf7\x7f\xff", b"\xee\xee\xee"):
    bdev.data[:] = clean
    bdev.data[512 + 3 : 1024] = (pattern * 171)[:509]
    vfs.mount(vfs.VfsFat(bdev), "/m")
    for use in (
        lambda: get("/m/f"),
        lambda: get("/m/d/g"),
        lambda: os.listdir("/m/d"),
        lambda: put("/m/f", "x" * 3000),
        lambda: put("/m/h", "x" * 3000),
        lambda: os.remove("/m/f"),
        lambda: os.statvfs("/m"),
    ):
        try:
            use()
        except OSError:
            pass
    gc.collect()
    vfs.umount("/m")

# A full directory whose chain leads to itself.
bdev.data[:] = clean
vfs.mount(vfs.VfsFat(bdev), "/m")
for i in range(40):
    put("/m/d/%d" % i)
vfs.umount("/m")
bdev.data[512 + 3 : 1024] = bytes(509)
# FAT12: every cluster is its own next.
for cluster in range(2, 60):
    at = 512 + cluster * 3 // 2
    if cluster & 1:
        bdev.data[at] = bdev.data[at] & 15 | (cluster & 15) << 4
        bdev.data[at + 1] = cluster >> 4
    else:
        bdev.data[at] = cluster & 255
        bdev.data[at + 1] = bdev.data[at + 1] & 0xF0 | cluster >> 8
vfs.mount(vfs.VfsFat(bdev), "/m")
fails(5, os.listdir, "/m/d")
fails(5, os.stat, "/m/d/missing")
fails(5, put, "/m/d/new")
assert len(os.listdir("/m")) == 2
vfs.umount("/m")

# Without modification times.
bdev = Ram(64)
vfs.VfsLfs2.mkfs(bdev)
vfs.mount(vfs.VfsLfs2(bdev, mtime=False), "/m")
put("/m/f")
assert os.stat("/m/f")[7:] == (0, 0, 0)
vfs.umount("/m")
print("ok")
