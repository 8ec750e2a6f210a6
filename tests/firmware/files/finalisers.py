# Files that nothing holds are closed by a collection, also while their filesystem works.


def lose(path, data):
    f = open(path, "w")
    f.write(data)


def scrub():
    # Overwrites what is left of old calls on the stack, where the collector would take it for objects.
    def deep(n):
        return deep(n - 1) + 1 if n else 0

    deep(20)
    gc.collect()
    gc.collect()


def check(dir):
    n = 10 if COLLECTING else 30
    for i in range(n):
        lose(dir + "%d" % i, "file %d" % i)
    for entry in range(5):
        next(os.ilistdir(dir))
    scrub()
    # At most the last few are still held by chance.
    closed = [i for i in range(n) if os.stat(dir + "%d" % i)[6] == len("file %d" % i)]
    assert len(closed) >= n - 3, closed
    for i in closed:
        assert get(dir + "%d" % i) == "file %d" % i
    for i in range(n):
        os.remove(dir + "%d" % i)
    assert [e for e in os.listdir(dir) if e not in ("lfs", "fat")] == []


class Busy(Ram):
    # Collects while the filesystem works, and enters it again.
    again = None
    collect = False

    def readblocks(self, *args):
        self.enter()
        super().readblocks(*args)

    def writeblocks(self, *args):
        self.enter()
        super().writeblocks(*args)

    def enter(self):
        if self.collect:
            gc.collect()
        if self.again:
            f, self.again = self.again, None
            f()


def busy(make, dir):
    bdev = Busy(128)
    make.mkfs(bdev)
    vfs.mount(make(bdev), dir[:-1])
    put(dir + "keep", "k" * 3000)

    # Every operation on the same filesystem is refused, and the outer one succeeds.
    refused = []

    def enter():
        f = open_before
        for use in (
            lambda: os.stat(dir + "keep"),
            lambda: os.listdir(dir),
            lambda: open(dir + "keep"),
            lambda: f.read(1),
            lambda: f.close(),
            lambda: os.remove(dir + "keep"),
        ):
            try:
                use()
            except OSError as e:
                refused.append(e.errno)

    for use in (
        lambda: put(dir + "other", "o" * 3000),
        lambda: get(dir + "keep"),
        lambda: os.remove(dir + "other"),
        lambda: os.mkdir(dir + "d"),
        lambda: os.rmdir(dir + "d"),
    ):
        open_before = open(dir + "keep")
        del refused[:]
        bdev.again = enter
        use()
        assert bdev.again is None and refused == [16] * 6, refused
        assert open_before.read() == "k" * 3000
        open_before.close()

    # Files lost before an operation are closed after it.
    for i in range(12):
        lose(dir + "lost%d" % i, "lost %d" % i)
    bdev.collect = True
    put(dir + "more", "m" * 1000)
    get(dir + "keep")
    bdev.collect = False
    scrub()
    closed = [i for i in range(12) if get(dir + "lost%d" % i) == "lost %d" % i]
    assert len(closed) >= 9, closed
    assert get(dir + "more") == "m" * 1000 and get(dir + "keep") == "k" * 3000
    vfs.umount(dir[:-1])
    vfs.mount(make(bdev), dir[:-1])
    assert get(dir + "more") == "m" * 1000 and get(dir + "keep") == "k" * 3000
    vfs.umount(dir[:-1])


check("/")
vfs.mount(lfs(), "/lfs")
check("/lfs/")
vfs.mount(fat(), "/fat")
check("/fat/")
vfs.umount("/lfs")
vfs.umount("/fat")
busy(vfs.VfsLfs2, "/lfs/")
busy(vfs.VfsFat, "/fat/")

# The filesystem and its files are lost together, in any order on the heap: what was not closed is lost with them, as on any
# board when a device is written in Python, and the rest is whole.
for kind in (vfs.VfsLfs2, vfs.VfsFat):
    devices = []
    for i in range(5):
        bdev = Ram(64)
        kind.mkfs(bdev)
        fs = kind(bdev)
        fs.mount(False, False)
        f = fs.open("closed", "w")
        f.write("data")
        f.close()
        f = fs.open("open", "w")
        f.write("data")
        devices.append(bdev)
    fs = f = None
    scrub()
    for bdev in devices:
        fs = kind(bdev)
        f = fs.open("closed", "r")
        assert f.read() == "data"
        f.close()
        assert sorted(e[0] for e in fs.ilistdir("/")) == ["closed", "open"]
print("ok")
