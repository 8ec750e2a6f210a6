# The mount table, and filesystems written in Python.


class Tree:
    # A filesystem that says what it is asked.
    def __init__(self, **files):
        self.files = files
        self.log = []
        self.cwd = "/"

    def name(self, path):
        return (path if path[0] == "/" else self.cwd.rstrip("/") + "/" + path).strip("/")

    def mount(self, readonly, mkfs):
        self.log.append(("mount", readonly, mkfs))

    def umount(self):
        self.log.append("umount")

    def open(self, path, mode):
        import io

        self.log.append(("open", path, mode))
        if self.name(path) not in self.files:
            raise OSError(2)
        data = self.files[self.name(path)]
        return io.BytesIO(data.encode()) if "b" in mode else io.StringIO(data)

    def ilistdir(self, path):
        self.log.append(("ilistdir", path))
        for name in sorted(self.files):
            yield (name, 0x8000, 0, len(self.files[name]))

    def stat(self, path):
        self.log.append(("stat", path))
        if path == "/":
            return (0x4000,) + (0,) * 9
        if self.name(path) not in self.files:
            raise OSError(2)
        return (0x8000, 0, 0, 0, 0, 0, len(self.files[self.name(path)]), 1, 2, 3)

    def statvfs(self, path):
        return (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)

    def chdir(self, path):
        self.log.append(("chdir", path))
        self.cwd = path

    def getcwd(self):
        return self.cwd

    def mkdir(self, path):
        self.log.append(("mkdir", path))

    def rmdir(self, path):
        self.log.append(("rmdir", path))

    def remove(self, path):
        self.log.append(("remove", path))

    def rename(self, old, new):
        self.log.append(("rename", old, new))


root = vfs.mount()[0][0]
assert vfs.mount() == [(root, "/")]
t = Tree(a="aaa", b="b" * 1000)
assert vfs.mount(t, "/t", readonly=True) is None
assert t.log == [("mount", True, False)]
del t.log[:]
assert vfs.mount() == [(t, "/t"), (root, "/")]

# Every function reaches the filesystem with the path in it, in the type that it was given.
assert os.listdir("/t") == ["a", "b"] and list(os.ilistdir("/t/"))[1] == ("b", 0x8000, 0, 1000)
assert os.stat("/t/a")[6:] == (3, 1, 2, 3) and os.statvfs("/t")[9] == 10
assert open("/t/a").read() == "aaa" and open("/t/b", "rb").read() == b"b" * 1000
os.mkdir("/t/d"), os.rmdir("/t/d/e"), os.remove("/t/f"), os.unlink("/t/g")
os.rename("/t/x", "/t/y/z")
os.stat(b"/t") and None
assert t.log == [
    ("ilistdir", "/"),
    ("ilistdir", "/"),
    ("stat", "/a"),
    ("open", "/a", "r"),
    ("open", "/b", "rb"),
    ("mkdir", "/d"),
    ("rmdir", "/d/e"),
    ("remove", "/f"),
    ("remove", "/g"),
    ("rename", "/x", "/y/z"),
    ("stat", "/"),
], t.log
fails(2, os.stat, "/t/missing")
fails(2, open, "/t/missing")
fails(17, os.mkdir, "/t")

# The root lists its mounts, whatever is mounted at it.
assert "t" in os.listdir("/") and b"t" in os.listdir(b"/") and ("t", 0x4000, 0) in list(os.ilistdir())
put("/tt", "not on t")
assert os.stat("/tt")[6] == 8

# The current directory.
del t.log[:]
os.chdir("/t")
assert os.getcwd() == "/t" and t.log == [("chdir", "/")]
assert open("a").read() == "aaa" and os.listdir() == ["a", "b"]
os.chdir("sub")
t.cwd = "/sub/deep"
assert os.getcwd() == "/t/sub/deep"
os.chdir("/")
assert os.getcwd() == "/" and "tt" in os.listdir()
assert os.listdir("t") == ["a", "b"]

# Across filesystems.
fails(1, os.rename, "/t/a", "/a")
fails(1, os.rename, "/tt", "/t/tt")
fails(1, os.rename, "/tt", "/")
fails(19, os.rename, "/t/a", "") if False else None

