# The functions of os that take a path, on the board's own filesystem.
os.chdir("/")
os.mkdir("/disk")
os.chdir("disk")
assert os.getcwd() == "/disk"
assert os.listdir() == []

# Making, listing, removing.
put("a.txt", "hello")
put("/disk/b.txt")
os.mkdir("sub")
os.mkdir("/disk/sub/deep")
assert sorted(os.listdir()) == ["a.txt", "b.txt", "sub"]
assert sorted(os.listdir(b"/disk")) == [b"a.txt", b"b.txt", b"sub"]
assert sorted(os.ilistdir("/disk")) == [
    ("a.txt", 0x8000, 0, 5),
    ("b.txt", 0x8000, 0, 0),
    ("sub", 0x4000, 0, 0),
]
assert ("disk", 0x4000, 0, 0) in list(os.ilistdir("/"))
assert ("disk", 0x4000, 0, 0) in list(os.ilistdir("../"))
fails(2, os.listdir, "missing")
fails(2, os.listdir, "/missing/deeper")
fails(20, os.listdir, "a.txt")
fails(17, os.mkdir, "sub")
fails(17, os.mkdir, "a.txt")
fails(17, os.mkdir, "/")
fails(2, os.mkdir, "missing/sub")
fails(2, os.remove, "missing")
fails(2, os.unlink, "missing")
fails(2, os.rmdir, "missing")
fails(39, os.rmdir, "sub")
fails(2, open, "missing")
fails(2, open, "missing/file", "w")
fails(20, open, "a.txt/file", "w")
fails(21, open, "sub", "w")
fails(21, open, "sub")
fails(17, open, "a.txt", "x")
fails(1, open, "/")
fails(1, os.remove, "/")
fails(22, os.stat, "a\0b")

# stat
s = os.stat("a.txt")
assert s[0] == 0x8000 and s[6] == 5 and s[7] == s[8] == s[9] > 1600000000
assert os.stat("sub")[0] == 0x4000
assert os.stat("/") == (0x4000,) + (0,) * 9
assert os.stat(".")[0] == 0x4000 and os.stat("..")[0] == 0x4000
assert os.stat("sub/../a.txt") == s
fails(2, os.stat, "missing")

# statvfs
v = os.statvfs("/")
assert v[0] == v[1] == 4096 and v[2] > v[3] == v[4] > 0 and v[5:] == (0, 0, 0, 0, 255)
assert os.statvfs("sub") == v

# rename
os.rename("a.txt", "c.txt")
os.rename("/disk/c.txt", "sub/a.txt")
assert open("sub/a.txt").read() == "hello"
os.rename("sub/a.txt", "b.txt")  # replaces
assert open("b.txt").read() == "hello"
fails(2, os.rename, "missing", "other")
fails(2, os.rename, "b.txt", "missing/b.txt")
fails(21, os.rename, "b.txt", "sub")
fails(20, os.rename, "sub", "b.txt")
os.mkdir("full")
put("full/x")
fails(39, os.rename, "sub", "full")

# chdir
fails(2, os.chdir, "missing")
fails(2, os.chdir, "b.txt")
assert os.getcwd() == "/disk"
os.chdir("sub/deep")
assert os.getcwd() == "/disk/sub/deep"
os.chdir("..")
assert os.getcwd() == "/disk/sub"
os.chdir(".././sub//deep/")
assert os.getcwd() == "/disk/sub/deep"
os.chdir("../../../..")
assert os.getcwd() == "/"
os.chdir("")
assert os.getcwd() == "/"
os.chdir(b"/disk")
assert os.getcwd() == "/disk"

# Names that a shell or a host would stumble over.
names = ["two words", "quote'", 'double"', "back\\slash", "new\nline", "tab\t", "ümlaut", "日本語", "😀", "-", "~", "a" * 255]
os.mkdir("names")
os.chdir("names")
for name in names:
    put(name, name)
assert sorted(os.listdir()) == sorted(names)
for name in names:
    assert open(name).read() == name
    os.rename(name, "x" + name[1:])
    assert os.stat("/disk/names/x" + name[1:])[6] == len(name.encode())
    os.remove("x" + name[1:])
assert os.listdir() == []
fails(36, open, "a" * 256, "w")
fails(36, os.mkdir, "a" * 256)
os.chdir("..")
os.rmdir("names")

# Deep folders and long paths.
path = ""
for i in range(12):
    path += "/a folder of thirty letters %02d." % i
    os.mkdir("/disk" + path)
put("/disk" + path + "/file", "deep")
assert len("/disk" + path) > 370 and get("/disk" + path + "/file") == "deep"
for i in range(12):
    os.chdir("a folder of thirty letters %02d." % i)
assert os.getcwd() == "/disk" + path and get("file") == get("./file") == "deep"
os.remove("file")
for i in range(12):
    os.chdir("..")
    os.rmdir("/disk" + path)
    path = path[:-31]
assert os.getcwd() == "/disk" and path == ""

for name in ("b.txt", "full/x"):
    os.remove(name)
for name in ("sub/deep", "sub", "full"):
    os.rmdir(name)
os.chdir("/")
os.rmdir("disk")

# Wrong types.
for f in (os.listdir, os.stat, os.remove, os.chdir, open):
    try:
        f(1.5)
    except TypeError:
        pass
    else:
        assert False, f

# The rest of os.
assert os.sep == "/"
os.sync()
u = os.uname()
assert u.sysname == u[0] == u.nodename and u.release == "1.23.0" and len(u) == 5
assert len(os.urandom(20)) == 20 and os.urandom(20) != os.urandom(20) and os.urandom(0) == b""
print("ok")
