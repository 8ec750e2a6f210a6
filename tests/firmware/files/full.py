# A full disk: the error says so, what was there stays, and room that is made can be used.


def fill(dir, size):
    # Writes files until one does not fit; returns how many do.
    n = 0
    while True:
        try:
            put(dir + "fill%d" % n, chr(97 + n % 26) * size)
        except OSError as e:
            assert e.errno == 28, e
            return n
        n += 1


def check(dir, size):
    put(dir + "keep", "k" * size)
    before = os.statvfs(dir)[3]
    n = fill(dir, size)
    assert n > 3
    assert os.statvfs(dir)[3] * os.statvfs(dir)[0] <= 2 * size
    for i in range(n):
        assert get(dir + "fill%d" % i) == chr(97 + i % 26) * size
    assert get(dir + "keep") == "k" * size

    # Replacing the way mpr does it: the old file is whole until the new one is.
    try:
        put(dir + "keep.part", "n" * size * 3)
        assert False
    except OSError as e:
        assert e.errno == 28
    assert get(dir + "keep") == "k" * size
    os.remove(dir + "keep.part")

    # A file that is open while the disk fills keeps what was flushed.
    for name in os.listdir(dir):
        if name.startswith("fill"):
            os.remove(dir + name)
    f = open(dir + "open", "w")
    f.write("o" * size)
    f.flush()
    try:
        while True:
            f.write("p" * size)
    except OSError as e:
        assert e.errno == 28
    try:
        f.close()
    except OSError as e:
        assert e.errno == 28
    assert get(dir + "open")[:size] == "o" * size
    os.remove(dir + "open")
    if "fill%d" % n in os.listdir(dir):
        os.remove(dir + "fill%d" % n)
    assert os.statvfs(dir)[3] >= before - 2
    assert fill(dir, size) >= n - 1
    for name in os.listdir(dir):
        if name.startswith("fill"):
            os.remove(dir + name)
    os.remove(dir + "keep")


def directories(dir):
    # Directories and names fill a disk too.
    n = 0
    try:
        while True:
            os.mkdir(dir + "directory number %d" % n)
            n += 1
    except OSError as e:
        assert e.errno == 28, e
    names = [name for name in os.listdir(dir) if name.startswith("directory")]
    assert n in (len(names), len(names) - 1)
    for name in names:
        os.rmdir(dir + name)


if not COLLECTING:
    check("/", 40000)
vfs.mount(lfs(40), "/lfs")
check("/lfs/", 2000)
directories("/lfs/")
vfs.umount("/lfs")
vfs.mount(fat(60), "/fat")
check("/fat/", 2000)
directories("/fat/")
# A FAT's root directory has its own limit.
n = 0
while True:
    try:
        put("/fat/%d" % n)
    except OSError as e:
        break
    n += 1
assert n > 10
put("/fat/0", "still works")
fails(28, os.rename, "/fat/0", "/fat/a name that needs more room than there is in the root directory")
assert get("/fat/0") == "still works"
vfs.umount("/fat")
print("ok")
