# What the scripts in ../files share; each is run with this in front.
import gc
import os
import vfs

# Each script runs again with a collection at every allocation, which is slow: loops are shorter then.
COLLECTING = gc.threshold() >= 0


class Ram:
    # A block device in memory, with both protocols of readblocks and writeblocks.
    def __init__(self, blocks, size=512):
        self.size = size
        self.data = bytearray(blocks * size)

    def readblocks(self, block, buf, offset=0):
        start = block * self.size + offset
        assert start + len(buf) <= len(self.data)
        buf[:] = memoryview(self.data)[start : start + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        start = block * self.size + offset
        assert start + len(buf) <= len(self.data)
        self.data[start : start + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // self.size
        if op == 5:
            return self.size
        if op == 6:
            return 0


def fails(errno, f, *args):
    try:
        f(*args)
    except OSError as e:
        assert e.errno == errno, (e.errno, errno, args)
    else:
        assert False, ("no error", args)


def raises(exception, f, *args):
    try:
        f(*args)
    except exception:
        pass
    else:
        assert False, ("no exception", exception, args)


def put(path, data=""):
    with open(path, "w" if isinstance(data, str) else "wb") as f:
        f.write(data)


def get(path, mode="r"):
    with open(path, mode) as f:
        return f.read()


def lfs(blocks=64, size=512):
    bdev = Ram(blocks, size)
    vfs.VfsLfs2.mkfs(bdev)
    return vfs.VfsLfs2(bdev)


def fat(blocks=128):
    bdev = Ram(blocks)
    vfs.VfsFat.mkfs(bdev)
    return vfs.VfsFat(bdev)