# What is taken.
fails(1, vfs.mount, Tree(), "/t")
fails(1, vfs.mount, Tree(), "/t/deeper")
fails(22, vfs.mount, Tree(), "relative")
fails(22, vfs.mount, Tree(), "")
fails(22, vfs.umount, "/missing")
fails(22, vfs.umount, Tree())
raises(TypeError, vfs.mount, t)
raises(TypeError, vfs.mount, t, 5)
raises(AttributeError, vfs.mount, object(), "/o")


class Refuses(Tree):
    def mount(self, readonly, mkfs):
        raise ValueError("no")


raises(ValueError, vfs.mount, Refuses(), "/r")
assert len(vfs.mount()) == 2

# umount by object and by path; the current directory goes back to the root.
u = Tree(c="c")
vfs.mount(u, "/u/nested")
assert os.listdir("/u/nested") == ["c"]
os.chdir("/u/nested")
vfs.umount(u)
assert u.log[-1] == "umount" and os.getcwd() == "/"
fails(2, os.listdir, "/u/nested")
os.umount("/t")
assert t.log[-1] == "umount" and vfs.mount() == [(root, "/")]

# Without a root.
vfs.umount("/")
assert vfs.mount() == [] and os.listdir("/") == [] and os.getcwd() == "/"
assert os.stat("/")[0] == 0x4000 and os.statvfs("/") == (0, 0, 0, 0, 0, 0, 0, 0, 0, 255)
fails(19, os.stat, "/x")
fails(19, open, "/x")
fails(1, open, "x")
fails(1, os.remove, "x")
fails(19, os.chdir, "/x")
assert os.getcwd() == "/"
vfs.mount(t, "/t")
assert os.listdir("/") == ["t"] and os.listdir("t") == ["a", "b"]
os.mount(root, "/")
assert vfs.mount() == [(t, "/t"), (root, "/")]
assert get("/tt") == "not on t"
vfs.umount("/t")

# A second root hides the first.
vfs.mount(t, "/")
assert os.listdir("/") == ["a", "b"] and open("/a").read() == "aaa"
vfs.umount("/")
assert get("/tt") == "not on t"
os.remove("/tt")

# Native filesystems side by side: nested, found on a bare block device, read-only.
a, b = lfs(), fat()
vfs.mount(a, "/a")
vfs.mount(b, "/b")
put("/a/f", "on a"), put("/b/f", "on b"), put("/f", "on root")
assert (get("/a/f"), get("/b/f"), get("/f")) == ("on a", "on b", "on root")
os.mkdir("/a/d"), os.mkdir("/b/d")
for dir in ("/a/d", "/b/d"):
    os.chdir(dir)
    put("g", dir)
    assert os.getcwd() == dir and get(dir + "/g") == dir
    os.chdir("..")
    assert os.getcwd() == dir[:2] and sorted(os.listdir()) == ["d", "f"]
os.chdir("/")
fails(1, os.rename, "/a/f", "/b/x")
vfs.umount(a), vfs.umount(b)
os.remove("/f")

for make in (vfs.VfsLfs2, vfs.VfsFat):
    bdev = Ram(64)
    make.mkfs(bdev)
    vfs.mount(bdev, "/m")
    assert type(vfs.mount()[0][0]) is make
    put("/m/f", "data")
    vfs.umount("/m")
    vfs.mount(make(bdev), "/m", readonly=True)
    assert get("/m/f") == "data" and os.listdir("/m") == ["f"]
    fails(30, open, "/m/f", "w")
    fails(30, open, "/m/g", "w")
    fails(30, os.remove, "/m/f")
    fails(30, os.mkdir, "/m/d")
    fails(30, os.rename, "/m/f", "/m/g")
    vfs.umount("/m")
    vfs.mount(bdev, "/m")
    assert os.listdir("/m") == ["f"] and get("/m/f") == "data"
    vfs.umount("/m")

# mkfs=True makes a FAT on an empty device.
bdev = Ram(64)
fs = vfs.VfsFat(bdev)
fails(19, vfs.mount, fs, "/m")
fails(19, fs.stat, "/")
vfs.mount(fs, "/m", mkfs=True)
put("/m/f", "x")
vfs.umount("/m")
fails(84, vfs.VfsLfs2, Ram(64))
print("ok")
